"""Taking an index apart: what is a view, and which axes of it are read by positions.

Numbers, slices, None and `...` make a view. Integer tensors (or lists) are positions along one axis; a mask is
positions along each of its axes. Positions are checked on the CPU, where it costs no waiting; on a GPU those outside
an axis wrap around.
"""
import numpy as np

from ..errors import ArgumentError, DeviceError, TensorIndexError
from ..tensor import Tensor
from .dims import integer
from .slices import ALL, getitem_op

BOUNDS = (int, type(None))


def basic(index):
    """The index, complete with `...`, if it makes a view: one of numbers, slices, None and `...`; else None."""
    dots = False
    for i in index:
        kind = type(i)
        if kind is int or i is None:
            continue
        if kind is slice:
            step = i.step
            if step is not None and (type(step) is not int or step < 1):
                _refuse_step(i)
            if type(i.start) not in BOUNDS or type(i.stop) not in BOUNDS:
                return None
        elif i is Ellipsis:
            if dots:
                raise _twice(index)
            dots = True
        else:
            return None
    return index if dots else (*index, Ellipsis)


def _refuse_step(i):
    if not hasattr(i.step, "__index__") or i.step.__index__() < 1:
        raise ArgumentError(f"index: a slice with step {i.step} is not possible, steps must be at least 1. Use "
                            "flip(dim) to turn an axis around.")


def _twice(index):
    return TensorIndexError(f"index: '...' appears twice in an index of {len(index)} parts. Use it once.")


def _too_many(count, shape):
    return TensorIndexError(f"index: {count} indices for a tensor of {len(shape)} dimensions (shape {tuple(shape)}). "
                            f"Give at most {len(shape)}.")


def as_tuple(index):
    """The parts of an index as they stand between the brackets."""
    if type(index) is tuple:
        return index
    if type(index) is list and any(isinstance(i, (list, tuple, Tensor)) for i in index):
        raise TensorIndexError("index: a list of lists or tensors is read as a tuple by PyTorch and as an array by "
                               "NumPy. Write x[tuple(parts)] or x[tg.tensor(parts)].")
    return (index,)


def outside_axes(shape, index):
    """The error for numbers and slices that do not fit a tensor of that shape."""
    count = sum(i is not None and i is not Ellipsis for i in index)
    if count > len(shape):
        return _too_many(count, shape)
    axis = 0
    for i in index:
        if i is Ellipsis:
            axis += len(shape) - count
        elif i is not None:
            if type(i) is int and not -shape[axis] <= i < shape[axis]:
                break
            axis += 1
    return TensorIndexError(f"index: {i} is out of range for axis {axis} of size {shape[axis]} (shape {tuple(shape)}). "
                            f"Use {-shape[axis]} to {shape[axis] - 1}.")


class Plan:
    """An index with integer tensors or masks in it, taken apart.

    basic: what makes the view to read from (None: all of x). dims: its axes to be read by positions, and positions: an
    integer Tensor for one axis, for several one row for each; None if there are none. mask: if `by_mask` and the index
    is nothing but a mask over the first axes, that mask (and no positions).
    """
    __slots__ = ("basic", "dims", "positions", "mask")

    def __init__(self, x, index, by_mask=True):
        parts = [_part(x, i) for i in index]
        ndim, used = x.array.ndim, sum(_axes_used(i) for i in parts)
        if used > ndim:
            raise _too_many(used, x.array.shape)
        dots = sum(i is Ellipsis for i in parts)
        if dots > 1:
            raise _twice(parts)
        self.basic = self.dims = self.positions = self.mask = None
        if by_mask and _is_mask(parts[0]) and parts[0].array.ndim and all(i is Ellipsis for i in parts[1:]):
            self.mask = _fitting(x, parts[0], 0)
            return
        basic, found = self._taken_apart(x, parts if dots else [*parts, Ellipsis], ndim - used)
        if not all(i is Ellipsis or type(i) is slice and i == ALL for i in basic):
            self.basic = tuple(basic)
        if found:
            self.dims = tuple([d for d, _ in found])
            self.positions = found[0][1] if len(found) == 1 else _stacked(x, [t for _, t in found])

    @staticmethod
    def _taken_apart(x, parts, rest):
        """The index that makes the view, and pairs (axis of the view, positions); `...` stands for `rest` axes."""
        basic, found = [], []
        place = axis = 0                                # of the view, of x
        for i in parts:
            if isinstance(i, Tensor):
                tensors = _positions(x, i, axis) if _is_mask(i) else [i]
                basic += [ALL] * len(tensors) if i.array.ndim else [None]
                found += [(place + k, t) for k, t in enumerate(tensors)]
                place += len(tensors)
            else:
                basic.append(i)
                place += rest if i is Ellipsis else type(i) is not int
            axis += rest if i is Ellipsis else _axes_used(i)
        return basic, found

    def part(self, x):
        """The view of x that is read from."""
        if self.basic is None:
            return x
        try:
            return getitem_op(x, index=self.basic)
        except IndexError:
            raise outside_axes(x.array.shape, self.basic) from None

    def write(self, x, value):
        """Write into x's memory, nothing recorded."""
        array = x.array if self.basic is None else x.array[self.basic]
        if self.mask is not None:
            self._write_under_mask(x.device, array, value)
        elif self.dims is None:
            x.device.write(array, ..., value)
        else:
            x.device.kernel("index_put_")(array, value, self.positions.array, dims=self.dims)

    def _write_under_mask(self, device, array, value):
        """Numbers one by one go where the mask is true; one number for all of them asks no GPU how many those are."""
        mask = self.mask.array
        if getattr(value, "ndim", 0):
            device.write(array, mask, value)
        else:
            mask = mask.reshape(mask.shape + (1,) * (array.ndim - mask.ndim))
            device.xp.copyto(array, value, casting="unsafe", where=mask)

    def outside(self, part):
        """The error for positions outside their axes."""
        rows = [self.positions.array] if len(self.dims) == 1 else self.positions.array
        for d, i in zip(self.dims, rows):
            check_range("index", i, part.array.shape[d], d, part.array.shape)
        return TensorIndexError(f"index: the positions do not fit a tensor of shape {tuple(part.shape)}.")


def _is_mask(i):
    return isinstance(i, Tensor) and i.array.dtype.kind == "b"


def _fitting(x, mask, axis):
    """The mask, if its sizes are those of x's axes from `axis` on."""
    shape = mask.array.shape
    if shape != x.array.shape[axis:axis + len(shape)]:
        raise TensorIndexError(f"index: a mask of shape {shape} cannot be laid over the axes from {axis} on of a "
                               f"tensor of shape {tuple(x.shape)}. Its sizes must be theirs.")
    return mask


def _positions(x, mask, axis):
    """The positions where a mask over the axes from `axis` on is true: one Tensor for each; a 0-d one is a new axis."""
    xp = x.device.xp
    if mask.array.ndim == 0:
        return [Tensor(xp.zeros(1, "int64")[:int(mask.array)], x.device)]
    return [Tensor(a, x.device) for a in xp.nonzero(_fitting(x, mask, axis).array)]


def _axes_used(i):
    """How many axes of the tensor a part of an index stands for."""
    if isinstance(i, Tensor):
        return i.array.ndim if i.array.dtype.kind == "b" else 1
    return int(type(i) in (int, slice))


def _part(x, i):
    """One part of an index: an int, slice, None, Ellipsis, or a Tensor of integers or bools on x's device."""
    if i is None or i is Ellipsis or type(i) is int:
        return i
    if isinstance(i, slice):
        _refuse_step(i if i.step is not None else slice(None, None, 1))
        return slice(*[None if v is None else integer("index", "a bound of a slice", v)
                       for v in (i.start, i.stop, i.step)])
    if isinstance(i, (list, tuple, range)):
        i = _listed(i)
    if isinstance(i, (bool, np.bool_, np.ndarray)):
        i = Tensor(x.device.xp.asarray(i), x.device)
    if not isinstance(i, Tensor):
        if hasattr(i, "__index__"):
            return i.__index__()
        raise TensorIndexError(f"index: {type(i).__name__} is not an index. Use integers, slices, None, '...', or "
                               "tensors and lists of integers or bools.")
    if i.array.dtype.kind not in "ib":
        raise TensorIndexError(f"index: a tensor of {i.dtype} is not an index. Use an integer dtype (.long()) for "
                               "positions or bool (.bool()) for a mask.")
    if i.device is not x.device:
        raise DeviceError(f"index: the tensor is on {x.device} but its index on {i.device}. Bring it there with "
                          ".to(device).")
    if i.array.ndim == 0 and i.array.dtype.kind == "i":
        return int(i.array)
    return i


def _listed(i):
    """A list as an array of positions, or of bools."""
    if any(isinstance(v, slice) or v is None or v is Ellipsis for v in i):
        raise TensorIndexError("index: a list with slices, None or '...' in it is not an index. Write a tuple: "
                               "x[tuple(parts)].")
    try:
        found = np.array([v.tolist() if isinstance(v, Tensor) else v for v in i])
    except ValueError:
        raise TensorIndexError("index: a list of lists of several lengths is not an index. Write a tuple: "
                               "x[tuple(parts)].") from None
    return found.astype("int64") if found.size == 0 else found


def _stacked(x, tensors):
    """Positions along several axes as one Tensor, a row for each axis."""
    xp = x.device.xp
    try:
        shape = np.broadcast_shapes(*[t.array.shape for t in tensors])
    except ValueError:
        raise TensorIndexError(f"index: index tensors of shapes {', '.join(str(tuple(t.shape)) for t in tensors)} "
                               "cannot be broadcast together. Sizes must be equal or 1, counted from "
                               "the last axis.") from None
    rows = [xp.astype(xp.broadcast_to(t.array, shape), "int64", copy=False) for t in tensors]
    return Tensor(xp.stack(rows), x.device)


def check_range(op, index, size, axis, shape, negative=True):
    """Refuse positions outside an axis; on the CPU only, where looking costs no waiting.

    negative: whether positions may be counted from the end.
    """
    if not isinstance(index, np.ndarray) or not index.size:
        return
    if not negative and index.view(f"u{index.itemsize}").max() < size:
        return                                          # read without a sign, a negative number is too large
    low, high = int(index.min()), int(index.max())
    if low < (-size if negative else 0) or high >= size:
        wrong = high if high >= size else low
        raise TensorIndexError(f"{op}: position {wrong} is out of range for axis {axis} of size {size} (shape "
                               f"{tuple(shape)}). Use {-size if negative else 0} to {size - 1}.")
