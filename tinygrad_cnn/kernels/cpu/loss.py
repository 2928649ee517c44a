"""Losses on class indices for NumPy: rows of classes in blocks and threads, and targets checked before any work.

A block of rows goes through its chain of ufuncs while it is in cache. Each row is computed alone, so results do not
depend on the number of threads. The formulas and shapes are those of kernels/generic/loss.py.
"""
import numpy as np

from ...errors import ArgumentError, TensorIndexError
from ..generic import loss as generic
from ..generic.loss import TargetWeights, class_axis_back, class_axis_last

BLOCK = 1 << 16             # numbers in a block: 256 kB of float32


def nll_loss(device, x, target, weight, how):
    """As in kernels/generic/loss.py. Raises: TensorIndexError for a target that is no class."""
    _check_targets("nll_loss", target, x.shape[0 if x.ndim == 1 else 1], how.ignore_index)
    return generic.nll_loss(device, x, target, weight, how)


def cross_entropy(device, x, target, weight, how, wants):
    """As in kernels/generic/loss.py. Raises: TensorIndexError for a target that is no class."""
    z = class_axis_last(x)
    _check_targets("cross_entropy", target, z.shape[-1], how.ignore_index)
    rows = z.reshape(-1, z.shape[-1])
    dtype = _wide(x.dtype)
    peak, log_sum, loss = np.empty((3, len(rows)), dtype)
    w = TargetWeights(np, np.empty((0, rows.shape[1]), dtype), target.reshape(-1), weight, how)

    def block(a, b):
        v = rows[a:b].astype(dtype, copy=False)
        u = device.scratch("loss", v.shape, dtype)
        np.max(v, axis=1, out=peak[a:b])
        np.subtract(v, peak[a:b, None], out=u)
        picked = u[np.arange(b - a), w.index[a:b]]
        spread = 0
        if w.smoothing:
            spread = u @ (np.ones(u.shape[1], dtype) if w.class_weight is None else w.class_weight)
        np.exp(u, out=u)
        np.log(np.sum(u, axis=1), out=log_sum[a:b])
        loss[a:b] = _losses(w, a, b, picked, spread, log_sum[a:b])

    _in_blocks(device, block, *rows.shape)
    y = w.reduced(loss)
    if how.reduction == "none":
        y = y.reshape(target.shape)
    return y.astype(x.dtype, copy=False), peak.reshape(target.shape), log_sum.reshape(target.shape)


def _losses(w, a, b, picked, spread, log_sum):
    """(1 - s) weight_t (-l_t) + s / C sum_c weight_c (-l_c) with l = u - log_sum, 0 where the target does not count."""
    y = (1 - w.smoothing) * w.weight[a:b] * (log_sum - picked)
    if w.smoothing:
        y += w.smoothing / w.classes * (w.total() * log_sum - spread)
    return np.where(w.counted[a:b], y, w.dtype.type(0))


def cross_entropy_grad(device, g, x, peak, log_sum, target, weight, how):
    """As in kernels/generic/loss.py."""
    z = class_axis_last(x)
    rows = z.reshape(-1, z.shape[-1])
    dtype = _wide(x.dtype)
    d = device.empty(z.shape, x.dtype)
    out, peak, log_sum = d.reshape(rows.shape), peak.reshape(-1), log_sum.reshape(-1)
    w = TargetWeights(np, np.empty((0, rows.shape[1]), dtype), target.reshape(-1), weight, how)
    g = g.astype(dtype, copy=False)
    g = g / np.sum(w.weight) if how.reduction == "mean" else g.reshape(-1) if how.reduction == "none" else g
    hit = np.broadcast_to((1 - w.smoothing) * w.weight * g, peak.shape)         # q g at the target
    rest = w.counted * g * (w.smoothing / w.classes) if w.smoothing else None       # q g elsewhere, but for weight_c
    whole = hit if rest is None else hit + rest * w.total()

    def block(a, b):
        v = rows[a:b].astype(dtype, copy=False)
        u = device.scratch("loss", v.shape, dtype)
        np.subtract(v, peak[a:b, None], out=u)
        np.subtract(u, log_sum[a:b, None], out=u)       # peak + log_sum would lose log_sum's digits beside a large peak
        np.exp(u, out=u)
        np.multiply(u, whole[a:b, None], out=u)
        u[np.arange(b - a), w.index[a:b]] -= hit[a:b]
        if rest is not None:
            u -= rest[a:b, None] if w.class_weight is None else rest[a:b, None] * w.class_weight
        out[a:b] = u

    _in_blocks(device, block, *rows.shape)
    return class_axis_back(np, d)


def binary_cross_entropy(device, p, target):
    """As in kernels/generic/loss.py. Raises: ArgumentError for a probability outside [0, 1]."""
    if p.size and not (p.min() >= 0 and p.max() <= 1):
        wrong = p[~((p >= 0) & (p <= 1))][0]
        raise ArgumentError(f"binary_cross_entropy: input {wrong} is no probability. Give numbers from 0 to 1 (the "
                            "output of sigmoid), or use binary_cross_entropy_with_logits.")
    return generic.binary_cross_entropy(device, p, target)


def _check_targets(op, target, classes, ignore_index):
    if not target.size or (target.min() >= 0 and target.max() < classes):
        return
    wrong = ((target < 0) | (target >= classes)) & (target != ignore_index)
    if wrong.any():
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise TensorIndexError(f"{op}: target {int(target[place])} at {place} is not a class; the input has {classes} "
                               f"classes. Use numbers from 0 to {classes - 1}, or ignore_index={ignore_index} for "
                               "targets that do not count.")


def _in_blocks(device, block, rows, classes):
    """Call block(start, stop) for runs of rows, on the device's threads where there is more than one run."""
    size = max(1, BLOCK // max(1, classes))

    def part(start, stop):
        for k in range(start, stop):
            block(k * size, min(rows, k * size + size))

    device.parallel(part, -(-rows // size))


def _wide(dtype):
    return np.dtype(np.float32) if dtype.itemsize == 2 else dtype
