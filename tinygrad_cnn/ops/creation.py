"""Tensors from data, from other libraries' memory, and from nothing.

Python floats become the default dtype, Python integers int64, Python bools bool; NumPy arrays keep their dtype.
"""
import math

import numpy as np

from .. import dtypes
from ..device import CPU, Device
from ..errors import ArgumentError, DataError, DTypeError, ShapeError
from ..tensor import Tensor
from .dims import existing_dim

__all__ = ["arange", "as_tensor", "asarray", "empty", "empty_like", "eye", "from_dlpack", "from_numpy", "full",
           "full_like", "linspace", "logspace", "ones", "ones_like", "scalar_tensor", "tensor", "zeros", "zeros_like"]


def _placed(array, device, requires_grad=False):
    """A Tensor of host array `array` on `device`."""
    device = CPU if device is None else Device(device)
    x = Tensor(array if device is CPU else device.xp.asarray(array), device)
    return x.requires_grad_() if requires_grad else x


def _first_number(data):
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return data


def _plain(data):
    """Nested lists with Tensors in them as nested lists of arrays."""
    if isinstance(data, Tensor):
        return data.device.asnumpy(data.array)
    return [_plain(d) for d in data] if isinstance(data, (list, tuple)) else data


def _as_array(data, dtype, op):
    """A host array of `data`, which may still share memory with it."""
    if isinstance(data, (list, tuple)):
        data = _plain(data)
    try:
        array = np.asarray(data)
    except ValueError:
        raise ShapeError(f"{op}: the nested lists are not rectangular. "
                         "Give every list at one depth the same length.") from None
    if dtype is not None:
        dtype = dtypes.of(dtype)
    elif ((array.dtype.kind == "f" or array.size == 0) and not isinstance(data, np.ndarray)
          and not isinstance(_first_number(data), (np.generic, np.ndarray))):
        dtype = dtypes.get_default_dtype()
    if array.dtype.kind in "OUSMmcV" and (dtype is None or array.dtype != dtype.numpy):
        try:
            dtypes.of(array.dtype)
        except DTypeError:
            raise DTypeError(f"{op}: cannot make a tensor of {type(_first_number(data)).__name__} (NumPy's dtype "
                             f"{array.dtype}). Give real numbers, or an array of them.") from None
    numpy_dtype = (dtype or dtypes.of(array.dtype)).numpy
    if isinstance(data, (int, list)) and array.dtype.kind == "i" and numpy_dtype.kind in "iu" and array.size:
        limits = np.iinfo(numpy_dtype)
        if array.min() < limits.min or array.max() > limits.max:
            raise DTypeError(f"{op}: values from {array.min()} to {array.max()} do not fit into {numpy_dtype}. "
                             "Choose a wider dtype.")
    return array.astype(numpy_dtype, copy=False)


def tensor(data, *, dtype=None, device=None, requires_grad=False, pin_memory=False):
    """A new tensor with a copy of `data`: a number, nested lists, a NumPy array or a Tensor.

    Args: dtype: a DType; by default Python floats give the default dtype, ints int64, bools bool, arrays their own.
        device: a Device or its name. requires_grad: whether to record what is computed from it.
    Raises: ShapeError for ragged lists, DTypeError for what is not numbers.

    >>> tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    """
    if isinstance(data, Tensor):
        device = data.device if device is None else Device(device)
        array = data.array if device is data.device else device.xp.asarray(data.device.asnumpy(data.array))
        array = device.call(array.astype, array.dtype if dtype is None else dtypes.of(dtype).numpy)
        x = Tensor(array, device)
        return x.requires_grad_() if requires_grad else x
    array = _as_array(data, dtype, "tensor")
    shared = isinstance(data, np.ndarray) and np.may_share_memory(array, data)
    return _placed(array.copy() if shared else array, device, requires_grad)


def as_tensor(data, dtype=None, device=None):
    """`data` as a tensor, sharing its memory where dtype and device allow; a Tensor stays in its graph."""
    if isinstance(data, Tensor):
        return data.to(device=device, dtype=dtype) if dtype is not None or device is not None else data
    return _placed(_as_array(data, dtype, "as_tensor"), device)


def asarray(obj, *, dtype=None, device=None, copy=None, requires_grad=False):
    """`obj` as a tensor; copy=True always copies, None only where it must, False refuses to.

    Raises: ArgumentError if copy=False and a copy is needed.
    """
    if copy:
        return tensor(obj, dtype=dtype, device=device, requires_grad=requires_grad)
    x = as_tensor(obj, dtype=dtype, device=device)
    source = obj.array if isinstance(obj, Tensor) else obj
    if copy is False and not (isinstance(source, np.ndarray) and np.may_share_memory(source, x.array)):
        raise ArgumentError("asarray: copy=False, but this dtype, device or kind of object needs a copy. "
                            "Use copy=None.")
    return x.requires_grad_() if requires_grad else x


def from_numpy(array):
    """A tensor on the memory of a NumPy array: a write through either is seen by both (and not counted as a write).

    Raises: DataError for anything but an array; DTypeError for a dtype this package has not.
    """
    if not isinstance(array, np.ndarray):
        raise DataError(f"from_numpy: expected a NumPy array, got {type(array).__name__}. "
                        "Use tg.tensor(...) for other data.")
    dtypes.of(array.dtype)
    return Tensor(np.asarray(array), CPU)


def from_dlpack(ext_tensor):
    """A tensor on the memory of any object with `__dlpack__` (NumPy, CuPy, PyTorch, JAX, ...)."""
    if not hasattr(ext_tensor, "__dlpack__"):
        raise DataError(f"from_dlpack: {type(ext_tensor).__name__} has no __dlpack__. Use tg.tensor(...) for a copy.")
    kind, index = ext_tensor.__dlpack_device__()
    device = CPU if kind == 1 else Device("cuda", index)
    array = device.xp.from_dlpack(ext_tensor)
    dtypes.of(array.dtype)
    return Tensor(array, device)


def _shape(op, size):
    """Sizes given as numbers or as one sequence, checked."""
    if len(size) == 1 and isinstance(size[0], (tuple, list)):
        size = size[0]
    for n in size:
        if isinstance(n, bool) or not hasattr(n, "__index__"):
            raise ArgumentError(f"{op}: size {n!r} is not an integer. Give the sizes as integers: {op}(2, 3).")
        if n.__index__() < 0:
            raise ShapeError(f"{op}: size {n} is negative (sizes {tuple(size)}). Sizes count elements.")
    return tuple(n.__index__() for n in size)


def _made(op, make, size, dtype, device, requires_grad):
    device = CPU if device is None else Device(device)
    dtype = dtypes.get_default_dtype() if dtype is None else dtypes.of(dtype)
    x = Tensor(make(device, _shape(op, size), dtype.numpy), device)
    return x.requires_grad_() if requires_grad else x


def zeros(*size, dtype=None, device=None, requires_grad=False):
    """A tensor of zeros of the given sizes (numbers, or one tuple).

    >>> zeros(2, 3).shape
    tinygrad_cnn.Size([2, 3])
    """
    return _made("zeros", lambda d, s, t: d.xp.zeros(s, t), size, dtype, device, requires_grad)


def ones(*size, dtype=None, device=None, requires_grad=False):
    """A tensor of ones of the given sizes."""
    return _made("ones", lambda d, s, t: d.xp.ones(s, t), size, dtype, device, requires_grad)


def empty(*size, dtype=None, device=None, requires_grad=False):
    """A tensor of the given sizes with whatever its memory holds."""
    return _made("empty", lambda d, s, t: d.empty(s, t), size, dtype, device, requires_grad)


def full(size, fill_value, *, dtype=None, device=None, requires_grad=False):
    """A tensor of the given sizes filled with one number, whose Python type chooses the dtype if none is given."""
    if isinstance(fill_value, Tensor):
        fill_value = fill_value.item()
    kind = dtypes.scalar_kind(fill_value)
    if kind is None:
        raise DTypeError(f"full: fill_value is a {type(fill_value).__name__}, not a number.")
    if dtype is None:
        dtype = (dtypes.bool, dtypes.int64, None)[kind]
    elif kind == dtypes.INTEGER and dtypes.of(dtype).kind == dtypes.INTEGER:
        limits = dtypes.iinfo(dtype)
        if not limits.min <= fill_value <= limits.max:
            raise DTypeError(f"full: {fill_value} does not fit into {dtypes.of(dtype)}. Choose a wider dtype.")
    size = size if isinstance(size, (tuple, list)) else (size,)
    return _made("full", lambda d, s, t: d.xp.full(s, fill_value, t), (size,), dtype, device, requires_grad)


def scalar_tensor(value, *, dtype=None, device=None, requires_grad=False):
    """A 0-d tensor of the default dtype (or `dtype`)."""
    return full((), value, dtype=dtype or dtypes.get_default_dtype(), device=device, requires_grad=requires_grad)


def _like(make, name):
    def like(input, *, dtype=None, device=None, requires_grad=False):
        return make(tuple(input.shape), dtype=dtype or input.dtype, device=device or input.device,
                    requires_grad=requires_grad)
    like.__name__ = like.__qualname__ = f"{name}_like"
    like.__doc__ = f"`{name}` with the shape, dtype and device of `input`, where these are not given."
    return like


zeros_like = _like(zeros, "zeros")
ones_like = _like(ones, "ones")
empty_like = _like(empty, "empty")


def full_like(input, fill_value, *, dtype=None, device=None, requires_grad=False):
    """A tensor filled with one number, with the shape, dtype and device of `input` where these are not given."""
    return full(tuple(input.shape), fill_value, dtype=dtype or input.dtype, device=device or input.device,
                requires_grad=requires_grad)


def _number(op, name, value):
    if isinstance(value, Tensor):
        value = value.item()
    if dtypes.scalar_kind(value) is None:
        raise ArgumentError(f"{op}: {name}={value!r} is not a number.")
    return value


def arange(start, end=None, step=1, *, dtype=None, device=None, requires_grad=False):
    """Numbers from `start` (0 if only one number is given) up to but not including `end`, in steps of `step`.

    Integers give int64, otherwise the default dtype.
    Raises: ArgumentError if the step is 0 or leads away from `end`.

    >>> arange(3)
    tensor([0, 1, 2])
    """
    start, end = (0, start) if end is None else (start, end)
    start, end, step = (_number("arange", n, v) for n, v in (("start", start), ("end", end), ("step", step)))
    if step == 0 or not 0 <= (end - start) / step < math.inf:
        raise ArgumentError(f"arange: from {start} to {end} in steps of {step} there is no way. "
                            "Give a step that leads from start to end.")
    if dtype is None:
        whole = all(dtypes.scalar_kind(v) < dtypes.FLOATING for v in (start, end, step))
        dtype = dtypes.int64 if whole else dtypes.get_default_dtype()
    count = math.ceil((end - start) / step)
    values = start + step * np.arange(count, dtype=np.int64)
    return _placed(values.astype(dtypes.of(dtype).numpy), device, requires_grad)


def linspace(start, end, steps, *, dtype=None, device=None, requires_grad=False):
    """`steps` numbers evenly spaced from `start` to `end`, both included."""
    if not hasattr(steps, "__index__") or steps < 0:
        raise ArgumentError(f"linspace: steps={steps!r} is not a number of points. Give an integer of at least 0.")
    values = np.linspace(_number("linspace", "start", start), _number("linspace", "end", end), steps)
    return _placed(values.astype((dtypes.get_default_dtype() if dtype is None else dtypes.of(dtype)).numpy), device,
                   requires_grad)


def logspace(start, end, steps, base=10.0, *, dtype=None, device=None, requires_grad=False):
    """base ** linspace(start, end, steps)."""
    if not hasattr(steps, "__index__") or steps < 0:
        raise ArgumentError(f"logspace: steps={steps!r} is not a number of points. Give an integer of at least 0.")
    values = float(base) ** np.linspace(_number("logspace", "start", start), _number("logspace", "end", end), steps)
    return _placed(values.astype((dtypes.get_default_dtype() if dtype is None else dtypes.of(dtype)).numpy), device,
                   requires_grad)


def eye(n, m=None, *, dtype=None, device=None, requires_grad=False):
    """The matrix (n, m) with ones on its diagonal; m = n if not given."""
    return _made("eye", lambda d, s, t: d.xp.eye(*s, dtype=t), (n, n if m is None else m), dtype, device, requires_grad)


def _new(make):
    def method(self, *size, dtype=None, device=None, requires_grad=False):
        return make(*size, dtype=dtype or self.dtype, device=device or self.device, requires_grad=requires_grad)
    method.__doc__ = f"`{make.__name__}` with this tensor's dtype and device, where these are not given."
    return method


new_zeros, new_ones, new_empty = _new(zeros), _new(ones), _new(empty)


def new_full(self, size, fill_value, *, dtype=None, device=None, requires_grad=False):
    """`full` with this tensor's dtype and device, where these are not given."""
    return full(size, fill_value, dtype=dtype or self.dtype, device=device or self.device, requires_grad=requires_grad)


def new_tensor(self, data, *, dtype=None, device=None, requires_grad=False):
    """`tensor` with this tensor's dtype and device, where these are not given."""
    return tensor(data, dtype=dtype or self.dtype, device=device or self.device, requires_grad=requires_grad)


def size(self, dim=None):
    """The shape, or the size along `dim`."""
    return self.shape if dim is None else self.array.shape[existing_dim("size", dim, self.array.ndim)]
