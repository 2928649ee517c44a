"""Changing a tensor's dtype or device: differentiable, and never done without being asked.

The gradient of a cast is cast back; the gradient of a transfer is moved back.
"""
from functools import partial

import numpy as np

from .. import dtypes
from ..autograd import Op
from ..autograd.basic import cast
from ..autograd.modes import Watch, get_mode
from ..device import Device
from ..errors import ArgumentError, DTypeError
from ..tensor import Tensor

__all__ = []                                           # methods of Tensor only


class _Transfer(Op):
    """An op whose output lives elsewhere than its input."""

    def run(self, args, arrays, edges, mask, device, attrs):
        target, mode = attrs["device"], get_mode()
        if isinstance(mode, Watch) and mode.tape is not None:
            return mode.tape.call(self, args, attrs, partial(self.run, args, arrays, edges, mask, device, attrs))
        host = np.array(device.asnumpy(arrays[0]), order="K", copy=device.xp is np)
        y = host if target.xp is np else target.xp.asarray(host)
        record = mask and (mode is True or (mode is not False and mode.grad))
        plan = (self.plans.get(mask) or self.plan(mask, 1)) if record else None
        return self.result(y, (), args, edges, plan, target, attrs, mode)


transfer = _Transfer("transfer", "x", attrs="device source", promote=None)
transfer.rules(x=lambda g, device, source: transfer(g, device=source, source=device))


def _parsed(args, device, dtype):
    """What the positional arguments of `to` ask for: (device, dtype)."""
    for a in args:
        if isinstance(a, Tensor):
            device, dtype = a.device, a.dtype
        elif isinstance(a, (str, Device)) and not (isinstance(a, str) and a in ("float32", "float64", "float16")):
            device = Device(a)
        elif isinstance(a, bool):
            continue                                    # non_blocking, copy: positional in PyTorch
        elif a is not None:
            dtype = dtypes.of(a)
    return None if device is None else Device(device), None if dtype is None else dtypes.of(dtype)


def to(self, *args, device=None, dtype=None, non_blocking=False, copy=False, memory_format=None):
    """This tensor in another dtype, on another device, or both; itself if it is that already.

    Args: a DType, a device (or its name), both, or another Tensor to be like; or by keyword. copy: always a new tensor.
        memory_format: as for `contiguous`.
    Raises: DTypeError, DeviceError for what there is not.

    >>> import tinygrad_cnn as tg
    >>> tg.tensor([1, 2]).to(tg.float32)
    tensor([1., 2.])
    """
    device, dtype = _parsed(args, device, dtype)
    x = self
    if dtype is not None and x.array.dtype != dtype.numpy:
        x = _cast(x, dtype)
    if device is not None and device is not x.device:
        x = transfer(x, device=device, source=x.device)
    if copy and x is self:
        x = _cast(x, x.dtype)
    return x if memory_format is None else x.contiguous(memory_format=memory_format)


def _cast(x, dtype):
    if not dtype.is_floating_point and x.edge is not None:
        x = Tensor(x.array, x.device)                   # integers have no gradient
    return cast(x, dtype=dtype.numpy)


def _to_dtype(name):
    dtype = dtypes.of(name)

    def convert(self):
        return self.to(dtype=dtype)
    convert.__name__ = name
    convert.__doc__ = f"This tensor as {name}; itself if it is that already."
    return convert


float_, double_, half_, bfloat16_ = (_to_dtype(n) for n in ("float32", "float64", "float16", "bfloat16"))
int_, long_, short_, char, byte, bool_ = (_to_dtype(n) for n in ("int32", "int64", "int16", "int8", "uint8", "bool"))


def type_(self, dtype=None, non_blocking=False):
    """This tensor in another dtype; without one, the name of its own ('tinygrad_cnn.float32')."""
    return str(self.dtype) if dtype is None else self.to(dtype=dtype)


def type_as(self, other):
    """This tensor in the dtype of `other`."""
    if not isinstance(other, Tensor):
        raise DTypeError(f"type_as: other must be a Tensor, got {type(other).__name__}. For a DType use .to(dtype).")
    return self.to(dtype=other.dtype)


def cpu(self):
    """This tensor on the CPU; itself if it is there."""
    return self.to(device="cpu")


def cuda_(self, device=None):
    """This tensor on a GPU (the first, or the one of that number or name).

    Raises: DeviceError if CuPy or a GPU is missing, saying which and what helps.
    """
    if isinstance(device, int) and not isinstance(device, bool):
        device = f"cuda:{device}"
    if device is not None and Device(device).type != "cuda":
        raise ArgumentError(f"cuda: {device!r} is not a GPU. Give a number or 'cuda:<number>'.")
    return self.to(device="cuda" if device is None else device)
