"""Functions of each element for which the array libraries have no single function of their own.

Shapes: any; two inputs broadcast. A gradient kernel takes the gradient first and multiplies it by the derivative.
"""
from ...errors import ArgumentError
from .precision import in_float32


def pow(device, a, b):
    """a to the power b; the exponents that CNNs use are multiplied out."""
    if type(b) is float or type(b) is int:
        xp = device.xp
        if b < 0 and a.dtype.kind in "iu":
            raise ArgumentError(f"pow: integers are raised to the power {b}, the result is no integer. Convert them to "
                                "floating point first.")
        if b == 2:
            return xp.square(a)
        if b == 0.5:
            return xp.sqrt(a)
        if b == -1:
            return xp.reciprocal(a)
        if b == 3:
            return xp.square(a) * a
    elif (a if hasattr(a, "dtype") else b).dtype.kind == "b":
        raise TypeError("not supported for bool")       # the array libraries would count in int8
    return device.xp.power(a, b)


def square(device, x):
    """x times x; bools count as int64."""
    return device.xp.square(x) if x.dtype.kind != "b" else device.xp.astype(x, "int64")


def heaviside(device, x, at_zero):
    """0 below zero, 1 above it, `at_zero` at it, in the dtype of x."""
    if x.dtype.kind in "biu":
        return device.xp.where(x == 0, at_zero, (x > 0).astype(x.dtype))
    return device.xp.heaviside(x, at_zero)


@in_float32
def rsqrt(device, x):
    """1 / sqrt(x)."""
    return device.xp.reciprocal(device.xp.sqrt(x))


@in_float32
def sigmoid(device, x):
    """1 / (1 + exp(-x))."""
    xp = device.xp
    return xp.reciprocal(xp.exp(xp.negative(x)) + 1)


@in_float32
def sigmoid_grad(device, g, y):
    """g y (1 - y), where y is the sigmoid."""
    return (1 - y) * y * g


@in_float32
def tanh_grad(device, g, y):
    """g (1 - y^2), where y is the hyperbolic tangent."""
    return (1 - device.xp.square(y)) * g


@in_float32
def logit(device, x):
    """log(x / (1 - x))."""
    return device.xp.log(x / (1 - x))


@in_float32
def xlogy(device, a, b):
    """a log(b), 0 where a is 0 unless b is NaN."""
    xp = device.xp
    b = b if hasattr(b, "dtype") else xp.full((), b, a.dtype)
    return xp.where((a == 0) & ~xp.isnan(b), 0, a * xp.log(b))


@in_float32
def lerp(device, a, b, weight):
    """a + weight (b - a), computed from the nearer end so that weight 1 gives b exactly."""
    if not hasattr(weight, "dtype"):
        return a + weight * (b - a) if abs(weight) < 0.5 else b - (b - a) * (1 - weight)
    near = device.xp.absolute(weight) < 0.5
    return device.xp.where(near, a + weight * (b - a), b - (b - a) * (1 - weight))


def trunc_divide(device, a, b):
    """a / b rounded towards zero."""
    xp = device.xp
    if (a if hasattr(a, "dtype") else b).dtype.kind in "biu":
        return xp.floor_divide(a - xp.fmod(a, b), b)
    return xp.trunc(xp.true_divide(a, b))


def frac(device, x):
    """x less its integer part, with the sign of x."""
    return x - device.xp.trunc(x)


@in_float32
def nan_to_num(device, x, nan, posinf, neginf):
    """x with NaN and infinities replaced; integers have none."""
    return x.copy() if x.dtype.kind in "biu" else device.xp.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


def _rounded(name):
    def kernel(device, x):
        return x.copy() if x.dtype.kind in "biu" else getattr(device.xp, name)(x)
    kernel.__name__ = name
    kernel.__doc__ = f"{name} of each element; integers stay as they are."
    return kernel


floor, ceil, trunc, round = _rounded("floor"), _rounded("ceil"), _rounded("trunc"), _rounded("rint")


@in_float32
def round_decimals(device, x, decimals):
    """x rounded to `decimals` places, halves to even; a negative number rounds before the point."""
    if x.dtype.kind in "biu" and decimals >= 0:
        return x.copy()
    scale = 10 ** abs(decimals)
    return device.xp.rint(x * scale) / scale if decimals >= 0 else device.xp.rint(x / scale) * scale


def keep(device, x, mask):
    """x where the mask holds, 0 elsewhere: also where x is infinite or NaN."""
    return _select(device, mask, x, x.dtype.type(0), x.dtype)


def drop(device, x, mask):
    """0 where the mask holds, x elsewhere."""
    return _select(device, mask, x.dtype.type(0), x, x.dtype)


def _select(device, mask, a, b, dtype):
    y = device.xp.where(mask, a, b)
    return y if y.dtype == dtype else y.astype(dtype)   # CuPy widens bfloat16


def where(device, condition, a, b):
    """a where the condition holds, b elsewhere."""
    return _select(device, condition, a, b, a.dtype)


def winner_grad(device, g, a, b):
    """g where a is the greater, half of it where a and b are equal, 0 where b is greater."""
    return _select(device, a < b, g.dtype.type(0), device.xp.where(a == b, g / 2, g), g.dtype)


def clamp(device, x, low, high):
    """x held between two bounds, either of which may be missing; `high` wins where they cross."""
    xp = device.xp
    if low is not None:
        x = xp.maximum(x, low)
    return x if high is None else xp.minimum(x, high)


def within(device, x, low, high):
    """Whether x lies in [low, high]; a missing bound holds everything."""
    if low is None:
        return x <= high
    return x >= low if high is None else (x >= low) & (x <= high)


def outside(device, x, low, high):
    """Whether x lies outside the open interval (low, high); NaN does not."""
    return (x <= low) | (x >= high)


def isclose(device, a, b, rtol, atol, equal_nan):
    """|a - b| <= atol + rtol |b|, or both infinite and equal."""
    return device.xp.isclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan)
