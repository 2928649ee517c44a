"""Losses on classes: cross-entropy and the negative log-likelihood.

Let L(z) = sum_i sum_c -q_ic z_ic (reduced), q fixed by the targets: weight_t at the target, or with label smoothing s,
(1 - s) weight_t there plus s / C weight_c everywhere. L is linear in z, with an adjoint L*:

    nll_loss(x) = L(x),             dx = L*(g)
    cross_entropy(x) = L(l),        l = log_softmax(x), dx = v - p sum_c v with v = L*(g), p = softmax(x)

With an incoming u, sum u (v - p sum_c v) = L(u - sum_c p u) g: differentiated by g and by x, where p is computed from x
again, in ops, it gives cross-entropy's second derivative and all that follow.

Shapes: input (N, C, *) or (C,), classes (N, *) or ().
"""
from typing import NamedTuple

from ..autograd import Op
from ..errors import ArgumentError, DTypeError, GradError, ShapeError
from ..tensor import Tensor
from .elementwise import add, div, mul, neg, sub
from .loss import check_float, reduction_of
from .reduce import sum
from .shape import reshape
from .softmax import log_softmax_op, softmax_grad, softmax_op

__all__ = ["cross_entropy", "nll_loss"]


class Terms(NamedTuple):
    """Which targets count, what becomes of their losses, and how much of the target is spread over all classes."""
    ignore_index: int
    reduction: str
    label_smoothing: float


nll_loss_op = Op("nll_loss", "x target weight", attrs="how", promote=None).rules(
    x=lambda g, target, weight, x_shape, how: nll_loss_grad(g, target, weight, shape=x_shape, how=how))
nll_loss_grad = Op("nll_loss_grad", "g target weight", attrs="shape how", promote=None).rules(
    g=lambda u, target, weight, how: nll_loss_op(u, target, weight, how=how))

cross_entropy_op = Op("cross_entropy", "x target weight", attrs="how", residuals="peak log_sum", promote=None).rules(
    x=lambda g, x, target, weight, peak, log_sum, how: cross_entropy_grad(g, x, peak, log_sum, target, weight, how=how))
cross_entropy_grad = Op("cross_entropy_grad", "g x peak log_sum target weight", attrs="how", promote=None).rules(
    g=lambda u, x, target, weight, how: nll_loss_op(_log_softmax_along(u, x), target, weight, how=how),
    x=lambda u, g, x, target, weight, x_shape, how: _softmax_part(u, nll_loss_grad(g, target, weight, shape=x_shape,
                                                                                 how=how), x))


def _class_dim(x):
    return 0 if x.ndim == 1 else 1


def _log_softmax_along(u, x):
    """The derivative of log_softmax(x) in the direction u: u - sum_c p u."""
    dim = _class_dim(x)
    return sub(u, sum(mul(softmax_op(x, dim=dim), u), dim, keepdim=True))


def _softmax_part(u, v, x):
    """The gradient of -(sum_c u p)(sum_c v) by x."""
    dim = _class_dim(x)
    return neg(mul(sum(v, dim, keepdim=True), softmax_grad(u, softmax_op(x, dim=dim), dim=dim)))


def cross_entropy(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean",
                  label_smoothing=0.0):
    """-log of the softmax probability of the right class, computed without forming the probability.

    Args:
        input: logits (N, C, *) or (C,), floating point.
        target: classes (N, *) or (), integers; or probabilities of the input's shape and kind.
        weight: (C,), one for each class, or None; of the input's dtype. A constant with class targets.
        ignore_index: class targets that do not count. "mean" divides by the sum of the weights of those that do, so
            it is nan if none does; with probabilities it divides by N times the sizes behind C.
        label_smoothing: from 0 to 1: the part of the target that is spread evenly over the classes.
    Returns: () or, with reduction "none", (N, *).
    Raises: ShapeError, DTypeError, ArgumentError; TensorIndexError for a class that is not there. On a GPU such a
        target gives nan instead: the error would make every call wait for the GPU.

    >>> import tinygrad_cnn as tg
    >>> cross_entropy(tg.zeros(2, 10), tg.tensor([3, 7]))
    tensor(2.3026)
    """
    op = "cross_entropy"
    check_float(op, input)
    if not 0.0 <= label_smoothing <= 1.0:
        raise ArgumentError(f"{op}: label_smoothing is {label_smoothing}. Give a number from 0 to 1.")
    reduction = reduction_of(op, reduction, size_average, reduce)
    _check_class_weight(op, input, weight)
    if isinstance(target, Tensor) and target.shape == input.shape and target.dtype.is_floating_point:
        if ignore_index >= 0:
            raise ArgumentError(f"{op}: ignore_index={ignore_index} names a class, but the target holds probabilities. "
                                "Leave it out, or give class indices.")
        return _soft_cross_entropy(input, target, weight, reduction, label_smoothing)
    _check_classes(op, input, target, weight)
    return cross_entropy_op(input, target, weight, how=Terms(ignore_index, reduction, float(label_smoothing)))


def _soft_cross_entropy(input, target, weight, reduction, smoothing):
    """-sum_c weight_c q_c log_softmax(x)_c with q = (1 - s) target + s / C."""
    dim = _class_dim(input)
    classes = input.shape[dim]
    if smoothing:
        target = add(mul(target, 1 - smoothing), smoothing / classes)
    y = mul(log_softmax_op(input, dim=dim), target)
    if weight is not None:
        y = mul(y, reshape(weight, (-1, *(1,) * (input.ndim - 1 - dim))))
    y = neg(sum(y, dim))
    if reduction == "none":
        return y
    return sum(y) if reduction == "sum" else div(sum(y), y.array.size)


def nll_loss(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean"):
    """-input[target]: the loss of log-probabilities.

    Args: input: (N, C, *) or (C,), as log_softmax gives it. The others: as cross_entropy with class targets.
    Returns and Raises: as cross_entropy.

    >>> import tinygrad_cnn as tg
    >>> nll_loss(tg.tensor([[-0.5, -2.0]]), tg.tensor([1]))
    tensor(2.)
    """
    check_float("nll_loss", input)
    reduction = reduction_of("nll_loss", reduction, size_average, reduce)
    _check_class_weight("nll_loss", input, weight)
    _check_classes("nll_loss", input, target, weight)
    return nll_loss_op(input, target, weight, how=Terms(ignore_index, reduction, 0.0))


def _check_class_weight(op, input, weight):
    if not input.ndim:
        raise ShapeError(f"{op}: input has no axes. Give it shape (N, C, ...) or (C,).")
    if weight is None:
        return
    classes = input.shape[_class_dim(input)]
    if not isinstance(weight, Tensor) or tuple(weight.shape) != (classes,):
        shape = tuple(weight.shape) if isinstance(weight, Tensor) else type(weight).__name__
        raise ShapeError(f"{op}: weight is {shape} but the input has {classes} classes (input {tuple(input.shape)}). "
                         f"Give a Tensor of shape ({classes},).")
    if weight.dtype is not input.dtype:
        raise DTypeError(f"{op}: weight is {weight.dtype} but input is {input.dtype}. Convert one with .to(dtype).")


def _check_classes(op, input, target, weight):
    """Class targets: integers, one for each place of the input behind its class axis; a constant weight."""
    if not isinstance(target, Tensor):
        raise DTypeError(f"{op}: target is {type(target).__name__}, not a Tensor. Make one with tg.tensor(...).")
    if target.array.dtype.kind not in "iu":
        raise DTypeError(f"{op}: target is {target.dtype} of shape {tuple(target.shape)}; classes are integers. Use "
                         "target.long(), or (cross_entropy) give probabilities of the input's shape "
                         f"{tuple(input.shape)}.")
    expected = tuple(input.shape[:1] + input.shape[2:]) if input.ndim > 1 else ()
    if tuple(target.shape) != expected:
        raise ShapeError(f"{op}: target has shape {tuple(target.shape)} but input {tuple(input.shape)} needs classes "
                         f"of shape {expected}. Give one class for each place; axis "
                         f"{_class_dim(input)} of the input is the classes.")
    if weight is not None and weight.requires_grad:
        raise GradError(f"{op}: weight requires grad, but with class targets it is a constant. Use weight.detach().")
