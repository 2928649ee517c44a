"""Layer norm for NumPy: rows of M numbers, each normalised alone, in blocks of rows and threads.

A block goes through its chain of ufuncs while it is in cache. Sums along a row are x @ ones (BLAS). Formulas and shapes
are those of kernels/generic/normalization.py, with the view (*, *normalized_shape) seen as (R, M).
"""
import numpy as np

BLOCK = 1 << 16             # numbers in a block: 256 kB of float32


def norm_statistics(device, x, form, eps):
    """The mean, the variance and 1 / sqrt(variance + eps) of each row."""
    rows = _rows(x, form)
    mean, variance = np.empty((2, len(rows)), rows.dtype)

    def block(a, b):
        v = rows[a:b]
        u = device.scratch("row norm", v.shape, v.dtype)
        np.divide(_along(v), v.shape[1], out=mean[a:b])
        np.subtract(v, mean[a:b, None], out=u)
        np.divide(np.einsum("rm,rm->r", u, u), v.shape[1], out=variance[a:b])

    _in_blocks(device, rows, block)
    shape = tuple(1 if axis in form.axes else n for axis, n in enumerate(form.view))
    return mean.reshape(shape), variance.reshape(shape), (1 / np.sqrt(variance + rows.dtype.type(eps))).reshape(shape)


def normalized(device, x, weight, bias, mean, rstd, form):
    """(x - mean) rstd weight + bias."""
    rows = _rows(x, form)
    mean, rstd = mean.reshape(-1, 1), rstd.reshape(-1, 1)
    weight, bias = (None if p is None else p.reshape(-1).astype(rows.dtype, copy=False) for p in (weight, bias))
    y = device.empty(rows.shape, rows.dtype)

    def block(a, b):
        v = y[a:b]
        np.subtract(rows[a:b], mean[a:b], out=v)
        np.multiply(v, rstd[a:b], out=v)
        if weight is not None:
            np.multiply(v, weight, out=v)
        if bias is not None:
            np.add(v, bias, out=v)

    _in_blocks(device, rows, block)
    return y.reshape(x.shape).astype(x.dtype, copy=False)


def norm_grad(device, g, x, weight, mean, rstd, form, affine):
    """dx, and with `affine` dweight and dbias (else empty arrays)."""
    rows, grads = _rows(x, form), _rows(g, form)
    size = rows.shape[1]
    mean, rstd = mean.reshape(-1, 1), rstd.reshape(-1, 1)
    w = None if weight is None else weight.reshape(-1).astype(rows.dtype, copy=False)
    dx = device.empty(rows.shape, rows.dtype)
    partial = np.zeros((max(1, _count(rows)), 2, size if affine else 0))

    def block(a, b):
        v, h = dx[a:b], grads[a:b]
        z = device.scratch("row norm", v.shape, v.dtype)
        t = device.scratch("row norm 2", v.shape, v.dtype)
        np.subtract(rows[a:b], mean[a:b], out=z)
        np.multiply(z, rstd[a:b], out=z)
        if affine:
            one = np.ones(b - a, v.dtype)
            partial[a // _size(rows)] = one @ np.multiply(z, h, out=t), one @ h
        h = h if w is None else np.multiply(h, w, out=t)
        np.multiply(z, (np.einsum("rm,rm->r", h, z) / size)[:, None], out=z)
        np.subtract(h, (_along(h) / size)[:, None], out=v)
        np.subtract(v, z, out=v)
        np.multiply(v, rstd[a:b], out=v)

    _in_blocks(device, rows, block)
    dtype = x.dtype if weight is None else weight.dtype
    dweight, dbias = partial.sum(axis=0).astype(dtype)
    if affine:
        dweight, dbias = dweight.reshape(form.affine), dbias.reshape(form.affine)
    return dx.reshape(x.shape).astype(x.dtype, copy=False), dweight, dbias


def _rows(x, form):
    """x as (R, M), contiguous, float32 or float64."""
    if x.dtype.itemsize == 2:
        x = x.astype(np.float32)
    size = 1
    for axis in form.axes:
        size *= form.view[axis]
    return np.ascontiguousarray(x).reshape(-1, size) if x.size else np.empty((0, size), x.dtype)


def _along(v):
    """The sum of each row: (R, M) -> (R,)."""
    return v @ np.ones(v.shape[1], v.dtype)


def _size(rows):
    return max(1, BLOCK // max(1, rows.shape[1]))


def _count(rows):
    return -(-len(rows) // _size(rows))


def _in_blocks(device, rows, block):
    """Call block(start, stop) for runs of rows, on the device's threads where there is more than one run."""
    size = _size(rows)

    def part(start, stop):
        for k in range(start, stop):
            block(k * size, min(len(rows), k * size + size))

    device.parallel(part, _count(rows))
