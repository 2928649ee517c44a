"""The Device named "strict:0": the kernels a GPU would use, on the double of CuPy. "strict:1" and "strict:2" are GPUs
of a machine that has several, where CuPy works on the thread's current one only.

Kernels that launch CUDA text have nothing to run on here (room.py leaves them out); for those ops the strict device
takes the kernel all devices share.
"""
from tinygrad_cnn.device import Device, OneStream
from tinygrad_cnn.errors import DeviceError

from .array import StrictArray
from .ledger import LEDGER
from .namespace import xp

GPUS = 3


def _synchronise():
    LEDGER.synchronise("synchronize()")


class Runtime:
    """The double of cupy.cuda.runtime, as far as it says which GPU is current."""

    @staticmethod
    def getDevice():
        return LEDGER.current

    @staticmethod
    def setDevice(index):
        LEDGER.current = index


def _open_strict(device):
    if device.index >= GPUS:
        raise DeviceError(f"device: strict:{device.index} is not there. Use strict:0 to strict:{GPUS - 1}.")
    device.xp, device.array_type = xp, StrictArray
    device.asnumpy = xp.asnumpy
    if device.index:
        device.share_machine(Runtime)
    device.workers, device.synchronize = OneStream(device.xp), _synchronise
    device._rooms = ("tests.strict.room", ".kernels.generic")


Device.register("strict", _open_strict)


def strict_device():
    """The one strict device."""
    return Device("strict")
