"""The softmax family for NumPy: rows in blocks and threads where the axis of the sums lies innermost in memory.

Formulas and shapes are those of kernels/generic/softmax.py; how rows are computed is told in rows.py. The largest value
of each row takes a third of softmax's time, and serves only to keep exponentials in range: they are taken of x itself
first, and of x less that value only where a row's sum shows that some were not.
"""
from functools import wraps

import numpy as np

from ..generic.precision import in_float32
from ..generic.softmax import log_softmax as plain_log_softmax
from ..generic.softmax import log_softmax_grad as plain_log_softmax_grad
from ..generic.softmax import softmax as plain_softmax
from ..generic.softmax import softmax_grad as plain_softmax_grad
from .rows import Along, in_blocks, largest

SMALL = 1 << 13             # numbers up to which the plain kernels make fewer calls and take less time
LEAST, MOST = 1, 1e30        # sums of exponentials between which none was too large, nor any too small that counts


def _by_rows(plain):
    """The kernel for NumPy that gives blocks of rows to what it decorates, and what is small or strided to `plain`."""
    def decorate(row_kernel):
        @wraps(plain)
        @in_float32
        def run(device, *arrays, dim):
            moved = [x if dim is None else np.moveaxis(x, dim, -1) for x in arrays]
            if arrays[0].size < SMALL or not moved[-1].flags.c_contiguous or moved[-1].dtype.kind != "f":
                return plain(device, *arrays, dim=dim)
            shape, dtype = moved[-1].shape, moved[-1].dtype
            ones = Along(np.ones(shape[-1], dtype))
            rows = [v.reshape(-1, shape[-1]) for v in moved]
            y = device.empty(rows[0].shape, dtype)
            in_blocks(device, lambda a, b: row_kernel(device, *[v[a:b] for v in rows], ones, y[a:b]), *y.shape)
            return np.moveaxis(y.reshape(shape), -1, dim)
        return run
    return decorate


def _room(device, y):
    return device.scratch("softmax", y.shape, y.dtype)


@_by_rows(plain_softmax)
def softmax(device, x, ones, y):
    u = _room(device, y)
    sums = np.exp(x, out=u) @ ones.values
    if not (sums.min() > LEAST and sums.max() < MOST):  # nor where one is NaN
        sums = np.exp(ones.by_row(np.subtract, x, largest(x), u), out=u) @ ones.values
    ones.by_row(np.multiply, u, 1 / sums, y)


@_by_rows(plain_softmax_grad)
def softmax_grad(device, g, p, ones, y):
    u = np.multiply(g, p, out=_room(device, y))
    ones.by_row(np.subtract, g, u @ ones.values, y)
    np.multiply(y, p, out=y)


@_by_rows(plain_log_softmax)
def log_softmax(device, x, ones, y):
    u = ones.by_row(np.subtract, x, largest(x), _room(device, y))
    ones.by_row(np.subtract, u, np.log(np.exp(u, out=y) @ ones.values), y)


@_by_rows(plain_log_softmax_grad)
def log_softmax_grad(device, g, l, ones, y):
    u = np.exp(l, out=_room(device, y))
    ones.scale(u, g @ ones.values, y)
    np.subtract(g, y, out=y)
