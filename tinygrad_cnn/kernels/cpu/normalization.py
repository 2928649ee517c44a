"""Batch, group and instance norm for NumPy, in blocks and threads (layer norm is in row_norm.py).

Seen channels-last, activations are rows of C numbers: (n, L, C), where n is 1 for batch norm (L pixels of the whole
batch) and N for the others. Forward needs two sums for each channel, then y = x scale + shift; backward two sums, then
dx = g a + x b + c. A group's sums are sums of its channels'. What makes it fast:
- few channels are summed as many: several pixels side by side make one row of about `WIDE` numbers;
- a sum over rows is ones @ x (BLAS, 5x np.sum(axis=0)), one of products an einsum, which makes no array of them; in
  float32 for at most `ROWS` rows, then in float64;
- mean(x^2) - mean(x)^2 loses digits where the mean is far from 0: there all is done once more with x - mean;
- numbers that belong to a channel are repeated up to `TILE`, so that ufuncs run along long rows.
The sums of blocks are added in one order, so results do not depend on the number of threads.

Formulas and shapes are those of kernels/generic/normalization.py.
"""
import numpy as np

from ..generic import normalization as generic
from ..generic.normalization import channels_innermost, channels_second
from . import row_norm

SMALL = 1 << 12             # numbers up to which the plain kernels make fewer calls and take less time
FEW = 1 << 11               # numbers in a sample up to which they do, where each sample has its own statistics
BLOCK = 1 << 18             # numbers in a block: 1 MB of float32
ROWS = 1 << 12              # most rows summed in float32
WIDE = 1 << 10              # numbers in a row of pixels side by side
FAR = 2                     # standard deviations from 0 beyond which a mean costs more than two bits
TILE = 1 << 16              # numbers in a repeated row: 0.8 of the time that 1 << 12 takes
PARALLEL = 1 << 19          # numbers from which a parallel region pays for its 0.1 ms and for colder caches


def norm_statistics(device, x, form, eps):
    """As in kernels/generic/normalization.py."""
    if _plain(x, form):
        return generic.norm_statistics(device, x, form, eps)
    rows = _rows(device, x, form)
    wide, length = _side_by_side(rows), rows.shape[1]

    def sums(s, a, b, out):
        v = wide[s, a:b]
        out[0], out[1] = _total(v), _total_of_products(v, v)

    def sums_of_differences(s, a, b, out):
        v = wide[s, a:b]
        u = device.scratch("norm", v.shape, v.dtype)
        centre[s](np.subtract, v, u)
        out[0], out[1] = _total(u), _total_of_products(u, u)

    s0, s1 = _channel_sums(device, rows.shape, wide.shape, sums) / length
    mean, variance = s0, s1 - s0 * s0
    if not _near(mean, variance):
        mean = mean.astype(rows.dtype).astype(np.float64)
        centre = [_Repeated(values, rows) for values in mean]
        s0, s1 = _channel_sums(device, rows.shape, wide.shape, sums_of_differences) / length
        mean, variance = mean + s0, s1 - s0 * s0
    if form.view[1] < rows.shape[2]:
        mean, variance = _over_groups(mean, variance, form.view[1])
    np.maximum(variance, 0, out=variance)               # rounding can take it below zero
    shape = tuple(1 if axis in form.axes else n for axis, n in enumerate(form.view))
    return tuple(a.reshape(shape).astype(rows.dtype) for a in (mean, variance, 1 / np.sqrt(variance + eps)))


def normalized(device, x, weight, bias, mean, rstd, form, eps=None):
    """As in kernels/generic/normalization.py."""
    if _plain(x, form):
        return generic.normalized(device, x, weight, bias, mean, rstd, form)
    rows = _rows(device, x, form)
    mean, rstd = _of_channels(mean, rows), _of_channels(rstd, rows)
    scale = rstd if weight is None else rstd * weight
    shift = -mean * scale if bias is None else bias - mean * scale
    scale, shift = ([_Repeated(values, rows) for values in a] for a in (scale, shift))
    y = device.empty(rows.shape, rows.dtype)
    wide, wide_y = _side_by_side(rows), _side_by_side(y)

    def block(s, a, b):
        v = wide_y[s, a:b]
        scale[s](np.multiply, wide[s, a:b], v)
        shift[s](np.add, v, v)

    _in_blocks(device, wide.shape, block)
    return _activation(y, x)


group_norm = instance_norm = batch_norm = batch_norm_eval = normalized


def layer_norm(device, x, weight, bias, form, eps, wants=frozenset()):
    """As in kernels/generic/normalization.py."""
    kernel = generic.layer_norm if _plain(x, form) else row_norm.layer_norm
    return kernel(device, x, weight, bias, form, eps, wants)


def norm_grad(device, g, x, weight, mean, rstd, form, eps, affine):
    """As in kernels/generic/normalization.py."""
    if _plain(x, form):
        return generic.norm_grad(device, g, x, weight, mean, rstd, form, eps, affine)
    if not form.channels:
        return row_norm.norm_grad(device, g, x, weight, mean, rstd, form, affine)
    rows, grads = _rows(device, x, form), _rows(device, g, form)
    wide, wide_grads = _side_by_side(rows), _side_by_side(grads)
    mean, rstd = _of_channels(mean, rows), _of_channels(rstd, rows)
    near = _near(mean, 1 / (rstd * rstd))
    centre = None if near else [_Repeated(values, rows) for values in mean]

    def sums(s, a, b, out):
        h, u = wide_grads[s, a:b], wide[s, a:b]
        if not near:
            u = device.scratch("norm", h.shape, h.dtype)
            centre[s](np.subtract, wide[s, a:b], u)
        out[0], out[1] = _total(h), _total_of_products(u, h)

    sum_g, sum_gz = _channel_sums(device, rows.shape, wide.shape, sums)
    if near:
        sum_gz = sum_gz - mean * sum_g
    sum_gz = sum_gz * rstd
    w = np.ones(1) if weight is None else weight.astype(np.float64)
    mean_h, mean_hz = (_group_means(w * s, form.view[1], rows) for s in (sum_g, sum_gz))
    b = -rstd * rstd * mean_hz
    dx = _combined(device, rows, grads, w * rstd, b, -rstd * mean_h - b * mean)
    dtype = x.dtype if weight is None else weight.dtype
    return _activation(dx, x), sum_gz.sum(axis=0).astype(dtype), sum_g.sum(axis=0).astype(dtype)


def _plain(x, form):
    """Whether the plain kernels do as well: few numbers, or few in each of several samples."""
    return x.size <= SMALL or form.channels and 0 not in form.axes and x.size <= FEW * len(x)


def _combined(device, rows, grads, a, b, c):
    """g a + x b + c; a, b, c: (n, C)."""
    a, b, c = ([_Repeated(values, rows) for values in k] for k in (a, b, c))
    dx = device.empty(rows.shape, rows.dtype)
    wide, wide_grads, wide_dx = map(_side_by_side, (rows, grads, dx))

    def block(s, start, stop):
        v = wide_dx[s, start:stop]
        u = device.scratch("norm", v.shape, v.dtype)
        a[s](np.multiply, wide_grads[s, start:stop], v)
        b[s](np.multiply, wide[s, start:stop], u)
        c[s](np.add, u, u)
        np.add(v, u, out=v)

    _in_blocks(device, wide.shape, block)
    return dx


class _Repeated:
    """A number for each channel, repeated for several rows: (C,) -> (TILE or so,)."""

    def __init__(self, values, rows):
        _, length, channels = rows.shape
        tile = np.empty((max(1, min(length // 32, TILE // channels)), channels), rows.dtype)
        tile[...] = values
        self.tile = tile.reshape(-1)

    def __call__(self, function, rows, out):
        """function(rows, number of each channel) into `out`, both (R, C) and contiguous."""
        width, flat, out = self.tile.size, rows.reshape(-1), out.reshape(-1)
        whole = flat.size // width * width
        if whole:
            function(flat[:whole].reshape(-1, width), self.tile, out=out[:whole].reshape(-1, width))
        if whole < flat.size:
            function(flat[whole:], self.tile[:flat.size - whole], out=out[whole:])


def _total(u):
    """The sum over rows: (R, C) -> (C,)."""
    return np.ones(len(u), u.dtype) @ u


def _total_of_products(u, v):
    """The sum over rows of u v: (R, C) twice -> (C,)."""
    return np.einsum("rc,rc->c", u, v)


def _near(mean, variance):
    """Whether sums of x itself, not of x - mean, serve: no mean is far from 0, and nothing has overflowed."""
    return bool(np.all((mean * mean <= FAR * FAR * variance) & np.isfinite(variance)))


def _side_by_side(rows):
    """(n, L, C), contiguous, as (n, L / k, k C) with a row of at most `WIDE` numbers."""
    n, length, channels = rows.shape
    pixels = next(k for k in range(max(1, WIDE // channels), 0, -1) if length % k == 0)
    return rows.reshape(n, length // pixels, pixels * channels)


def _channel_sums(device, shape, wide, sums):
    """Two sums for each sample and channel, (2, n, C) in float64: sums(sample, start, stop, out) gives a block's.

    Args: shape: (n, L, C) of the rows. wide: their shape side by side, in whose rows start and stop count.
    """
    n, length, width = wide
    size = _block_rows(wide)
    partial = np.zeros((n, max(1, -(-length // size)), 2, width))
    _in_blocks(device, wide, lambda s, a, b: sums(s, a, b, partial[s, a // size]))
    return partial.sum(axis=1).reshape(n, 2, -1, shape[2]).sum(axis=2).swapaxes(0, 1)


def _block_rows(shape):
    """Rows of a block: of BLOCK numbers at most, and one of two blocks at least where there is enough to do."""
    n, length, width = shape
    most = min(ROWS, BLOCK // max(1, width))
    return max(1, min(most, -(-length // 2)) if n == 1 and length * width >= PARALLEL else most)


def _in_blocks(device, shape, block):
    """Call block(sample, start, stop) for runs of rows, on the device's threads where there is enough to do."""
    n, length, channels = shape
    size = _block_rows(shape)
    each = -(-length // size)

    def part(k):
        s, j = divmod(k, each)
        block(s, j * size, min(length, j * size + size))

    device.share(part, range(n * each), alone=n * length * channels < PARALLEL)


def _rows(device, x, form):
    """x as (n, L, C), contiguous, float32 or float64: a view if x is channels-last in memory."""
    v = x if x.ndim == 2 else channels_innermost(x)
    if x.dtype.itemsize == 2 or not v.flags.c_contiguous:
        copy = device.empty(v.shape, np.dtype(np.float32) if x.dtype.itemsize == 2 else x.dtype)
        copy[...] = v
        v = copy
    return v.reshape(1 if 0 in form.axes else len(x), -1, x.shape[1])


def _activation(y, x):
    """(n, L, C) in x's shape (N, C, *) and dtype: a view unless x is float16 or bfloat16."""
    y = y.reshape(x.shape[0], *x.shape[2:], x.shape[1])
    return (y if x.ndim == 2 else channels_second(y)).astype(x.dtype, copy=False)


def _over_groups(mean, variance, groups):
    """Mean and variance of groups of channels, (n, G), from those of the channels, (n, C)."""
    n = len(mean)
    mean, variance = mean.reshape(n, groups, -1), variance.reshape(n, groups, -1)
    centre = mean.mean(axis=2)
    return centre, (variance + (mean - centre[..., None]) ** 2).mean(axis=2)


def _group_means(sums, groups, rows):
    """The mean over each group, given to its channels, from sums over channels: (n, C) -> (n, C)."""
    n, length, channels = rows.shape
    if groups == channels:
        return sums / length
    means = sums.reshape(n, groups, -1).sum(axis=2) / (length * (channels // groups))
    return np.repeat(means, channels // groups, axis=1)


def _of_channels(statistic, rows):
    """A statistic of channels or groups, given to the channels: (n, C) in float64."""
    n, _, channels = rows.shape
    values = statistic.reshape(n, -1).astype(np.float64)
    return values if values.shape[1] == channels else np.repeat(values, channels // values.shape[1], axis=1)
