"""Whole training steps on the strict device, and on the GPU where there is one: the CPU's numbers, and no wait between
handing over a batch and asking for the loss."""
import numpy as np
import pytest

import tinygrad_cnn as tg
from tests.strict import LEDGER, counting, strict_device

nn, optim = tg.nn, tg.optim
every_device = pytest.mark.parametrize("name", ["strict", pytest.param("cuda", marks=pytest.mark.gpu)])

OPTIMIZERS = {
    "sgd": lambda p: optim.SGD(p, lr=0.05),
    "sgd with momentum": lambda p: optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=1e-3, nesterov=True),
    "adam": lambda p: optim.Adam(p, lr=0.01),
    "adam with amsgrad": lambda p: optim.Adam(p, lr=0.01, amsgrad=True, weight_decay=1e-3),
    "adamw": lambda p: optim.AdamW(p, lr=0.01),
    "rmsprop": lambda p: optim.RMSprop(p, lr=0.01, momentum=0.5, centered=True),
}


def open_device(name):
    return strict_device() if name == "strict" else tg.device(name)


def network():
    """A little of everything that a convolutional network is made of; the same weights each time."""
    tg.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 8, 3, padding=1, groups=2, bias=False), nn.GroupNorm(2, 8), nn.GELU(), nn.AvgPool2d(2),
        nn.Conv2d(8, 12, 3, stride=2, padding=1), nn.LeakyReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(12, 16), nn.LayerNorm(16), nn.Tanh(), nn.Linear(16, 5))


def batches(device, count=3, dtype="float32"):
    rng = np.random.default_rng(1)
    return [(tg.tensor(rng.standard_normal((4, 3, 12, 12)).astype(dtype), device=device),
             tg.tensor(rng.integers(0, 5, 4), device=device)) for _ in range(count)]


def step(model, optimizer, images, labels):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(images), labels, label_smoothing=0.1)
    loss.backward()
    optimizer.step()
    return loss


def trained(device, optimizer_name):
    """Losses and weights in float64: float32 noise in a gradient that is zero is blown up by Adam."""
    model = network().double().to(device)
    optimizer = OPTIMIZERS[optimizer_name](model.parameters())
    losses = [step(model, optimizer, *batch) for batch in batches(device, dtype="float64")]
    return [loss.item() for loss in losses], [p.detach().cpu().numpy() for p in model.state_dict().values()]


@every_device
@pytest.mark.parametrize("optimizer_name", OPTIMIZERS)
def test_three_steps_give_the_numbers_of_the_cpu(name, optimizer_name):
    losses, weights = trained(open_device(name), optimizer_name)
    expected_losses, expected_weights = trained(tg.device("cpu"), optimizer_name)
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-9)
    for found, expected in zip(weights, expected_weights):
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("optimizer_name", OPTIMIZERS)
def test_a_training_step_never_waits_for_the_device(optimizer_name):
    device = strict_device()
    model = network().to(device)
    optimizer = OPTIMIZERS[optimizer_name](model.parameters())
    (first, labels), (images, others), _ = batches(device)
    step(model, optimizer, first, labels)               # makes the optimizer's state
    with counting() as count:
        step(model, optimizer, images, others)
    assert count.synchronisations == 0, count.where
    assert count.uploads <= 2, "a step sends next to nothing from the host"


def test_no_optimizer_is_missing_here():
    offered = {name for name, value in vars(optim).items()
               if isinstance(value, type) and issubclass(value, optim.Optimizer)}
    run = {type(make([nn.Parameter(tg.ones(1))])).__name__ for make in OPTIMIZERS.values()}
    assert not offered - run - {"Optimizer"}


MODELS = {"LeNet": (nn.models.LeNet, (2, 3, 32, 32)), "ResNet-20": (nn.models.resnet20, (2, 3, 32, 32))}


@pytest.mark.parametrize("model_name", MODELS)
def test_a_clipped_step_of_a_known_network_never_waits_for_the_device(model_name):
    make, shape = MODELS[model_name]
    device, model = strict_device(), make().to(strict_device())
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-4)
    schedule = optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=5)
    images = tg.tensor(np.random.default_rng(0).standard_normal(shape).astype("float32"), device=device)
    labels = tg.tensor([1, 2], device=device)
    for _ in range(2):
        with counting() as count:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(images), labels)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            nn.utils.clip_grad_value_(model.parameters(), 0.5)
            optimizer.step()
            schedule.step()
        assert count.synchronisations == 0, count.where
    assert np.isfinite(loss.item())


def test_dropout_and_evaluation_never_wait_for_the_device():
    device = strict_device()
    model = nn.Sequential(network(), nn.Dropout(0.5)).to(device)
    [(images, _)] = batches(device, 1)
    with counting() as count:
        model.train()(images).sum().backward()
        with tg.no_grad():
            model.eval()(images)
    assert count.synchronisations == 0, count.where


def test_a_dropped_network_gives_its_memory_back():
    device = strict_device()
    before = LEDGER.live_bytes
    model = network().to(device)
    optimizer = OPTIMIZERS["adam"](model.parameters())
    for batch in batches(device):
        step(model, optimizer, *batch)
    del model, optimizer, batch
    assert LEDGER.live_bytes == before


def test_a_tensor_of_the_cpu_mixed_in_is_refused_by_name():
    model = network().to(strict_device())
    with pytest.raises(tg.errors.DeviceError, match="strict:0"):
        model(tg.zeros(1, 3, 12, 12))


@every_device
def test_an_epoch_of_training_waits_only_where_its_tally_is_read(name):
    device = open_device(name)
    model = network().to(device)
    optimizer = OPTIMIZERS["sgd with momentum"](model.parameters())
    given = batches(device)
    with counting() as count:
        tally = tg.train.train_epoch(model, given, optimizer, nn.CrossEntropyLoss())
    assert count.synchronisations == 0, count.where
    found = tg.train.evaluate(model, given, nn.CrossEntropyLoss())
    assert np.isfinite([tally.loss, found.loss]).all()
    assert found.predictions.shape == (12,)
