"""The Device named "strict:0": the kernels a GPU would use, on the double of CuPy.

Kernels that launch CUDA text have nothing to run on here (room.py leaves them out); for those ops the strict device
takes the kernel all devices share.
"""
from tinygrad_cnn.device import Device, OneStream

from .array import StrictArray
from .ledger import LEDGER
from .namespace import xp


def _synchronise():
    LEDGER.synchronise("synchronize()")


def _open_strict(device):
    device.xp, device.array_type = xp, StrictArray
    device.asnumpy = xp.asnumpy
    device.workers, device.synchronize = OneStream(xp), _synchronise
    device._rooms = ("tests.strict.room", ".kernels.generic")


Device.register("strict", _open_strict)


def strict_device():
    """The one strict device."""
    return Device("strict")
