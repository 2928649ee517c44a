"""What an op is given, when it is not plain tensors of one dtype: promotion, and our errors for what cannot be."""
import numpy as np

from .. import dtypes
from ..device import CPU
from ..errors import DeviceError, DTypeError, ShapeError, TinygradError
from ..tensor import Tensor

# Whether 200 == 300 can be told although uint8 has no 300.
COMPARISONS = frozenset(("eq", "ne", "lt", "le", "gt", "ge"))


def promoted(op, args, device):
    """Arguments as Tensors and scalars, their arrays in the dtype they promote to, and the device."""
    args = [Tensor(np.asarray(a), CPU) if isinstance(a, np.ndarray) else a for a in args]
    dimensioned, zero_dim, kind = [], [], -1
    for i, a in enumerate(args):
        if isinstance(a, Tensor):
            if device is not None and a.device is not device:
                refuse_devices(op, args)
            device = a.device
            if i not in op.fixed:
                (dimensioned if a.array.ndim else zero_dim).append(a.array.dtype)
        elif a is not None and i not in op.fixed:
            kind = max(kind, _scalar(op, a))
    if device is None:
        raise DTypeError(f"{op.name}: expected at least one Tensor, got {', '.join(type(a).__name__ for a in args)}. "
                         "Make one with tg.tensor(...).")
    if op.promote is None:
        return args, [a.array if isinstance(a, Tensor) else a for a in args], device
    if op.promote == "same" and len({*dimensioned, *zero_dim}) > 1:
        raise DTypeError(f"{op.name}: inputs have dtypes {', '.join(str(d) for d in (*dimensioned, *zero_dim))}. "
                         "Convert them to one dtype with .to(dtype).")
    dtype = dtypes.result_dtype(tuple(dimensioned), tuple(zero_dim), kind)
    if op.promote == "float" and not dtype.is_floating_point:
        dtype = dtypes.get_default_dtype()
    return args, [a if i in op.fixed and not isinstance(a, Tensor) else
                  _as_dtype(op, a, dtype, device, i in op.fixed) for i, a in enumerate(args)], device


def _scalar(op, value):
    kind = dtypes.scalar_kind(value)
    if kind is None:
        raise DTypeError(f"{op.name}: expected Tensors and numbers, got {type(value).__name__}. "
                         "Make a Tensor of it with tg.tensor(...).")
    return kind


def _as_dtype(op, a, dtype, device, fixed):
    """One argument's array in `dtype`; a number stays one where the kernel gives it the other operand's dtype."""
    if isinstance(a, Tensor):
        return a.array if fixed or a.array.dtype == dtype.numpy else device.call(a.array.astype, dtype.numpy)
    if a is None:
        return a
    if isinstance(a, np.generic):
        a = a.item()
    if type(a) is int and dtype.kind == dtypes.INTEGER and not _fits(a, dtype):
        if op.name in COMPARISONS and _fits(a, dtypes.int64):
            return device.xp.asarray(a, dtype="int64")
        raise DTypeError(f"{op.name}: {a} does not fit into {dtype}. Convert the tensor to a wider type first.")
    if len(op.inputs) == 2 and not op.fixed and dtype is not dtypes.bfloat16:
        return a                                        # a number costs no transfer to a GPU
    if type(a) is int and dtype is dtypes.bfloat16 and not _fits(a, dtypes.int64):
        a = float(a)                                    # ml_dtypes takes no integer of more than 64 bits
    return device.xp.asarray(a, dtype=dtype.numpy)


def _fits(number, dtype):
    """Whether an integer is one of those that `dtype` has."""
    bits = 8 * dtype.itemsize
    return -(1 << bits - 1) <= number < 1 << bits - 1 if dtype.is_signed else 0 <= number < 1 << bits


def refuse_none(op):
    """Raise: an argument is None."""
    raise DTypeError(f"{op.name}: expected Tensors and numbers, got None. Make a Tensor with tg.tensor(...).")


def refuse_devices(op, args):
    """Raise: the arguments live on different devices."""
    places = ", ".join(f"{n} on {a.device}" for n, a in zip(_argument_names(op, args), args) if isinstance(a, Tensor))
    raise DeviceError(f"{op.name}: the inputs are on different devices ({places}). "
                      "Nothing is moved implicitly: bring them together with .to(device).")


def _argument_names(op, args):
    return [f"{op.inputs[0]}[{i}]" for i in range(len(args))] if op.variadic else op.inputs


def explain(op, error, arrays, attrs):
    """Our error for sizes the kernel refused, in place of the array library's."""
    if isinstance(error, TinygradError):
        raise error
    if isinstance(error, TypeError):
        _explain_dtypes(op, error, arrays)
    if isinstance(error, OverflowError):
        numbers = [a for a in arrays if not hasattr(a, "dtype") and a is not None]
        raise DTypeError(f"{op.name}: {', '.join(map(str, numbers))} is too large for the dtype of the "
                         "tensor.") from error
    shapes = [tuple(x.shape) for x in arrays if hasattr(x, "shape")]
    message = op.diagnose(*arrays, **attrs) if op.diagnose else _broadcast_message(shapes)
    if message is None:
        raise error
    raise ShapeError(f"{op.name}: {message}") from None


def _explain_dtypes(op, error, arrays):
    """Our error for dtypes that the array library's function does not take (NumPy's words, then CuPy's)."""
    words = str(error)
    about_dtypes = ("not supported", "unsupported operand", "did not contain a loop", "Wrong type")
    if not any(said in words for said in about_dtypes):
        raise error
    none = "NoneType" in words
    kinds = ", ".join(str(x.dtype) if hasattr(x, "dtype") else type(x).__name__
                      for x in arrays if x is not None or none)
    raise DTypeError(f"{op.name}: not defined for {kinds}. Convert the tensors with .to(dtype) first.") from error



def _broadcast_message(shapes):
    if len(shapes) < 2:
        return None
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(s)) + s for s in shapes]
    for axis, sizes in enumerate(zip(*padded)):
        if len({n for n in sizes if n != 1}) > 1:
            return (f"shapes {' and '.join(map(str, shapes))} cannot be broadcast together: axis {axis - rank} has "
                    f"sizes {' and '.join(map(str, sizes))}. Sizes must be equal or 1, counted from the last axis.")
    return None
