"""Pools of large windows that tile the input, for NumPy: the adaptive pools of a classifier's last maps, say.

The one idea: where windows neither overlap nor leave anything out, a pool over all axes is a pool over one after the
other. The first one runs along whole rows of memory, (A, output, kernel, B) with B all the inner axes, and leaves a
`kernel`-th of the numbers to the rest; a walk over all taps would stop at every pixel. No position is in two windows,
so that the gradient of a max pool is one assignment.

Shapes, conventions and residuals are those of kernels/generic/pool.py, which does all other pools.
"""
from math import prod

import numpy as np

from ..generic import pool as generic
from ..generic.pool import tap_dtype
from ..generic.windows import channels_first, channels_last, image_groups
from . import pool_at_once

TAPS = 9                    # taps from which this pays: 8 x 8 windows take 0.3 of the walk's time, 2 x 2 ones 1.2
BLOCK = 4 << 20             # bytes of images that a thread takes at once


def max_pool(device, x, *, geom, wants=frozenset()):
    """As in kernels/generic/pool.py."""
    images = _tiled(x, geom)
    if images is None:
        at_once = pool_at_once.pays(geom, x.shape[1] * x.itemsize)
        return generic.max_pool(device, x, geom=geom, wants=wants, largest=pool_at_once.largest if at_once else None)
    shape = (len(images), *geom.output, images.shape[-1])
    y = device.empty(shape, x.dtype)
    taps = device.empty(shape, tap_dtype(geom)) if "index" in wants else None

    def block(some):
        v, index = images[some], None
        for axis, k in enumerate(geom.kernel):
            v, index = _split(v, axis, k), None if index is None else _split(index, axis, k)
            if taps is None:
                v = np.maximum.reduce(v, axis=axis + 2)
            else:
                v, index = _first_largest(v, index, axis + 2, taps.dtype)
        y[some] = v
        if taps is not None:
            taps[some] = index

    device.share(block, _groups(images))
    if taps is not None and x.dtype.kind == "f" and np.isnan(y.max()):
        return generic.max_pool(device, x, geom=geom, wants=wants)      # of several NaN the last wins
    return channels_first(y), None if taps is None else channels_first(taps)


def _first_largest(v, index, axis, dtype):
    """The largest number along `axis` and its tap, the smaller tap of two that are equal.

    index: the taps along the axes before, of v's shape, or None for the first axis.
    """
    count = v.shape[axis]
    steps = [v[(slice(None),) * axis + (t,)] for t in range(count)]
    best = steps[0].copy()
    if index is None:
        taps = np.zeros(best.shape, dtype)
        for t, value in enumerate(steps[1:], 1):
            np.maximum(taps, (value > best).view(np.uint8) * dtype.type(t), out=taps)   # taps grow: the last to win
            np.maximum(best, value, out=best)
        return best, taps
    index = index * dtype.type(count)
    taps = index[(slice(None),) * axis + (0,)]
    for t, value in enumerate(steps[1:], 1):
        tap = index[(slice(None),) * axis + (t,)] + dtype.type(t)
        wins = (value > best) | (value == best) & (tap < taps)
        taps = taps + wins.view(np.uint8) * (tap - taps)                # unsigned numbers wrap around, and back
        np.maximum(best, value, out=best)
    return best, taps


def max_pool_dx(device, g, index, *, geom):
    """As in kernels/generic/pool.py."""
    if not _is_tiling(geom):
        at_once = pool_at_once.pays(geom, g.shape[1] * g.itemsize) and generic.windows_are_disjoint(geom)
        return generic.max_pool_dx(device, g, index, geom=geom, deal=pool_at_once.deal_out if at_once else None)
    g, index = channels_last(g), channels_last(index)
    channels = g.shape[-1]
    dx = device.empty((len(g), *geom.size, channels), g.dtype)
    pitches = [prod(geom.size[i + 1:]) * channels for i in range(geom.rank)]
    corner = np.arange(channels)                        # where each window begins in its image, (*output, C)
    tap = np.zeros(1, np.int64)                         # and how far from there each of its taps is
    for axis, (number, k, pitch) in enumerate(zip(geom.output, geom.kernel, pitches)):
        corner = corner + (np.arange(number) * k * pitch).reshape(-1, *(1,) * (geom.rank - axis))
        tap = (tap[:, None] + np.arange(k) * pitch).reshape(-1)

    def block(some):
        here = dx[some]
        here[...] = 0
        flat = here.reshape(len(here), -1)
        place = corner + tap[index[some]]
        flat[np.arange(len(here))[:, None], place.reshape(len(here), -1)] = g[some].reshape(len(here), -1)

    device.share(block, _groups(dx))
    return channels_first(dx)


def avg_pool(device, x, *, geom, count_include_pad, divisor_override):
    """As in kernels/generic/pool.py."""
    images = _tiled(x, geom)
    if images is None or not _averages(geom, x.dtype):
        return generic.avg_pool(device, x, geom=geom, count_include_pad=count_include_pad,
                                divisor_override=divisor_override)
    y = device.empty((len(images), *geom.output, images.shape[-1]), x.dtype)

    def block(some):
        v = images[some]
        for axis, k in enumerate(geom.kernel):
            v = np.add.reduce(_split(v, axis, k), axis=axis + 2)
        np.divide(v, x.dtype.type(divisor_override or geom.taps), out=y[some])

    device.share(block, _groups(images))
    return channels_first(y)


def avg_pool_dx(device, g, *, geom, count_include_pad, divisor_override):
    """As in kernels/generic/pool.py."""
    if not _is_tiling(geom, 1) or not _averages(geom, g.dtype):         # 2 x 2 windows take 0.4 of the walk's time
        return generic.avg_pool_dx(device, g, geom=geom, count_include_pad=count_include_pad,
                                   divisor_override=divisor_override)
    g = channels_last(g)
    dx = device.empty((len(g), *geom.size, g.shape[-1]), g.dtype)

    def block(some):
        v = np.divide(g[some], g.dtype.type(divisor_override or geom.taps))
        for axis in reversed(range(geom.rank)):         # the first one last: it copies whole rows of memory
            v = v.reshape(*v.shape[:axis + 2], 1, *v.shape[axis + 2:])
            out = _split(dx[some], 0, geom.kernel[0]) if axis == 0 else None
            v = _spread(v, axis, geom.kernel[axis], out)

    device.share(block, _groups(dx))
    return channels_first(dx)


def _spread(v, axis, k, out):
    """k copies along the axis behind the spatial `axis`, which is 1 long, in `out` or in new memory, as one axis."""
    shape = (*v.shape[:axis + 2], k, *v.shape[axis + 3:])
    if out is None:
        out = np.empty(shape, v.dtype)
    out.reshape(shape)[...] = v
    return out.reshape(*shape[:axis + 1], -1, *shape[axis + 3:])


def _is_tiling(geom, least=TAPS):
    """Whether the windows have at least so many taps and tile the input."""
    return (geom.taps >= least and geom.stride == geom.kernel and not any(geom.before) and set(geom.dilation) == {1}
            and all(o * k == n for o, k, n in zip(geom.output, geom.kernel, geom.size)))


def _averages(geom, dtype):
    """Whether to average here: 16-bit numbers need wider sums, and one window over everything is a plain mean."""
    return dtype.itemsize >= 4 and prod(geom.output) > 1


def _tiled(x, geom):
    """x as (N, *size, C), contiguous, or None if its pool is left to the plain kernel."""
    images = channels_last(x)
    fits = _is_tiling(geom) and images.flags.c_contiguous and images.size and x.dtype.kind in "fiu"
    return images if fits else None


def _split(v, axis, k):
    """(N, ..., output k, ...) -> (N, ..., output, k, ...), the spatial `axis` in two."""
    shape = v.shape
    return v.reshape(*shape[:axis + 1], shape[axis + 1] // k, k, *shape[axis + 2:])


def _groups(images):
    """Slices of the batch, of as many images as a thread takes at once."""
    return image_groups(len(images), images[0].nbytes if len(images) else 1, BLOCK)
