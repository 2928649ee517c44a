"""Functions of one element: exponentials, logarithms, roots, trigonometry, rounding, erf.

The table of derivatives comes first; `g` is the incoming gradient, `y` the output. Integers and bools give the default
dtype, except in rounding. Sums, products, quotients and powers are in arithmetic.py and handed on from here.

Shapes: any; the result has the input's.
"""
import math

from .. import dtypes
from ..autograd import Op
from ..errors import DTypeError
from ..tensor import Tensor
from . import arithmetic
from .arithmetic import *  # noqa: F403
from .arithmetic import add_op, div_op, log_op, mul_op, neg_op, pow_op, sigmoid_op, square_op, sub_op, zeros_of
from .compare import clamp, isfinite_op, keep

__all__ = [*arithmetic.__all__, "acos", "acosh", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "asin",
           "asinh", "atan", "atanh", "ceil", "cos", "cosh", "deg2rad", "erf", "erfc", "erfinv", "exp", "exp2", "expm1",
           "fix", "floor", "frac", "log", "log10", "log1p", "log2", "logit", "nan_to_num", "rad2deg", "reciprocal",
           "round", "rsqrt", "sigmoid", "sin", "sinh", "sqrt", "tan", "tanh", "trunc"]

LN2, LN10 = math.log(2), math.log(10)
TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)

exp_op = Op("exp", "x", promote="float").rules(x=lambda g, y: mul_op(g, y))
exp2_op = Op("exp2", "x", promote="float").rules(x=lambda g, y: mul_op(g, mul_op(y, LN2)))
expm1_op = Op("expm1", "x", promote="float").rules(x=lambda g, y: mul_op(g, add_op(y, 1)))
log2_op = Op("log2", "x", promote="float").rules(x=lambda g, x: div_op(g, mul_op(x, LN2)))
log10_op = Op("log10", "x", promote="float").rules(x=lambda g, x: div_op(g, mul_op(x, LN10)))
log1p_op = Op("log1p", "x", promote="float").rules(x=lambda g, x: div_op(g, add_op(x, 1)))
sqrt_op = Op("sqrt", "x", promote="float").rules(x=lambda g, y: div_op(g, mul_op(y, 2)))   # inf at 0
rsqrt_op = Op("rsqrt", "x", promote="float").rules(x=lambda g, y: mul_op(g, mul_op(pow_op(y, 3), -0.5)))
reciprocal_op = Op("reciprocal", "x", promote="float").rules(x=lambda g, y: neg_op(mul_op(g, square_op(y))))

sin_op = Op("sin", "x", promote="float").rules(x=lambda g, x: mul_op(g, cos_op(x)))
cos_op = Op("cos", "x", promote="float").rules(x=lambda g, x: neg_op(mul_op(g, sin_op(x))))
tan_op = Op("tan", "x", promote="float").rules(x=lambda g, y: mul_op(g, add_op(square_op(y), 1)))
asin_op = Op("asin", "x", promote="float").rules(x=lambda g, x: mul_op(g, rsqrt_op(sub_op(1, square_op(x)))))
acos_op = Op("acos", "x", promote="float").rules(x=lambda g, x: neg_op(mul_op(g, rsqrt_op(sub_op(1, square_op(x))))))
atan_op = Op("atan", "x", promote="float").rules(x=lambda g, x: div_op(g, add_op(square_op(x), 1)))
sinh_op = Op("sinh", "x", promote="float").rules(x=lambda g, x: mul_op(g, cosh_op(x)))
cosh_op = Op("cosh", "x", promote="float").rules(x=lambda g, x: mul_op(g, sinh_op(x)))
asinh_op = Op("asinh", "x", promote="float").rules(x=lambda g, x: mul_op(g, rsqrt_op(add_op(square_op(x), 1))))
acosh_op = Op("acosh", "x", promote="float").rules(x=lambda g, x: mul_op(g, rsqrt_op(sub_op(square_op(x), 1))))
atanh_op = Op("atanh", "x", promote="float").rules(x=lambda g, x: div_op(g, sub_op(1, square_op(x))))
tanh_op = Op("tanh", "x", promote="float").rules(x=lambda g, y: tanh_grad(g, y))
tanh_grad = Op("tanh_grad", "g t").rules(                # g (1 - t^2), where t is the tangent
    g=lambda u, t: tanh_grad(u, t),
    t=lambda u, g, t: mul_op(mul_op(u, g), mul_op(t, -2)))

erf_op = Op("erf", "x", promote="float").rules(x=lambda g, x: mul_op(g, _bell(x)))
erfc_op = Op("erfc", "x", promote="float").rules(x=lambda g, x: neg_op(mul_op(g, _bell(x))))
erfinv_op = Op("erfinv", "x", promote="float").rules(
    x=lambda g, y: mul_op(g, mul_op(exp_op(square_op(y)), 1 / TWO_OVER_ROOT_PI)))
logit_op = Op("logit", "x", promote="float").rules(x=lambda g, x: div_op(g, mul_op(x, sub_op(1, x))))

trunc_op = Op("trunc", "x").rules(x=lambda g: zeros_of(g))
floor_op = Op("floor", "x").rules(x=lambda g: zeros_of(g))
ceil_op = Op("ceil", "x").rules(x=lambda g: zeros_of(g))
round_op = Op("round", "x").rules(x=lambda g: zeros_of(g))
round_decimals = Op("round_decimals", "x", attrs="decimals").rules(x=lambda g: zeros_of(g))
frac_op = Op("frac", "x").rules(x=lambda g: g)
nan_to_num_op = Op("nan_to_num", "x", attrs="nan posinf neginf").rules(x=lambda g, x: keep(g, isfinite_op(x)))


def _bell(x):
    """2 / sqrt(pi) exp(-x^2), the derivative of erf."""
    return mul_op(exp_op(neg_op(square_op(x))), TWO_OVER_ROOT_PI)


def exp(input):
    """e to the power of each element."""
    return exp_op(input)


def exp2(input):
    """2 to the power of each element."""
    return exp2_op(input)


def expm1(input):
    """exp(input) - 1, with all digits near 0."""
    return expm1_op(input)


def log(input):
    """The natural logarithm; -inf at 0, NaN below."""
    return log_op(input)


def log2(input):
    """The logarithm to base 2; -inf at 0, NaN below."""
    return log2_op(input)


def log10(input):
    """The logarithm to base 10; -inf at 0, NaN below."""
    return log10_op(input)


def log1p(input):
    """log(1 + input), with all digits near 0."""
    return log1p_op(input)


def sqrt(input):
    """The square root; NaN below 0. Its derivative at 0 is infinite."""
    return sqrt_op(input)


def rsqrt(input):
    """1 / sqrt(input); inf at 0, NaN below."""
    return rsqrt_op(input)


def reciprocal(input):
    """1 / input."""
    return reciprocal_op(input)


def sin(input):
    """The sine of angles in radians."""
    return sin_op(input)


def cos(input):
    """The cosine of angles in radians."""
    return cos_op(input)


def tan(input):
    """The tangent of angles in radians."""
    return tan_op(input)


def asin(input):
    """The angle in radians, from -pi/2 to pi/2, whose sine is the input; NaN outside [-1, 1]."""
    return asin_op(input)


def acos(input):
    """The angle in radians, from 0 to pi, whose cosine is the input; NaN outside [-1, 1]."""
    return acos_op(input)


def atan(input):
    """The angle in radians, from -pi/2 to pi/2, whose tangent is the input."""
    return atan_op(input)


def sinh(input):
    """The hyperbolic sine."""
    return sinh_op(input)


def cosh(input):
    """The hyperbolic cosine."""
    return cosh_op(input)


def tanh(input):
    """The hyperbolic tangent."""
    return tanh_op(input)


def asinh(input):
    """The inverse hyperbolic sine."""
    return asinh_op(input)


def acosh(input):
    """The inverse hyperbolic cosine; NaN below 1."""
    return acosh_op(input)


def atanh(input):
    """The inverse hyperbolic tangent; infinite at -1 and 1, NaN beyond."""
    return atanh_op(input)


arcsin, arccos, arctan = asin, acos, atan
arcsinh, arccosh, arctanh = asinh, acosh, atanh


def sigmoid(input):
    """1 / (1 + exp(-input))."""
    return sigmoid_op(input)


def logit(input, eps=None):
    """log(input / (1 - input)), the inverse of the sigmoid; infinite at 0 and 1, NaN beyond.

    Args: eps: hold the input between eps and 1 - eps first; the gradient is 0 outside.
    """
    return logit_op(input if eps is None else clamp(input, eps, 1 - eps))


def erf(input):
    """The error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to input.

    Within 5e-16 (float64) or 1.2e-7 (float32) of the truth on the CPU; see kernels/generic/special.py.

    >>> import tinygrad_cnn as tg
    >>> tg.erf(tg.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8427])
    """
    return erf_op(input)


def erfc(input):
    """1 - erf(input), with all digits where erf is near 1."""
    return erfc_op(input)


def erfinv(input):
    """The y with erf(y) = input; infinite at -1 and 1, NaN beyond."""
    return erfinv_op(input)


def floor(input):
    """The greatest whole number not above each element; its gradient is zero."""
    return floor_op(input)


def ceil(input):
    """The least whole number not below each element; its gradient is zero."""
    return ceil_op(input)


def trunc(input):
    """Each element without its fraction; its gradient is zero."""
    return trunc_op(input)


fix = trunc


def round(input, *, decimals=0):
    """The nearest number with `decimals` places, halves to even; its gradient is zero.

    Args: decimals: an integer; a negative one rounds to tens, hundreds, ...
    Raises: DTypeError for decimals with an integer tensor.

    >>> import tinygrad_cnn as tg
    >>> tg.round(tg.tensor([0.5, 1.5, 2.6]))
    tensor([0., 2., 3.])
    """
    if decimals == 0:
        return round_op(input)
    if isinstance(input, Tensor) and not input.dtype.is_floating_point:
        raise DTypeError(f"round: decimals={decimals} is for floating point, the tensor is {input.dtype}. "
                         "Convert it with .float().")
    return round_decimals(input, decimals=decimals)


def frac(input):
    """input - trunc(input): the fraction, with the sign of the input."""
    return frac_op(input)


def nan_to_num(input, nan=0.0, posinf=None, neginf=None):
    """The input with NaN, inf and -inf replaced; their gradient is 0.

    Args: nan, posinf, neginf: numbers; by default 0 and the greatest and least number of the dtype.

    >>> import tinygrad_cnn as tg
    >>> tg.nan_to_num(tg.tensor([float("nan"), 1.0]), nan=-1.0)
    tensor([-1.,  1.])
    """
    if isinstance(input, Tensor) and input.dtype.is_floating_point:
        limits = dtypes.finfo(input.dtype)
        posinf = float(limits.max) if posinf is None else posinf
        neginf = float(limits.min) if neginf is None else neginf
    return nan_to_num_op(input, nan=nan, posinf=posinf, neginf=neginf)


def deg2rad(input):
    """Angles in degrees as radians."""
    return mul_op(input, math.pi / 180)


def rad2deg(input):
    """Angles in radians as degrees."""
    return mul_op(input, 180 / math.pi)
