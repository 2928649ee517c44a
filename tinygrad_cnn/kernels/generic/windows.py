"""Windows over channels-last images: the cut into blocks, the padded patch of a block, the strided view of its windows.

The idea: no kernel pads or unfolds a whole batch. Work is cut into blocks of output positions whose temporaries fit
the cache; for each block the patch of input that its windows read is padded (or simply viewed, where no window leaves
the input), and a strided view shows every window of the patch without a copy.

Images are (N, *size, C); a block is `(images, where)`: a slice of N and a tuple of slices of the output positions.
"""
from itertools import product
from math import prod

from ...dtypes import float32

BLOCK = 2 << 20                                         # bytes of a block on a CPU; smaller ones make threads wait
LARGE_BLOCK = 64 << 20                                  # elsewhere, where a launch costs more than memory
FLOAT32 = float32.numpy
# As tuples made once: numpy.moveaxis costs 10 us a call.
_LAST = {n: (0, *range(2, n), 1) for n in range(2, 6)}
_FIRST = {n: (0, n - 1, *range(1, n - 1)) for n in range(2, 6)}
_TAPS = {rank: (*range(rank + 1, 2 * rank + 1), *range(rank + 1), 2 * rank + 1) for rank in (1, 2, 3)}


def channels_last(x):
    """A view of x (N, C, *size) as (N, *size, C)."""
    return x.transpose(_LAST[x.ndim])


def channels_first(x):
    """A view of x (N, *size, C) as (N, C, *size)."""
    return x.transpose(_FIRST[x.ndim])


def block_bytes(device, weights=0):
    """The bytes of temporaries a block may take; on a CPU up to twice as many where each block reads large weights."""
    return min(max(BLOCK, weights // 2), 2 * BLOCK) if device.type == "cpu" else LARGE_BLOCK


def working_dtype(dtype):
    """The dtype that sums are formed in: float32 for 16-bit types, else the type itself."""
    return dtype if dtype.itemsize > 2 else FLOAT32


def cut(count, output, position_bytes, budget):
    """Blocks that cover `count` images times the output positions, each of at most `budget` bytes of temporaries.

    Small images are taken several at a time, large ones in runs of rows. The number of blocks is even where it can be,
    so that two threads have the same work.
    """
    image_bytes = max(1, prod(output) * position_bytes)
    whole = tuple(slice(0, n) for n in output)
    if image_bytes <= budget:
        return [(run, whole) for run in _runs(count, budget // image_bytes)]
    axis, inner = 0, image_bytes // output[0]           # rows of this axis are counted; the axes before are walked
    while inner > budget and axis < len(output) - 1:
        axis += 1
        inner //= output[axis]
    walked = [[slice(i, i + 1) for i in range(n)] for n in output[:axis]]
    rows = _runs(output[axis], max(1, budget // inner), even=(count * prod(output[:axis])) % 2 == 1)
    return [(slice(n, n + 1), outer + (run,) + whole[axis + 1:])
            for n in range(count) for outer in product(*walked) for run in rows]


def _runs(length, largest, even=True):
    """Slices of nearly equal length, at most `largest`, that cover range(length)."""
    number = -(-length // largest)
    if even and number % 2 and number < length:
        number += 1
    return [slice(length * i // number, length * (i + 1) // number) for i in range(number)]


def counts(where):
    """The number of output positions of a block along each axis."""
    return tuple(w.stop - w.start for w in where)


def patch(device, x, geometry, where, fill, dtype):
    """The part of images x (n, *size, C) that the windows `where` read, padding filled with `fill`: (n, *extent, C).

    A view of x where no window leaves it and its channels lie side by side; else scratch memory.
    """
    starts = [w.start * s - b for w, s, b in zip(where, geometry.stride, geometry.before)]
    extents = [(n - 1) * s + (k - 1) * d + 1
               for n, s, k, d in zip(counts(where), geometry.stride, geometry.kernel, geometry.dilation)]
    inside = all(start >= 0 and start + extent <= size for start, extent, size in zip(starts, extents, geometry.size))
    everything = slice(None)
    if inside and x.dtype == dtype and x.strides[-1] == x.itemsize:
        return x[(everything, *(slice(start, start + extent) for start, extent in zip(starts, extents)))]
    out = device.scratch("patch", (len(x), *extents, x.shape[-1]), dtype)
    source, target = [everything], [everything]
    for start, extent, size in zip(starts, extents, geometry.size):
        low, high = min(max(0, -start), extent), max(0, min(extent, size - start))
        high = max(low, high)
        if low:
            out[(*target, slice(0, low))] = fill        # axes already cut to the inside: each border cell is set once
        if high < extent:
            out[(*target, slice(high, extent))] = fill
        source.append(slice(start + low, start + high))
        target.append(slice(low, high))
    out[tuple(target)] = x[tuple(source)]
    return out


def windows(device, patch, geometry, number):
    """A view of the windows of a patch: (n, *number, *kernel, C), `number` windows along each axis."""
    first, *spatial, last = patch.strides
    return device.xp.lib.stride_tricks.as_strided(
        patch, (len(patch), *number, *geometry.kernel, patch.shape[-1]),
        (first, *(s * e for s, e in zip(geometry.stride, spatial)),
         *(d * e for d, e in zip(geometry.dilation, spatial)), last))


def tap_views(device, patch, geometry, where):
    """What each tap of a block's windows reads, taps in front: a view (*kernel, n, *positions, C) of its patch."""
    return windows(device, patch, geometry, counts(where)).transpose(_TAPS[geometry.rank])
