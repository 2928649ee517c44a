"""Comparisons, and choosing: ties and bounds by name, what NaN does, and PyTorch as oracle."""
from functools import partial

import numpy as np
import pytest

import tinygrad_cnn as tg
from tests.ops.oracle import agree

NAN, INF = float("nan"), float("inf")


def gradient(function, *values):
    xs = [tg.tensor(v, dtype=tg.float64, requires_grad=True) for v in values]
    function(*xs).sum().backward()
    return [x.grad.tolist() for x in xs]


def test_a_number_that_the_dtype_has_not_can_still_be_compared():
    x = tg.tensor([3, 200], dtype=tg.uint8)
    assert (x == -1).tolist() == [False, False] and (x != 300).tolist() == [True, True]
    assert (x < 300).tolist() == [True, True] and (x >= -1).tolist() == [True, True]
    assert (-5 > x).tolist() == [False, False]  # noqa: SIM300, the number on the left is what is asked here
    with pytest.raises(tg.errors.DTypeError, match="lt: .*does not fit into .*uint8"):
        x < 10 ** 30  # noqa: B015


@pytest.mark.parametrize("function", [tg.maximum, tg.minimum])
def test_a_tie_of_two_gives_each_half_the_gradient(function):
    assert gradient(function, [1.0], [1.0]) == [[0.5], [0.5]]


@pytest.mark.parametrize("function", [tg.fmax, tg.fmin])
def test_a_tie_in_fmax_and_fmin_goes_to_the_first(function):
    assert gradient(function, [1.0], [1.0]) == [[1.0], [0.0]]


def test_maximum_gives_nan_and_fmax_the_number():
    a, b = tg.tensor([NAN, 1.0]), tg.tensor([0.0, NAN])
    assert tg.maximum(a, b).isnan().all() and tg.minimum(a, b).isnan().all()
    assert tg.fmax(a, b).tolist() == [0.0, 1.0] and tg.fmin(a, b).tolist() == [0.0, 1.0]


def test_a_loser_gets_nothing_of_an_infinite_gradient():
    x, y = tg.tensor([1.0], requires_grad=True), tg.tensor([2.0], requires_grad=True)
    tg.maximum(x, y).backward(tg.tensor([INF]))
    assert [x.grad.item(), y.grad.item()] == [0.0, INF]


def test_clamp_passes_the_gradient_on_at_its_bounds():
    assert gradient(lambda x: tg.clamp(x, 0.0, 1.0), [-0.5, 0.0, 0.5, 1.0, 1.5]) == [[0.0, 1.0, 1.0, 1.0, 0.0]]


def test_clamp_gives_the_upper_bound_where_the_bounds_cross():
    assert tg.clamp(tg.tensor([-5.0, 0.0, 5.0]), 2.0, -1.0).tolist() == [-1.0, -1.0, -1.0]


def test_clamp_of_integers_by_a_fraction_is_floating_point():
    assert tg.clamp(tg.tensor([1, 2, 3]), max=1.5).tolist() == [1.0, 1.5, 1.5]
    assert tg.clamp(tg.tensor([1, 2, 3]), max=2).dtype is tg.int64


def test_where_keeps_the_gradient_from_what_was_not_chosen_even_if_that_is_nan():
    x = tg.tensor([0.0, 4.0], requires_grad=True)
    chosen = tg.where(x > 0, x, x.log() - x.log())              # the branch not taken for 4 is 0, for 0 it is NaN
    assert chosen.isnan().tolist() == [True, False]
    bad = tg.tensor([NAN, INF], requires_grad=True)
    tg.where(tg.tensor([False, False]), bad, x).sum().backward()
    assert bad.grad.tolist() == [0.0, 0.0] and x.grad.tolist() == [1.0, 1.0]


def test_a_nan_behind_the_branch_that_was_not_chosen_comes_through_as_in_pytorch():
    assert str(gradient(lambda x: tg.where(x > 0, x.sqrt(), x), [0.0])) == "[[nan]]"       # 0 times infinity
    safe = gradient(lambda x: tg.where(x > 0, tg.where(x > 0, x, 1.0).sqrt(), x), [0.0, 4.0])
    assert safe == [[1.0, 0.25]]


def test_where_with_a_condition_alone_gives_the_indices():
    rows, columns = tg.where(tg.tensor([[True, False], [False, True]]))
    assert rows.tolist() == [0, 1] and columns.tolist() == [0, 1]
    assert rows.dtype is tg.int64


def test_comparisons_are_bool_and_outside_the_graph():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    for y in (x == 1, x != 1, x < 2, x <= 1, x > 1, x >= 2, tg.isnan(x), tg.isclose(x, x)):
        assert y.dtype is tg.bool and not y.requires_grad


def test_nan_equals_nothing():
    x = tg.tensor([NAN, 1.0])
    assert (x == x).tolist() == [False, True]
    assert tg.isclose(x, x).tolist() == [False, True]
    assert tg.isclose(x, x, equal_nan=True).tolist() == [True, True]


def test_infinities_are_close_to_themselves_only():
    assert tg.isclose(tg.tensor([INF, INF, INF]), tg.tensor([INF, -INF, 1.0])).tolist() == [True, False, False]


def test_allclose_and_equal_are_python_bools():
    x = tg.tensor([1.0, 2.0])
    assert tg.allclose(x, x + 1e-9) is True and tg.allclose(x, x + 1) is False
    assert tg.equal(x, x.clone()) is True and tg.equal(x, x[:1]) is False and tg.equal(x, x + 1) is False


def test_tensors_on_different_devices_are_not_compared():
    from tests.strict import strict_device
    x = tg.tensor([1.0])
    with pytest.raises(tg.errors.DeviceError, match="eq: the inputs are on different devices .* with .to"):
        tg.eq(x, x.to(strict_device()))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(3, 1000), (5, 300, 301)], ids=str)
def test_masks_by_bits_are_those_by_branches(shape, dtype):
    draw = np.random.default_rng(0)
    x, y = (draw.standard_normal(shape).astype(dtype) for _ in range(2))
    mask = draw.random(shape) < 0.5
    x.reshape(-1)[:3] = NAN, INF, -INF
    for a, b, m in ((x, y, mask), (x.T, y.T, mask.T), (x[..., ::2], y[..., ::2], mask[..., ::2])):
        found = tg.where(*map(tg.from_numpy, (m, a, b))).numpy()
        np.testing.assert_array_equal(found, np.where(m, a, b))
        for name, expected in (("keep", np.where(m, a, 0)), ("drop", np.where(m, 0, a))):
            found = tg.autograd.OPS[name](tg.from_numpy(a), tg.from_numpy(m)).numpy()
            np.testing.assert_array_equal(found, expected)


CASES = {
    "maximum": lambda lib, a, b: lib.maximum(a, b), "minimum": lambda lib, a, b: lib.minimum(a, b),
    "fmax": lambda lib, a, b: lib.fmax(a, b), "fmin": lambda lib, a, b: lib.fmin(a, b),
    "clamp": lambda lib, a, b: lib.clamp(a, -1.0, 1.0), "clamp_min": lambda lib, a, b: lib.clamp(a, min=0.5),
    "clamp_tensors": lambda lib, a, b: lib.clamp(a, b, b + 1),
    "clamp_crossed": lambda lib, a, b: lib.clamp(a, b, b - 1),
    "clamp_low": lambda lib, a, b: lib.clamp(a, min=b), "clamp_high": lambda lib, a, b: lib.clamp(a, max=b),
    "where": lambda lib, a, b: lib.where(a > b, a, b), "where_number": lambda lib, a, b: lib.where(a > b, 2.0, b),
    "eq": lambda lib, a, b: lib.eq(a, b), "le": lambda lib, a, b: lib.le(a, b),
    "xor": lambda lib, a, b: lib.logical_xor(a, b),
    "not": lambda lib, a, b: lib.logical_not(a), "isclose": lambda lib, a, b: lib.isclose(a, b, 0.5, 0.2),
    "signbit": lambda lib, a, b: lib.signbit(a)}


@pytest.mark.oracle
@pytest.mark.parametrize("name", CASES)
def test_a_grid_with_ties_bounds_and_nan_is_pytorchs(name):
    import torch
    grid = np.array([-INF, -1.0, -0.0, 0.0, 0.5, 1.0, 2.0, INF, NAN])
    agree(partial(CASES[name], tg), partial(CASES[name], torch), [grid[:, None], grid])


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift",
                                  "bitwise_right_shift"])
def test_bits_are_pytorchs(name):
    import torch
    a, b = np.array([[-7], [5], [0]]), np.array([1, 3, 2])
    agree(getattr(tg, name), getattr(torch, name), [a, b])
