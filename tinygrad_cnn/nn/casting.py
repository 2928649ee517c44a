"""Moving and casting a whole module: to(), cuda(), cpu(), half() and their kin.

The one idea: the parameters stay the same objects and only get new arrays, so an optimizer made before the move goes on
working after it.
"""
from .. import dtypes
from ..autograd import no_grad
from ..device import Device
from ..errors import DTypeError
from ..tensor import Tensor

__all__ = ["Castable"]


def parse_to(device=None, dtype=None, non_blocking=False, *, tensor=None, memory_format=None):
    """The (Device, DType) that the arguments of `Module.to` ask for, either None where not asked.

    Raises: DTypeError for a dtype that is not floating point, DeviceError for a device that is not there.
    """
    if isinstance(device, Tensor):
        tensor, device = device, None
    elif _is_dtype(device):
        device, dtype = None, device
    if tensor is not None:
        device, dtype = tensor.device, tensor.dtype
    if dtype is not None:
        dtype = dtypes.of(dtype)
        if not dtype.is_floating_point:
            raise DTypeError(f"Module.to: {dtype} is not floating point, and weights cannot be trained as integers. "
                             "Use float16, bfloat16, float32 or float64.")
    return None if device is None else Device(device), dtype


def _is_dtype(value):
    if value is None or isinstance(value, (str, int)):
        return False
    try:
        dtypes.of(value)
    except DTypeError:
        return False
    return True


class Castable:
    """The part of Module that changes the device or the element type of its tensors."""

    def _apply(self, fn, recurse=True):
        """Replace every parameter, gradient and buffer `t` by `fn(t)`; a Parameter stays the same object, so an
        optimizer that holds it goes on working."""
        for module in self.modules() if recurse else (self,):
            with no_grad():
                for parameter in module._parameters.values():
                    if parameter is None:
                        continue
                    grad = parameter.grad
                    new = fn(parameter)
                    if new is not parameter:
                        parameter.grad = None
                        parameter.data = new
                        parameter.grad = None if grad is None else fn(grad)
                for name, buffer in module._buffers.items():
                    if buffer is not None:
                        module._buffers[name] = fn(buffer)
        return self

    def to(self, *args, **kwargs):
        """Move and cast the parameters and buffers in place: to(device), to(dtype), to(device, dtype) or to(tensor).

        Only floating-point tensors are cast; all are moved. Returns this module.
        Raises: DTypeError for a dtype that is not floating point, DeviceError for a device that is not there.
        """
        device, dtype = parse_to(*args, **kwargs)

        def convert(t):
            return t.to(device=device, dtype=dtype if t.dtype.is_floating_point else None)
        return self._apply(convert)

    def cuda(self, device=None):
        """Move the parameters and buffers to a CUDA device (the current one if not given). Returns this module."""
        return self._apply(lambda t: t.cuda(device))

    def cpu(self):
        """Move the parameters and buffers to the CPU. Returns this module."""
        return self._apply(lambda t: t.cpu())

    def type(self, dst_type):
        """Cast every parameter and buffer, the integer ones too. Returns this module."""
        return self._apply(lambda t: t.to(dtypes.of(dst_type)))

    def float(self):
        """Cast the floating-point parameters and buffers to float32. Returns this module."""
        return self.to(dtypes.float32)

    def double(self):
        """Cast the floating-point parameters and buffers to float64. Returns this module."""
        return self.to(dtypes.float64)

    def half(self):
        """Cast the floating-point parameters and buffers to float16. Returns this module."""
        return self.to(dtypes.float16)

    def bfloat16(self):
        """Cast the floating-point parameters and buffers to bfloat16. Returns this module."""
        return self.to(dtypes.bfloat16)
