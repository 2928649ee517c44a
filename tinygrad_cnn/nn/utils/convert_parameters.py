"""Parameters as one vector, and back: for line searches, for comparing models, for second-order methods."""
from ...autograd import no_grad
from ...errors import ArgumentTypeError, ShapeError
from ...ops.join import cat
from ...tensor import Tensor

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters):
    """All numbers of `parameters` in one vector (n,), in their order; it is differentiable.

    >>> import tinygrad_cnn as tg
    >>> tg.nn.utils.parameters_to_vector(tg.nn.Linear(3, 2).parameters()).shape
    tinygrad_cnn.Size([8])
    """
    return cat([p.reshape(-1) for p in parameters])


def vector_to_parameters(vec, parameters):
    """Write a vector (n,) into `parameters`, in their order.

    Raises: ArgumentTypeError if vec is not a Tensor; ShapeError if it has not as many numbers as the parameters.
    """
    if not isinstance(vec, Tensor):
        raise ArgumentTypeError(f"vector_to_parameters: vec is a {type(vec).__name__}, not a Tensor. "
                                "Use tg.tensor(...).")
    parameters = list(parameters)
    wanted = sum(p.numel() for p in parameters)
    if vec.shape != (wanted,):
        raise ShapeError(f"vector_to_parameters: vec has shape {tuple(vec.shape)} but the parameters have {wanted} "
                         f"numbers. Pass a vector of shape ({wanted},).")
    start = 0
    with no_grad():
        for p in parameters:
            p.copy_(vec[start:start + p.numel()].view(p.shape))
            start += p.numel()
