"""Checks of `dim` arguments, and what functions do with them: one message for all."""
from ..errors import ArgumentError, ShapeError, TensorIndexError


def normalize_dim(op, dim, ndim):
    """`dim` as a number in [0, ndim); a 0-d tensor is taken as having one dimension.

    Raises: TensorIndexError out of range, ArgumentError for anything but an integer.
    """
    if type(dim) is int and -ndim <= dim < ndim:
        return dim % ndim
    if isinstance(dim, bool) or not hasattr(dim, "__index__"):
        raise ArgumentError(f"{op}: dim={dim!r} is not an integer. Give the number of a dimension, from "
                            f"{-max(ndim, 1)} to {max(ndim, 1) - 1}.")
    number = dim.__index__()
    count = max(ndim, 1)
    if not -count <= number < count:
        raise TensorIndexError(f"{op}: dim={number} is out of range for a tensor with {ndim} dimensions. "
                               f"Use a number from {-count} to {count - 1}.")
    return number % count


def existing_dim(op, dim, ndim):
    """`dim` as a number in [0, ndim), where a 0-d tensor has none.

    Raises: as `normalize_dim`.
    """
    if not ndim:
        raise TensorIndexError(f"{op}: dim={dim} is out of range, a 0-d tensor has no dimensions. Give it one with "
                               ".reshape(1).")
    return normalize_dim(op, dim, ndim)


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


def integer(op, name, value):
    """The argument `name` as an int.

    Raises: ArgumentError for anything but an integer.
    """
    if type(value) is int:
        return value
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise ArgumentError(f"{op}: {name}={value!r} is not an integer. Give a whole number.")
    return value.__index__()


def sizes(op, first, more=(), negative=True):
    """Sizes given as numbers or as one sequence, as a tuple of ints; `negative` tells whether -1 has a meaning.

    Raises: ArgumentError for anything but integers, ShapeError for a size that is not one.
    """
    found = (first, *more) if more or not isinstance(first, (tuple, list)) else tuple(first)
    for n in found:
        if type(n) is not int:
            if isinstance(n, bool) or not hasattr(n, "__index__"):
                raise ArgumentError(f"{op}: size {n!r} is not an integer. Give sizes as integers.")
            plain = [m if isinstance(m, bool) or not hasattr(m, "__index__") else m.__index__() for m in found]
            return sizes(op, plain, (), negative)
        if n < 0 and not (negative and n == -1):
            raise ShapeError(f"{op}: size {n} is negative (sizes {found}). Sizes count elements"
                             f"{'; one may be -1' if negative else ''}.")
    return found
