"""Activations computed in place, block by block: the shared kernels' values, the stated errors, the ends."""
import importlib
import math

import numpy as np
import pytest

import tinygrad_cnn as tg
import tinygrad_cnn.nn.functional as F
from tinygrad_cnn.device import CPU
from tinygrad_cnn.kernels.cpu import exponential
from tinygrad_cnn.kernels.generic import activation, elementwise

INF, NAN = float("inf"), float("nan")
ENDS = [INF, -INF, 0.0, -0.0, 3, -3, np.nextafter(np.float32(3), 0), 1e30, -1e30, 200, -200, 60, -60]
CASES = [("sigmoid", 1, {}), ("sigmoid_grad", 2, {}), ("tanh_grad", 2, {}), ("silu", 1, {}), ("silu_grad", 2, {}),
         *[(name, count, {"slope": slope}) for slope in (0.01, 1, 0, 2.5, -0.5)
           for name, count in (("leaky_relu", 1), ("leaky_relu_grad", 2))],
         *[(name, count, {"alpha": alpha}) for alpha in (1, 0.3, 0, 1.67, -0.5)
           for name, count in (("elu", 1), ("elu_grad", 2))],
         ("hardswish", 1, {}), ("hardswish_grad", 2, {})]
gelu_file = importlib.import_module("tinygrad_cnn.kernels.cpu.gelu")


def shared(name):
    return getattr(activation, name, None) or getattr(elementwise, name)


def close(ours, theirs, dtype):
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(ours, theirs, rtol=8 * eps, atol=4 * eps)


@pytest.mark.parametrize("size", [7, 3000, 150_001], ids=["tiny", "small", "threads"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name, count, attrs", CASES, ids=lambda v: str(v))
def test_a_chain_is_the_shared_kernel(name, count, attrs, dtype, size):
    draw = np.random.default_rng(size)
    arrays = [3 * draw.standard_normal(size).astype(dtype) for _ in range(count)]
    before = [a.copy() for a in arrays]
    y = CPU.kernel(name)(*arrays, **attrs)
    assert y.dtype == dtype
    close(y, shared(name)(CPU, *arrays, **attrs), dtype)
    for array, kept in zip(arrays, before):
        np.testing.assert_array_equal(array, kept)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name, count, attrs", CASES, ids=lambda v: str(v))
def test_a_chain_takes_infinities_kinks_and_zeros_as_the_shared_kernel_does(name, count, attrs, dtype):
    x = np.array(ENDS, dtype)
    for g in (np.linspace(-1, 1, x.size).astype(dtype), np.full(x.size, INF, dtype)):
        arrays = [g, x][2 - count:]
        with np.errstate(all="ignore"):
            close(CPU.kernel(name)(*arrays, **attrs), shared(name)(CPU, *arrays, **attrs), dtype)


@pytest.mark.parametrize("name, count, attrs", CASES, ids=lambda v: str(v))
def test_nan_flows_through_every_value_and_from_every_gradient(name, count, attrs):
    for k in range(count):
        if name == "leaky_relu_grad" and k == 1:        # its slope at NaN is that below 0, as PyTorch's
            continue
        arrays = [np.ones(40, "float32") for _ in range(count)]
        arrays[k][:] = NAN
        assert np.isnan(CPU.kernel(name)(*arrays, **attrs)).all()


def gelu(x):
    """The value and the slope by the kernel for NumPy, in which exp may overflow."""
    with np.errstate(over="ignore"):
        return CPU.kernel("gelu")(x, wants={"slope"})


@pytest.mark.parametrize("size", [0, 7, 150_001], ids=["empty", "tiny", "threads"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gelu_and_its_slope_are_the_shared_kernel_s(dtype, size):
    x = 3 * np.random.default_rng(size).standard_normal(size).astype(dtype)
    before = x.copy()
    bound = 1e-6 if dtype == "float32" else 1e-15       # in float32 it is another formula
    for found, expected in zip(gelu(x), activation.gelu(CPU, x, wants={"slope"})):
        assert found.dtype == dtype
        np.testing.assert_allclose(found, expected, rtol=bound, atol=bound)
    np.testing.assert_array_equal(x, before)
    with np.errstate(over="ignore"):
        value, slope = CPU.kernel("gelu")(x)
    assert slope is None
    np.testing.assert_allclose(value, gelu(x)[0], rtol=2 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gelu_takes_infinities_and_zeros_as_the_shared_kernel_does(dtype):
    x = np.array(ENDS, dtype)
    with np.errstate(all="ignore"):
        for found, expected in zip(gelu(x), activation.gelu(CPU, x, wants={"slope"})):
            close(found, expected, dtype)
    assert all(np.isnan(found).all() for found in gelu(np.full(40, NAN, dtype)))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_gelu_of_sixteen_bits_is_rounded_once_and_its_slope_not_at_all(dtype):
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="bfloat16 needs ml_dtypes")
    x = np.linspace(-4, 4, 140_000).astype(getattr(ml_dtypes, dtype, dtype))
    value, slope = gelu(x)
    wide_value, wide_slope = gelu(x.astype("float32"))
    np.testing.assert_array_equal(value.astype("float32"), wide_value.astype(x.dtype).astype("float32"))
    np.testing.assert_array_equal(slope, wide_slope)
    np.testing.assert_array_equal(CPU.kernel("gelu_grad")(x, x, slope).astype("float32"),
                                  (x.astype("float32") * slope).astype(x.dtype).astype("float32"))


def truth(x):
    """The exact GELU and its slope at float64 numbers."""
    below = np.array([0.5 * math.erfc(-v / math.sqrt(2)) for v in x])
    return x * below, below + x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def gelu_errors(x):
    """Errors of the float32 GELU and of its slope, beside the points as float64."""
    wide = x.astype("float64")
    value, slope = truth(wide)
    found = gelu(x)
    return found[0] - value, found[1] - slope, wide


@pytest.mark.parametrize("vectorized", [True, False], ids=["exp2", "exp"])
def test_gelu_in_float32_is_within_its_stated_errors_by_either_power(vectorized, monkeypatch):
    monkeypatch.setattr(exponential, "_vectorized", lambda name: vectorized)
    gelu_file._constants.cache_clear()
    try:
        value, slope, x = gelu_errors(np.linspace(-9, 9, 150_001).astype("float32"))
    finally:
        gelu_file._constants.cache_clear()
    assert (np.abs(value) <= 2.8e-7 * np.abs(x)).all()
    assert np.abs(slope).max() <= 3.1e-7


def test_gelu_far_out_is_the_input_or_zero_and_its_slope_one_or_zero():
    far = np.geomspace(8, 3e38, 1000).astype("float32")
    with np.errstate(all="ignore"):                     # x^2 overflows
        (above, steep), (below, flat) = gelu(far), gelu(-far)
    np.testing.assert_array_equal(above, far)
    np.testing.assert_array_equal(steep, np.ones_like(far))
    assert np.abs(below).max() <= 1e-12 and np.abs(flat).max() <= 1e-12


def test_gelu_keeps_the_sign_of_zero_and_halves_tiny_numbers():
    x = np.array([0.0, -0.0, 1e-30, -1e-30], "float32")
    value, slope = gelu(x)
    assert str(value.tolist()) == str((x / 2).tolist())
    assert slope.tolist() == [0.5] * 4


@pytest.mark.parametrize("vectorized", [True, False], ids=["expm1", "exp"])
def test_one_plus_exp_is_right_by_either_function(vectorized, monkeypatch):
    monkeypatch.setattr(exponential, "_vectorized", lambda name: vectorized)
    y = np.linspace(-80, 80, 20_001).astype("float32")
    exact = 1 + np.exp(y.astype("float64"))
    exponential.one_plus_exp(y)
    assert np.abs(y / exact - 1).max() <= 4e-7


def test_hardswish_drops_an_infinite_gradient_where_it_is_flat():
    x = tg.tensor([-4.0, -3.0, 0.0, 4.0], requires_grad=True)
    F.hardswish(x).backward(tg.full((4,), INF))
    assert x.grad.tolist() == [0.0, 0.0, INF, INF]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name, count, attrs", CASES, ids=lambda v: str(v))
def test_sixteen_bits_are_computed_in_float32_and_rounded_once(name, count, attrs, dtype):
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="bfloat16 needs ml_dtypes")
    dtype = np.dtype(getattr(ml_dtypes, dtype, dtype))
    narrow = [np.linspace(-4, 4, 140_000).astype(dtype)[k:140_000 - 1 + k] for k in range(count)]
    found = CPU.kernel(name)(*narrow, **attrs)
    expected = CPU.kernel(name)(*[a.astype("float32") for a in narrow], **attrs).astype(dtype)
    np.testing.assert_array_equal(found.astype("float32"), expected.astype("float32"))


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["gelu", "silu", "sigmoid", "leaky_relu", "elu", "hardswish"])
def test_float32_errors_stay_within_three_of_pytorchs(name):
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    x = np.linspace(-9, 9, 200_001)
    x32 = x.astype("float32")

    def both(lib, array):
        """The value and the slope as float64."""
        function = getattr(torch if lib is torch else tg, name) if name == "sigmoid" else getattr(
            lib.nn.functional, name)
        point = lib.from_numpy(array).requires_grad_()
        y = function(point)
        y.backward(lib.ones_like(y))
        return [np.asarray(a, "float64") for a in (y.detach().numpy(), point.grad.numpy())]

    exact = both(torch, x32.astype("float64"))
    for right, ours, theirs in zip(exact, both(tg, x32.copy()), both(torch, x32.copy())):
        mine, its = np.abs(ours - right), np.abs(theirs - right)
        assert mine.max() <= 3 * its.max()
        assert np.linalg.norm(mine) <= 3 * np.linalg.norm(its)
