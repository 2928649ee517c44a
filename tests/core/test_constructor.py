"""`tg.Tensor(...)`, PyTorch's old constructor: sizes or data, in the default dtype; what is neither is refused."""
import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.errors import ArgumentError, ArgumentTypeError, ShapeError

SIZES = {"nothing": (), "one": (5,), "two": (2, 3), "four": (2, 1, 3, 2), "numpy's": (np.int64(2), np.int32(3)),
         "none": (0, 2)}
DATA = {"a list": [1, 2], "lists": [[1.5, 2.0], [3.0, 4.0]], "a tuple": (2, 3), "bools": [True, False],
        "an array": np.arange(3), "a range": range(3), "no list": [], "no tuple": ()}


@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
def test_sizes_give_zeros_of_the_default_dtype(sizes):
    x = tg.Tensor(*sizes)
    assert tuple(x.shape) == (sizes or (0,))
    assert x.dtype is tg.float32
    assert not x.any()


def test_a_shape_gives_zeros_and_a_tuple_is_data():
    shape = tg.zeros(2, 3).shape
    assert tg.Tensor(shape).shape == shape
    assert tg.Tensor((2, 3)).tolist() == [2, 3]


@pytest.mark.oracle
@pytest.mark.parametrize("given", [*[s for s in SIZES.values()], *[(d,) for d in DATA.values()]],
                         ids=[*SIZES, *DATA])
def test_shape_and_dtype_and_data_are_pytorch_s(given):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle: pip install torch==2.13.0")
    x, t = tg.Tensor(*given), torch.Tensor(*given)
    assert tuple(x.shape) == tuple(t.shape)
    assert str(x.dtype).rpartition(".")[2] == str(t.dtype).rpartition(".")[2]
    if given and not isinstance(given[0], (int, np.integer)):
        assert x.tolist() == t.tolist()


def test_an_array_of_the_default_dtype_shares_its_memory():
    array = np.zeros(3, np.float32)
    tg.Tensor(array)[0] = 1.0
    assert array[0] == 1


def test_the_default_dtype_may_be_another():
    tg.set_default_dtype(tg.float64)
    try:
        assert tg.Tensor(2).dtype is tg.Tensor([1]).dtype is tg.float64
    finally:
        tg.set_default_dtype(tg.float32)


def test_it_can_be_trained_like_any_tensor():
    x = tg.Tensor([1.0, 2.0]).requires_grad_()
    (x * x).sum().backward()
    assert x.grad.tolist() == [2, 4]


@pytest.mark.parametrize("given, error, told", [
    ((3.0,), ArgumentTypeError, r"Tensor: 3\.0 is neither sizes nor a list of data\. Use tg\.tensor\(\.\.\.\)"),
    ((True,), ArgumentTypeError, "True is neither"),
    ((None,), ArgumentTypeError, "None is neither"),
    (("ab",), ArgumentTypeError, "'ab' is neither"),
    (({1: 2},), ArgumentTypeError, "is neither"),
    ((2, 3.0), ArgumentError, r"2, 3\.0 are not all sizes"),
    (([1], [2]), ArgumentError, "2 arguments are neither sizes nor one list of data"),
    (([1], "cpu"), ArgumentError, r"Use tg\.tensor\(data, dtype=\.\.\., device=\.\.\.\)"),
    ((-1,), ShapeError, "size -1 is negative"),
    (([[1, 2], [3]],), ShapeError, "tensor"),
    ((tg.ones(2),), ArgumentError, r"this is one already\. Use x\.detach\(\) for its memory, x\.clone\(\) for a copy"),
], ids=["number", "bool", "None", "text", "dict", "fraction", "lists", "device", "negative", "ragged", "tensor"])
def test_what_is_neither_sizes_nor_data_is_refused(given, error, told):
    with pytest.raises(error, match=told):
        tg.Tensor(*given)
