"""Activations. Shapes: any; the result has the input's. `inplace=True` writes the result into the input's memory.

The table of derivatives comes first; `g` is the incoming gradient. Where a function has a kink the slope is PyTorch's:
that of the left side at 0 for relu (0), leaky_relu, elu and prelu, 0 at both ends of hardtanh, relu6 and hardsigmoid,
and for hardswish 0 at -3 and 1 at 3. The second derivative of elu at 0 is 0, as PyTorch's.
"""
import math

from ..autograd import Op
from ..autograd import inplace as written_into
from ..autograd.basic import cast
from ..dtypes import float32
from ..errors import ArgumentError, DTypeError, ShapeError
from ..tensor import Tensor
from .arithmetic import abs_op, add_op, div_op, mul_op, neg_op, sigmoid_op, square_op, sub_op
from .compare import clamp_op, drop, gt_op, keep, le_op, logical_and_op, lt_op, where_op
from .dims import normalize_dim
from .elementwise import exp_op, tanh_op
from .shape import reshape_op
from .slices import narrow
from .spatial import require_tensor

__all__ = ["celu", "elu", "gelu", "glu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu",
           "logsigmoid", "mish", "prelu", "relu", "relu6", "relu_", "selu", "silu", "softplus", "softshrink",
           "softsign", "tanhshrink", "threshold"]

relu_op = Op("relu", "x").rules(x=lambda g, y: relu_grad(g, y))
relu_grad = Op("relu_grad", "g positive").rules(g=lambda u, positive: relu_grad(u, positive))
leaky_relu_op = Op("leaky_relu", "x", attrs="slope", promote="float").rules(
    x=lambda g, x, slope: leaky_relu_grad(g, x, slope=slope))
leaky_relu_grad = Op("leaky_relu_grad", "g x", attrs="slope").rules(
    g=lambda u, x, slope: leaky_relu_grad(u, x, slope=slope))
elu_op = Op("elu", "x", attrs="alpha", promote="float").rules(x=lambda g, x, alpha: elu_grad(g, x, alpha=alpha))
elu_grad = Op("elu_grad", "g x", attrs="alpha").rules(
    g=lambda u, x, alpha: elu_grad(u, x, alpha=alpha),
    x=lambda u, g, x, alpha: keep(mul_op(u, elu_grad(g, x, alpha=alpha)), lt_op(x, 0)))

silu_op = Op("silu", "x", promote="float").rules(x=lambda g, x: silu_grad(g, x))
silu_grad = Op("silu_grad", "g x").rules(                # g s (1 + x (1 - s)), where s is the sigmoid of x
    g=lambda u, x: silu_grad(u, x),
    x=lambda u, g, x: mul_op(mul_op(u, g), _silu_curvature(x, sigmoid_op(x))))
gelu_op = Op("gelu", "x", residuals="slope", promote="float").rules(x=lambda g, x, slope: gelu_grad(g, x, slope))
gelu_grad = Op("gelu_grad", "g x slope", promote=None).rules(    # g slope, which is P(x) + x p(x); P' = p, p' = -x p
    g=lambda u, x, slope: gelu_grad(u, x, slope),
    x=lambda u, g, x: _times_curvature(u, g, x, _gelu_curvature))
gelu_tanh_op = Op("gelu_tanh", "x", promote="float").rules(x=lambda g, x: gelu_tanh_grad(g, x))
gelu_tanh_grad = Op("gelu_tanh_grad", "g x").rules(
    g=lambda u, x: gelu_tanh_grad(u, x),
    x=lambda u, g, x: _times_curvature(u, g, x, _gelu_tanh_curvature))
softplus_op = Op("softplus", "x", attrs="beta threshold", promote="float").rules(
    x=lambda g, x, beta, threshold: softplus_grad(g, x, beta=beta, threshold=threshold))
softplus_grad = Op("softplus_grad", "g x", attrs="beta threshold").rules(
    g=lambda u, x, beta, threshold: softplus_grad(u, x, beta=beta, threshold=threshold),
    x=lambda u, g, x, beta, threshold: drop(mul_op(mul_op(u, g), _sigmoid_slope(x, beta)),
                                            gt_op(mul_op(x, beta), threshold)))
logsigmoid_op = Op("logsigmoid", "x", promote="float").rules(x=lambda g, x: mul_op(g, sigmoid_op(neg_op(x))))

outside = Op("outside", "x", attrs="low high")
hardtanh_op = Op("hardtanh", "x", attrs="low high").rules(
    x=lambda g, x, low, high: drop(g, outside(x, low=low, high=high)))
hardsigmoid_op = Op("hardsigmoid", "x", promote="float").rules(
    x=lambda g, x: drop(div_op(g, 6), outside(x, low=-3, high=3)))
hardswish_op = Op("hardswish", "x", promote="float").rules(x=lambda g, x: hardswish_grad(g, x))
hardswish_grad = Op("hardswish_grad", "g x").rules(
    g=lambda u, x: hardswish_grad(u, x),
    x=lambda u, g, x: drop(div_op(mul_op(u, g), 3), outside(x, low=-3, high=3)))


def _silu_curvature(x, s):
    """s (1 - s) (2 + x (1 - 2 s)), the second derivative of x s(x)."""
    return mul_op(mul_op(s, sub_op(1, s)), add_op(mul_op(x, sub_op(1, mul_op(s, 2))), 2))


def _normal_density(x):
    return mul_op(exp_op(mul_op(square_op(x), -0.5)), 1 / math.sqrt(2 * math.pi))


def _times_curvature(u, g, x, curvature):
    """u g times the second derivative at x; in float32 for 16-bit numbers, whose powers soon overflow."""
    dtype = x.array.dtype
    if dtype.itemsize > 2:
        return mul_op(mul_op(u, g), curvature(x))
    u, g, x = (cast(a, dtype=float32.numpy) for a in (u, g, x))
    return cast(mul_op(mul_op(u, g), curvature(x)), dtype=dtype)


def _gelu_curvature(x):
    """The second derivative of x P(x): p(x) (2 - x^2)."""
    return mul_op(_normal_density(x), sub_op(2, square_op(x)))


def _gelu_tanh_curvature(x):
    """The second derivative of x (1 + t) / 2 with t = tanh(a): (1 - t^2) (a' + x a'' / 2 - x t a'^2)."""
    k, c = math.sqrt(2 / math.pi), 0.044715
    square = square_op(x)
    t = tanh_op(mul_op(mul_op(x, add_op(mul_op(square, c), 1)), k))
    slope = mul_op(add_op(mul_op(square, 3 * c), 1), k)
    inner = sub_op(add_op(slope, mul_op(square, 3 * c * k)), mul_op(mul_op(x, t), square_op(slope)))
    return mul_op(sub_op(1, square_op(t)), inner)


def _sigmoid_slope(x, beta):
    s = sigmoid_op(mul_op(x, beta))
    return mul_op(mul_op(s, sub_op(1, s)), beta)


def _refuse_no_number(op, name, value):
    if not isinstance(value, (int, float)):
        raise ArgumentError(f"{op}: {name}={value!r} is not a number. Give one.")


def _applied(op, x, inplace, **attrs):
    return written_into(op, x, **attrs) if inplace else op(x, **attrs)


def relu(input, inplace=False):
    """max(input, 0); its slope at 0 is 0, NaN stays NaN.

    >>> import tinygrad_cnn as tg
    >>> tg.relu(tg.tensor([-1.0, 0.0, 2.0]))
    tensor([0., 0., 2.])
    """
    return written_into(relu_op, input) if inplace else relu_op(input)


def relu_(input):
    """`relu` in place."""
    return written_into(relu_op, input)


def relu6(input, inplace=False):
    """input held between 0 and 6; its slope at both is 0."""
    require_tensor("relu6", "input", input)
    return hardtanh(input, 0, 6, inplace)


def leaky_relu(input, negative_slope=0.01, inplace=False):
    """input above 0, negative_slope * input elsewhere.

    >>> import tinygrad_cnn as tg
    >>> leaky_relu(tg.tensor([-1.0, 2.0]), 0.5)
    tensor([-0.5000,  2.0000])
    """
    return _applied(leaky_relu_op, input, inplace, slope=negative_slope)


def elu(input, alpha=1.0, inplace=False):
    """input above 0, alpha (exp(input) - 1) elsewhere."""
    return _applied(elu_op, input, inplace, alpha=alpha)


def _selu(x):
    return mul_op(elu_op(x, alpha=1.6732632423543772), 1.0507009873554805)


def selu(input, inplace=False):
    """1.0507 times elu with alpha 1.6733, which keep mean 0 and variance 1. Source: Klambauer et al. (2017)."""
    require_tensor("selu", "input", input)
    return _applied(_selu, input, inplace)


def _celu(x, alpha):
    return elu_op(x, alpha=1.0) if alpha == 1 else mul_op(elu_op(div_op(x, alpha), alpha=1.0), alpha)


def celu(input, alpha=1.0, inplace=False):
    """input above 0, alpha (exp(input / alpha) - 1) elsewhere.

    Raises: ArgumentError if alpha is 0.
    """
    require_tensor("celu", "input", input)
    if alpha == 0:
        raise ArgumentError("celu: alpha=0 is divided by. Use relu, its limit.")
    return _applied(_celu, input, inplace, alpha=alpha)


def prelu(input, weight):
    """input above 0, weight * input elsewhere.

    Args: input (N, C, *). weight: one number, or C of them.
    Raises: ShapeError if weight has another size.

    >>> import tinygrad_cnn as tg
    >>> prelu(tg.tensor([-1.0, 2.0]), tg.tensor([0.5]))
    tensor([-0.5000,  2.0000])
    """
    for x in (input, weight):
        if not isinstance(x, Tensor):
            raise DTypeError(f"prelu: expected two Tensors, got {type(x).__name__}. Make one with tg.tensor(...).")
    shape, count = input.array.shape, weight.array.size
    channels = shape[1] if len(shape) > 1 else 1
    if weight.array.ndim > 1 or count not in (1, channels):
        raise ShapeError(f"prelu: weight has shape {weight.array.shape} but the input {shape} has {channels} "
                         f"channel(s). Make weight.shape (1,) or ({channels},).")
    wide = (count,) + (1,) * (len(shape) - 2) if count > 1 else (1,) * len(shape)
    return where_op(gt_op(input, 0), input, mul_op(input, reshape_op(weight, shape=wide)))


def gelu(input, approximate="none"):
    """input times the standard normal distribution's probability below it.

    Args: approximate: "none" (exact, by erf) or "tanh". Source: Hendrycks and Gimpel (2016).
    Raises: ArgumentError for another value of `approximate`.

    >>> import tinygrad_cnn as tg
    >>> gelu(tg.tensor([-1.0, 0.0, 1.0]))
    tensor([-0.1587,  0.0000,  0.8413])
    """
    if approximate == "none":
        return gelu_op(input)
    if approximate == "tanh":
        return gelu_tanh_op(input)
    raise ArgumentError(f"gelu: approximate={approximate!r} is neither 'none' nor 'tanh'. Use one of the two.")


def silu(input, inplace=False):
    """input * sigmoid(input)."""
    return _applied(silu_op, input, inplace)


def _mish(x):
    return mul_op(x, tanh_op(softplus_op(x, beta=1, threshold=20)))


def mish(input, inplace=False):
    """input * tanh(softplus(input)). Source: Misra (2019)."""
    require_tensor("mish", "input", input)
    return _applied(_mish, input, inplace)


def softplus(input, beta=1, threshold=20):
    """log(1 + exp(beta * input)) / beta; the input itself where beta * input is above the threshold.

    Raises: ArgumentError if beta is 0.
    """
    if beta == 0:
        raise ArgumentError("softplus: beta=0 is divided by. Give another number.")
    return softplus_op(input, beta=beta, threshold=threshold)


def logsigmoid(input):
    """log(sigmoid(input)), without taking the logarithm of a number that underflowed."""
    return logsigmoid_op(input)


def softsign(input):
    """input / (1 + |input|)."""
    require_tensor("softsign", "input", input)
    return div_op(input, add_op(abs_op(input), 1))


def tanhshrink(input):
    """input - tanh(input)."""
    require_tensor("tanhshrink", "input", input)
    return sub_op(input, tanh_op(input))


def hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False):
    """input held between min_val and max_val; its slope at both is 0.

    Raises: ArgumentError if min_val is greater than max_val.
    """
    if min_val > max_val:
        raise ArgumentError(f"hardtanh: min_val={min_val} is greater than max_val={max_val}. Exchange them.")
    return _applied(hardtanh_op, input, inplace, low=min_val, high=max_val)


def hardsigmoid(input, inplace=False):
    """(input + 3) / 6 held between 0 and 1; its slope at -3 and 3 is 0."""
    return _applied(hardsigmoid_op, input, inplace)


def hardswish(input, inplace=False):
    """input * hardsigmoid(input)."""
    return _applied(hardswish_op, input, inplace)


def _threshold(x, threshold, value):
    return where_op(le_op(x, threshold), value, x)


def threshold(input, threshold, value, inplace=False):
    """input above the threshold, `value` elsewhere; its slope at the threshold is 0."""
    require_tensor("threshold", "input", input)
    return _applied(_threshold, input, inplace, threshold=threshold, value=value)


def hardshrink(input, lambd=0.5):
    """input outside [-lambd, lambd], 0 inside."""
    require_tensor("hardshrink", "input", input)
    _refuse_no_number("hardshrink", "lambd", lambd)
    return drop(input, logical_and_op(le_op(input, lambd), le_op(neg_op(input), lambd)))


def softshrink(input, lambd=0.5):
    """input drawn towards 0 by lambd, 0 within [-lambd, lambd].

    Raises: ArgumentError if lambd is negative.
    """
    require_tensor("softshrink", "input", input)
    _refuse_no_number("softshrink", "lambd", lambd)
    if lambd < 0:
        raise ArgumentError(f"softshrink: lambd={lambd} is negative. Give a number of at least 0.")
    return sub_op(input, clamp_op(input, -lambd, lambd))


def glu(input, dim=-1):
    """The first half along `dim` times the sigmoid of the second half.

    Raises: ShapeError if the number of elements along `dim` is odd; TensorIndexError for a dim out of range.
    """
    if not isinstance(input, Tensor):
        raise DTypeError(f"glu: expected a Tensor, got {type(input).__name__}. Make one with tg.tensor(...).")
    axis = normalize_dim("glu", dim, input.ndim)
    size = input.shape[axis] if input.ndim else 1
    if size % 2:
        raise ShapeError(f"glu: the input {tuple(input.shape)} has {size} elements along axis {axis}. Give an even "
                         "number, for two halves.")
    return mul_op(narrow(input, axis, 0, size // 2), sigmoid_op(narrow(input, axis, size // 2, size // 2)))
