"""The loop and its measurements, on a model small enough to reckon by hand."""
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tinygrad_cnn.train import Tally, confusion_matrix, evaluate, in_top, train_epoch

LOSS = tg.nn.CrossEntropyLoss()


def batches(count=4, size=8):
    """Points in the plane (size, 2), of class 1 where the first coordinate is above the second."""
    points = np.random.default_rng(0).standard_normal((count, size, 2)).astype(np.float32)
    return [(tg.tensor(batch), tg.tensor((batch[:, 0] > batch[:, 1]).astype(np.int64))) for batch in points]


def test_training_lowers_the_loss():
    model, data = tg.nn.Linear(2, 2), batches()
    optimizer = tg.optim.SGD(model.parameters(), lr=0.5)
    losses = [train_epoch(model, data, optimizer, LOSS).loss for _ in range(5)]
    assert losses[-1] < 0.5 * losses[0]


def test_an_epoch_takes_one_step_a_batch():
    model, data = tg.nn.Linear(2, 2), batches(count=1)
    twin = tg.nn.Linear(2, 2)
    twin.load_state_dict(model.state_dict())
    train_epoch(model, data, tg.optim.SGD(model.parameters(), lr=0.5), LOSS)
    (inputs, targets), = data
    LOSS(twin(inputs), targets).backward()
    expected = twin.weight.detach() - 0.5 * twin.weight.grad
    np.testing.assert_allclose(model.weight.detach().numpy(), expected.numpy(), rtol=1e-6)


def test_the_epoch_ends_where_after_step_returns_true():
    model = tg.nn.Linear(2, 2)
    tally = train_epoch(model, batches(count=4, size=8), tg.optim.SGD(model.parameters(), lr=0.1), LOSS,
                        after_step=lambda tally: tally.images >= 16)
    assert tally.images == 16


def test_evaluate_leaves_mode_weights_and_gradients_as_they_were():
    model = tg.nn.Sequential(tg.nn.Linear(2, 4), tg.nn.Dropout(0.5), tg.nn.Linear(4, 2))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    evaluate(model, batches(), LOSS)
    assert model.training
    assert all((value == before[name]).all() for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_evaluate_is_in_evaluation_mode():
    model = tg.nn.Sequential(tg.nn.Linear(2, 4), tg.nn.Dropout(0.5), tg.nn.Linear(4, 2))
    assert evaluate(model, batches(), LOSS).loss == evaluate(model, batches(), LOSS).loss


def test_evaluation_counts_a_small_last_batch_by_its_images():
    class Echo(tg.nn.Module):
        def forward(self, inputs):
            return inputs
    right, wrong = tg.tensor([[4.0, 0.0]] * 3), tg.tensor([[0.0, 4.0]])
    zeros = tg.zeros(3, dtype=tg.int64)
    found = evaluate(Echo(), [(right, zeros), (wrong, zeros[:1])], LOSS)
    assert found.accuracy == 0.75
    assert found.predictions.tolist() == [0, 0, 0, 1]
    each = math.log1p(math.exp(-4))
    assert found.loss == pytest.approx((3 * each + each + 4) / 4, rel=1e-6)


def test_an_empty_tally_knows_nothing():
    assert math.isnan(Tally().loss)
    assert math.isnan(Tally().accuracy)


def test_a_tally_keeps_no_graph():
    logits = tg.zeros(2, 3, requires_grad=True)
    targets = tg.tensor([0, 1])
    tally = Tally()
    tally.add(LOSS(logits, targets), logits, targets)
    assert not tally._loss_sum.requires_grad


@given(st.integers(1, 5).flatmap(lambda classes: st.tuples(st.just(classes), st.lists(
    st.tuples(st.integers(0, classes - 1), st.integers(0, classes - 1)), max_size=20))))
def test_confusion_matrix_counts_every_pair_once(case):
    classes, pairs = case
    truth, guess = (np.array([pair[i] for pair in pairs], np.int64) for i in (0, 1))
    matrix = confusion_matrix(truth, guess, classes)
    assert matrix.shape == (classes, classes)
    assert all(matrix[t, g] == pairs.count((t, g)) for t in range(classes) for g in range(classes))


def test_accumulated_batches_make_the_step_of_one_large_batch():
    data = batches(count=4, size=6)
    data[3] = tuple(part[:2] for part in data[3])                       # a smaller last batch counts for less
    model, twin = tg.nn.Linear(2, 2), tg.nn.Linear(2, 2)
    twin.load_state_dict(model.state_dict())
    train_epoch(model, data, tg.optim.SGD(model.parameters(), lr=0.5), LOSS, accumulate=4)
    whole = [tg.cat(parts) for parts in zip(*data)]
    train_epoch(twin, [whole], tg.optim.SGD(twin.parameters(), lr=0.5), LOSS)
    np.testing.assert_allclose(model.weight.detach().numpy(), twin.weight.detach().numpy(), rtol=1e-5)


def test_clipping_holds_the_norm_of_the_step():
    model = tg.nn.Linear(2, 2)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    train_epoch(model, batches(count=1), tg.optim.SGD(model.parameters(), lr=1.0), LOSS, clip=1e-3)
    moved = [((value - before[name]) ** 2).sum().item() for name, value in model.state_dict().items()]
    assert math.sqrt(sum(moved)) == pytest.approx(1e-3, rel=1e-3)


@given(st.integers(1, 8).flatmap(lambda classes: st.tuples(
    st.lists(st.lists(st.floats(-9, 9, width=32), min_size=classes, max_size=classes, unique=True), min_size=1,
             max_size=6), st.integers(0, classes - 1), st.integers(1, classes))))
def test_in_top_is_the_place_in_the_sorted_logits(case):
    rows, target, k = case
    found = in_top(tg.tensor(rows), tg.tensor([target] * len(rows)), k)
    assert found.tolist() == [sorted(row, reverse=True).index(row[target]) < k for row in rows]


def test_nan_is_never_among_the_top():
    assert in_top(tg.tensor([[math.nan, 1.0], [math.nan, math.nan]]), tg.tensor([0, 1]), 1).tolist() == [False, False]


def test_a_tally_goes_on_from_its_state():
    tally, again = Tally(), Tally()
    logits, targets = tg.tensor([[3.0, 1.0], [0.0, 2.0]]), tg.tensor([0, 0])
    tally.add(LOSS(logits, targets), logits, targets)
    again.load_state_dict(json.loads(json.dumps(tally.state_dict())))
    for each in (tally, again):
        each.add(LOSS(logits, targets), logits, targets)
    assert (again.loss, again.accuracy, again.top5, again.images) == (tally.loss, tally.accuracy, tally.top5, 4)
