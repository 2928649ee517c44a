"""Reading and writing through an index, as CuPy does it: on NumPy arrays, before and after they are wrapped.

Where CuPy would be silent, `SilentlyWrong` is raised: an index array out of bounds (it wraps round), one place written
twice with different values (the order is undefined), a write through a view whose elements overlap.
"""
import numpy as np

from .ledger import LEDGER
from .refusals import Refused, SilentlyWrong


def _advanced(index):
    """Whether index arrays or masks are in play; counts the wait that a mask costs."""
    found = masks = False
    for item in index if type(index) is tuple else (index,):
        if isinstance(item, (np.ndarray, list)):
            found = True
            if np.asarray(item).dtype.kind == "b":
                masks = True
        elif isinstance(item, (bool, np.bool_)):
            found = masks = True
    if masks:
        LEDGER.synchronise("indexing with a mask")
    return found


def read(array, index):
    """array[index]: a view for integers and slices (0-d too), a new array for index arrays and masks."""
    advanced = _advanced(index)
    try:
        result = array[index]
    except IndexError:
        _explain(array, index, advanced)
        raise
    if type(result) is not np.ndarray:                  # NumPy hands out a scalar, CuPy a 0-d array
        result = np.asarray(result) if advanced else array[(index if type(index) is tuple else (index,)) + (...,)]
    return np.ascontiguousarray(result) if advanced and result.ndim else result


def write(array, index, value):
    """array[index] = value."""
    advanced = _advanced(index)
    try:
        if not advanced:
            check_write(array[(index if type(index) is tuple else (index,)) + (...,)]
                        if not _has_ellipsis(index) else array[index])
        array[index] = value
    except IndexError:
        _explain(array, index, advanced)
        raise
    if advanced and isinstance(value, np.ndarray) and value.size > 1:
        stored, meant = np.broadcast_arrays(array[index], value.astype(array.dtype))
        if stored.tobytes() != meant.tobytes():
            raise SilentlyWrong("a[index] = values writes one place twice with different values; on CuPy any of them "
                                "may stay. Use xp.add.at, or make the index unique.")


def _has_ellipsis(index):
    return index is Ellipsis or type(index) is tuple and any(item is Ellipsis for item in index)


def _explain(array, index, advanced):
    """If an index array is to blame for the IndexError, say what CuPy would do instead."""
    if not advanced:
        return
    items = index if type(index) is tuple else (index,)
    zeroed = tuple(np.zeros_like(item) if isinstance(item, (np.ndarray, list)) and np.asarray(item).dtype.kind in "iu"
                   else item for item in items)
    try:
        array[zeroed]
    except IndexError:
        return
    raise SilentlyWrong(f"an index array is out of bounds for an array of shape {array.shape}; CuPy would wrap it "
                        "round silently. Check it first.")


def check_write(array):
    """Refuse to write where elements overlap in memory: broadcast views, overlapping windows."""
    if array.flags.c_contiguous or array.size <= 1:
        return
    reach = array.itemsize
    for stride, size in sorted((abs(stride), size) for stride, size in zip(array.strides, array.shape) if size > 1):
        if stride < reach:
            raise SilentlyWrong(f"a write to a view of shape {array.shape} and strides {array.strides} whose elements "
                                "share memory; on CuPy the order of such writes is undefined")
        reach = stride * (size - 1) + reach


def bounds(array):
    """The first byte of an array's elements and the one past the last."""
    low = high = array.__array_interface__["data"][0]
    for stride, size in zip(array.strides, array.shape):
        if stride < 0:
            low += stride * (size - 1)
        else:
            high += stride * (size - 1)
    return low, high + array.itemsize


def owner(array):
    """The array that owns the memory; as_strided puts an object without array type into the chain."""
    while True:
        base = array.base
        if base is not None and not isinstance(base, np.ndarray):
            base = getattr(base, "base", None)
        if not isinstance(base, np.ndarray):
            return array
        array = base


def as_strided(array, shape=None, strides=None):
    """cupy.lib.stride_tricks.as_strided, which also refuses to look outside the memory the array was cut from."""
    shape = array.shape if shape is None else tuple(shape)
    strides = array.strides if strides is None else tuple(strides)
    if any(size < 0 for size in shape) or len(shape) != len(strides):
        raise Refused(f"as_strided: shape {shape} and strides {strides} do not describe an array")
    result = np.lib.stride_tricks.as_strided(array, shape, strides)
    if result.size:
        root = owner(array)
        (low, high), (first, last) = bounds(result), bounds(root)
        if low < first or high > last:
            raise SilentlyWrong(f"as_strided: shape {shape} and strides {strides} reach "
                                f"{max(first - low, high - last)} bytes outside the array's memory of "
                                f"{last - first} bytes")
    return result
