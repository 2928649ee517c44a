"""The strict device: a double of CuPy 14.2.0 that runs on NumPy and refuses what CuPy refuses.

It is a double: it shows NumPy arrays mixed in, names and arguments CuPy lacks, hidden synchronisations, indices CuPy
would wrap silently, uninitialised memory, and layouts CuPy does not keep. It cannot show speed, races, stream order,
memory running out, or whether a CUDA kernel is right: that is for the GPU run (`python -m tests.benchmarks.gpu`).

`xp` is the module's double, `counting()` counts synchronisations and bytes, `strict_device()` is the device.
"""
from .array import StrictArray
from .ledger import LEDGER, counting
from .namespace import cupyx, xp
from .refusals import Refused, SilentlyWrong

__all__ = ["LEDGER", "Refused", "SilentlyWrong", "StrictArray", "counting", "cupyx", "strict_device", "xp"]


def strict_device():
    """The Device named "strict:0"; registered with tinygrad_cnn when first asked for."""
    from .device import strict_device as open_device
    return open_device()
