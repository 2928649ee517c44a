"""From settings to optimizer and schedule: the learning rate of every step is the one that was asked for."""
import math

import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.train import TrainSettings
from tinygrad_cnn.train.recipe import make_model, make_optimizer, make_schedule

STEPS = 10                                                  # an epoch


def rates(epochs=4, **entries):
    """The learning rate of each step of a run."""
    settings = TrainSettings.from_dict({"epochs": epochs, "optimizer": "sgd", "lr": 1.0, **entries})
    weight = tg.zeros(2, 2, requires_grad=True)
    weight.grad = tg.zeros(2, 2)
    optimizer = tg.optim.SGD([weight], lr=1.0)
    schedule, found = make_schedule(settings, optimizer, STEPS), []
    for _ in range(epochs * STEPS):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return found


def test_constant_stays():
    assert rates(schedule="constant") == [1.0] * 40


def test_step_drops_every_so_many_epochs():
    assert rates(schedule="step", step_size=1.5) == pytest.approx([1.0] * 15 + [0.1] * 15 + [0.01] * 10)


def test_multistep_drops_at_its_milestones_counted_from_the_beginning_of_the_run():
    expected = [1.0] * 20 + [0.5] * 10 + [0.25] * 10
    assert rates(schedule="multistep", milestones=[2, 3], gamma=0.5) == pytest.approx(expected)
    warmed = rates(schedule="multistep", milestones=[2, 3], gamma=0.5, warmup=1)
    assert warmed[10:] == pytest.approx(expected[10:])


def test_cosine_is_half_a_cosine_to_zero():
    expected = [(1 + math.cos(math.pi * t / 40)) / 2 for t in range(40)]
    assert rates(schedule="cosine") == pytest.approx(expected, abs=1e-9)


def test_warm_up_rises_in_a_line_and_then_the_schedule_begins():
    found = rates(schedule="cosine", warmup=1)
    assert found[:10] == pytest.approx([0.001 + 0.0999 * t for t in range(10)])
    assert found[10:] == pytest.approx([(1 + math.cos(math.pi * t / 30)) / 2 for t in range(30)], abs=1e-9)


@pytest.mark.parametrize("warmup, peak", [(None, 11), (2.0, 19)])
def test_onecycle_reaches_the_largest_rate_after_its_warm_up(warmup, peak):
    found = rates(schedule="onecycle", warmup=warmup)
    assert found.index(max(found)) == peak
    assert max(found) == pytest.approx(1.0)
    assert found[0] == pytest.approx(1 / 25)
    assert found[-1] < 1e-5


def test_biases_and_normalisation_are_not_decayed_unless_asked_for():
    model = tg.nn.models.DigitsCNN()
    groups = make_optimizer(TrainSettings(decay_all=False), model).param_groups
    assert [group["weight_decay"] for group in groups] == [1e-2, 0.0]
    assert all(p.ndim > 1 for p in groups[0]["params"])
    assert all(p.ndim == 1 for p in groups[1]["params"])
    assert sum(len(group["params"]) for group in groups) == len(list(model.parameters()))
    (group,) = make_optimizer(TrainSettings(), model).param_groups
    assert group["weight_decay"] == 1e-2


@pytest.mark.parametrize("name, cls", [("sgd", "SGD"), ("adam", "Adam"), ("adamw", "AdamW"), ("rmsprop", "RMSprop")])
def test_every_optimizer_has_its_name(name, cls):
    assert type(make_optimizer(TrainSettings(optimizer=name), tg.nn.Linear(2, 2))).__name__ == cls


def test_a_model_is_made_for_the_data_s_classes_and_channels():
    model = make_model("resnet20", 7, 1)
    assert model(tg.zeros(2, 1, 8, 8)).shape == (2, 7)


def test_a_model_for_other_channels_is_refused_with_both_numbers():
    with pytest.raises(ArgumentError, match=r"takes images of 3 channels, but the data have 1"):
        make_model("alexnet", 10, 1)
