"""What a user means by `tg.Tensor(...)`: PyTorch's old constructor, of sizes or of data, in the default dtype.

The engine calls the same class with an array and a Device; only a call without a Device comes here.
"""
import numpy as np

from .. import dtypes
from ..errors import ArgumentError, ArgumentTypeError
from ..tensor import Size, Tensor
from .creation import as_tensor, zeros


def construct(self, given):
    """Make `self` what PyTorch's Tensor(*given) is: zeros of the sizes given, or the one list, tuple or array given.

    A NumPy array of the default dtype shares its memory.
    Raises: ArgumentTypeError for a number or an object that is no list; ArgumentError for a Tensor, which can be shared
    or copied, and for what is neither sizes alone nor one list.

    >>> import tinygrad_cnn as tg
    >>> tg.Tensor(2, 3)
    tensor([[0., 0., 0.],
            [0., 0., 0.]])
    >>> tg.Tensor([2, 3])
    tensor([2., 3.])
    """
    first = given[0] if given else None
    made = _zeros(given) if _is_size(first) or isinstance(first, Size) else _from(first, given)
    Tensor.__init__(self, made.array, made.device)


def _is_size(value):
    return hasattr(value, "__index__") and not isinstance(value, (bool, np.ndarray, Tensor))


def _zeros(given):
    sizes = given[0] if len(given) == 1 and isinstance(given[0], Size) else given
    if not all(map(_is_size, sizes)):
        raise ArgumentError(f"Tensor: {', '.join(map(repr, given))} are not all sizes. Give whole numbers for zeros of "
                            "that shape, or one list of data.")
    return zeros(tuple(sizes))


def _from(data, given):
    if isinstance(data, Tensor):
        raise ArgumentError("Tensor: this is one already. Use x.detach() for its memory, x.clone() for a copy, or "
                            "x.float() for another dtype.")
    if len(given) > 1:
        raise ArgumentError(f"Tensor: {len(given)} arguments are neither sizes nor one list of data. Use "
                            "tg.tensor(data, dtype=..., device=...) for more than data.")
    if not isinstance(data, (np.ndarray, list, tuple, range)):
        raise ArgumentTypeError(f"Tensor: {data!r} is neither sizes nor a list of data. Use tg.tensor(...) for one "
                                "number.")
    return as_tensor(list(data) if isinstance(data, range) else data, dtype=dtypes.get_default_dtype())
