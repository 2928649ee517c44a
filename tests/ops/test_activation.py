"""Activations: the slope at every kink by name, NaN, in place, and PyTorch as oracle."""
import math

import numpy as np
import pytest

import tinygrad_cnn as tg
import tinygrad_cnn.nn.functional as F
from tests.ops.oracle import agree

NAN, INF = float("nan"), float("inf")
SPECIAL = np.array([-INF, -3.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 2.0, 3.0, 6.0, INF])
NAMES = ("relu relu6 elu selu celu gelu silu mish logsigmoid softplus softsign hardtanh hardsigmoid hardswish "
         "tanhshrink softshrink hardshrink leaky_relu").split()
IN_PLACE = "relu relu6 elu selu celu silu mish hardtanh hardsigmoid hardswish leaky_relu".split()


def slopes(function, values):
    x = tg.tensor(values, dtype=tg.float64, requires_grad=True)
    function(x).sum().backward()
    return x.grad.tolist()


@pytest.mark.parametrize("function, kinks, expected", [
    (F.relu, [0.0, -0.0], [0.0, 0.0]),
    (F.leaky_relu, [0.0], [0.01]),
    (lambda x: F.elu(x, 0.5), [0.0], [0.5]),
    (F.relu6, [0.0, 6.0], [0.0, 0.0]),
    (F.hardtanh, [-1.0, 1.0], [0.0, 0.0]),
    (F.hardsigmoid, [-3.0, 3.0], [0.0, 0.0]),
    (F.hardswish, [-3.0, 3.0], [0.0, 1.0]),
    (lambda x: F.threshold(x, 1.0, 5.0), [1.0], [0.0]),
    (F.hardshrink, [-0.5, 0.5], [0.0, 0.0]),
    (F.softshrink, [-0.5, 0.5], [0.0, 0.0]),
    (lambda x: F.prelu(x, tg.tensor([0.25], dtype=tg.float64)), [0.0], [0.25])],
    ids=["relu", "leaky_relu", "elu", "relu6", "hardtanh", "hardsigmoid", "hardswish", "threshold", "hardshrink",
         "softshrink", "prelu"])
def test_the_slope_at_a_kink_is_the_documented_one(function, kinks, expected):
    assert slopes(function, kinks) == expected


@pytest.mark.parametrize("function", [F.elu, F.celu, F.selu])
def test_the_second_derivative_at_the_kink_of_an_exponential_unit_is_0(function):
    x = tg.tensor([0.0, -0.0], dtype=tg.float64, requires_grad=True)
    slope, = tg.autograd.grad(function(x).sum(), [x], create_graph=True)
    slope.sum().backward()
    assert x.grad.tolist() == [0, 0]


@pytest.mark.parametrize("name", NAMES)
def test_nan_stays_nan(name):
    for dtype in (tg.float32, tg.float64):
        assert getattr(F, name)(tg.tensor([NAN, -NAN], dtype=dtype)).isnan().all()


@pytest.mark.parametrize("size", [10, 300_000])
def test_relu_keeps_nan_of_either_sign_in_arrays_of_any_size(size):
    x = np.linspace(-1, 1, size).astype("float32")
    x[::7], x[1::7] = NAN, -NAN
    y = F.relu(tg.tensor(x)).numpy()
    np.testing.assert_array_equal(y, np.where(np.isnan(x), x, np.maximum(x, 0)))


@pytest.mark.parametrize("size", [10, 300_000])
def test_relu_drops_an_infinite_gradient_where_it_is_flat(size):
    x = tg.tensor(np.where(np.arange(size) % 2, 1.0, -1.0), requires_grad=True)
    F.relu(x).backward(tg.full((size,), INF, dtype=tg.float64))
    assert x.grad[0].item() == 0.0 and x.grad[1].item() == INF


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place_writes_into_the_input_and_keeps_its_history(name):
    function = getattr(F, name)
    leaf = tg.tensor([-2.0, -0.3, 0.4, 2.0], dtype=tg.float64, requires_grad=True)
    x = leaf * 1.0
    y = function(x, inplace=True)
    assert y is x and x.version == 1
    np.testing.assert_allclose(x.tolist(), function(leaf).tolist(), rtol=1e-15)
    x.sum().backward()
    np.testing.assert_allclose(leaf.grad.tolist(), slopes(function, leaf.tolist()), rtol=1e-15)


@pytest.mark.parametrize("layout", ["contiguous", "channels_last", "strided"])
def test_relu_in_place_on_large_arrays_writes_where_the_tensor_lies(layout):
    array = np.random.default_rng(0).standard_normal((4, 64, 40, 40)).astype("float32")
    if layout == "channels_last":
        array = np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 1, -1)), -1, 1)
    if layout == "strided":
        array = np.repeat(array, 2, axis=3)[..., ::2]
    expected = np.maximum(array, 0)
    x = tg.from_numpy(array)
    F.relu(x, inplace=True)
    np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize("name", ["relu", "gelu", "silu", "leaky_relu", "hardswish", "elu"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_large_arrays_of_any_layout_are_as_small_ones(name, dtype):
    draw = np.random.default_rng(0)
    function = getattr(F, name)
    x, g = (draw.standard_normal((3, 40, 50, 50)).astype(dtype) for _ in range(2))
    last = np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1)
    expected, slope = [], []
    for k in range(3):
        small = tg.tensor(x[k, :, :20], requires_grad=True)
        y = function(small)
        y.backward(tg.tensor(g[k, :, :20]))
        expected.append(y.detach().numpy())
        slope.append(small.grad.numpy())
    for laid in (x, last, np.repeat(x, 2, axis=2)[:, :, ::2]):
        large = tg.from_numpy(laid).requires_grad_()
        y = function(large)
        y.backward(tg.tensor(g))
        np.testing.assert_allclose(y.detach().numpy()[:, :, :20], np.stack(expected), rtol=1e-6)
        np.testing.assert_allclose(large.grad.numpy()[:, :, :20], np.stack(slope), rtol=1e-5, atol=1e-7)


def test_element_wise_results_keep_the_layout_of_their_input():
    array = np.moveaxis(np.zeros((4, 40, 40, 64), "float32"), -1, 1)
    for function in (F.relu, F.gelu, F.silu, tg.sigmoid, tg.exp, lambda x: F.hardtanh(x), lambda x: x * 2):
        assert function(tg.from_numpy(array)).array.strides == array.strides


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("mish", "softsign", "tanhshrink", "softshrink",
                                                                "selu")])
def test_sixteen_bit_activations_are_rounded_once(name, dtype):
    pytest.importorskip("ml_dtypes", reason="bfloat16 needs ml_dtypes")
    x = tg.tensor(np.linspace(-4, 4, 333)).to(getattr(tg, dtype))
    function = getattr(F, name)
    assert tg.equal(function(x), function(x.float()).to(x.dtype))


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_the_second_derivative_of_a_float16_gelu_is_that_of_float32_rounded_also_where_powers_overflow(approximate):
    x = tg.tensor(np.append(np.linspace(-6, 6, 301), [-6e4, -300.0, -30.0, 24.0, 41.0, 257.0, 6e4])).half()

    def second(x):
        x = x.detach().requires_grad_()
        slope, = tg.autograd.grad(F.gelu(x, approximate=approximate), x, tg.ones_like(x), create_graph=True)
        return tg.autograd.grad(slope, x, tg.ones_like(slope))[0]

    assert tg.equal(second(x), second(x.float()).half())
    assert second(x).isfinite().all()


def test_softplus_and_logsigmoid_do_not_overflow():
    x = tg.tensor([-1000.0, 1000.0])
    assert F.softplus(x).tolist() == [0.0, 1000.0] and F.logsigmoid(x).tolist() == [-1000.0, 0.0]


def test_gelu_by_tanh_is_near_the_exact_one():
    x = tg.linspace(-5, 5, 1001)
    assert (F.gelu(x) - F.gelu(x, approximate="tanh")).abs().max().item() < 5e-4


def test_selu_keeps_mean_zero_and_variance_one():
    x = tg.tensor(np.random.default_rng(0).standard_normal(200_000))
    y = F.selu(x)
    assert abs(y.mean().item()) < 0.01 and abs(y.var().item() - 1) < 0.02


@pytest.mark.oracle
@pytest.mark.parametrize("name", NAMES)
def test_value_and_derivatives_are_pytorchs(name):
    import torch.nn.functional as TF
    x = np.random.default_rng(0).uniform(-5, 5, (4, 5))
    order = 1 if name == "hardsigmoid" else 2            # PyTorch has no second derivative of it
    agree(getattr(F, name), getattr(TF, name), [x], order=order)


@pytest.mark.oracle
@pytest.mark.parametrize("name", NAMES)
def test_kinks_and_infinities_are_pytorchs(name):
    import torch.nn.functional as TF
    agree(getattr(F, name), getattr(TF, name), [SPECIAL], order=1)


KEYWORDS = [
    ("gelu", {"approximate": "tanh"}), ("softplus", {"beta": 3, "threshold": 2}), ("elu", {"alpha": 0.3}),
    ("celu", {"alpha": 2.0}), ("leaky_relu", {"negative_slope": 0.3}), ("hardtanh", {"min_val": -2, "max_val": 0.5}),
    ("softshrink", {"lambd": 1.0}), ("hardshrink", {"lambd": 1.5}), ("threshold", {"threshold": 0.5, "value": 9.0}),
    ("glu", {"dim": 0})]


@pytest.mark.oracle
@pytest.mark.parametrize("name, kwargs", KEYWORDS, ids=[name for name, _ in KEYWORDS])
def test_keywords_mean_what_they_mean_in_pytorch(name, kwargs):
    import torch.nn.functional as TF
    x = np.random.default_rng(0).uniform(-5, 5, (4, 5))
    ours = getattr(F, name) if hasattr(F, name) else getattr(tg, name)
    agree(lambda v: ours(v, **kwargs), lambda v: getattr(TF, name)(v, **kwargs), [x])


@pytest.mark.oracle
@pytest.mark.parametrize("shape, weight", [((2, 3, 4), 3), ((2, 3), 1), ((5,), 1)], ids=str)
def test_prelu_is_pytorchs(shape, weight):
    import torch.nn.functional as TF
    draw = np.random.default_rng(0)
    agree(F.prelu, TF.prelu, [draw.standard_normal(shape), draw.uniform(0.1, 0.5, weight)])


def test_celu_is_smooth_at_zero():
    left, right = slopes(lambda x: F.celu(x, 3.0), [-1e-9, 1e-9])
    assert math.isclose(left, right, rel_tol=1e-8)


def test_a_gradient_that_was_expanded_takes_the_layout_of_the_activation():
    array = np.moveaxis(np.random.default_rng(0).standard_normal((4, 40, 40, 64)).astype("float32"), -1, 1)
    x = tg.from_numpy(array).requires_grad_()
    seen = []
    y = F.relu(x * 1.0)
    y.register_hook(seen.append)
    F.relu(y).sum().backward()
    assert seen[0].array.strides == array.strides
    np.testing.assert_array_equal(x.grad.numpy(), array > 0)
