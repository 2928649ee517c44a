"""Activations and their gradients. Shapes: any. NaN passes through; at each kink the slope is PyTorch's.

A gradient kernel takes the gradient first and multiplies it by the derivative at x (or, named so, at the output y).
Choices go through the device's own `where`: NumPy's branches once a number.
"""
import math

from .elementwise import drop
from .precision import in_float32, is_narrow
from .special import normal

ROOT_TWO_OVER_PI = math.sqrt(2 / math.pi)
DENSITY = 1 / math.sqrt(2 * math.pi)                    # of the standard normal distribution at 0
CUBIC = 0.044715                                        # Hendrycks and Gimpel (2016), section 2


def relu(device, x, out=None):
    """max(x, 0)."""
    return device.xp.maximum(x, 0, out=out)


def relu_grad(device, g, y):
    """g where the output y is above 0 (or NaN), else 0."""
    return drop(device, g, y <= 0)


@in_float32
def leaky_relu(device, x, slope):
    """x above 0, slope x elsewhere."""
    xp = device.xp
    return xp.maximum(x, 0) + xp.minimum(x, 0) * slope


@in_float32
def leaky_relu_grad(device, g, x, slope):
    """g above 0, slope g elsewhere."""
    return device.kernel("where")(x > 0, g, g * slope)


@in_float32
def elu(device, x, alpha):
    """x above 0, alpha (exp(x) - 1) elsewhere."""
    xp = device.xp
    return device.kernel("where")(x <= 0, xp.expm1(xp.minimum(x, 0)) * alpha, x)


@in_float32
def elu_grad(device, g, x, alpha):
    """g above 0, alpha exp(x) g elsewhere."""
    xp = device.xp
    return device.kernel("where")(x <= 0, xp.exp(xp.minimum(x, 0)) * alpha * g, g)


@in_float32
def silu(device, x):
    """x / (1 + exp(-x))."""
    xp = device.xp
    return x / (xp.exp(xp.negative(x)) + 1)


@in_float32
def silu_grad(device, g, x):
    """g s (1 + x (1 - s)), where s is the sigmoid of x."""
    xp = device.xp
    s = xp.reciprocal(xp.exp(xp.negative(x)) + 1)
    return (x * (1 - s) + 1) * s * g


def gelu(device, x, wants=frozenset()):
    """x P(x) for the standard normal distribution P and, if the slope is wanted, P(x) + x p(x) with its density p.

    The two share P, so that the slope costs less here than later; that of 16-bit numbers is float32.
    """
    xp = device.xp
    v = x.astype("float32") if is_narrow(x.dtype) else x
    below = normal(device, v)
    y = (below * v).astype(x.dtype, copy=False)
    if "slope" not in wants:
        return y, None
    slope = xp.exp(xp.square(v) * -0.5)
    slope *= v
    slope *= DENSITY
    slope += below
    return y, slope


@in_float32
def gelu_grad(device, g, x, slope):
    """g times the slope at x."""
    return g * slope


def _tanh_argument(xp, x):
    return (xp.square(x) * CUBIC + 1) * x * ROOT_TWO_OVER_PI


@in_float32
def gelu_tanh(device, x):
    """x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2."""
    xp = device.xp
    return (xp.tanh(_tanh_argument(xp, x)) + 1) * x * 0.5


@in_float32
def gelu_tanh_grad(device, g, x):
    """g times the derivative of gelu_tanh."""
    xp = device.xp
    t = xp.tanh(_tanh_argument(xp, x))
    inner = (xp.square(x) * (3 * CUBIC) + 1) * ROOT_TWO_OVER_PI
    return ((1 - xp.square(t)) * inner * x + t + 1) * 0.5 * g


@in_float32
def softplus(device, x, beta, threshold):
    """log(1 + exp(beta x)) / beta; x itself where beta x is above the threshold."""
    xp = device.xp
    z = x * beta
    smooth = (xp.log1p(xp.exp(-xp.absolute(z))) + xp.maximum(z, 0)) / beta
    return device.kernel("where")(z > threshold, x, smooth)


@in_float32
def softplus_grad(device, g, x, beta, threshold):
    """g sigmoid(beta x); g itself where beta x is above the threshold."""
    xp = device.xp
    z = x * beta
    return device.kernel("where")(z > threshold, g, g / (xp.exp(xp.negative(z)) + 1))


@in_float32
def logsigmoid(device, x):
    """log(1 / (1 + exp(-x)))."""
    xp = device.xp
    return xp.minimum(x, 0) - xp.log1p(xp.exp(-xp.absolute(x)))


@in_float32
def hardtanh(device, x, low, high):
    """x held between two numbers."""
    if x.dtype.kind in "iu":
        low, high = int(low), int(high)
    return device.xp.minimum(device.xp.maximum(x, low), high)


@in_float32
def hardsigmoid(device, x):
    """(x + 3) / 6 held between 0 and 1."""
    xp = device.xp
    return xp.minimum(xp.maximum(x + 3, 0), 6) / 6


@in_float32
def hardswish(device, x):
    """x times the hard sigmoid of x."""
    xp = device.xp
    return xp.minimum(xp.maximum(x + 3, 0), 6) * x / 6


@in_float32
def hardswish_grad(device, g, x):
    """g times 0 up to -3, x / 3 + 1 / 2 between, 1 from 3 on."""
    return drop(device, device.kernel("where")(x < 3, (x / 3 + 0.5) * g, g), x <= -3)
