"""Writing values into a tensor's memory: copy_, fill_, zero_, and what every such write has to ask first.

The old value gets a gradient of zero where it is overwritten. A write that no graph has to know of goes straight into
the array.
"""
import numpy as np

from ..autograd import Op
from ..autograd.inplace import check_writable, inplace
from ..autograd.modes import is_grad_enabled
from ..errors import DeviceError, DTypeError, InPlaceError, ShapeError
from ..tensor import Tensor
from .shape import reshape_op

__all__ = []                                            # methods of Tensor only

copy_op = Op("copy", "x src", promote=None)
copy_op.rules(src=lambda g: g, x=lambda g, needs: None if needs[1] else _zeros(g))
fill_op = Op("fill", "x", attrs="value", promote=None).rules(x=lambda g: _zeros(g))


def _zeros(g):
    return Tensor(g.device.xp.zeros(g.array.shape, g.array.dtype), g.device)


def has_history(x, *others):
    """Whether a write into x of the others must be recorded."""
    return is_grad_enabled() and (x.edge is not None
                                  or any(isinstance(o, Tensor) and o.edge is not None for o in others))


def as_value(op, x, value):
    """`value` as a Tensor of x's device, or a number.

    Raises: DeviceError for a Tensor elsewhere, DTypeError for anything else.
    """
    if isinstance(value, Tensor):
        if value.device is not x.device:
            raise DeviceError(f"{op}: the tensor is on {x.device} but the value on {value.device}. Bring it there with "
                              ".to(device).")
        return value
    if isinstance(value, np.ndarray):
        return Tensor(x.device.xp.asarray(value), x.device)
    if isinstance(value, (bool, int, float, np.number, np.bool_)):
        return value
    raise DTypeError(f"{op}: a value is a Tensor or a number, not {type(value).__name__}. Make a Tensor of it with "
                     "tg.tensor(...).")


def with_at_most(ndim, value):
    """`value` without leading axes of size 1 that are more than `ndim` leaves room for; a number as it is."""
    if isinstance(value, Tensor):
        extra = value.array.ndim - ndim
        if extra > 0 and value.array.shape[:extra] == (1,) * extra:
            return reshape_op(value, shape=value.array.shape[extra:])
    return value


def as_tensor_of(x, value):
    """A number as a 0-d Tensor on x's device; a Tensor as it is."""
    return value if isinstance(value, Tensor) else Tensor(x.device.xp.asarray(value), x.device)


def refused(op, x, value, error):
    """Our error for a write that the array library refused."""
    if "read-only" in str(error):
        return InPlaceError(f"{op}: the memory of this tensor is read-only, as that of the array it came from. Write "
                            "into its clone().")
    if not isinstance(value, Tensor):
        return DTypeError(f"{op}: {value} does not fit into {x.dtype}. Convert the tensor to another dtype first.")
    return ShapeError(f"{op}: a value of shape {tuple(value.shape)} does not broadcast to what is written in a tensor "
                      f"of shape {tuple(x.shape)} ({error}). Sizes must be equal or 1.")


def write_in_graph(name, x, op, part, value, *others, **attrs):
    """op(part, value, ...) in place, for `part` of x; an error about shapes speaks of what the user called."""
    try:
        return inplace(op, part, value, *others, **attrs)
    except ValueError as error:
        if isinstance(error, ShapeError):               # it speaks of `op`; the array library's speaks of the sizes
            error = error.__context__
        raise refused(name, x, value, error) from None


def copy_(x, src, non_blocking=False):
    """Write `src` into x, broadcast and converted to its dtype (and brought to its device); returns x.

    Raises: ShapeError if it does not broadcast; InPlaceError where autograd must refuse the write.
    """
    if isinstance(src, Tensor) and src.device is not x.device:
        src = src.to(device=x.device)
    src = as_tensor_of(x, as_value("copy_", x, src))
    if has_history(x, src):
        return write_in_graph("copy_", x, copy_op, x, with_at_most(x.array.ndim, src))
    check_writable("copy_", x, (src,))
    try:
        x.device.write(x.array, ..., src.array)
    except ValueError as error:
        raise refused("copy_", x, src, error) from None
    x.wrote("copy_")
    return x


def fill_(x, value):
    """Write one number (or a 0-d tensor) into every element of x; returns x."""
    if isinstance(value, Tensor):
        if value.array.ndim:
            raise ShapeError(f"fill_: expected a number or a 0-d tensor, got shape {tuple(value.shape)}. Use copy_ for "
                             "more.")
        copy_(x, value).writes[1] = "fill_"
        return x
    return _filled("fill_", x, as_value("fill_", x, value))


def zero_(x):
    """Write 0 into every element of x; returns x."""
    return _filled("zero_", x, 0)


def _filled(name, x, value):
    check_writable(name, x)
    if has_history(x):
        inplace(fill_op, x, value=value).writes[1] = name
        return x
    try:
        x.device.write(x.array, ..., value)
    except (ValueError, OverflowError) as error:
        raise refused(name, x, value, error) from None
    x.wrote(name)
    return x
