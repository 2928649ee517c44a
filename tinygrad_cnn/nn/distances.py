"""Functions of nn.functional about distances, and the losses made of a few ops: margins, Poisson, Gaussian.

The one idea: these have no kernels of their own; each is its formula in tensor ops, so its derivatives need no rules.
"""
import math

from ..errors import ArgumentError, ShapeError
from ..ops.activation import logsigmoid
from ..ops.dims import normalize_dim
from ..ops.loss import check_broadcast, check_float, reduction_of
from ..ops.spatial import require_tensor
from ..tensor import Tensor

__all__ = ["cosine_embedding_loss", "cosine_similarity", "gaussian_nll_loss", "hinge_embedding_loss",
           "margin_ranking_loss", "multilabel_soft_margin_loss", "normalize", "pairwise_distance", "poisson_nll_loss",
           "soft_margin_loss", "triplet_margin_loss"]


def _reduced(name, loss, reduction, size_average=None, reduce=None):
    """`loss` as it is, its sum or its mean; size_average and reduce are PyTorch's older words for the choice."""
    reduction = reduction_of(name, reduction, size_average, reduce)
    return loss if reduction == "none" else loss.mean() if reduction == "mean" else loss.sum()


def _check(name, **tensors):
    """Tensors whose shapes broadcast together, the first of them floating point."""
    check_float(name, *next((x, key) for key, x in tensors.items()))
    for key, x in tensors.items():
        require_tensor(name, key, x)
    check_broadcast(name, **tensors)


def normalize(input, p=2.0, dim=1, eps=1e-12):
    """input / max(its p-norm along `dim`, eps): vectors of length 1. Any shape."""
    check_float("normalize", input)
    dim = dim if dim is None or isinstance(dim, (tuple, list)) else normalize_dim("normalize", dim, input.ndim)
    return input / input.norm(p, dim, keepdim=True).clamp(min=eps)


def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """x1 . x2 / (|x1| |x2|) along `dim`, each norm held at eps or more: shapes that broadcast, `dim` removed.

    >>> import tinygrad_cnn as tg
    >>> cosine_similarity(tg.tensor([[1.0, 0.0]]), tg.tensor([[3.0, 4.0]]))
    tensor([0.6000])
    """
    _check("cosine_similarity", x1=x1, x2=x2)
    dim = normalize_dim("cosine_similarity", dim, max(x1.ndim, x2.ndim)) - max(x1.ndim, x2.ndim)
    low = eps * eps
    squares1 = (x1 * x1).sum(dim, keepdim=True).clamp(min=low)
    squares2 = (x2 * x2).sum(dim, keepdim=True).clamp(min=low)
    return (x1 * squares1.rsqrt() * (x2 * squares2.rsqrt())).sum(dim)


def pairwise_distance(x1, x2, p=2.0, eps=1e-6, keepdim=False):
    """The p-norm of x1 - x2 + eps along the last axis: (*, D), (*, D) -> (*)."""
    _check("pairwise_distance", x1=x1, x2=x2)
    return (x1 - x2 + eps).norm(p, -1, keepdim=keepdim)


def poisson_nll_loss(input, target, log_input=True, full=False, size_average=None, eps=1e-8, reduce=None,
                     reduction="mean"):
    """e^input - target input (log_input), or input - target log(input + eps).

    `full` adds Stirling's term where target > 1. Shapes: input and target alike.
    Returns: a 0-d Tensor, or with reduction 'none' one of the input's shape.
    """
    _check("poisson_nll_loss", input=input, target=target)
    loss = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        stirling = target * target.log() - target + 0.5 * (2 * math.pi * target).log()
        loss = loss + stirling.masked_fill(target <= 1, 0)
    return _reduced("poisson_nll_loss", loss, reduction, size_average, reduce)


def gaussian_nll_loss(input, target, var, full=False, eps=1e-6, reduction="mean"):
    """(log var + (input - target)^2 / var) / 2, var held at eps or more; `full` adds log(2 pi) / 2.

    Shapes: input and target alike; var the same, or with its last size 1 or left out. A var of eps or less gets the
    gradient of eps. Raises: ShapeError for a var of another shape.
    """
    _check("gaussian_nll_loss", input=input, target=target)
    if not isinstance(var, Tensor):
        var = input.new_full((), var)
    elif var.shape != input.shape:
        if var.shape == input.shape[:-1]:
            var = var.unsqueeze(-1)
        elif not (var.ndim == input.ndim and sum(a != b for a, b in zip(input.shape, var.shape)) == 1 and
                  all(b in (a, 1) for a, b in zip(input.shape, var.shape))):
            raise ShapeError(f"gaussian_nll_loss: var has shape {tuple(var.shape)} and input {tuple(input.shape)}. "
                             "Give var the input's shape, or one with size 1 on one axis.")
    if var.device.type == "cpu" and (var < 0).any():   # to look at it on a GPU would mean to wait
        raise ArgumentError(f"gaussian_nll_loss: var holds {var.min().item()}. A variance is at least 0: give "
                            "log-variances through exp(), or standard deviations squared.")
    var = var + (eps - var).clamp(min=0).detach()       # the value of max(var, eps), the gradient of var, as in PyTorch
    loss = 0.5 * (var.log() + (input - target) ** 2 / var)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return _reduced("gaussian_nll_loss", loss, reduction)


def soft_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """log(1 + e^(-target input)), target being 1 or -1: two tensors of one shape."""
    _check("soft_margin_loss", input=input, target=target)
    return _reduced("soft_margin_loss", -logsigmoid(target * input), reduction, size_average, reduce)


def multilabel_soft_margin_loss(input, target, weight=None, size_average=None, reduce=None, reduction="mean"):
    """The mean over the classes of the cross-entropy of sigmoid(input): input and target (N, C), weight (C,)."""
    _check("multilabel_soft_margin_loss", input=input, target=target, **({} if weight is None else {"weight": weight}))
    loss = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    if weight is not None:
        loss = loss * weight
    return _reduced("multilabel_soft_margin_loss", loss.mean(-1), reduction, size_average, reduce)


def hinge_embedding_loss(input, target, margin=1.0, size_average=None, reduce=None, reduction="mean"):
    """input where target is 1, max(0, margin - input) where it is -1: two tensors of one shape."""
    _check("hinge_embedding_loss", input=input, target=target)
    near = input.masked_fill(target == -1, 0)
    far = (margin - input).clamp(min=0).masked_fill(target == 1, 0)
    return _reduced("hinge_embedding_loss", near + far, reduction, size_average, reduce)


def margin_ranking_loss(input1, input2, target, margin=0, size_average=None, reduce=None, reduction="mean"):
    """max(0, -target (input1 - input2) + margin), target being 1 or -1: three tensors of one shape."""
    _check("margin_ranking_loss", input1=input1, input2=input2, target=target)
    if not input1.ndim == input2.ndim == target.ndim:
        raise ShapeError(f"margin_ranking_loss: input1 {tuple(input1.shape)}, input2 {tuple(input2.shape)} and target "
                         f"{tuple(target.shape)} differ in their number of axes. Give them the same shape.")
    loss = (-target * (input1 - input2) + margin).clamp(min=0)
    return _reduced("margin_ranking_loss", loss, reduction, size_average, reduce)


def cosine_embedding_loss(input1, input2, target, margin=0, size_average=None, reduce=None, reduction="mean"):
    """1 - cos where target is 1, max(0, cos - margin) where it is -1: (N, D), (N, D), (N,), or the same without N."""
    _check("cosine_embedding_loss", input1=input1, input2=input2)
    require_tensor("cosine_embedding_loss", "target", target)
    cosine = cosine_similarity(input1, input2, -1)
    if target.ndim != cosine.ndim or target.shape not in (cosine.shape, (1,)):
        raise ShapeError(f"cosine_embedding_loss: input1 {tuple(input1.shape)} and input2 {tuple(input2.shape)} need a "
                         f"target of shape {tuple(cosine.shape)}, not {tuple(target.shape)}. Give 1 or -1 a pair.")
    near = (1 - cosine).masked_fill(target != 1, 0)
    far = (cosine - margin).clamp(min=0).masked_fill(target != -1, 0)
    return _reduced("cosine_embedding_loss", near + far, reduction, size_average, reduce)


def triplet_margin_loss(anchor, positive, negative, margin=1.0, p=2, eps=1e-6, swap=False, size_average=None,
                        reduce=None, reduction="mean"):
    """max(0, d(anchor, positive) - d(anchor, negative) + margin), d the p-norm distance: three of (N, D) or (D,).

    Args: swap: use d(positive, negative) where it is the smaller.
    """
    _check("triplet_margin_loss", anchor=anchor, positive=positive, negative=negative)
    if not margin > 0:
        raise ArgumentError(f"triplet_margin_loss: margin is {margin}. Give a number greater than 0.")
    near = pairwise_distance(anchor, positive, p, eps)
    far = pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = far.minimum(pairwise_distance(positive, negative, p, eps))
    return _reduced("triplet_margin_loss", (near - far + margin).clamp(min=0), reduction, size_average, reduce)
