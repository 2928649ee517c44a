"""Running sums and products along an axis, and the product of all.

The derivative of a product by one factor is the product of the others. It is made of running products from both sides,
never by dividing by the factor, so that zeros are right to any order.

`recurrence`, s[i] = a[i] s[i-1] + b[i], is the form all of this has: its rules are recurrences again, run backwards:

    ds[i] = a[i] ds[i-1] + s[i-1] da[i] + db[i],  so with  l[i] = g[i] + a[i+1] l[i+1]:  db = l,  da[i] = l[i] s[i-1].
"""
from .. import dtypes
from ..autograd import Op
from ..autograd.basic import cast
from ..errors import DTypeError
from ..tensor import Tensor
from .arithmetic import mul_op
from .dims import normalize_dim
from .shape import reshape_op
from .spread import spread

__all__ = ["cumprod", "cumsum", "prod"]

cumsum_op = Op("cumsum", "x", attrs="dim reverse", promote=None).rules(
    x=lambda g, dim, reverse: cumsum_op(g, dim=dim, reverse=not reverse))

# x moved `by` one place along `dim`; `fill` comes in at the end.
shift = Op("shift", "x", attrs="dim by fill", promote=None).rules(
    x=lambda g, dim, by: shift(g, dim=dim, by=-by, fill=0))
recurrence = Op("recurrence", "a b", attrs="dim reverse", promote="same").rules(
    a=lambda g, a, y, dim, reverse: mul_op(_backwards(g, a, dim, reverse), _before(y, dim, reverse, 0)),
    b=lambda g, a, dim, reverse: _backwards(g, a, dim, reverse))

# y[i] = x[i] y[i-1], from 1: the recurrence with b = 0.
cumprod_op = Op("cumprod", "x", attrs="dim reverse", promote=None).rules(
    x=lambda g, x, y, dim, reverse: mul_op(_backwards(g, x, dim, reverse), _before(y, dim, reverse, 1)))
prod_op = Op("prod", "x", attrs="dim keepdim", promote=None).rules(
    x=lambda g, x, dim, keepdim: mul_op(spread(g, shape=x.array.shape, dim=dim, keepdim=keepdim), _others(x, dim)))


def _before(y, dim, reverse, fill):
    """What each element's predecessor was, `fill` for the first."""
    return shift(y, dim=dim, by=-1 if reverse else 1, fill=fill)


def _backwards(g, a, dim, reverse):
    """l[i] = g[i] + a[i+1] l[i+1]."""
    return recurrence(shift(a, dim=dim, by=1 if reverse else -1, fill=0), g, dim=dim, reverse=not reverse)


def _others(x, dim):
    """For each element the product of the other elements along `dim`: those before times those after."""
    (dim,) = dim
    before = _before(cumprod_op(x, dim=dim, reverse=False), dim, False, 1)
    after = _before(cumprod_op(x, dim=dim, reverse=True), dim, True, 1)
    return mul_op(before, after)


def _prepared(op, x, dtype):
    if not isinstance(x, Tensor):
        raise DTypeError(f"{op}: expected a Tensor, got {type(x).__name__}. Make one with tg.tensor(...).")
    if dtype is not None and x.array.dtype != dtypes.of(dtype).numpy:
        x = cast(x, dtype=dtypes.of(dtype).numpy)
    return x


def prod(input, dim=None, keepdim=False, *, dtype=None):
    """The product over one axis, or all; that of integers and bools is int64.

    Args: dim: a number or None. dtype: the DType to convert the input to first.
    Raises: TensorIndexError for a dim out of range; ArgumentError if it is no integer.

    >>> import tinygrad_cnn as tg
    >>> tg.prod(tg.tensor([2.0, 3.0, 4.0]))
    tensor(24.)
    """
    x = _prepared("prod", input, dtype)
    shape = x.array.shape
    if dim is None:
        y = prod_op(reshape_op(x, shape=(x.array.size,)), dim=(0,), keepdim=False)
        return reshape_op(y, shape=(1,) * len(shape)) if keepdim else y
    dim = normalize_dim("prod", dim, len(shape))
    if not shape:
        return prod_op(reshape_op(x, shape=(1,)), dim=(0,), keepdim=False)
    return prod_op(x, dim=(dim,), keepdim=keepdim)


def _running(op, name, input, dim, dtype):
    x = _prepared(name, input, dtype)
    dim = normalize_dim(name, dim, x.array.ndim)
    if x.array.ndim:
        return op(x, dim=dim, reverse=False)
    return reshape_op(op(reshape_op(x, shape=(1,)), dim=0, reverse=False), shape=())


def cumsum(input, dim, *, dtype=None):
    """The sum of each element and all before it along `dim`; that of integers and bools is int64.

    Args: dtype: the DType to convert the input to first.
    Raises: TensorIndexError for a dim out of range.

    >>> import tinygrad_cnn as tg
    >>> tg.cumsum(tg.tensor([1.0, 2.0, 3.0]), 0)
    tensor([1., 3., 6.])
    """
    return _running(cumsum_op, "cumsum", input, dim, dtype)


def cumprod(input, dim, *, dtype=None):
    """The product of each element and all before it along `dim`; Args and Raises as `cumsum`.

    >>> import tinygrad_cnn as tg
    >>> tg.cumprod(tg.tensor([1.0, 2.0, 3.0]), 0)
    tensor([1., 2., 6.])
    """
    return _running(cumprod_op, "cumprod", input, dim, dtype)
