"""Tensors from data and from nothing: PyTorch's dtypes, shared memory where promised, refusals with the cure."""
import numpy as np
import pytest

import tinygrad_cnn as tg


@pytest.mark.parametrize("data, dtype", [(1.5, tg.float32), (3, tg.int64), (True, tg.bool), ([1, 2.5], tg.float32),
                                         ([], tg.float32),
                                         (np.float64(2), tg.float64), (np.arange(3, dtype=np.int16), tg.int16),
                                         ([np.float64(1)], tg.float64), ([[True], [False]], tg.bool)])
def test_the_dtype_follows_the_data(data, dtype):
    assert tg.tensor(data).dtype is dtype


def test_the_default_dtype_can_be_changed():
    tg.set_default_dtype(tg.float64)
    try:
        assert tg.tensor([1.0]).dtype is tg.zeros(2).dtype is tg.float64
        assert (tg.tensor([1, 2]) / 2).dtype is tg.float64
    finally:
        tg.set_default_dtype(tg.float32)
    with pytest.raises(tg.errors.DTypeError, match="int64"):
        tg.set_default_dtype(tg.int64)


def test_tensor_copies_and_from_numpy_shares():
    a = np.zeros(3, np.float32)
    copied, shared = tg.tensor(a), tg.from_numpy(a)
    a[0] = 7
    assert copied[0].item() == 0 and shared[0].item() == 7
    shared.add_(1)
    assert a.tolist() == [8.0, 1.0, 1.0]


def test_as_tensor_shares_where_it_can():
    a = np.zeros(3, np.float32)
    assert np.shares_memory(tg.as_tensor(a).numpy(), a)
    assert not np.shares_memory(tg.as_tensor(a, dtype=tg.float64).numpy(), a)
    with pytest.raises(tg.errors.ArgumentError, match="copy=False"):
        tg.asarray([1.0], copy=False)


def test_ragged_lists_are_refused():
    with pytest.raises(tg.errors.ShapeError, match="not rectangular"):
        tg.tensor([[1, 2], [3]])


@pytest.mark.parametrize("data", ["text", [None], [1j], object()])
def test_what_is_not_numbers_is_refused(data):
    with pytest.raises(tg.errors.DTypeError, match="cannot make a tensor"):
        tg.tensor(data)


def test_numbers_that_do_not_fit_are_refused():
    with pytest.raises(tg.errors.DTypeError, match="300.*uint8"):
        tg.tensor([1, 300], dtype=tg.uint8)


def test_fills():
    assert tg.full((2,), 7).dtype is tg.int64 and tg.full((2,), 7.0).dtype is tg.float32
    assert tg.eye(2, 3).tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    assert tg.ones_like(tg.zeros(2, dtype=tg.int16)).dtype is tg.int16
    assert tg.zeros((2, 3)).shape == tg.zeros(2, 3).shape == (2, 3)
    assert tg.zeros(2).new_full((3,), 5.0).tolist() == [5.0, 5.0, 5.0]
    with pytest.raises(tg.errors.ShapeError, match="-1.*negative"):
        tg.zeros(2, -1)
    with pytest.raises(tg.errors.ArgumentError, match="2.5 is not an integer"):
        tg.ones(2.5)


def test_ranges():
    assert tg.arange(5).tolist() == [0, 1, 2, 3, 4] and tg.arange(5).dtype is tg.int64
    assert tg.arange(1, 2, 0.25).tolist() == [1.0, 1.25, 1.5, 1.75]
    assert tg.arange(3, 0, -1).tolist() == [3, 2, 1]
    assert tg.linspace(0, 1, 3).tolist() == [0.0, 0.5, 1.0]
    with pytest.raises(tg.errors.ArgumentError, match="steps of 0"):
        tg.arange(0, 3, 0)
    with pytest.raises(tg.errors.ArgumentError, match="from 3 to 0"):
        tg.arange(3, 0)


def test_dlpack_shares_memory_both_ways():
    x = tg.arange(3.0)
    a = np.from_dlpack(x)
    x.add_(1)
    assert a.tolist() == [1.0, 2.0, 3.0]
    b = np.arange(3.0)
    y = tg.from_dlpack(b)
    b[0] = 9
    assert y[0].item() == 9.0
    with pytest.raises(tg.errors.GradError, match="detach"):
        np.from_dlpack(tg.ones(2, requires_grad=True))
    with pytest.raises(tg.errors.DataError, match="no __dlpack__"):
        tg.from_dlpack([1])


def test_bfloat16_is_there_with_ml_dtypes():
    pytest.importorskip("ml_dtypes", reason="bfloat16 needs the package ml_dtypes")
    x = tg.tensor([1.0, 2.5], dtype=tg.bfloat16, requires_grad=True)
    y = x * 2 + 1
    assert y.dtype is tg.bfloat16 and y.tolist() == [3.0, 6.0]
    y.sum().backward()
    assert x.grad.dtype is tg.bfloat16 and x.grad.tolist() == [2.0, 2.0]


def test_bfloat16_takes_integers_of_any_size():
    pytest.importorskip("ml_dtypes", reason="bfloat16 needs the package ml_dtypes")
    y = tg.ones(1, dtype=tg.bfloat16) * -(2**70)
    assert y.dtype is tg.bfloat16 and y.tolist() == [-(2.0**70)]


def test_finfo_and_iinfo():
    assert tg.finfo(tg.float32).eps == np.finfo(np.float32).eps
    assert type(tg.finfo().max) is float and tg.finfo(tg.float64).bits == 64 and tg.finfo(tg.float16).dtype == "float16"
    assert tg.iinfo(tg.int8).max == 127
    with pytest.raises(tg.errors.DTypeError, match="iinfo"):
        tg.finfo(tg.int8)


def test_the_dtype_of_a_result_is_told_before_it_is_computed():
    assert tg.result_type(tg.tensor([1]), tg.tensor(2.0)) is tg.float32
    assert tg.result_type(tg.tensor([1], dtype=tg.int8), 3) is tg.int8
    assert tg.can_cast(tg.int64, tg.float16)
    assert not tg.can_cast(tg.float32, tg.int64) and not tg.can_cast(tg.int8, tg.bool)
    with pytest.raises(tg.errors.DTypeError, match="result_type: expected Tensors and numbers, got Tensor, str"):
        tg.result_type(tg.ones(1), "a")


def test_numbers_that_cannot_be_a_range_or_a_fill_are_refused():
    for end in (float("nan"), float("inf")):
        with pytest.raises(tg.errors.ArgumentError, match=f"arange: from 0 to {end} in steps of 1"):
            tg.arange(end)
    with pytest.raises(tg.errors.DTypeError, match="full: 300 does not fit into .*uint8"):
        tg.full((2,), 300, dtype=tg.uint8)


def test_a_size_or_stride_of_an_axis_that_is_not_there_is_refused():
    for x in (tg.ones(2, 3), tg.tensor(1.0)):
        with pytest.raises(tg.errors.TensorIndexError, match="size: dim=2 is out of range"):
            x.size(2)
        with pytest.raises(tg.errors.TensorIndexError, match="stride: dim=-3 is out of range"):
            x.stride(-3)


def test_a_tensor_answers_pytorchs_small_questions():
    x = tg.zeros(2, 3)
    assert tg.is_tensor(x) and not tg.is_tensor(x.numpy())
    assert tg.is_floating_point(x) and not tg.is_floating_point(tg.arange(3))
    assert tg.numel(x) == x.nelement() == 6
    assert x.ndimension() == 2 and x.element_size() == 4 and x.nbytes == 24
    assert x.is_cpu and not x.is_cuda and x.get_device() == -1
    assert x.type() == "tinygrad_cnn.float32" and x.type(tg.float64).dtype is tg.float64
    assert isinstance(x.dtype, tg.dtype)
    assert x.is_signed() and not x.is_complex() and not x.is_inference() and x.itemsize == 4
    assert tg.tensor(2).is_nonzero() and not tg.is_nonzero(tg.tensor([0.0])) and tg.is_inference(x) is False
    assert (tg.inf, tg.pi) == (float("inf"), np.pi) and tg.nan != tg.nan
