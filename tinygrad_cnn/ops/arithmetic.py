"""Sums, products, quotients and powers of tensors that broadcast together.

The table of derivatives comes first; `g` is the incoming gradient. Results have the dtype the operands promote to;
quotients of integers have the default dtype. Whole quotients and remainders follow Python: // rounds down, % has the
divisor's sign.
"""
import math

from ..autograd import Op
from ..autograd.basic import add as add_op
from ..errors import ArgumentError, DTypeError
from ..tensor import Tensor
from .compare import drop, eq_op, ge_op, le_op, logical_and_op, where_op

__all__ = ["absolute", "abs", "add", "addcdiv", "addcmul", "atan2", "arctan2", "div", "divide", "floor_divide", "fmod",
           "hypot", "lerp", "logaddexp", "mul", "multiply", "neg", "negative", "positive", "pow", "remainder", "rsub",
           "sgn", "sign", "square", "sub", "subtract", "true_divide", "xlogy"]


def zeros_of(g):
    """The gradient of a function that is flat wherever it has a derivative: zeros like g."""
    return Tensor(g.device.xp.zeros(g.array.shape, g.array.dtype), g.device)


neg_op = Op("neg", "x").rules(x=lambda g: neg_op(g))
sub_op = Op("sub", "a b").rules(a=lambda g: g, b=lambda g: neg_op(g))
mul_op = Op("mul", "a b").rules(a=lambda g, b: mul_op(g, b), b=lambda g, a: mul_op(g, a))
div_op = Op("div", "a b", promote="float").rules(
    a=lambda g, b: div_op(g, b),
    b=lambda g, a, b: neg_op(mul_op(g, div_op(div_op(a, b), b))))
floor_divide_op = Op("floor_divide", "a b").rules(a=lambda g: zeros_of(g), b=lambda g: zeros_of(g))
remainder_op = Op("remainder", "a b").rules(             # a - b floor(a / b)
    a=lambda g: g,
    b=lambda g, a, b: neg_op(mul_op(g, floor_divide_op(a, b))))
trunc_divide_op = Op("trunc_divide", "a b").rules(a=lambda g: zeros_of(g), b=lambda g: zeros_of(g))
fmod_op = Op("fmod", "a b").rules(                       # a - b trunc(a / b)
    a=lambda g: g,
    b=lambda g, a, b: neg_op(mul_op(g, trunc_divide_op(a, b))))

sign_op = Op("sign", "x").rules(x=lambda g: zeros_of(g))
abs_op = Op("abs", "x").rules(x=lambda g, x: mul_op(g, sign_op(x)))        # sign(0) = 0
square_op = Op("square", "x").rules(x=lambda g, x: mul_op(g, mul_op(x, 2)))
hypot_op = Op("hypot", "a b", promote="float").rules(
    a=lambda g, a, y: mul_op(g, div_op(a, y)),
    b=lambda g, b, y: mul_op(g, div_op(b, y)))
atan2_op = Op("atan2", "a b", promote="float").rules(
    a=lambda g, a, b: mul_op(g, div_op(b, add_op(square_op(a), square_op(b)))),
    b=lambda g, a, b: neg_op(mul_op(g, div_op(a, add_op(square_op(a), square_op(b))))))
lerp_op = Op("lerp", "a b weight").rules(
    a=lambda g, weight: mul_op(g, sub_op(1, weight) if isinstance(weight, Tensor) else 1 - weight),
    b=lambda g, weight: mul_op(g, weight),
    weight=lambda g, a, b: mul_op(g, sub_op(b, a)))
log_op = Op("log", "x", promote="float").rules(x=lambda g, x: div_op(g, x))
sigmoid_op = Op("sigmoid", "x", promote="float").rules(x=lambda g, y: sigmoid_grad(g, y))
sigmoid_grad = Op("sigmoid_grad", "g p").rules(          # g p (1 - p), where p is the sigmoid
    g=lambda u, p: sigmoid_grad(u, p),
    p=lambda u, g, p: mul_op(mul_op(u, g), sub_op(1, mul_op(p, 2))))
logaddexp_op = Op("logaddexp", "a b", promote="float").rules(
    a=lambda g, a, b: mul_op(g, sigmoid_op(sub_op(a, b))),
    b=lambda g, a, b: mul_op(g, sigmoid_op(sub_op(b, a))))


# d(a^b) = b a^(b-1) da + a^b log(a) db. Where a is 0, the first is 0 for b = 0 and the second is 0 for b >= 0, as in
# PyTorch; there a is replaced by 1, so that no 0 times infinity arises in this or the next derivative.
pow_op = Op("pow", "a b").rules(
    a=lambda g, a, b: _base_gradient(g, a, b),
    b=lambda g, a, b, y: _exponent_gradient(g, a, b, y))
xlogy_op = Op("xlogy", "a b", promote="float").rules(
    a=lambda g, a, b: mul_op(g, _log_of_second(a, b)),
    b=lambda g, a, b: mul_op(g, div_op(a, b)))


def _log_of_second(a, b):
    """log(b), 0 where a is 0 and log(b) is not finite for want of a positive b."""
    if isinstance(b, Tensor):
        return log_op(where_op(logical_and_op(eq_op(a, 0), le_op(b, 0)), 1, b))
    return math.log(b) if b > 0 else where_op(eq_op(a, 0), 0, -math.inf if b == 0 else math.nan)


def _base_gradient(g, a, b):
    if not isinstance(b, Tensor):
        if b == 0:
            return zeros_of(g)
        return mul_op(g, mul_op(a, 2) if b == 2 else mul_op(pow_op(a, b - 1), b))
    both_zero = logical_and_op(eq_op(a, 0), eq_op(b, 0))
    return mul_op(g, mul_op(b, pow_op(where_op(both_zero, 1, a), sub_op(b, 1))))


def _exponent_gradient(g, a, b, y):
    if isinstance(a, Tensor):
        flat = logical_and_op(eq_op(a, 0), ge_op(b, 0))
        return mul_op(g, mul_op(y, log_op(where_op(flat, 1, a))))
    if a == 0:
        return drop(mul_op(mul_op(g, y), -math.inf), ge_op(b, 0))
    return mul_op(g, mul_op(y, math.log(a) if a > 0 else math.nan))


def _is_float(x):
    return x.dtype.is_floating_point if isinstance(x, Tensor) else isinstance(x, float)


def _scaled(op, other, alpha):
    """alpha times the second operand."""
    if isinstance(alpha, float) and not _is_float(other):
        raise ArgumentError(f"{op}: alpha={alpha} would make integers fractions. Give an integer alpha, or a "
                            "floating-point tensor.")
    return mul_op(other, alpha) if isinstance(other, Tensor) else other * alpha


def _tensors(op, *inputs):
    """The inputs, none of which may be a number."""
    for x in inputs:
        if not isinstance(x, Tensor):
            raise DTypeError(f"{op}: expected Tensors, got {type(x).__name__}. Make one with tg.tensor(...).")
    return inputs


def add(input, other, *, alpha=1):
    """input + alpha * other.

    Args: tensors that broadcast, or one tensor and a number. alpha: a number.
    Raises: ShapeError if the shapes do not broadcast; ArgumentError for a fractional alpha with integers.

    >>> import tinygrad_cnn as tg
    >>> tg.add(tg.tensor([1, 2]), 10)
    tensor([11, 12])
    """
    return add_op(input, other if alpha == 1 else _scaled("add", other, alpha))


def sub(input, other, *, alpha=1):
    """input - alpha * other; Args and Raises as `add`, and DTypeError for two bool tensors."""
    return sub_op(input, other if alpha == 1 else _scaled("sub", other, alpha))


def rsub(input, other, *, alpha=1):
    """other - alpha * input; Args and Raises as `sub`."""
    return sub_op(other, input if alpha == 1 else _scaled("rsub", input, alpha))


def mul(input, other):
    """input * other, element by element.

    Raises: ShapeError if the shapes do not broadcast.

    >>> import tinygrad_cnn as tg
    >>> tg.mul(tg.tensor([1.0, 2.0]), tg.tensor([[3.0], [4.0]]))
    tensor([[3., 6.],
            [4., 8.]])
    """
    return mul_op(input, other)


def div(input, other, *, rounding_mode=None):
    """input / other; integers are divided as the default dtype.

    Args: rounding_mode: None, "floor" (as Python's //) or "trunc" (towards zero; integers stay integers).
    Raises: ShapeError if the shapes do not broadcast; ArgumentError for another rounding_mode, or if integers are
        divided by 0 with rounding.

    >>> import tinygrad_cnn as tg
    >>> tg.div(tg.tensor([-7, 7]), 2, rounding_mode="trunc")
    tensor([-3,  3])
    """
    if rounding_mode is None:
        return div_op(input, other)
    if rounding_mode == "floor":
        return floor_divide_op(input, other)
    if rounding_mode != "trunc":
        raise ArgumentError(f"div: rounding_mode={rounding_mode!r} is not one of None, 'floor' and 'trunc'.")
    return trunc_divide_op(input, other)


def floor_divide(input, other):
    """input / other rounded down, as Python's //; its gradient is zero.

    Raises: ShapeError if the shapes do not broadcast; ArgumentError if integers are divided by 0 (on the CPU; to look
        at a GPU's divisors would mean to wait for it).

    >>> import tinygrad_cnn as tg
    >>> tg.floor_divide(tg.tensor([-7, 7]), 2)
    tensor([-4,  3])
    """
    return floor_divide_op(input, other)


def remainder(input, other):
    """input - other * floor(input / other), with the sign of `other`, as Python's %.

    Raises: as `floor_divide`.

    >>> import tinygrad_cnn as tg
    >>> tg.remainder(tg.tensor([-7, 7]), 3)
    tensor([2, 1])
    """
    return remainder_op(input, other)


def fmod(input, other):
    """input - other * trunc(input / other), with the sign of `input`, as C's fmod.

    Raises: as `floor_divide`.

    >>> import tinygrad_cnn as tg
    >>> tg.fmod(tg.tensor([-7, 7]), 3)
    tensor([-1,  1])
    """
    return fmod_op(input, other)


def neg(input):
    """-input. Raises: DTypeError for bools."""
    return neg_op(input)


def positive(input):
    """The input itself. Raises: DTypeError for bools."""
    if _tensors("positive", input)[0].dtype.kind == 0:
        raise DTypeError("positive: a bool has no sign. Convert the tensor with .int(), or use logical_not.")
    return input


def abs(input):
    """|input|; its derivative at 0 is 0."""
    return abs_op(input)


def sign(input):
    """-1, 0 or 1 by the sign of each element, NaN for NaN (PyTorch: 0); its gradient is zero."""
    return sign_op(input)


def square(input):
    """input * input."""
    return square_op(input)


def pow(input, exponent):
    """input to the power `exponent`; one of them may be a number.

    Where input is 0, the derivative by input is 0 for exponent 0, that by exponent is 0 for exponent >= 0.
    Raises: ShapeError if the shapes do not broadcast; ArgumentError for an integer to a negative integer power (on the
        CPU).

    >>> import tinygrad_cnn as tg
    >>> tg.pow(tg.tensor([1.0, 2.0, 3.0]), 2)
    tensor([1., 4., 9.])
    """
    return pow_op(input, exponent)


def hypot(input, other):
    """sqrt(input^2 + other^2) of two tensors, without overflow on the way."""
    return hypot_op(*_tensors("hypot", input, other))


def atan2(input, other):
    """The angle in radians, from -pi to pi, of the point with y = input and x = other (two tensors)."""
    return atan2_op(*_tensors("atan2", input, other))


def logaddexp(input, other):
    """log(exp(input) + exp(other)) of two tensors, without overflow."""
    return logaddexp_op(*_tensors("logaddexp", input, other))


def xlogy(input, other):
    """input * log(other), and 0 where input is 0 (unless other is NaN)."""
    return xlogy_op(input, other)


def lerp(input, end, weight):
    """input + weight * (end - input): `input` for weight 0, `end` for weight 1.

    Args: tensors that broadcast; weight may be a number.

    >>> import tinygrad_cnn as tg
    >>> tg.lerp(tg.tensor([0.0, 10.0]), tg.tensor([1.0, 20.0]), 0.5)
    tensor([ 0.5000, 15.0000])
    """
    return lerp_op(*_tensors("lerp", input, end), weight)


def addcmul(input, tensor1, tensor2, *, value=1):
    """input + value * tensor1 * tensor2."""
    product = mul_op(tensor1, tensor2)
    return add_op(input, product if value == 1 else mul_op(product, value))


def addcdiv(input, tensor1, tensor2, *, value=1):
    """input + value * tensor1 / tensor2."""
    quotient = div_op(tensor1, tensor2)
    return add_op(input, quotient if value == 1 else mul_op(quotient, value))


absolute, negative, subtract, multiply = abs, neg, sub, mul
divide, arctan2, sgn = div, atan2, sign


def true_divide(input, other):
    """input / other; see `div`."""
    return div_op(input, other)
