"""Kernels for small arrays give what the plain ones give: the same numbers, shapes and dtypes."""
import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.device import CPU
from tinygrad_cnn.kernels import cpu, generic

DTYPES = ("float16", "float32", "float64", "int64")
PRODUCTS = {
    "matmul_t": ((2, 3), (4, 3)), "matmul_t of a stack": ((2, 2, 3), (4, 3)), "matmul_t, empty": ((0, 3), (4, 3)),
    "linear": ((2, 3), (4, 3), None), "linear and bias": ((2, 3), (4, 3), (4,)),
    "linear of a vector": ((3,), (4, 3), (4,)), "linear of a stack": ((2, 2, 3), (4, 3), (4,)),
    "linear_dw": ((5, 2), (5, 3)), "linear_dw of a stack": ((2, 5, 2), (2, 5, 3)), "linear_dw, empty": ((0, 2), (0, 3)),
}
SUMS = [((4, 4), ()), ((4, 4), (4,)), ((4, 4), (4, 1)), ((4, 4), (1, 4)), ((4, 4), (1, 1)), ((2, 3, 4), (3, 1)),
        ((3,), (3,)), ((0, 3), (3,)), ((0, 3), ()), ((), ())]


def numbers(shape, dtype):
    return np.random.default_rng(0).integers(-8, 8, shape).astype(dtype)        # sums of these are exact


def assert_same(found, plain):
    found, plain = np.asarray(found), np.asarray(plain)
    assert (found.shape, found.dtype) == (plain.shape, plain.dtype)
    np.testing.assert_array_equal(found, plain)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", PRODUCTS)
def test_a_small_product_is_the_plain_kernel_s(case, dtype):
    name = case.split()[0].rstrip(",")
    arrays = [shape if shape is None else numbers(shape, dtype) for shape in PRODUCTS[case]]
    assert_same(getattr(cpu, name)(CPU, *arrays), getattr(generic, name)(CPU, *arrays))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape, target", SUMS)
def test_a_small_sum_over_broadcast_axes_is_the_plain_kernel_s(shape, target, dtype):
    x = numbers(shape, dtype)
    assert_same(cpu.sum_to(CPU, x, target), generic.sum_to(CPU, x, target))


def test_relu_s_gradient_keeps_infinities_of_the_incoming_one_and_drops_them_where_relu_is_flat():
    x = tg.tensor([2.0, -1.0, 0.0, float("nan")], requires_grad=True)
    x.relu().backward(tg.tensor([float("inf"), float("inf"), float("nan"), 3.0]))
    assert x.grad.tolist() == [float("inf"), 0.0, 0.0, 3.0]


@pytest.mark.parametrize("calculate, slope", [(lambda x: x * 3 + 1, 3.0), (lambda x: x / 4 - 2.0, 0.25),
                                              (lambda x: 3 - x, -1.0), (lambda x: x ** 2, 6.0)],
                         ids=["multiply and add", "divide and subtract", "a number first", "power"])
def test_a_number_beside_a_tensor_has_no_gradient_and_changes_no_dtype(calculate, slope):
    for dtype in (tg.float16, tg.float32, tg.float64):
        x = tg.tensor([3.0], dtype=dtype, requires_grad=True)
        y = calculate(x)
        y.backward()
        assert (y.dtype, x.grad.dtype, x.grad.item()) == (dtype, dtype, slope)


def test_a_tensor_kept_beside_a_number_is_seen_to_be_written():
    x = tg.tensor([3.0], requires_grad=True)
    h = x * 1.0
    y = h ** 2
    h.mul_(2)
    with pytest.raises(tg.errors.StaleValueError, match="pow saved a at version 0, but mul_ has written into it"):
        y.backward()


def test_a_whole_number_beyond_every_float_is_refused_with_a_cure():
    with pytest.raises(tg.errors.DTypeError, match="too large for the dtype of the tensor"):
        tg.ones(2) * 10 ** 400
