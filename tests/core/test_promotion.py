"""dtype promotion by PyTorch's three ranks: tensors with dimensions, 0-d tensors, Python scalars."""
import itertools

import numpy as np
import pytest

import tinygrad_cnn as tg

NAMES = ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]


def test_a_python_scalar_changes_the_kind_only():
    assert (tg.ones(2, dtype=tg.float16) * 2.5).dtype is tg.float16
    assert (tg.ones(2, dtype=tg.int8) * 2).dtype is tg.int8
    assert (tg.ones(2, dtype=tg.int8) * 2.5).dtype is tg.float32
    assert (tg.ones(2, dtype=tg.bool) * 2).dtype is tg.int64


def test_a_numpy_scalar_counts_as_a_python_scalar():
    assert (tg.ones(2) * np.float64(2)).dtype is tg.float32
    assert (np.float64(2) * tg.ones(2)).dtype is tg.float32


def test_a_zero_dim_tensor_changes_the_kind_only():
    assert (tg.ones(2) * tg.tensor(2.0, dtype=tg.float64)).dtype is tg.float32
    assert (tg.ones(2, dtype=tg.int32) * tg.tensor(2.0, dtype=tg.float64)).dtype is tg.float64


def test_integer_with_float_is_the_float():
    assert (tg.ones(2, dtype=tg.int64) * tg.ones(2, dtype=tg.float16)).dtype is tg.float16


def test_true_division_and_functions_of_integers_give_the_default_dtype():
    assert (tg.tensor([1, 2]) / 2).dtype is tg.float32
    assert tg.tensor([1, 2]).exp().dtype is tg.float32


def test_a_scalar_that_does_not_fit_is_refused():
    with pytest.raises(tg.errors.DTypeError, match="300 does not fit"):
        tg.ones(2, dtype=tg.int8) + 300


def test_matmul_refuses_mixed_dtypes():
    with pytest.raises(tg.errors.DTypeError, match=r"matmul: .*float32, float64.*\.to\("):
        tg.ones(2, 2) @ tg.ones(2, 2, dtype=tg.float64)


@pytest.mark.oracle
def test_every_pair_of_ranks_and_dtypes_promotes_as_in_pytorch():
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    shapes = [(2,), ()]
    for a, b in itertools.product(NAMES, NAMES):
        for s, t in itertools.product(shapes, shapes):
            ours = tg.ones(s, dtype=getattr(tg, a)) * tg.ones(t, dtype=getattr(tg, b))
            theirs = torch.ones(s, dtype=getattr(torch, a)) * torch.ones(t, dtype=getattr(torch, b))
            assert str(ours.dtype).split(".")[1] == str(theirs.dtype).split(".")[1], (a, s, b, t)
    for a, scalar in itertools.product(NAMES, [True, 2, 2.5]):
        for s in shapes:
            ours = tg.ones(s, dtype=getattr(tg, a)) * scalar
            theirs = torch.ones(s, dtype=getattr(torch, a)) * scalar
            assert str(ours.dtype).split(".")[1] == str(theirs.dtype).split(".")[1], (a, s, scalar)
