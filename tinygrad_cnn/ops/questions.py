"""What a tensor is: its kind, its sizes in memory, where it lives; PyTorch's small questions."""
from ..tensor import Tensor

__all__ = ["is_floating_point", "is_tensor", "numel"]


def is_tensor(obj):
    """Whether `obj` is a Tensor."""
    return isinstance(obj, Tensor)


def is_floating_point(input):
    """Whether the elements of `input` are floating-point numbers."""
    return input.dtype.is_floating_point


def numel(input):
    """The number of elements of `input`."""
    return input.numel()


def nelement(self):
    """The number of elements."""
    return self.numel()


def ndimension(self):
    """The number of axes."""
    return self.ndim


def element_size(self):
    """The bytes of one element."""
    return self.dtype.itemsize


def itemsize(self):
    """The bytes of one element (the property)."""
    return self.dtype.itemsize


def nbytes(self):
    """The bytes of all elements."""
    return self.numel() * self.dtype.itemsize


def is_cuda(self):
    """Whether it lives on a GPU."""
    return self.device.type == "cuda"


def is_cpu(self):
    """Whether it lives in the memory of the CPU."""
    return self.device.type == "cpu"


def get_device(self):
    """The index of the GPU it lives on, -1 for the CPU."""
    return -1 if self.device.index is None else self.device.index
