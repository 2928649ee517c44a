"""Losses on class indices for NumPy: rows of classes in blocks and threads, and targets checked before any work.

The blocks are those of rows.py; the formulas and shapes are those of kernels/generic/loss.py.
"""
import numpy as np

from ...errors import ArgumentError, TensorIndexError
from ..generic import loss as generic
from ..generic.loss import TargetWeights, class_axis_back, class_axis_last
from ..generic.precision import is_narrow
from .rows import Along, in_blocks, largest


def nll_loss(device, x, target, weight, how):
    """As in kernels/generic/loss.py. Raises: TensorIndexError for a target that is no class."""
    plain = _check_targets("nll_loss", target, x.shape[0 if x.ndim == 1 else 1], how.ignore_index)
    return generic.nll_loss(device, x, target, weight, how, plain)


def cross_entropy(device, x, target, weight, how, wants):
    """As in kernels/generic/loss.py. Raises: TensorIndexError for a target that is no class."""
    rows, flat, w = _rows("cross_entropy", x, target, weight, how)
    peak, log_sum, loss = np.empty((3, len(rows)), w.dtype)
    ones = Along(np.ones(w.classes, w.dtype))

    def block(a, b):
        v = rows[a:b].astype(w.dtype, copy=False)
        u = device.scratch("loss", v.shape, w.dtype)
        peak[a:b] = largest(v)
        ones.by_row(np.subtract, v, peak[a:b], u)
        np.subtract(0, u[np.arange(b - a), flat[a:b]], out=loss[a:b])
        if w.smoothing:
            spread[a:b] = u @ (ones.values if w.class_weight is None else w.class_weight)
        np.exp(u, out=u)
        np.log(u @ ones.values, out=log_sum[a:b])

    spread = np.empty(len(rows) if w.smoothing else 0, w.dtype)
    in_blocks(device, block, *rows.shape)
    loss += log_sum
    y = w.reduced(w.mixed(loss, w.total() * log_sum - spread if w.smoothing else None))
    if how.reduction == "none":
        y = y.reshape(target.shape)
    return y.astype(x.dtype, copy=False), peak.reshape(target.shape), log_sum.reshape(target.shape)


def cross_entropy_grad(device, g, x, peak, log_sum, target, weight, how):
    """As in kernels/generic/loss.py."""
    rows, flat, w = _rows("cross_entropy", x, target, weight, how)
    g = g.astype(w.dtype, copy=False)
    hit, rest = w.shares(g.reshape(-1) if how.reduction == "none" else g)
    whole = hit if rest is None else hit + rest * w.total()
    hit, whole = np.broadcast_to(hit, flat.shape), np.broadcast_to(whole, flat.shape)
    rest = rest if rest is None else np.broadcast_to(rest, flat.shape)
    peak, log_sum = peak.reshape(-1), log_sum.reshape(-1)
    d = device.empty((*target.shape, w.classes), x.dtype)
    out = d.reshape(rows.shape)
    ones = Along(np.ones(w.classes, w.dtype))

    def block(a, b):
        v = rows[a:b].astype(w.dtype, copy=False)
        u = out[a:b] if out.dtype == w.dtype else device.scratch("loss", v.shape, w.dtype)
        e = ones.by_row(np.subtract, v, peak[a:b], device.scratch("loss exp", v.shape, w.dtype))
        ones.by_row(np.multiply, np.exp(e, out=e), whole[a:b] * np.exp(-log_sum[a:b]), u)
        u[np.arange(b - a), flat[a:b]] -= hit[a:b]
        if rest is not None:
            u -= rest[a:b, None] if w.class_weight is None else rest[a:b, None] * w.class_weight
        if out.dtype != w.dtype:
            out[a:b] = u

    in_blocks(device, block, *rows.shape)
    return class_axis_back(np, d)


def _rows(op, x, target, weight, how):
    """x as rows of classes (R, C), the targets made safe (R,), and their TargetWeights."""
    z = class_axis_last(x)
    plain = _check_targets(op, target, z.shape[-1], how.ignore_index)
    rows = z.reshape(-1, z.shape[-1])
    dtype = np.dtype(np.float32) if is_narrow(x.dtype) else x.dtype
    w = TargetWeights(np, np.empty((0, z.shape[-1]), dtype), target.reshape(-1), weight, how, plain)
    return rows, w.index, w


def binary_cross_entropy(device, p, target):
    """As in kernels/generic/loss.py. Raises: ArgumentError for a probability outside [0, 1]."""
    if p.size and not (p.min() >= 0 and p.max() <= 1):
        wrong = p[~((p >= 0) & (p <= 1))][0]
        raise ArgumentError(f"binary_cross_entropy: input {wrong} is no probability. Give numbers from 0 to 1 (the "
                            "output of sigmoid), or use binary_cross_entropy_with_logits.")
    return generic.binary_cross_entropy(device, p, target)


def _check_targets(op, target, classes, ignore_index):
    """Whether every target is a class and counts.

    Raises: TensorIndexError for one that is no class and is not to be ignored.
    """
    if not target.size or (target.min() >= 0 and target.max() < classes):
        return not 0 <= ignore_index < classes
    wrong = ((target < 0) | (target >= classes)) & (target != ignore_index)
    if wrong.any():
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise TensorIndexError(f"{op}: target {int(target[place])} at {place} is not a class; the input has {classes} "
                               f"classes. Use numbers from 0 to {classes - 1}, or ignore_index={ignore_index} for "
                               "targets that do not count.")
    return False
