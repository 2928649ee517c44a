"""Parameter: a tensor that a module trains. Buffer: one that it keeps as state without training it.

Both are tensors in every respect; the class is how Module.__setattr__ knows where to file them. What ops compute from
them is a plain Tensor.
"""
import copy

from ..autograd.views import InferenceTensor
from ..errors import ArgumentTypeError
from ..ops.creation import empty
from ..tensor import Tensor

__all__ = ["Buffer", "Parameter"]


def _adopt(self, data):
    """Make `self` a tensor on the memory of `data` (or an empty one), outside data's graph."""
    if data is None:
        data = empty(0)
    elif not isinstance(data, Tensor):
        raise ArgumentTypeError(f"{type(self).__name__}: data is a {type(data).__name__}, not a Tensor. "
                                "Make a tensor of it first: tg.tensor(...).")
    Tensor.__init__(self, data.array, data.device)
    if not isinstance(data, InferenceTensor):
        self.writes = data.writes           # a write through either is seen by both


class Parameter(Tensor):
    """A tensor that is trained: assigned to an attribute of a Module, it is among its parameters().

    Args: data: the Tensor whose memory it takes (any shape), an empty one if None. requires_grad: whether it gets a
    gradient.
    Raises: ArgumentTypeError if data is not a Tensor; DTypeError if requires_grad and data is not floating point.

    >>> import tinygrad_cnn as tg
    >>> tg.nn.Parameter(tg.zeros(2))
    Parameter containing:
    tensor([0., 0.], requires_grad=True)
    """

    def __init__(self, data=None, requires_grad=True):
        _adopt(self, data)
        if requires_grad:
            self.requires_grad_()

    def __deepcopy__(self, memo):                       # as Tensor's, without the gradient
        if id(self) not in memo:
            new = type(self)(self.detach().clone(), self.requires_grad)
            memo[id(self)] = new
            new.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return memo[id(self)]

    def __repr__(self):
        return "Parameter containing:\n" + super().__repr__()


class Buffer(Tensor):
    """A tensor that is state but not trained: assigned to an attribute of a Module, it is among its buffers().

    Args: data: the Tensor whose memory it takes, an empty one if None. persistent: whether state_dict() has it.
    Raises: ArgumentTypeError if data is not a Tensor.
    """

    def __init__(self, data=None, *, persistent=True):
        _adopt(self, data)
        self.persistent = persistent
