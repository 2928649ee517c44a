"""How a tensor meets the rest of Python: NumPy, DLPack, numbers, containers, printing, copying, pickling.

What would lose a gradient or move memory without being asked is refused.
"""
from copy import deepcopy

import numpy as np

from .autograd.views import InferenceTensor, View
from .device import CPU, Device
from .errors import ArgumentError, ArgumentTypeError, DeviceError, GradError, ShapeError
from .printing import format_tensor
from .tensor import Leaf, Tensor


def _host(x, what, moving=False):
    """x's array in the host's memory.

    Raises: GradError if x has a gradient to lose; DeviceError if it would have to be moved without being asked.
    """
    if x.requires_grad:
        raise GradError(f"{what}: this tensor requires grad, and NumPy would not record what is done to it. "
                        "Use .detach() first.")
    if x.device.type != "cpu" and not moving:
        raise DeviceError(f"{what}: this tensor is on {x.device}. Copy it to the host first with .cpu().")
    return x.device.asnumpy(x.array)


def numpy(x, *, force=False):
    """The tensor as a NumPy array on the same memory, strides and all; what is written through it is not counted.

    Args: force: detach and copy to the host if need be.
    Raises: GradError if it requires grad; DeviceError if it is not on the CPU.
    """
    return x.device.asnumpy(x.array) if force else _host(x, "numpy")


def item(x):
    """The one element as a Python number.

    Raises: ShapeError if there is not exactly one.
    """
    if x.array.size != 1:
        raise ShapeError(f"item: the tensor has {x.array.size} elements (shape {tuple(x.shape)}); only one can become "
                         "a number. Use .tolist() for several.")
    return x.array.item()


def tolist(x):
    """The elements as Python numbers in nested lists (one number for a 0-d tensor)."""
    return x.device.asnumpy(x.array).tolist()


def __array__(x, dtype=None, copy=None):
    array = _host(x, "__array__")
    if dtype is not None and array.dtype != dtype:
        if copy is False:
            raise ArgumentError(f"__array__: {array.dtype} cannot become {dtype} without a copy.")
        return array.astype(dtype)
    return array.copy() if copy else array


def __dlpack__(x, **options):
    if x.requires_grad:
        raise GradError("__dlpack__: this tensor requires grad, and other libraries would not record what is done to "
                        "it. Use .detach() first.")
    return x.array.__dlpack__(**options)


def __dlpack_device__(x):
    return x.array.__dlpack_device__()


def __bool__(x):
    if x.array.size != 1:
        raise ShapeError(f"bool: a tensor with {x.array.size} elements (shape {tuple(x.shape)}) is neither true nor "
                         "false. Use .any() or .all().")
    return bool(x.array.item())


def __float__(x):
    return float(item(x))


def __int__(x):
    return int(item(x))


def __index__(x):
    if x.dtype.is_floating_point or x.array.size != 1:
        raise ArgumentTypeError(f"index: only an integer tensor with one element is an index; this one is {x.dtype} "
                            f"with shape {tuple(x.shape)}. Use int(tensor) if that is meant.")
    return int(x.array.item())


def __len__(x):
    if x.array.ndim == 0:
        raise ShapeError("len: a 0-d tensor has no length. Use .numel() for the number of elements.")
    return x.array.shape[0]


def __iter__(x):
    if x.array.ndim == 0:
        raise ShapeError("iter: a 0-d tensor cannot be iterated over. Use .item() for its value.")
    return iter(x.unbind())


def __contains__(x, element):
    if not isinstance(element, (Tensor, int, float, bool, np.generic)):
        raise ArgumentError(f"in: expected a number or a Tensor, got {type(element).__name__}.")
    return bool((x == element).any())


def __format__(x, spec):
    if x.array.ndim == 0:
        return format(x.array.item(), spec)
    return object.__format__(x, spec)


def __repr__(x):
    return format_tensor(x)


def _repr_html_(x):
    """What a notebook shows: shape, dtype and a table or heat-map; static, nothing in it runs."""
    from .reprs import tensor_html
    return tensor_html(x)


def _repr_svg_(x):
    """The same as a picture."""
    from .reprs import tensor_svg
    return tensor_svg(x)


def __deepcopy__(x, memo):
    """A tensor of its own memory; refused for one that was computed, whose graph cannot be copied."""
    if id(x) in memo:
        return memo[id(x)]
    if not x.is_leaf:
        raise GradError("deepcopy: this tensor was computed from others that require grad, and a graph cannot be "
                        "copied. Copy x.detach(), or use x.clone() to stay in the graph.")
    twin = memo[id(x)] = _rebuilt(_kind(x), x.device.call(x.array.copy, order="K"), x.device, x.requires_grad)
    if x.grad is not None:
        twin.grad = Tensor(x.device.call(x.grad.array.copy, order="K"), x.grad.device)
    for name, value in getattr(x, "__dict__", {}).items():
        twin.__dict__[name] = deepcopy(value, memo)
    return twin


def _kind(x):
    """The class of a copy: the user's own, but not a View or an InferenceTensor, whose memory is another's."""
    return Tensor if isinstance(x, (View, InferenceTensor)) else type(x)


def _rebuilt(kind, array, device, requires_grad, attributes=None):
    x = object.__new__(kind)
    Tensor.__init__(x, array, device)
    if requires_grad:
        x.edge = x.holder = Leaf(array)
    if attributes:
        x.__dict__.update(attributes)
    return x


def __reduce_ex__(x, protocol):
    """Pickled as its array; a tensor that was computed is refused, as PyTorch does."""
    if not x.is_leaf:
        raise GradError("pickle: this tensor was computed from others that require grad, and a graph cannot be "
                        "pickled. Pickle x.detach().")
    return (_unpickled, (_kind(x), x.device.asnumpy(x.array), str(x.device),
                         x.requires_grad, getattr(x, "__dict__", None)))


def _unpickled(kind, array, device, requires_grad, attributes):
    device = Device(device)
    return _rebuilt(kind, array if device is CPU else device.xp.asarray(array), device, requires_grad, attributes)
