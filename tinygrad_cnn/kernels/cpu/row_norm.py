"""Layer norm for NumPy: rows of M numbers, each normalised alone, in blocks of rows and threads.

How rows are computed is told in rows.py. Formulas and shapes are those of kernels/generic/normalization.py, with the
view (*, *normalized_shape) seen as (R, M). x - mean is formed before it is scaled: beside a large mean, scale and shift
would lose digits.
"""
import numpy as np

from .rows import block_rows, in_blocks, laid_out


def norm_statistics(device, x, form, eps):
    """The mean, the variance and 1 / sqrt(variance + eps) of each row."""
    rows, ones = _rows(x, form)
    size = len(ones)
    mean, variance = np.empty((2, len(rows)), rows.dtype)

    def block(a, b):
        v = rows[a:b]
        np.divide(v @ ones, size, out=mean[a:b])
        u = laid_out(device, "row norm", -mean[a:b], ones)
        np.add(u, v, out=u)
        np.multiply(u, u, out=u)
        np.divide(u @ ones, size, out=variance[a:b])

    in_blocks(device, block, *rows.shape)
    shape = tuple(1 if axis in form.axes else n for axis, n in enumerate(form.view))
    return mean.reshape(shape), variance.reshape(shape), (1 / np.sqrt(variance + rows.dtype.type(eps))).reshape(shape)


def normalized(device, x, weight, bias, mean, rstd, form):
    """(x - mean) rstd weight + bias."""
    rows, ones = _rows(x, form)
    mean, rstd = mean.reshape(-1), rstd.reshape(-1)
    weight = ones if weight is None else weight.reshape(-1).astype(rows.dtype, copy=False)
    shift = None
    if bias is not None:
        shift = np.tile(bias.reshape(-1).astype(rows.dtype, copy=False), (block_rows(len(ones)), 1))
    y = device.empty(rows.shape, rows.dtype)

    def block(a, b):
        v = y[a:b]
        np.add(rows[a:b], laid_out(device, "row norm", -mean[a:b], ones), out=v)
        np.multiply(v, laid_out(device, "row norm", rstd[a:b], weight), out=v)
        if shift is not None:
            np.add(v, shift[:b - a], out=v)

    in_blocks(device, block, *rows.shape)
    return y.reshape(x.shape).astype(x.dtype, copy=False)


def norm_grad(device, g, x, weight, mean, rstd, form, affine):
    """dx, and with `affine` dweight and dbias (else empty arrays)."""
    (rows, ones), (grads, _) = _rows(x, form), _rows(g, form)
    size = len(ones)
    mean, rstd = mean.reshape(-1), rstd.reshape(-1)
    w = ones if weight is None else weight.reshape(-1).astype(rows.dtype, copy=False)
    dx = device.empty(rows.shape, rows.dtype)
    step = block_rows(size)
    partial = np.zeros((-(-len(rows) // step), 2, size if affine else 0))

    def lay(numbers, along):
        return laid_out(device, "row norm", numbers, along)

    def block(a, b):
        v, h, r = dx[a:b], grads[a:b], rstd[a:b]
        d = device.scratch("row norm d", v.shape, v.dtype)          # z = rstd d
        np.add(rows[a:b], lay(-mean[a:b], ones), out=d)
        np.multiply(h, d, out=v)
        if affine:
            partial[a // step] = r @ v, np.ones(b - a, v.dtype) @ h
        mean_h, mean_hz = (h @ w) / size, r * (v @ w) / size
        np.multiply(h, lay(r, w), out=v)
        np.multiply(d, lay(-r * r * mean_hz, ones), out=d)
        np.add(v, d, out=v)
        np.add(v, lay(-r * mean_h, ones), out=v)

    in_blocks(device, block, *rows.shape)
    dtype = x.dtype if weight is None else weight.dtype
    dweight, dbias = partial.sum(axis=0).astype(dtype)
    if affine:
        dweight, dbias = dweight.reshape(form.affine), dbias.reshape(form.affine)
    return dx.reshape(x.shape).astype(x.dtype, copy=False), dweight, dbias


def _rows(x, form):
    """x as (R, M), contiguous, float32 or float64, and M ones."""
    if x.dtype.itemsize == 2:
        x = x.astype(np.float32)
    size = 1
    for axis in form.axes:
        size *= form.view[axis]
    rows = np.ascontiguousarray(x).reshape(-1, size) if x.size else np.empty((0, size), x.dtype)
    return rows, np.ones(size, x.dtype)
