"""Losses that compare two tensors element by element: how far predictions are from what they should be, as one number.

The one idea: each loss is a formula for one element, and `reduction` says what becomes of them: "mean", "sum" or
"none". size_average and reduce are PyTorch's older words for the choice and are understood where given. Losses on
classes are in class_loss.py.
"""
import warnings

import numpy as np

from ..autograd import Op
from ..errors import ArgumentError, DTypeError, ShapeError
from ..tensor import Tensor
from .activation import logsigmoid
from .compare import clamp
from .elementwise import abs, add, div, exp, log, mul, neg, sigmoid, square, sub
from .reduce import mean, sum

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "huber_loss", "kl_div", "l1_loss", "mse_loss",
           "smooth_l1_loss"]


# h(d) = d^2 / 2 up to |d| = delta, straight beyond: h'(d) = clamp(d, -delta, delta)
huber = Op("huber", "d", attrs="delta", promote="float").rules(
    d=lambda g, d, delta: mul(g, clamp(d, -delta, delta)))

# y = -t log p - (1 - t) log(1 - p): dy/dp = (p - t) / (p (1 - p)), whose denominator is held at 1e-12 as in PyTorch
bce = Op("binary_cross_entropy", "p target").rules(
    p=lambda g, p, target: mul(g, div(sub(p, target), clamp(mul(p, sub(1, p)), min=1e-12))),
    target=lambda g, p: mul(g, sub(clamp(log(sub(1, p)), min=-100), clamp(log(p), min=-100))))

# y = w t softplus(-x) + (1 - t) softplus(x), with softplus' = sigmoid and softplus(x) = -logsigmoid(-x)
bce_with_logits = Op("binary_cross_entropy_with_logits", "x target pos_weight").rules(
    x=lambda g, x, target, pos_weight: mul(g, sub(mul(sub(1, target), sigmoid(x)),
                                                  mul(_weighted(target, pos_weight), sigmoid(neg(x))))),
    target=lambda g, x, pos_weight: mul(g, sub(logsigmoid(neg(x)), _weighted(logsigmoid(x), pos_weight))),
    pos_weight=lambda g, x, target: neg(mul(g, mul(target, logsigmoid(x)))))

# y = t (log t - x)
kl = Op("kl_div", "x target").rules(
    x=lambda g, target: neg(mul(g, target)),
    target=lambda g, x, target: mul(g, sub(add(log(target), 1), x)))


def _weighted(x, weight):
    return x if weight is None else mul(x, weight)


def mse_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """(input - target)^2. With a weight of the input's shape, "mean" divides by the sum of the weights.

    Other shapes than equal ones broadcast, with a warning. Returns: () or, with reduction "none", the shape of both.
    Raises: DTypeError for integers, ShapeError for shapes that do not fit.

    >>> import tinygrad_cnn as tg
    >>> mse_loss(tg.tensor([1.0, 2.0]), tg.tensor([1.0, 4.0]))
    tensor(2.)
    """
    _check_pair("mse_loss", input, target)
    reduction = reduction_of("mse_loss", reduction, size_average, reduce)
    return _averaged("mse_loss", square(sub(input, target)), input, weight, reduction)


def l1_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """|input - target|, with derivative 0 where they are equal. Arguments, Returns and Raises as mse_loss."""
    _check_pair("l1_loss", input, target)
    reduction = reduction_of("l1_loss", reduction, size_average, reduce)
    return _averaged("l1_loss", abs(sub(input, target)), input, weight, reduction)


def huber_loss(input, target, reduction="mean", delta=1.0, weight=None):
    """(input - target)^2 / 2 where |input - target| <= delta, delta (|input - target| - delta / 2) beyond.

    Args: weight: of the input's shape; unlike mse_loss's, it leaves the divisor of "mean" the number of elements, as in
        PyTorch. Source: Huber (1964). Returns: as mse_loss. Raises: as mse_loss, ArgumentError for delta <= 0.
    """
    _check_pair("huber_loss", input, target)
    if not delta > 0:
        raise ArgumentError(f"huber_loss: delta is {delta}. Give a number greater than 0.")
    y = huber(sub(input, target), delta=float(delta))
    if weight is not None:
        _check_weight("huber_loss", input, weight)
        y = mul(y, weight)
    return _reduced(y, reduction_of("huber_loss", reduction))


def smooth_l1_loss(input, target, size_average=None, reduce=None, reduction="mean", beta=1.0):
    """d^2 / (2 beta) where d = |input - target| is less than beta, d - beta / 2 beyond; l1_loss for beta 0.

    Returns: as mse_loss. Raises: as mse_loss, ArgumentError for beta < 0. Source: Girshick (2015), equation 3.
    """
    _check_pair("smooth_l1_loss", input, target)
    if not beta >= 0:
        raise ArgumentError(f"smooth_l1_loss: beta is {beta}. Give a number of at least 0.")
    d = sub(input, target)
    y = div(huber(d, delta=float(beta)), beta) if beta else abs(d)
    return _reduced(y, reduction_of("smooth_l1_loss", reduction, size_average, reduce))


def binary_cross_entropy(input, target, weight=None, size_average=None, reduce=None, reduction="mean"):
    """-target log(input) - (1 - target) log(1 - input), each logarithm held at -100 or more.

    Args: input: probabilities. target: of the same shape, from 0 to 1. weight: anything that broadcasts to that shape.
    Returns: () or, with reduction "none", the input's shape.
    Raises: ShapeError, DTypeError; ArgumentError for an input outside [0, 1] (on a GPU it gives nan).

    >>> import tinygrad_cnn as tg
    >>> binary_cross_entropy(tg.tensor([0.5]), tg.tensor([1.0]))
    tensor(0.6931)
    """
    op = "binary_cross_entropy"
    _check_same_shape(op, input, target)
    check_broadcast(op, input=input, weight=weight)
    return _reduced(_weighted(bce(input, target), weight), reduction_of(op, reduction, size_average, reduce))


def binary_cross_entropy_with_logits(input, target, weight=None, size_average=None, reduce=None, reduction="mean",
                                     pos_weight=None):
    """binary_cross_entropy of sigmoid(input), computed so that it neither overflows nor loses digits.

    Args: input: logits. target: of the same shape, from 0 to 1. weight: of each element, broadcasts. pos_weight: a
        factor on the positive part of the loss, broadcasts: more than 1 favours recall.
    Returns: () or, with reduction "none", the input's shape. Raises: ShapeError, DTypeError.

    >>> import tinygrad_cnn as tg
    >>> binary_cross_entropy_with_logits(tg.tensor([100.0, -100.0]), tg.tensor([0.0, 0.0]))
    tensor(50.)
    """
    op = "binary_cross_entropy_with_logits"
    _check_same_shape(op, input, target)
    check_broadcast(op, input=input, weight=weight, pos_weight=pos_weight)
    return _reduced(_weighted(bce_with_logits(input, target, pos_weight), weight),
                    reduction_of(op, reduction, size_average, reduce))


def kl_div(input, target, size_average=None, reduce=None, reduction="mean", log_target=False):
    """target (log target - input): the Kullback-Leibler divergence of distribution `target` from exp(input).

    Args: input: log-probabilities. target: probabilities, or with log_target their logarithms; the shapes broadcast.
        reduction: also "batchmean", the sum divided by input.shape[0]: the divergence as it is defined for a batch.
    Returns: () or, with reduction "none", the shape of both. Raises: DTypeError, ShapeError, ArgumentError.

    >>> import tinygrad_cnn as tg
    >>> kl_div(tg.tensor([[0.5, 0.5]]).log(), tg.tensor([[1.0, 0.0]]), reduction="batchmean")
    tensor(0.6931)
    """
    check_float("kl_div", input)
    check_float("kl_div", target, "target")
    check_broadcast("kl_div", input=input, target=target)
    y = mul(exp(target), sub(target, input)) if log_target else kl(input, target)
    if reduction == "batchmean" and size_average is None and reduce is None:
        return div(sum(y), input.shape[0]) if input.ndim else sum(y)
    return _reduced(y, reduction_of("kl_div", reduction, size_average, reduce, ", 'batchmean'"))


def reduction_of(op, reduction, size_average=None, reduce=None, more=""):
    """The reduction asked for, also in PyTorch's older words."""
    if size_average is not None or reduce is not None:
        return "none" if reduce is False else "sum" if size_average is False else "mean"
    if reduction not in ("mean", "sum", "none"):
        raise ArgumentError(f"{op}: reduction is {reduction!r}. Use 'mean', 'sum' or 'none'{more}.")
    return reduction


def _reduced(y, reduction):
    return y if reduction == "none" else mean(y) if reduction == "mean" else sum(y)


def _averaged(op, y, input, weight, reduction):
    """`y` reduced; with a weight the mean is the weighted one."""
    if weight is None:
        return _reduced(y, reduction)
    _check_weight(op, input, weight)
    y = mul(y, weight)
    return div(sum(y), sum(weight)) if reduction == "mean" else _reduced(y, reduction)


def check_float(op, x, name="input"):
    if not isinstance(x, Tensor):
        raise DTypeError(f"{op}: {name} is {type(x).__name__}, not a Tensor. Make one with tg.tensor(...).")
    if not x.dtype.is_floating_point:
        raise DTypeError(f"{op}: {name} is {x.dtype}, but must be floating point. Convert it with .float().")


def _check_pair(op, input, target):
    """Two tensors, of which one at least is floating point; a warning if they will broadcast."""
    check_float(op, input)
    if not isinstance(target, Tensor):
        raise DTypeError(f"{op}: target is {type(target).__name__}, not a Tensor. Make one with tg.tensor(...).")
    if input.shape != target.shape:
        check_broadcast(op, input=input, target=target)
        warnings.warn(f"{op}: input has shape {tuple(input.shape)} and target {tuple(target.shape)}; they are "
                      "broadcast, which is seldom meant. Give them the same shape.", stacklevel=3)


def check_broadcast(op, **tensors):
    """Raise ShapeError if the tensors' shapes do not broadcast together; None, for one that is not given, does."""
    given = {name: tuple(x.shape) for name, x in tensors.items() if x is not None}
    try:
        np.broadcast_shapes(*given.values())
    except ValueError:
        raise ShapeError(f"{op}: {', '.join(f'{name} {shape}' for name, shape in given.items())} cannot be broadcast "
                         "together. Give them the same shape.") from None


def _check_same_shape(op, input, target):
    check_float(op, input)
    check_float(op, target, "target")
    if input.shape != target.shape:
        raise ShapeError(f"{op}: input has shape {tuple(input.shape)} but target has {tuple(target.shape)}. "
                         "Give them the same shape.")


def _check_weight(op, input, weight):
    if not isinstance(weight, Tensor) or weight.shape != input.shape:
        shape = tuple(weight.shape) if isinstance(weight, Tensor) else type(weight).__name__
        raise ShapeError(f"{op}: weight is {shape} but input is {tuple(input.shape)}. "
                         "Give the weight the input's shape.")
