"""Max pools of pixels of few numbers, for NumPy: all taps at once, in one call a step.

A walk over the taps makes a handful of calls for each, and NumPy begins anew at every pixel. Here the taps of a block
are first copied one behind the other, pixel by pixel, (taps, n, *number, C); then each step is one long run: the
largest, where it is equal to that, and the first such tap.

kernels/generic/pool.py calls these steps block by block; infinities and NaN are left to its own.
"""
from math import prod

import numpy as np

from ..generic.pool import deal_out as deal_out_tap_by_tap
from ..generic.pool import walk
from .copies import copy_runs

SHORT = 64                  # bytes of a pixel up to which this pays
OFTEN = 4                   # times that a number is read, on average, up to which it does: 3 x 3 at stride 2, not 1


def pays(geom, pixel_bytes):
    """Whether to take all taps at once: pixels are short, and the taps are not many times as much as the input."""
    return pixel_bytes <= SHORT and geom.taps <= OFTEN * prod(geom.stride)


def largest(device, taps, geom, y, index):
    """As `walk` in kernels/generic/pool.py."""
    values = device.scratch("taps", (geom.taps, *y.shape), y.dtype)
    copy_runs(device, values.reshape(taps.shape), taps)
    np.maximum.reduce(values, axis=0, out=y)
    if index is None:
        return
    equal = np.equal(values, y, out=device.scratch("equal", values.shape, np.bool_))
    behind = device.scratch("behind", values.shape, index.dtype)        # how many taps come after one that is equal
    np.multiply(equal.view(np.uint8), _numbers(geom, index.dtype, y.ndim)[::-1], out=behind)
    np.maximum.reduce(behind, axis=0, out=index)
    np.subtract(geom.taps - 1, index, out=index)
    if y.size and np.isnan(y.max()):
        walk(device, taps, geom, y, index)


def deal_out(device, taps, geom, chosen, g, join):
    """As `deal_out` in kernels/generic/pool.py, where no two windows overlap."""
    if not np.isfinite(g).all():
        deal_out_tap_by_tap(device, taps, geom, chosen, g, join)
        return
    shape = (geom.taps, *g.shape)
    equal = np.equal(chosen, _numbers(geom, chosen.dtype, g.ndim), out=device.scratch("equal", shape, np.bool_))
    parts = np.multiply(g, equal, out=device.scratch("taps", shape, g.dtype))
    join(taps, parts.reshape(taps.shape))


def _numbers(geom, dtype, axes):
    """The numbers of the taps along a new first axis."""
    return np.arange(geom.taps, dtype=dtype).reshape(-1, *(1,) * axes)
