"""torch.accelerator's questions: the one kind of accelerator here is CUDA, through CuPy."""
from . import cuda
from .device import Device

__all__ = ["current_accelerator", "device_count", "is_available"]


def is_available():
    """Whether a GPU can be used; never raises."""
    return cuda.is_available()


def device_count():
    """How many GPUs can be used."""
    return cuda.device_count()


def current_accelerator(check_available=False):
    """The device 'cuda', or None where no GPU can be used."""
    return Device("cuda") if cuda.is_available() else None
