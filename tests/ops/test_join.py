"""Joins, borders, and moves along axes: PyTorch's values, dtypes and derivatives; memory order kept."""
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.ops.oracle import agree
from tinygrad_cnn.errors import ArgumentError, DeviceError, ShapeError
from tinygrad_cnn.nn import functional as F

X = np.random.default_rng(0).standard_normal((2, 3, 4))


def test_cat_skips_empty_vectors_among_tensors_of_more_dimensions():
    assert tg.cat([tg.zeros(0), tg.ones(2, 3)]).shape == (2, 3)


def test_cat_promotes_dtypes_and_casts_the_gradients_back():
    a, b = tg.ones(2, dtype=tg.float16, requires_grad=True), tg.ones(1, dtype=tg.float64, requires_grad=True)
    y = tg.cat((a, b, tg.ones(1, dtype=tg.int64)))
    y.sum().backward()
    assert y.dtype is tg.float64 and a.grad.dtype is tg.float16 and b.grad.dtype is tg.float64


def test_only_the_tensors_that_want_a_gradient_get_one():
    a, b = tg.ones(2), tg.ones(2, requires_grad=True)
    tg.stack((a, b, b)).sum().backward()
    assert a.grad is None and b.grad.tolist() == [2, 2]


def test_joining_tensors_of_two_devices_is_refused():
    from tests.strict import strict_device
    other = tg.Tensor(strict_device().xp.zeros(2, "float32"), strict_device())
    with pytest.raises(DeviceError, match=r"cat: the inputs are on different devices \(tensors\[0\] on cpu, "
                                          r"tensors\[1\] on strict"):
        tg.cat((tg.zeros(2), other))


def test_borders_of_a_channels_last_tensor_lie_channels_last():
    x = tg.zeros(2, 3, 4, 4).contiguous(memory_format=tg.channels_last)
    for mode in ("constant", "reflect", "replicate", "circular"):
        assert F.pad(x, (1, 1, 1, 1), mode=mode).is_contiguous(memory_format=tg.channels_last)
    assert tg.cat((x, x), 1).is_contiguous(memory_format=tg.channels_last)
    assert x.flip(2).is_contiguous(memory_format=tg.channels_last)


def test_pad_gives_new_memory_even_where_nothing_is_added():
    x = tg.zeros(1, 2, 2)
    assert not np.shares_memory(F.pad(x, (0, 0)).array, x.array)
    assert not np.shares_memory(F.pad(x, (0, 0), mode="reflect").array, x.array)


def test_repeat_and_tile_are_copies():
    x = tg.zeros(2, 2)
    for y in (x.repeat(1, 1), x.tile((1,)), x.repeat(2, 1), x.diag(), x.flip(()), x.rot90(0)):
        assert not np.shares_memory(y.array, x.array) and y.source is None


def test_meshgrid_knows_both_orders_and_refuses_others():
    a, b = tg.arange(2), tg.arange(3)
    assert tg.meshgrid(a, b)[0].shape == (2, 3) and tg.meshgrid([a, b], indexing="xy")[0].shape == (3, 2)
    with pytest.raises(ArgumentError, match=r"meshgrid: indexing='yx' is not one"):
        tg.meshgrid(a, b, indexing="yx")
    with pytest.raises(ShapeError, match=r"meshgrid: expected vectors, got shapes \(1, 2\)"):
        tg.meshgrid(tg.zeros(1, 2))


CASES = {
    "cat": lambda lib, x: lib.cat((x, x * x, x[:1])), "cat dim": lambda lib, x: lib.cat((x, x[:, :1]), -2),
    "stack": lambda lib, x: lib.stack((x, x * x), 1), "hstack": lambda lib, x: lib.hstack((x, x)),
    "vstack": lambda lib, x: lib.vstack((x[0, 0], x[0])), "dstack": lambda lib, x: lib.dstack((x[0], x[1])),
    "column_stack": lambda lib, x: lib.column_stack((x[0, 0], x[0].mT)), "flip": lambda lib, x: lib.flip(x, (0, 2)),
    "fliplr": lambda lib, x: lib.fliplr(x), "flipud": lambda lib, x: lib.flipud(x),
    "roll": lambda lib, x: lib.roll(x, (1, -2), (0, 2)),
    "roll flat": lambda lib, x: lib.roll(x, 5), "rot90": lambda lib, x: lib.rot90(x, 1, (1, 2)),
    "rot90 back": lambda lib, x: lib.rot90(x, -1, (0, 2)), "repeat": lambda lib, x: x.repeat(2, 1, 3, 2),
    "tile": lambda lib, x: lib.tile(x, (2, 1)), "tril": lambda lib, x: lib.tril(x, 1),
    "triu": lambda lib, x: lib.triu(x, -1),
    "diag": lambda lib, x: lib.diag(x[0], 1), "diag of a vector": lambda lib, x: lib.diag(x[0, 0], -1),
    "diagflat": lambda lib, x: lib.diagflat(x[0]), "block_diag": lambda lib, x: lib.block_diag(x[0], x[1] * 2, x[0, 0]),
    "meshgrid": lambda lib, x: math.prod(lib.meshgrid(x[0, 0], x[0, 1], indexing="ij")),
    "atleast_3d": lambda lib, x: lib.atleast_3d(x[0]),
}


@pytest.mark.oracle
@pytest.mark.parametrize("name", CASES)
def test_value_and_derivatives_are_pytorch_s(name):
    import torch
    agree(lambda x: CASES[name](tg, x * x), lambda x: CASES[name](torch, x * x), [X])


@pytest.mark.oracle
@given(st.sampled_from(["constant", "reflect", "replicate", "circular"]),
       st.lists(st.integers(-2, 3), min_size=4, max_size=4))
def test_pad_is_pytorch_s(mode, widths):
    import torch
    if mode != "constant":                              # PyTorch, cropping and wrapping too far, reads unwritten memory
        widths = [max(w, 0 if mode == "circular" else -1) for w in widths]
    try:
        torch.nn.functional.pad(torch.tensor(X), widths, mode=mode)
    except RuntimeError:
        return                                          # PyTorch refuses some crops that leave something
    agree(lambda x: F.pad(x * x, widths, mode=mode), lambda x: torch.nn.functional.pad(x * x, widths, mode=mode), [X])


@pytest.mark.oracle
@pytest.mark.parametrize("dtypes",
                         [("float32", "float64"), ("int64", "float16"), ("int32", "int64"), ("bool", "uint8")])
def test_joined_dtypes_are_pytorch_s(dtypes):
    import torch
    a, b = (np.ones(2, d) for d in dtypes)
    for join in ("cat", "stack"):
        y, z = (getattr(lib, join)((lib.tensor(a), lib.tensor(b))) for lib in (tg, torch))
        assert y.dtype.name == str(z.dtype).removeprefix("torch.") and y.tolist() == z.tolist()
