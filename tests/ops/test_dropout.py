"""Dropout: what is dropped, what is kept and how it is scaled, and that the gradient goes the same way."""
import numpy as np
import pytest

import tinygrad_cnn as tg
from tests.strict import strict_device


def test_kept_numbers_are_divided_by_the_probability_of_being_kept():
    y = tg.dropout(tg.full((1000,), 3.0), 0.25)
    assert set(y.tolist()) == {0.0, 4.0}


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_the_dropped_part_is_p(p):
    dropped = (tg.dropout(tg.ones(200_000), p) == 0).sum().item() / 200_000
    assert dropped == pytest.approx(p, abs=5 * np.sqrt(p * (1 - p) / 200_000))


def test_the_gradient_goes_where_the_numbers_went():
    x = tg.ones(1000, requires_grad=True)
    y = tg.dropout(x, 0.25)
    y.sum().backward()
    assert x.grad.tolist() == y.tolist()


@pytest.mark.parametrize("name", ["dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout"])
def test_evaluation_gives_the_input_itself(name):
    x = tg.ones(2, 3)
    assert getattr(tg, name)(x, 0.5, False) is x
    assert getattr(tg, name)(x, 0.0, True) is x


@pytest.mark.parametrize("name", ["dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout"])
def test_p_of_1_gives_zeros_and_no_nan(name):
    x = tg.ones(2, 3, requires_grad=True)
    y = getattr(tg, name)(x, 1.0, True)
    y.sum().backward()
    assert y.tolist() == x.grad.tolist() == [[0, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize(("name", "shape"), [
    ("dropout1d", (8, 16, 5)), ("dropout1d", (64, 5)), ("dropout2d", (8, 16, 3, 3)), ("dropout3d", (8, 16, 2, 2, 2)),
    ("dropout3d", (64, 2, 2, 2)), ("feature_dropout", (8, 16, 4))])
def test_channels_are_dropped_whole(name, shape):
    channels = len(shape) - {"dropout1d": 1, "dropout2d": 2, "dropout3d": 3, "feature_dropout": 1}[name]
    y = getattr(tg, name)(tg.ones(shape), 0.5).numpy().reshape(*shape[:channels], -1)
    assert (y == y[..., :1]).all() and {0.0, 2.0} == set(y.reshape(-1).tolist())


def test_three_axes_are_not_taken_for_two_spatial_ones():
    with pytest.raises(tg.errors.ShapeError, match=r"dropout2d: input has 3 axes .* 4 axes.*unsqueeze\(0\)"):
        tg.dropout2d(tg.ones(3, 4, 5))


def test_alpha_dropout_keeps_mean_and_variance():
    y = tg.alpha_dropout(tg.randn(200_000), 0.3, True).numpy()
    assert abs(y.mean()) < 0.02 and y.var() == pytest.approx(1, abs=0.02)


def test_in_place_dropout_writes_into_its_input_and_its_history():
    w = tg.ones(100, requires_grad=True)
    x = w * 3
    y = tg.dropout(x, 0.5, inplace=True)
    assert y is x and set(x.tolist()) == {0.0, 6.0}
    x.sum().backward()
    assert w.grad.tolist() == x.tolist()


def test_in_place_dropout_of_a_leaf_is_refused():
    with pytest.raises(tg.errors.InPlaceError, match="dropout_: a leaf that requires grad"):
        tg.dropout(tg.ones(3, requires_grad=True), inplace=True)


def test_no_mask_is_kept_where_no_gradient_is_wanted():
    kernel = tg.device("cpu").kernel("dropout")
    stream = tg.Generator().manual_seed(0).native
    y, mask = kernel(np.ones(4, np.float32), 0.5, (4,), 2.0, 0.0, 0.0, stream, wants=frozenset())
    assert mask is None and set(y.tolist()) <= {0.0, 2.0}


@pytest.mark.parametrize("dtype", [tg.float16, tg.bfloat16, tg.float32, tg.float64])
@pytest.mark.parametrize("name", ["dropout", "alpha_dropout"])
def test_the_dtype_stays(name, dtype):
    x = tg.ones(6, dtype=dtype, requires_grad=True)
    y = getattr(tg, name)(x, 0.5, True)
    y.sum().backward()
    assert y.dtype is x.grad.dtype is dtype


def test_a_channels_last_input_stays_channels_last():
    x = tg.Tensor(np.moveaxis(np.ones((2, 4, 5, 3), np.float32), -1, 1), tg.device("cpu"))
    assert np.moveaxis(tg.dropout(x, 0.5).array, 1, -1).flags.c_contiguous


def test_the_mask_is_drawn_on_the_device_without_waiting_for_it():
    from tests.strict import counting
    x = tg.ones(100, device=strict_device(), requires_grad=True)
    with counting() as count:
        tg.dropout(x, 0.5).sum().backward()
    assert count.synchronisations == 0 and count.uploads == 0


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["dropout", "alpha_dropout"])
def test_values_of_kept_and_dropped_numbers_agree_with_pytorch(name):
    import torch
    ours = getattr(tg, name)(tg.full((2000,), 0.5), 0.3, True).unique().tolist()
    theirs = getattr(torch, name)(torch.full((2000,), 0.5), 0.3, True).unique().tolist()
    assert ours == pytest.approx(theirs, rel=1e-6)
