"""Element-wise functions: the choices at singular points by name, integers as in Python, and PyTorch as oracle."""
import itertools
import math
import operator
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.ops.oracle import agree
from tinygrad_cnn.testing import gradgradcheck

NAN, INF = float("nan"), float("inf")
SPECIAL = np.array([-INF, -3.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 2.0, 3.0, 6.0, INF, NAN])
UNARY = ("abs acos acosh asin asinh atan atanh ceil cos cosh deg2rad erf erfc erfinv exp exp2 expm1 floor frac log "
         "log10 log1p log2 neg positive rad2deg reciprocal round rsqrt sgn sigmoid sign sin sinh sqrt square tan tanh "
         "trunc nan_to_num logit").split()
# sign(NaN) is NaN here, 0 in PyTorch; so then is the derivative of abs. logit has a finite slope outside [0, 1].
UNARY_SPECIAL = [name for name in UNARY if name not in ("abs", "sgn", "sign", "logit")]
BINARY = ("add sub rsub mul div true_divide remainder fmod pow atan2 hypot logaddexp xlogy").split()
DTYPES = "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64".split()


def gradient(function, *values, dtype=tg.float64):
    """The gradients of the sum of function(*values), as lists."""
    xs = [tg.tensor(v, dtype=dtype, requires_grad=True) for v in values]
    function(*xs).sum().backward()
    return [x.grad.tolist() for x in xs]


@pytest.mark.parametrize("function", [tg.floor_divide, tg.remainder, tg.fmod])
def test_fractions_are_divided_by_the_number_zero_and_integers_are_not(function):
    assert not function(tg.tensor([-2.0, 3.0]), 0).isfinite().any()
    with pytest.raises(tg.errors.ArgumentError, match="an integer is divided by 0"):
        function(tg.tensor([1]), 0)


@pytest.mark.parametrize("function", [tg.floor_divide, tg.remainder, tg.fmod, tg.pow])
def test_bools_are_no_numbers_to_divide_or_raise(function):
    with pytest.raises(tg.errors.DTypeError, match=r"not defined for bool, bool.*\.to\(dtype\)"):
        function(tg.tensor([True]), tg.tensor([True]))


def test_squares_of_bools_and_steps_of_integers_have_pytorchs_dtypes():
    assert tg.square(tg.tensor([True, False])).dtype is tg.int64
    x = tg.tensor([-1, 0, 2], dtype=tg.int8)
    assert tg.heaviside(x, tg.tensor([7], dtype=tg.int8)).tolist() == [0, 7, 1]
    assert tg.heaviside(x, x).dtype is tg.int8


def test_a_number_may_stand_on_the_left_of_a_shift():
    assert (1 << tg.tensor([1, 2])).tolist() == [2, 4] and (8 >> tg.tensor([1, 2])).tolist() == [4, 2]


@pytest.mark.parametrize("power", [-1, -2])
def test_an_integer_to_a_negative_power_is_refused_for_a_number_too(power):
    with pytest.raises(tg.errors.ArgumentError, match=f"power {power}, the result is no integer"):
        tg.tensor([2, 4]) ** power


def test_a_number_too_large_for_any_float_is_refused():
    with pytest.raises(tg.errors.DTypeError, match="add: .*too large for the dtype"):
        tg.ones(2) + 10 ** 400


def test_the_slope_of_abs_at_zero_is_zero():
    assert gradient(tg.abs, [-1.0, 0.0, 1.0]) == [[-1.0, 0.0, 1.0]]


def test_the_slope_of_sqrt_at_zero_is_infinite():
    assert gradient(tg.sqrt, [0.0, 4.0]) == [[INF, 0.25]]


def test_a_power_zero_has_slope_zero_even_at_zero():
    assert gradient(lambda x: x ** 0, [0.0, 2.0]) == [[0.0, 0.0]]
    assert gradient(tg.pow, [0.0, 2.0], [0.0, 0.0])[0] == [0.0, 0.0]


def test_powers_of_zero_have_slope_zero_in_the_exponent():
    assert gradient(tg.pow, [0.0, 0.0], [0.0, 2.0])[1] == [0.0, 0.0]
    assert gradient(lambda b: 0 ** b, [0.0, 2.0]) == [[0.0, 0.0]]


def test_the_mixed_derivative_of_a_power_is_right_where_the_exponent_is_zero():
    a, b = (tg.tensor(v, dtype=tg.float64, requires_grad=True) for v in (2.0, 0.0))
    slope, = tg.autograd.grad(a ** b, a, create_graph=True)
    assert tg.autograd.grad(slope, b)[0].item() == 0.5          # d/db of b a^(b - 1) is 1 / a


def test_the_second_derivative_of_a_square_at_zero_is_two():
    x = tg.tensor(0.0, dtype=tg.float64, requires_grad=True)
    slope, = tg.autograd.grad(x ** 2, x, create_graph=True)
    assert tg.autograd.grad(slope, x)[0].item() == 2.0


@pytest.mark.parametrize("name", ["floor", "ceil", "trunc", "round", "sign"])
def test_step_functions_have_a_zero_gradient_and_stay_in_the_graph(name):
    assert gradient(getattr(tg, name), [-1.5, 0.0, 2.5]) == [[0.0, 0.0, 0.0]]


def test_rounding_goes_to_the_even_neighbour():
    assert tg.round(tg.tensor([0.5, 1.5, 2.5, -0.5])).tolist() == [0.0, 2.0, 2.0, -0.0]


@pytest.mark.parametrize("dtype", [tg.int32, tg.int64, tg.uint8])
@pytest.mark.parametrize("name", ["floor", "ceil", "trunc", "round", "abs", "frac", "sign"])
def test_rounding_leaves_the_dtype_of_integers(name, dtype):
    assert getattr(tg, name)(tg.tensor([1, 2], dtype=dtype)).dtype is dtype


@given(st.integers(-50, 50), st.integers(-50, 50).filter(bool), st.sampled_from([tg.int8, tg.int32, tg.int64]))
def test_integer_division_and_remainder_are_pythons(a, b, dtype):
    x, y = tg.tensor([a], dtype=dtype), tg.tensor([b], dtype=dtype)
    assert [(x // y).item(), (x % y).item()] == [a // b, a % b]
    assert [(x // b).item(), (a % y).item()] == [a // b, a % b]
    assert tg.fmod(x, y).item() == math.fmod(a, b)
    assert tg.div(x, y, rounding_mode="trunc").item() == math.trunc(a / b)


@pytest.mark.parametrize("operation", [operator.floordiv, operator.mod, tg.fmod])
def test_an_integer_divided_by_zero_is_refused_and_a_float_is_not(operation):
    with pytest.raises(tg.errors.ArgumentError, match="an integer is divided by 0 .* convert to floating point"):
        operation(tg.tensor([1, 2]), tg.tensor([1, 0]))
    assert operation(tg.tensor([1.0]), 0.0).isfinite().tolist() == [False]


def test_integers_divide_to_the_default_dtype():
    assert (tg.tensor([1, 2]) / 2).dtype is tg.float32
    assert (tg.tensor([True]) / 2).tolist() == [0.5]


def test_lerp_reaches_its_ends_exactly():
    start, end = tg.tensor([0.1, 1e8]), tg.tensor([0.7, -1.0])
    assert tg.lerp(start, end, 1.0).tolist() == end.tolist()
    assert tg.lerp(start, end, 0.0).tolist() == start.tolist()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", ["sigmoid", "rsqrt", "logit", "erf", "erfc"])
def test_chains_in_sixteen_bits_are_rounded_once(name, dtype):
    pytest.importorskip("ml_dtypes", reason="bfloat16 needs ml_dtypes")
    x = tg.tensor(np.linspace(0.05, 0.95, 200)).to(getattr(tg, dtype))
    exact = getattr(tg, name)(x.float()).to(x.dtype)
    assert tg.equal(getattr(tg, name)(x), exact)


@pytest.mark.parametrize("name", ["exp", "sigmoid", "erf", "tanh", "round"])
def test_no_elements_give_no_elements(name):
    assert getattr(tg, name)(tg.zeros(0, 3)).shape == (0, 3)


@pytest.mark.parametrize("function", [tg.sigmoid, tg.erf, lambda x: tg.sigmoid(x[:, ::2]),
                                      lambda x: tg.erf(x.permute(2, 0, 1))])
def test_large_arrays_in_blocks_and_threads_are_as_small_ones(function):
    x = tg.tensor(np.random.default_rng(0).standard_normal((7, 200, 201)).astype("float32"))
    parts = tg.cat([function(x[k:k + 1]) for k in range(7)], dim=function(x[:1]).shape.index(1))
    assert tg.equal(function(x), parts)


IN_PLACE = [name for name in dir(tg.Tensor) if name.endswith("_") and not name.startswith("_")
            and name[:-1] in tg.ops.elementwise.__all__]


@pytest.mark.parametrize("requires_grad", [False, True], ids=["constant", "recorded"])
@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place_forms_write_the_same_value_and_history(name, requires_grad):
    leaf = tg.tensor([0.3, 0.6], requires_grad=requires_grad)
    others = [tg.tensor([0.5, 0.2])] * {"lerp_": 2, "addcmul_": 2, "addcdiv_": 2}.get(
        name, int(name[:-1] in BINARY or name[:-1] in ("floor_divide", "divide", "multiply", "subtract")))
    expected = getattr(tg, name[:-1])(leaf, *others)
    x = leaf * 1.0
    assert getattr(x, name)(*others) is x and x.version == 1
    np.testing.assert_array_equal(x.detach().numpy(), expected.detach().numpy())
    if expected.requires_grad:
        ours, theirs = tg.autograd.grad(x.sum(), leaf)[0], tg.autograd.grad(expected.sum(), leaf)[0]
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6)


@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "rsqrt", "reciprocal", "sin", "tan", "asin", "atan", "tanh",
                                  "sigmoid",
                                  "erf", "erfinv", "logit", "silu", "gelu", "softplus", "mish", "elu"])
def test_third_derivatives_are_right(name):
    x = tg.tensor([0.3, 0.6], dtype=tg.float64, requires_grad=True)

    def slope(v):
        return tg.autograd.grad(getattr(tg, name)(v).sum(), v, create_graph=True)[0]
    assert gradgradcheck(slope, x, full=True)


@pytest.mark.oracle
@pytest.mark.parametrize("name", UNARY)
def test_value_and_two_derivatives_are_pytorchs(name):
    import torch
    x = np.random.default_rng(0).uniform(0.05, 0.95, (3, 4))
    agree(getattr(tg, name), getattr(torch, name), [x + 1 if name == "acosh" else x])


@pytest.mark.oracle
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", UNARY_SPECIAL)
def test_singular_points_are_pytorchs(name):
    import torch
    agree(getattr(tg, name), getattr(torch, name), [SPECIAL])


@pytest.mark.oracle
@pytest.mark.parametrize("name", BINARY)
def test_two_inputs_broadcast_as_in_pytorch(name):
    import torch
    a, b = np.random.default_rng(0).uniform(0.2, 2, (3, 1)), np.random.default_rng(1).uniform(0.2, 2, 4)
    agree(getattr(tg, name), getattr(torch, name), [a, b])


@pytest.mark.oracle
@pytest.mark.parametrize("name", [n for n in BINARY if n != "xlogy"])
def test_a_grid_with_zeros_and_nan_is_pytorchs(name):
    import torch
    grid = np.array([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, NAN])
    agree(getattr(tg, name), getattr(torch, name), [grid[:, None], grid])


@pytest.mark.oracle
@pytest.mark.parametrize("exponent", [0, 1, 2, 3, -1, -2, 2.5, 0.0, 1.0])
def test_numbers_as_exponents_are_pytorchs(exponent):
    agree(lambda x: x ** exponent, lambda x: x ** exponent, [SPECIAL])


@pytest.mark.oracle
@pytest.mark.parametrize("base", [1, 2, 0.5, -2.0])
def test_numbers_as_bases_are_pytorchs(base):
    agree(lambda x: base ** x, lambda x: base ** x, [SPECIAL])


KEYWORDS = [
    lambda lib, a, b, c: lib.add(a, b, alpha=2.5), lambda lib, a, b, c: lib.sub(a, b, alpha=2),
    lambda lib, a, b, c: lib.div(a, b, rounding_mode="floor"),
    lambda lib, a, b, c: lib.div(a, b, rounding_mode="trunc"),
    lambda lib, a, b, c: lib.lerp(a, b, c), lambda lib, a, b, c: lib.lerp(a, b, 0.7),
    lambda lib, a, b, c: lib.addcmul(a, b, c, value=3), lambda lib, a, b, c: lib.addcdiv(a, b, c, value=3),
    lambda lib, a, b, c: lib.logit(a, eps=0.25), lambda lib, a, b, c: lib.round(a, decimals=2),
    lambda lib, a, b, c: lib.round(a * 50, decimals=-1), lambda lib, a, b, c: lib.nan_to_num(a / 0, 1.0, 2.0, 3.0)]


@pytest.mark.oracle
@pytest.mark.parametrize("function", KEYWORDS)
def test_keywords_mean_what_they_mean_in_pytorch(function):
    import torch
    draw = np.random.default_rng(0)
    agree(partial(function, tg), partial(function, torch), [draw.uniform(0.1, 0.9, 5) for _ in range(3)])


def outcome(lib, name, first, second):
    """(dtype, values) of an operation, None where it is refused."""
    def operand(kind, values):
        return values[1] if kind == "number" else lib.tensor(values).to(getattr(lib, kind))
    try:
        y = getattr(lib, name)(operand(first, [1, 2, 3]), operand(*second))
    except Exception as error:
        assert lib is not tg or isinstance(error, tg.errors.TinygradError), error
        return None
    return str(y.dtype).split(".")[1], np.asarray(y.tolist(), float)


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["add", "mul", "div", "floor_divide", "remainder", "pow", "maximum", "eq",
                                  "bitwise_and"])
def test_dtypes_of_pairs_are_pytorchs_wherever_it_has_one(name):
    import torch
    pytest.importorskip("ml_dtypes", reason="bfloat16 needs ml_dtypes")
    seconds = [(d, [2, 1, 3]) for d in DTYPES] + [(d, 2) for d in DTYPES]
    seconds += [("number", [0, number]) for number in (2, 2.5) if name != "maximum"]
    for first, second in itertools.product(DTYPES, seconds):
        theirs = outcome(torch, name, first, second)
        if theirs is None:
            continue
        ours = outcome(tg, name, first, second)
        assert ours is not None and ours[0] == theirs[0], (first, second, ours, theirs)
        np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-2)


@pytest.mark.oracle
@pytest.mark.parametrize("name", [*UNARY, "relu", "isnan", "logical_not"])
def test_dtypes_of_results_are_pytorchs_wherever_it_has_one(name):
    import torch
    pytest.importorskip("ml_dtypes", reason="bfloat16 needs ml_dtypes")
    for dtype in DTYPES[1:]:
        x, t = (lib.tensor([0, 1, 1]).to(getattr(lib, dtype)) for lib in (tg, torch))
        try:
            theirs = getattr(torch, name)(t)
        except NotImplementedError:
            continue
        ours = getattr(tg, name)(x)
        assert str(ours.dtype).split(".")[1] == str(theirs.dtype).split(".")[1]
        np.testing.assert_allclose(np.asarray(ours.tolist(), float), np.asarray(theirs.tolist(), float), rtol=2e-2)
