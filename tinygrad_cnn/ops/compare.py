"""Comparing, and choosing by what was found: eq, isclose, logical and bitwise operations; where, maximum, clamp.

Comparisons and masks are bool tensors and have no gradient. What is chosen has: the gradient goes to the chosen one.
At ties `maximum` and `minimum` give half to each, `fmax` and `fmin` all to the first, and `clamp` passes the gradient
on at its bounds (PyTorch's conventions).
"""
from ..autograd import Op
from ..errors import ArgumentError, DTypeError
from ..tensor import Tensor

__all__ = ["allclose", "bitwise_and", "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift",
           "bitwise_xor", "clamp", "clamp_max", "clamp_min", "clip", "eq", "equal", "fmax", "fmin", "ge", "greater",
           "greater_equal", "gt", "heaviside", "isclose", "isfinite", "isinf", "isnan", "le", "less", "less_equal",
           "logical_and", "logical_not", "logical_or", "logical_xor", "lt", "maximum", "minimum", "ne", "not_equal",
           "signbit", "where"]

eq_op, ne_op = Op("eq", "a b"), Op("ne", "a b")
lt_op, le_op = Op("lt", "a b"), Op("le", "a b")
gt_op, ge_op = Op("gt", "a b"), Op("ge", "a b")
isnan_op, isinf_op, isfinite_op = Op("isnan", "x"), Op("isinf", "x"), Op("isfinite", "x")
signbit_op = Op("signbit", "x")
isclose_op = Op("isclose", "a b", attrs="rtol atol equal_nan")
heaviside_op = Op("heaviside", "x at_zero", promote="same")
logical_and_op, logical_or_op = Op("logical_and", "a b"), Op("logical_or", "a b")
logical_xor_op, logical_not_op = Op("logical_xor", "a b"), Op("logical_not", "x")
bitwise_and_op, bitwise_or_op = Op("bitwise_and", "a b"), Op("bitwise_or", "a b")
bitwise_xor_op, bitwise_not_op = Op("bitwise_xor", "a b"), Op("bitwise_not", "x")
left_shift_op, right_shift_op = Op("bitwise_left_shift", "a b"), Op("bitwise_right_shift", "a b")

# Choosing by a mask: what is not kept becomes 0, even if it was infinite or NaN.
keep = Op("keep", "x mask", promote=None).rules(x=lambda g, mask: keep(g, mask))
drop = Op("drop", "x mask", promote=None).rules(x=lambda g, mask: drop(g, mask))
where_op = Op("where", "condition a b", fixed="condition").rules(
    a=lambda g, condition: keep(g, condition),
    b=lambda g, condition: drop(g, condition))

# g where the first is the greater, half of it at a tie.
winner_grad = Op("winner_grad", "g a b").rules(g=lambda u, a, b: winner_grad(u, a, b))
maximum_op = Op("maximum", "a b").rules(a=lambda g, a, b: winner_grad(g, a, b), b=lambda g, a, b: winner_grad(g, b, a))
minimum_op = Op("minimum", "a b").rules(a=lambda g, a, b: winner_grad(g, b, a), b=lambda g, a, b: winner_grad(g, a, b))
fmax_op = Op("fmax", "a b").rules(
    a=lambda g, a, b: keep(g, logical_or_op(ge_op(a, b), isnan_op(b))),
    b=lambda g, a, b: drop(g, logical_or_op(ge_op(a, b), isnan_op(b))))
fmin_op = Op("fmin", "a b").rules(
    a=lambda g, a, b: keep(g, logical_or_op(le_op(a, b), isnan_op(b))),
    b=lambda g, a, b: drop(g, logical_or_op(le_op(a, b), isnan_op(b))))

# A bound is a number, a tensor, or None. Where the bounds cross, the result is `high`.
within = Op("within", "x low high")
clamp_op = Op("clamp", "x low high").rules(
    x=lambda g, x, low, high: keep(g, within(x, low, high)),
    low=lambda g, x, low, high: keep(g, _held_up(x, low, high)),
    high=lambda g, x, low, high: keep(g, _held_down(x, low, high)))


def _held_up(x, low, high):
    below = lt_op(x, low)
    return below if high is None else logical_and_op(below, lt_op(low, high))


def _held_down(x, low, high):
    above = gt_op(x, high)
    return above if low is None else logical_or_op(above, gt_op(low, high))


def eq(input, other):
    """Whether input == other, element by element.

    Args: tensors that broadcast, or one tensor and a number; so for all comparisons.
    Returns: a bool tensor. Raises: ShapeError if the shapes do not broadcast.

    >>> import tinygrad_cnn as tg
    >>> tg.eq(tg.tensor([1, 2]), 2)
    tensor([False,  True])
    """
    return eq_op(input, other)


def ne(input, other):
    """Whether input != other, element by element."""
    return ne_op(input, other)


def lt(input, other):
    """Whether input < other, element by element."""
    return lt_op(input, other)


def le(input, other):
    """Whether input <= other, element by element."""
    return le_op(input, other)


def gt(input, other):
    """Whether input > other, element by element."""
    return gt_op(input, other)


def ge(input, other):
    """Whether input >= other, element by element."""
    return ge_op(input, other)


not_equal, less, less_equal, greater, greater_equal = ne, lt, le, gt, ge


def isnan(input):
    """Whether each element is NaN."""
    return isnan_op(input)


def isinf(input):
    """Whether each element is infinite, of either sign."""
    return isinf_op(input)


def isfinite(input):
    """Whether each element is neither infinite nor NaN."""
    return isfinite_op(input)


def signbit(input):
    """Whether each element's sign is minus; that of -0.0 is."""
    return signbit_op(input)


def isclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether |input - other| <= atol + rtol * |other|, element by element; infinities are close to themselves.

    Args: equal_nan: whether NaN is close to NaN.
    Raises: ArgumentError for a negative tolerance; ShapeError if the shapes do not broadcast.

    >>> import tinygrad_cnn as tg
    >>> tg.isclose(tg.tensor([1.0, 2.0]), tg.tensor([1.0 + 1e-7, 2.1]))
    tensor([ True, False])
    """
    if rtol < 0 or atol < 0:
        raise ArgumentError(f"isclose: rtol={rtol} and atol={atol} must not be negative.")
    return isclose_op(input, other, rtol=rtol, atol=atol, equal_nan=bool(equal_nan))


def allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether all elements are close (see `isclose`), as a Python bool."""
    return bool(isclose(input, other, rtol, atol, equal_nan).all())


def equal(input, other):
    """Whether two tensors have the same shape and elements, as a Python bool.

    Raises: DTypeError if one is not a Tensor; DeviceError if they are on different devices.
    """
    for x in (input, other):
        if not isinstance(x, Tensor):
            raise DTypeError(f"equal: expected Tensors, got {type(x).__name__}. Make one with tg.tensor(...).")
    return input.array.shape == other.array.shape and bool(eq_op(input, other).all())


def logical_and(input, other):
    """Whether both elements are other than 0."""
    return logical_and_op(input, other)


def logical_or(input, other):
    """Whether at least one of the two elements is other than 0."""
    return logical_or_op(input, other)


def logical_xor(input, other):
    """Whether exactly one of the two elements is other than 0."""
    return logical_xor_op(input, other)


def logical_not(input):
    """Whether each element is 0."""
    return logical_not_op(input)


def bitwise_and(input, other):
    """input & other of integers or bools. Raises: DTypeError for floating point."""
    return bitwise_and_op(input, other)


def bitwise_or(input, other):
    """input | other of integers or bools. Raises: DTypeError for floating point."""
    return bitwise_or_op(input, other)


def bitwise_xor(input, other):
    """input ^ other of integers or bools. Raises: DTypeError for floating point."""
    return bitwise_xor_op(input, other)


def bitwise_not(input):
    """~input of integers or bools. Raises: DTypeError for floating point."""
    if isinstance(input, Tensor) and input.dtype.is_floating_point:
        raise DTypeError(f"bitwise_not: not defined for {input.dtype}. Convert the tensor with .bool() or .long().")
    return bitwise_not_op(input)


def bitwise_left_shift(input, other):
    """input << other of integers. Raises: DTypeError for floating point."""
    return left_shift_op(input, other)


def bitwise_right_shift(input, other):
    """input >> other of integers, keeping the sign. Raises: DTypeError for floating point."""
    return right_shift_op(input, other)


def where(condition, input=None, other=None):
    """`input` where the condition holds, `other` elsewhere; with a condition alone, the indices where it holds.

    The gradient of what is not chosen is 0, whatever its value.
    Args: condition: a bool tensor. input, other: tensors or numbers; all broadcast together.
    Returns: a tensor of the dtype input and other promote to; or one index tensor for each dimension.
    Raises: DTypeError if the condition is not bool; ArgumentError if only one value is given.

    >>> import tinygrad_cnn as tg
    >>> tg.where(tg.tensor([True, False]), tg.tensor([1.0, 2.0]), 0.0)
    tensor([1., 0.])
    """
    if not isinstance(condition, Tensor):
        raise DTypeError(f"where: the condition must be a bool Tensor, not {type(condition).__name__}. Compare tensors "
                         "to get one.")
    if input is None and other is None:
        array = condition.array
        indices = array.reshape(1).nonzero() if array.ndim == 0 else array.nonzero()
        return tuple([Tensor(index, condition.device) for index in indices])
    if input is None or other is None:
        raise ArgumentError("where: only one of input and other is given. Give both, or none for the indices.")
    if condition.dtype.kind != 0:
        raise DTypeError(f"where: the condition must be bool, not {condition.dtype}. Compare it, as in condition != 0.")
    return where_op(condition, input, other)


def heaviside(input, values):
    """0 where input < 0, `values` where it is 0, 1 where input > 0, NaN for NaN (PyTorch: 0); it has no gradient.

    Raises: DTypeError if the two have different dtypes; ShapeError if the shapes do not broadcast.
    """
    return heaviside_op(input, values)


def maximum(input, other):
    """The greater of each two elements; NaN if one is. At ties each gets half the gradient.

    Raises: DTypeError if one is not a Tensor; ShapeError if the shapes do not broadcast.

    >>> import tinygrad_cnn as tg
    >>> tg.maximum(tg.tensor([1, 5]), tg.tensor([3, 4]))
    tensor([3, 5])
    """
    return _two_tensors("maximum", maximum_op, input, other)


def minimum(input, other):
    """The lesser of each two elements; NaN if one is. At ties each gets half the gradient. Raises: as `maximum`."""
    return _two_tensors("minimum", minimum_op, input, other)


def fmax(input, other):
    """The greater of each two elements, the number if one is NaN. At ties the gradient goes to `input`."""
    return _two_tensors("fmax", fmax_op, input, other)


def fmin(input, other):
    """The lesser of each two elements, the number if one is NaN. At ties the gradient goes to `input`."""
    return _two_tensors("fmin", fmin_op, input, other)


def _two_tensors(name, op, input, other):
    for x in (input, other):
        if not isinstance(x, Tensor):
            raise DTypeError(f"{name}: expected two Tensors, got {type(x).__name__}. For a number as the bound use "
                             "tg.clamp(input, min, max).")
    return op(input, other)


def clamp(input, min=None, max=None):
    """input held between `min` and `max`; where they cross, `max`. The gradient is passed on at the bounds.

    Args: min, max: numbers, tensors that broadcast, or None for no bound; not both None.
    Raises: ArgumentError without a bound; ShapeError if the shapes do not broadcast.

    >>> import tinygrad_cnn as tg
    >>> tg.clamp(tg.tensor([-1.0, 0.5, 2.0]), 0, 1)
    tensor([0.0000, 0.5000, 1.0000])
    """
    if min is None and max is None:
        raise ArgumentError("clamp: neither min nor max is given. Give at least one bound.")
    if not isinstance(input, Tensor):
        raise DTypeError(f"clamp: expected a Tensor, got {type(input).__name__}. Make one with tg.tensor(...).")
    return clamp_op(input, min, max)


def clamp_min(input, min):
    """input, but at least `min`; see `clamp`."""
    return clamp(input, min=min)


def clamp_max(input, max):
    """input, but at most `max`; see `clamp`."""
    return clamp(input, max=max)


clip = clamp
