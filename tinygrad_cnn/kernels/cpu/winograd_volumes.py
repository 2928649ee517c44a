"""Winograd's convolution of volumes: two axes transformed, the sum over the kernel's depth left to the matrix products.

A volume is a pile of images. The slices (H, W) that a run of output slices reads are transformed lying side by side, so
that each tile and frequency has its slices in a row of (slices * C) numbers. An output slice needs KD consecutive ones,
a window of KD * C numbers in that row, which a matrix product reads where it lies: (tiles, KD * C) @ (KD * C, O).
A kernel 3x3x3 then takes 108 multiplications for 16 outputs where 432 would be.
"""
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ...geometry import CACHED
from .winograd import FLOAT, FREQUENCIES, all_tiles, gather, spread, spread_gradient
from .winograd_conv import transform_weights, transformed, weight_gradient

PIECE_BYTES = 3 << 20                                   # of transformed numbers that a thread works on at once


def correlate(device, x, weight, geometry, out, bias):
    """out (N, OD, OH, OW, O) = x (N, D, H, W, C) correlated with weight (1, O, C, KD, r, r), plus bias (O,); float32.

    Returns whether the result is finite; if it is not, it is not to be used.
    """
    c, (o, kd, r) = x.shape[-1], (weight.shape[1], weight.shape[3], weight.shape[-1])
    tiles, todo = all_tiles(geometry), runs(len(x), geometry, c, o, PIECE_BYTES)
    u = transform_weights(device, np.ascontiguousarray(weight.swapaxes(2, 3)).reshape(1, o, kd * c, r, r), tiles.t)
    finite = []

    def run(piece):
        n, first, number = piece
        v = _spread_slices(device, x[n], tiles, first - geometry.before[0], number + kd - 1)
        p = transformed(device, "winograd product", tiles, number * o)
        np.matmul(_windows(v, number, kd * c, c), u, out=p.reshape(FREQUENCIES, -1, number, o).swapaxes(1, 2))
        finite.append(gather(device, p, tiles, out[n, first:first + number], bias))

    device.share(run, todo)
    return all(finite)


def correlate_dw(device, g, x, geometry, groups):
    """The sum over positions of g (N, OD, OH, OW, O) times windows of x (N, D, H, W, C): (1, O, C, KD, r, r), float32.

    One group only; None if it is not finite.
    """
    c, o, kd = x.shape[-1], g.shape[-1], geometry.kernel[0]
    tiles, todo, sums = all_tiles(geometry), runs(len(x), geometry, c, o, PIECE_BYTES), {}

    def run(start, stop):
        total = np.empty((FREQUENCIES, kd, o, c), FLOAT)
        for k, (n, first, number) in enumerate(todo[start:stop]):
            slices = number + kd - 1
            v = _spread_slices(device, x[n], tiles, first - geometry.before[0], slices)
            z = transformed(device, "winograd product", tiles, slices * o)
            z[..., number * o:] = 0                     # so that tiles and slices of both are rows with one stride
            spread_gradient(device, g[n, first:first + number], tiles, z[..., :number * o])
            rows = tiles.count * slices - kd + 1
            z = z.reshape(FREQUENCIES, 1, -1, o)[:, :, :rows].swapaxes(2, 3)
            v = v.reshape(FREQUENCIES, -1, c)
            shifted = as_strided(v, (FREQUENCIES, kd, rows, c), (v.strides[0], v.strides[1], *v.strides[1:]))
            target = device.scratch("winograd sum", total.shape, FLOAT) if k else total
            np.matmul(z, shifted, out=target)
            if k:
                np.add(total, target, out=total)
        sums[start] = total

    device.parallel(run, len(todo))
    r = tiles.t.r
    dw = weight_gradient(device, sums, (kd, o, c, r, r))
    return dw.transpose(1, 2, 0, 3, 4)[None] if np.isfinite(np.add.reduce(dw, axis=None)) else None


@lru_cache(CACHED)
def runs(n, geometry, c, o, budget):
    """(volume, first output slice, number of them) that cover the outputs of n volumes, each of about so many bytes."""
    depth, kd = geometry.output[0], geometry.kernel[0]
    slice_bytes = FREQUENCIES * all_tiles(geometry).count * (c + o) * FLOAT.itemsize
    step = max(1, min(depth, max(2 * kd, budget // slice_bytes)))
    return [(i, first, min(step, depth - first)) for i in range(n) for first in range(0, depth, step)]


def _spread_slices(device, volume, tiles, first, number):
    """Transformed slices first, first + 1, ... of a volume (D, H, W, C): (6, 6, down, across, number*C)."""
    c = volume.shape[-1]
    v = transformed(device, "winograd input", tiles, number * c)
    low = min(max(0, -first), number)
    high = max(low, min(number, len(volume) - first))
    v[..., :low * c], v[..., high * c:] = 0, 0
    if high > low:
        spread(device, volume[first + low:first + high], tiles, v[..., low * c:high * c])
    return v


def _windows(v, number, width, step):
    """`number` windows of `width` numbers, `step` apart, in the rows of v: (36, number, tiles, width)."""
    v = v.reshape(FREQUENCIES, -1, v.shape[-1])
    return as_strided(v, (FREQUENCIES, number, v.shape[1], width), (v.strides[0], step * v.itemsize, *v.strides[1:]))
