"""What a tensor is: its kind, its sizes in memory, where it lives; PyTorch's small questions."""
from .. import dtypes
from ..autograd.views import InferenceTensor
from ..errors import DTypeError
from ..tensor import Tensor

__all__ = ["is_complex", "is_floating_point", "is_inference", "is_nonzero", "is_signed", "is_tensor", "numel",
           "result_type"]


def is_tensor(obj):
    """Whether `obj` is a Tensor."""
    return isinstance(obj, Tensor)


def is_floating_point(input):
    """Whether the elements of `input` are floating-point numbers."""
    return input.dtype.is_floating_point


def is_complex(input):
    """Whether the elements of `input` are complex numbers, which no dtype here has."""
    return input.dtype.is_complex


def is_signed(input):
    """Whether the dtype of `input` has negative numbers."""
    return input.dtype.is_signed


def is_inference(input):
    """Whether `input` was made in inference mode."""
    return isinstance(input, InferenceTensor)


def is_nonzero(input):
    """Whether the one element of `input` is other than 0; as bool(input)."""
    return bool(input)


def result_type(tensor1, tensor2):
    """The DType that an operation on the two (tensors or numbers) would have.

    >>> import tinygrad_cnn as tg
    >>> result_type(tg.tensor([1]), 2.5)
    tinygrad_cnn.float32
    """
    both = (tensor1, tensor2)
    arrays = [x.array for x in both if isinstance(x, Tensor)]
    kinds = [dtypes.scalar_kind(x) for x in both if not isinstance(x, Tensor)]
    if None in kinds:
        raise DTypeError(f"result_type: expected Tensors and numbers, got {', '.join(type(x).__name__ for x in both)}. "
                         "Make a Tensor with tg.tensor(...).")
    return dtypes.result_dtype(tuple([a.dtype for a in arrays if a.ndim]),
                               tuple([a.dtype for a in arrays if not a.ndim]), max(kinds, default=-1))


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
