"""Sums over axes and what is made of them: mean, variance, norms, counts, any and all.

`spread`, which lays a gradient out along the axes a reduction took away, and `sum` are each other's rules. `dim` is
None (all axes), a number or a tuple of numbers; keepdim keeps those axes with size 1. float16 and bfloat16 are added up
in float32. Extremes are in extremes.py, running sums and products in scan.py; both are handed on from here.
"""
import math

from .. import dtypes
from ..autograd import Op
from ..autograd.basic import cast
from ..errors import ArgumentError, DTypeError
from ..tensor import Tensor
from . import extremes, scan
from .arithmetic import abs_op, div_op, mul_op, pow_op, sign_op, square_op, sub_op
from .compare import drop, eq_op, isnan_op, where_op
from .dims import normalize_dims
from .extremes import *  # noqa: F403
from .extremes import amax, amin
from .scan import *  # noqa: F403
from .spread import count, spread, sum_op

__all__ = [*extremes.__all__, *scan.__all__, "all", "any", "count_nonzero", "mean", "nanmean", "nansum", "norm", "std",
           "std_mean", "sum", "var", "var_mean", "vector_norm"]

mean_op = Op("mean", "x", attrs="dim keepdim", promote=None).rules(
    x=lambda g, x_shape, dim, keepdim: spread(_over(g, count(x_shape, dim)), shape=x_shape, dim=dim, keepdim=keepdim))
# var = sum (x - mean)^2 / (n - correction); the mean's own change drops out, since sum (x - mean) = 0.
var_op = Op("var", "x", attrs="dim keepdim correction", promote=None).rules(
    x=lambda g, x, dim, keepdim, correction: _var_gradient(g, x, dim, keepdim, correction))
std_op = Op("std", "x", attrs="dim keepdim correction", promote=None).rules(      # 0 where the deviation is 0
    x=lambda g, x, y, dim, keepdim, correction: _var_gradient(
        mul_op(quotient_or_zero(g, y), 0.5), x, dim, keepdim, correction))
norm_op = Op("norm", "x", attrs="p dim keepdim", promote=None).rules(             # 0 where the norm is 0
    x=lambda g, x, y, p, dim, keepdim: _norm_gradient(g, x, y, p, dim, keepdim))
any_op, all_op = (Op(name, "x", attrs="dim keepdim", promote=None) for name in ("any", "all"))
count_nonzero_op = Op("count_nonzero", "x", attrs="dim", promote=None)


def _over(g, n):
    """g / n; in two steps, the first of them exact, where n is beyond float16's largest number."""
    return div_op(g, n) if n <= 65504 else div_op(div_op(g, 1 << 15), n / (1 << 15))


def _var_gradient(g, x, dim, keepdim, correction):
    n = count(x.array.shape, dim)
    slope = 2 / (n - correction) if n > correction else math.inf          # inf times 0, nan: there is no variance
    away = sub_op(x, mean_op(x, dim=dim, keepdim=True))
    return mul_op(spread(mul_op(g, slope), shape=x.array.shape, dim=dim, keepdim=keepdim), away)


def quotient_or_zero(g, y):
    """g / y, and 0 where y is 0; so are its derivatives."""
    zero = eq_op(y, 0)
    return div_op(drop(g, zero), where_op(zero, 1, y))


def _norm_gradient(g, x, y, p, dim, keepdim):
    """g x |x|^(p-2) y^(1-p)."""
    if p == 2:
        return mul_op(spread(quotient_or_zero(g, y), shape=x.array.shape, dim=dim, keepdim=keepdim), x)
    zero = eq_op(y, 0)
    outer = mul_op(drop(g, zero), pow_op(where_op(zero, 1, y), 1 - p))
    size = where_op(eq_op(x, 0), 1, abs_op(x))                              # |0|^(p-1) is infinite for p < 1
    return mul_op(spread(outer, shape=x.array.shape, dim=dim, keepdim=keepdim), mul_op(sign_op(x), pow_op(size, p - 1)))


def _prepared(op, x, dim, dtype=None):
    """The input in `dtype`, and `dim` as None or a sorted tuple of numbers from 0."""
    if not isinstance(x, Tensor):
        raise DTypeError(f"{op}: expected a Tensor, got {type(x).__name__}. Make one with tg.tensor(...).")
    if dtype is not None and x.array.dtype != dtypes.of(dtype).numpy:
        x = cast(x, dtype=dtypes.of(dtype).numpy)
    return x, None if dim is None else normalize_dims(op, dim, x.array.ndim)


def _floating(op, x, dim, dtype=None):
    x, dim = _prepared(op, x, dim, dtype)
    if not x.dtype.is_floating_point:
        raise DTypeError(f"{op}: the input is {x.dtype}; its {op} is no integer. Convert it with .float()"
                         + (", or pass dtype=tg.float32." if op in ("mean", "nanmean") else "."))
    return x, dim


def sum(input, dim=None, keepdim=False, *, dtype=None):
    """The sum over some or all axes; that of integers and bools is int64.

    Args: dtype: the DType to convert the input to first.
    Raises: TensorIndexError for a dim out of range; ArgumentError for one named twice.

    >>> import tinygrad_cnn as tg
    >>> tg.sum(tg.tensor([[1.0, 2.0], [3.0, 4.0]]), 0)
    tensor([4., 6.])
    """
    x, dim = _prepared("sum", input, dim, dtype)
    return sum_op(x, dim=dim, keepdim=keepdim)


def mean(input, dim=None, keepdim=False, *, dtype=None):
    """The mean over some or all axes; NaN over none.

    Args: dtype: the DType to convert the input to first.
    Raises: DTypeError for integers; TensorIndexError, ArgumentError for a wrong dim.

    >>> import tinygrad_cnn as tg
    >>> tg.mean(tg.tensor([[1.0, 2.0], [3.0, 4.0]]), 1)
    tensor([1.5000, 3.5000])
    """
    x, dim = _floating("mean", input, dim, dtype)
    return mean_op(x, dim=dim, keepdim=keepdim)


def nansum(input, dim=None, keepdim=False, *, dtype=None):
    """The sum without the NaNs; Args and Raises as `sum`."""
    x, dim = _prepared("nansum", input, dim, dtype)
    return sum_op(drop(x, isnan_op(x)) if x.dtype.is_floating_point else x, dim=dim, keepdim=keepdim)


def nanmean(input, dim=None, keepdim=False, *, dtype=None):
    """The mean without the NaNs; NaN if there is nothing else. Args and Raises as `mean`."""
    x, dim = _floating("nanmean", input, dim, dtype)
    bad = isnan_op(x)
    numbers = sum_op(eq_op(bad, False), dim=dim, keepdim=keepdim)
    return div_op(sum_op(drop(x, bad), dim=dim, keepdim=keepdim), cast(numbers, dtype=x.array.dtype))


def _spread_arguments(op, input, dim, unbiased, correction):
    """x, dim and the correction, where var(x, True) means var(x, unbiased=True)."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if correction is None:
        correction = 1 if unbiased is None or unbiased else 0
    elif unbiased is not None:
        raise ArgumentError(f"{op}: both unbiased={unbiased} and correction={correction} are given. Give one of them.")
    return (*_floating(op, input, dim), correction)


def var(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """The variance over some or all axes: sum (x - mean)^2 / (n - correction).

    Args: correction: 1 by default, Bessel's; 0 for the mean squared distance. unbiased: True for 1, False for 0.
    Returns: NaN, and a NaN gradient, where n is not above the correction.
    Raises: DTypeError for integers; TensorIndexError, ArgumentError for a wrong dim.

    >>> import tinygrad_cnn as tg
    >>> tg.var(tg.tensor([1.0, 2.0, 3.0]), correction=0)
    tensor(0.6667)
    """
    x, dim, correction = _spread_arguments("var", input, dim, unbiased, correction)
    return var_op(x, dim=dim, keepdim=keepdim, correction=correction)


def std(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """The standard deviation, sqrt(var); its gradient is 0 where it is 0. Args, Returns and Raises as `var`."""
    x, dim, correction = _spread_arguments("std", input, dim, unbiased, correction)
    return std_op(x, dim=dim, keepdim=keepdim, correction=correction)


def var_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """(variance, mean); Args and Raises as `var`."""
    x, dim, correction = _spread_arguments("var_mean", input, dim, unbiased, correction)
    return var_op(x, dim=dim, keepdim=keepdim, correction=correction), mean_op(x, dim=dim, keepdim=keepdim)


def std_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """(standard deviation, mean); Args and Raises as `var`."""
    x, dim, correction = _spread_arguments("std_mean", input, dim, unbiased, correction)
    return std_op(x, dim=dim, keepdim=keepdim, correction=correction), mean_op(x, dim=dim, keepdim=keepdim)


def vector_norm(x, ord=2, dim=None, keepdim=False, *, dtype=None):
    """(sum of |x|^ord)^(1/ord) over some or all axes, all the same whatever the rank; its gradient is 0 where it is 0.

    Args: ord: any number; 0 counts the elements that are not 0; inf and -inf are the greatest and the least |x|.
        dtype: the DType to convert x to first.
    Raises: DTypeError for integers; ArgumentError if ord is no number; TensorIndexError for a dim out of range.

    >>> import tinygrad_cnn as tg
    >>> vector_norm(tg.tensor([3.0, 4.0]))
    tensor(5.)
    """
    return _norm("vector_norm", x, ord, dim, keepdim, dtype)


def norm(input, p="fro", dim=None, keepdim=False, *, dtype=None):
    """The p-norm of the elements, over some or all axes; see `vector_norm`.

    Args: p: "fro" (2) or a number.
    Raises: as `vector_norm`.

    >>> import tinygrad_cnn as tg
    >>> tg.norm(tg.tensor([[3.0, 0.0], [0.0, 4.0]]))
    tensor(5.)
    """
    return _norm("norm", input, 2 if p == "fro" or p is None else p, dim, keepdim, dtype)


def _norm(op, x, p, dim, keepdim, dtype):
    x, dim = _floating(op, x, dim, dtype)
    if isinstance(p, bool) or not isinstance(p, (int, float)):
        raise ArgumentError(f"{op}: {p!r} is not the order of a norm of elements. Give a number (2, 1, inf, ...).")
    if p == 0:
        return sum_op(square_op(sign_op(x)), dim=dim, keepdim=keepdim)
    if p == 1:
        return sum_op(abs_op(x), dim=dim, keepdim=keepdim)
    if p in (math.inf, -math.inf):
        return (amax if p > 0 else amin)(abs_op(x), dim, keepdim)
    return norm_op(x, p=p, dim=dim, keepdim=keepdim)


def _found(op, name, input, dim, keepdim):
    x, dim = _prepared(name, input, dim)
    y = op(x, dim=dim, keepdim=keepdim)
    return cast(y, dtype=x.array.dtype) if x.dtype is dtypes.uint8 else y


def any(input, dim=None, keepdim=False):
    """Whether an element is other than 0, over some or all axes: bool (uint8 for uint8, as PyTorch).

    >>> import tinygrad_cnn as tg
    >>> tg.any(tg.tensor([[0, 0], [0, 3]]), 1)
    tensor([False,  True])
    """
    return _found(any_op, "any", input, dim, keepdim)


def all(input, dim=None, keepdim=False):
    """Whether every element is other than 0, over some or all axes: bool (uint8 for uint8, as PyTorch)."""
    return _found(all_op, "all", input, dim, keepdim)


def count_nonzero(input, dim=None):
    """How many elements are other than 0, over some or all axes: int64."""
    x, dim = _prepared("count_nonzero", input, dim)
    return count_nonzero_op(x, dim=dim)
