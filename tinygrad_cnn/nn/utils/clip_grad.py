"""Gradient clipping, in place, between backward() and the optimizer's step.

The one idea: the norm is that of all gradients as if they were one vector, and it stays on the device: clipping
costs no wait for the GPU unless error_if_nonfinite asks for one.
"""
import math
from collections.abc import Iterable

from ...autograd import no_grad
from ...errors import ArgumentError, ArgumentTypeError, GradError
from ...ops.creation import tensor
from ...ops.join import stack
from ...tensor import Tensor

__all__ = ["clip_grad_norm_", "clip_grad_value_", "get_total_norm"]


def _grads(name, parameters):
    """The gradients of a tensor or of an iterable of tensors, those that are there."""
    if not isinstance(parameters, (Tensor, Iterable)):
        raise ArgumentTypeError(f"{name}: parameters is a {type(parameters).__name__}. Pass model.parameters().")
    tensors = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    for t in tensors:
        if not isinstance(t, Tensor):
            raise ArgumentTypeError(f"{name}: parameters has a {type(t).__name__}. Pass model.parameters().")
    return [t.grad for t in tensors if t.grad is not None]


def _at_least_0(name, option, value):
    if not float(value) >= 0:
        raise ArgumentError(f"{name}: {option} is {value}. Give a number of at least 0.")


@no_grad()
def get_total_norm(tensors, norm_type=2.0, error_if_nonfinite=False, foreach=None):
    """The `norm_type`-norm of all numbers of `tensors` together, a 0-d Tensor.

    Raises: GradError with error_if_nonfinite if it is NaN or infinite.
    """
    tensors = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    norm_type = float(norm_type)
    if math.isnan(norm_type) or norm_type < 0:
        raise ArgumentError(f"get_total_norm: norm_type is {norm_type}. Use a number of at least 0, or math.inf.")
    if not tensors:
        return tensor(0.0)
    device = tensors[0].device
    norms = stack([_norm(t.detach(), norm_type).to(device=device) for t in tensors])
    total = _norm(norms, norm_type)
    if error_if_nonfinite and not math.isfinite(total.item()):
        raise GradError(f"clip_grad_norm_: the total norm of order {norm_type:g} of the gradients is {total.item()}, "
                        "so they cannot be clipped. Pass error_if_nonfinite=False to scale them all the same.")
    return total


def _norm(t, norm_type):
    """The norm of all numbers of one tensor, 0-d."""
    if norm_type == math.inf:
        return t.abs().max()
    if norm_type == 0:
        return (t != 0).sum().to(t.dtype)
    if norm_type == 2:
        flat = t.reshape(-1)
        return flat.dot(flat).sqrt()
    if norm_type == 1:
        return t.abs().sum()
    return t.abs().pow(norm_type).sum().pow(1 / norm_type)


@no_grad()
def clip_grad_norm_(parameters, max_norm, norm_type=2.0, error_if_nonfinite=False, foreach=None):
    """Scale the gradients of `parameters`, in place, so that their common norm is at most `max_norm`.

    Returns: the norm before, a 0-d Tensor.
    Raises: GradError with error_if_nonfinite if the norm is NaN or infinite; ArgumentTypeError for what is no tensor;
        ArgumentError for a negative max_norm.

    >>> import tinygrad_cnn as tg
    >>> w = tg.tensor([3.0, 4.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> tg.nn.utils.clip_grad_norm_([w], 1.0)
    tensor(10.)
    >>> w.grad
    tensor([0.6000, 0.8000])
    """
    _at_least_0("clip_grad_norm_", "max_norm", max_norm)
    grads = _grads("clip_grad_norm_", parameters)
    total = get_total_norm(grads, norm_type, error_if_nonfinite)
    factor = (float(max_norm) / (total + 1e-6)).clamp(max=1.0)
    for grad in grads:
        grad.mul_(factor.to(device=grad.device, dtype=grad.dtype))
    return total


@no_grad()
def clip_grad_value_(parameters, clip_value, foreach=None):
    """Clamp every number of the gradients of `parameters`, in place, to [-clip_value, clip_value].

    Raises: ArgumentError for a negative clip_value.
    """
    _at_least_0("clip_grad_value_", "clip_value", clip_value)
    limit = float(clip_value)
    for grad in _grads("clip_grad_value_", parameters):
        grad.clamp_(min=-limit, max=limit)
