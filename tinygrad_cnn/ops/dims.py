"""Checks of `dim` arguments, and what functions do with them: one message for all."""
from ..errors import ArgumentError, TensorIndexError


def normalize_dim(op, dim, ndim):
    """`dim` as a number in [0, ndim); a 0-d tensor is taken as having one dimension.

    Raises: TensorIndexError out of range, ArgumentError for anything but an integer.
    """
    if isinstance(dim, bool) or not hasattr(dim, "__index__"):
        raise ArgumentError(f"{op}: dim={dim!r} is not an integer. Give the number of a dimension, from {-max(ndim, 1)} to "
                            f"{max(ndim, 1) - 1}.")
    number = dim.__index__()
    count = max(ndim, 1)
    if not -count <= number < count:
        raise TensorIndexError(f"{op}: dim={number} is out of range for a tensor with {ndim} dimensions. "
                               f"Use a number from {-count} to {count - 1}.")
    return number % count


def normalize_dims(op, dims, ndim):
    """None, a number or several as a sorted tuple of numbers in [0, ndim); None and () mean every dimension.

    Raises: TensorIndexError out of range, ArgumentError for a dimension named twice.
    """
    if dims is None or (isinstance(dims, (tuple, list)) and not dims):
        return tuple(range(ndim))
    numbers = [normalize_dim(op, d, ndim) for d in (dims if isinstance(dims, (tuple, list)) else (dims,))]
    if len(set(numbers)) < len(numbers):
        raise ArgumentError(f"{op}: dim={tuple(dims)} names a dimension twice (of {ndim}). Name each at most once.")
    return tuple(sorted(numbers)) if ndim else ()
