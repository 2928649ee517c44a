"""The greatest and the least: max, min, amax, amin, argmax, argmin, aminmax, median.

Where several elements are equally great, `amax`, `max(input)` and `median(input)` give each an equal share of the
gradient; `max(input, dim)` and `median(input, dim)` give it all to the one they name, the first for max and min
(PyTorch's conventions). NaN is greater and less than everything.

`pick` takes the named elements, `unpick` puts a gradient back to them; each is the other's rule.
"""
from typing import NamedTuple

from ..autograd import Op
from ..errors import DTypeError, ShapeError
from ..tensor import Tensor
from .arithmetic import mul_op
from .compare import maximum, minimum
from .dims import normalize_dim, normalize_dims
from .shape import reshape_op
from .spread import spread

__all__ = ["amax", "amin", "aminmax", "argmax", "argmin", "max", "median", "min"]

# 1 / n for each of n equal extremes, 0 for the others: flat wherever it has a derivative.
tie_shares = Op("tie_shares", "x extreme", attrs="dim keepdim", promote=None)
amax_op, amin_op, median_op = (Op(name, "x", attrs="dim keepdim", promote=None).rules(
    x=lambda g, x, y, dim, keepdim: mul_op(spread(g, shape=x.array.shape, dim=dim, keepdim=keepdim),
                                           tie_shares(x, y, dim=dim, keepdim=keepdim)))
    for name in ("amax", "amin", "median"))
argmax_op, argmin_op = (Op(name, "x", attrs="dim keepdim", promote=None) for name in ("argmax", "argmin"))
argmedian = Op("argmedian", "x", attrs="dim", promote=None)
pick = Op("pick", "x index", attrs="dim keepdim", promote=None).rules(
    x=lambda g, index, x_shape, dim, keepdim: unpick(g, index, shape=x_shape, dim=dim, keepdim=keepdim))
unpick = Op("unpick", "g index", attrs="shape dim keepdim", promote=None).rules(
    g=lambda u, index, dim, keepdim: pick(u, index, dim=dim, keepdim=keepdim))


class Max(NamedTuple):
    """What `max(input, dim)` returns."""
    values: Tensor
    indices: Tensor


class Min(NamedTuple):
    """What `min(input, dim)` returns."""
    values: Tensor
    indices: Tensor


class Median(NamedTuple):
    """What `median(input, dim)` returns."""
    values: Tensor
    indices: Tensor


class Aminmax(NamedTuple):
    """What `aminmax(input)` returns."""
    min: Tensor
    max: Tensor


def _not_empty(op, x, dim):
    """Refuse to look for an extreme among no elements; `dim` is None or a tuple of numbers."""
    if not isinstance(x, Tensor):
        raise DTypeError(f"{op}: expected a Tensor, got {type(x).__name__}. Make one with tg.tensor(...).")
    shape = x.array.shape
    for axis in range(len(shape)) if dim is None else dim:
        if shape[axis] == 0:
            raise ShapeError(f"{op}: axis {axis} of the tensor (shape {shape}) has no elements, so there is no extreme."
                             " Give a tensor with elements, or another dim.")


def _lines(op, x, dim):
    """The input with at least one axis, and `dim` as a number from 0."""
    if not isinstance(x, Tensor):
        raise DTypeError(f"{op}: expected a Tensor, got {type(x).__name__}. Make one with tg.tensor(...).")
    dim = normalize_dim(op, dim, x.array.ndim)
    x = x if x.array.ndim else reshape_op(x, shape=(1,))
    _not_empty(op, x, (dim,))
    return x, dim


def _along(result, name, find, input, dim, keepdim):
    """(values, indices) of what `find` finds along `dim`."""
    x, dim = _lines(name, input, dim)
    keepdim = keepdim and input.array.ndim > 0
    index = find(x, dim=dim, keepdim=keepdim)
    return result(pick(x, index, dim=dim, keepdim=keepdim), index)


def _extreme(op, name, input, dim, keepdim):
    if isinstance(input, Tensor) and dim is not None:
        dim = normalize_dims(name, dim, input.array.ndim)
    _not_empty(name, input, dim)
    return op(input, dim=dim, keepdim=keepdim)


def amax(input, dim=(), keepdim=False):
    """The greatest element over some or all axes; equal ones share the gradient.

    Args: dim: a number, a tuple of them, or () for all axes.
    Raises: ShapeError if there are no elements; TensorIndexError, ArgumentError for a wrong dim.

    >>> import tinygrad_cnn as tg
    >>> tg.amax(tg.tensor([[1.0, 5.0], [3.0, 2.0]]), 1)
    tensor([5., 3.])
    """
    return _extreme(amax_op, "amax", input, None if dim == () else dim, keepdim)


def amin(input, dim=(), keepdim=False):
    """The least element over some or all axes; Args and Raises as `amax`."""
    return _extreme(amin_op, "amin", input, None if dim == () else dim, keepdim)


def aminmax(input, *, dim=None, keepdim=False):
    """(min, max) over one axis, or all; equal elements share the gradient. Raises: as `amax`."""
    return Aminmax(_extreme(amin_op, "aminmax", input, dim, keepdim), _extreme(amax_op, "aminmax", input, dim, keepdim))


def max(input, dim=None, keepdim=False, *, other=None):
    """The greatest element of all; or along one axis, with its index; or of each two elements of two tensors.

    max(input): equal elements share the gradient. max(input, dim): the first of equal elements has the index and the
    gradient. max(input, other): `maximum`.
    Returns: a tensor, or a named tuple (values, indices) if `dim` is given.
    Raises: ShapeError if there are no elements; TensorIndexError for a dim out of range.

    >>> import tinygrad_cnn as tg
    >>> tg.max(tg.tensor([[1.0, 5.0], [3.0, 2.0]]), 0)
    Max(values=tensor([3., 5.]), indices=tensor([1, 0]))
    """
    if isinstance(dim, Tensor) or other is not None:
        return maximum(input, dim if other is None else other)
    if dim is None:
        return _extreme(amax_op, "max", input, None, keepdim)
    return _along(Max, "max", argmax_op, input, dim, keepdim)


def min(input, dim=None, keepdim=False, *, other=None):
    """The least element of all; or along one axis, with its index; or of each two elements; see `max`."""
    if isinstance(dim, Tensor) or other is not None:
        return minimum(input, dim if other is None else other)
    if dim is None:
        return _extreme(amin_op, "min", input, None, keepdim)
    return _along(Min, "min", argmin_op, input, dim, keepdim)


def _place_of(op, name, input, dim, keepdim):
    if dim is None:
        _not_empty(name, input, None)
        return op(input, dim=None, keepdim=keepdim)
    x, dim = _lines(name, input, dim)
    return op(x, dim=dim, keepdim=keepdim and input.array.ndim > 0)


def argmax(input, dim=None, keepdim=False):
    """The index of the greatest element along an axis, or in the flattened tensor; the first of equal ones.

    Raises: ShapeError if there are no elements; TensorIndexError for a dim out of range.

    >>> import tinygrad_cnn as tg
    >>> tg.argmax(tg.tensor([[1.0, 5.0], [3.0, 2.0]]), 1)
    tensor([1, 0])
    """
    return _place_of(argmax_op, "argmax", input, dim, keepdim)


def argmin(input, dim=None, keepdim=False):
    """The index of the least element along an axis, or in the flattened tensor; the first of equal ones."""
    return _place_of(argmin_op, "argmin", input, dim, keepdim)


def median(input, dim=None, keepdim=False):
    """The middle element in order of size, the lower of two; along one axis also its index. NaN if there is one.

    median(input): equal elements share the gradient.

    Returns: a tensor, or a named tuple (values, indices) if `dim` is given.
    Raises: ShapeError if there are no elements; TensorIndexError for a dim out of range.

    >>> import tinygrad_cnn as tg
    >>> tg.median(tg.tensor([1.0, 9.0, 3.0, 4.0]))
    tensor(3.)
    """
    if dim is None:
        _not_empty("median", input, None)
        return median_op(input, dim=None, keepdim=False)
    return _along(Median, "median", _argmedian, input, dim, keepdim)


def _argmedian(x, dim, keepdim):
    index = argmedian(x, dim=dim)
    shape = x.array.shape
    return index if keepdim else reshape_op(index, shape=shape[:dim] + shape[dim + 1:])
