"""The softmax family for NumPy: rows in blocks and threads where the axis of the sums lies innermost in memory.

Formulas and shapes are those of kernels/generic/softmax.py; how rows are computed is told in rows.py.
"""
from functools import wraps

import numpy as np

from ..generic.precision import in_float32
from ..generic.softmax import log_softmax as plain_log_softmax
from ..generic.softmax import log_softmax_grad as plain_log_softmax_grad
from ..generic.softmax import softmax as plain_softmax
from ..generic.softmax import softmax_grad as plain_softmax_grad
from .rows import in_blocks, laid_out, largest

SMALL = 1 << 13             # numbers up to which the plain kernels make fewer calls and take less time


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
            ones = np.ones(shape[-1], dtype)
            rows = [v.reshape(-1, shape[-1]) for v in moved]
            y = device.empty(rows[0].shape, dtype)
            in_blocks(device, lambda a, b: row_kernel(device, *[v[a:b] for v in rows], ones, y[a:b]), *y.shape)
            return np.moveaxis(y.reshape(shape), -1, dim)
        return run
    return decorate


def _from_largest(device, x, ones, y):
    np.add(x, laid_out(device, "softmax", -largest(x), ones), out=y)


@_by_rows(plain_softmax)
def softmax(device, x, ones, y):
    _from_largest(device, x, ones, y)
    np.exp(y, out=y)
    np.multiply(y, laid_out(device, "softmax", 1 / (y @ ones), ones), out=y)


@_by_rows(plain_softmax_grad)
def softmax_grad(device, g, p, ones, y):
    np.multiply(g, p, out=y)
    np.add(g, laid_out(device, "softmax", -(y @ ones), ones), out=y)
    np.multiply(y, p, out=y)


@_by_rows(plain_log_softmax)
def log_softmax(device, x, ones, y):
    _from_largest(device, x, ones, y)
    e = np.exp(y, out=device.scratch("softmax", y.shape, y.dtype))
    np.add(y, laid_out(device, "softmax", -np.log(e @ ones), ones), out=y)


@_by_rows(plain_log_softmax_grad)
def log_softmax_grad(device, g, l, ones, y):
    np.exp(l, out=y)
    np.multiply(y, laid_out(device, "softmax", -(g @ ones), ones), out=y)
    np.add(y, g, out=y)
