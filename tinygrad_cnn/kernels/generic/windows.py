"""Windows over channels-last images: the cut into blocks, the padded patch of a block, the strided view of its windows.

The idea: no kernel pads or unfolds a whole batch. Work is cut into blocks of output positions whose temporaries fit
the cache; for each block the patch of input that its windows read is padded (or simply viewed, where no window leaves
the input), and a strided view shows every window of the patch without a copy. The cut is worked out once for each
geometry and number of images, and remembered.

Images are (N, *size, C).
"""
from functools import lru_cache
from itertools import product
from math import prod

from ...dtypes import float32

BLOCK = 2 << 20                                         # bytes of a block on a CPU; smaller ones make threads wait
LARGE_BLOCK = 64 << 20                                  # elsewhere, where a launch costs more than memory
SHARED = 256 << 10                                      # bytes of work below which a second thread is no help
FLOAT32 = float32.numpy
EVERYTHING = slice(None)
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


class Block:
    """Some images, some of their windows, and what those read.

    Attributes: `images`, a slice of the batch; `where`, a slice of the output positions along each axis, and `number`
    of them. The patch that these windows read begins at input position `start` (negative in the padding) and has
    `extent` positions; `source` is the part of it inside the input, as an index of the images, and `target` the same
    part as an index of the patch; `borders` are the indices of the rest; `inside` says there is none.
    """
    __slots__ = ("images", "where", "number", "start", "extent", "inside", "source", "target", "borders")

    def __init__(self, geometry, images, where):
        self.images, self.where = images, where
        self.number = tuple(w.stop - w.start for w in where)
        self.start = tuple(w.start * s - b for w, s, b in zip(where, geometry.stride, geometry.before))
        self.extent = tuple((n - 1) * s + (k - 1) * d + 1 for n, s, k, d in
                            zip(self.number, geometry.stride, geometry.kernel, geometry.dilation))
        source, target, borders = [EVERYTHING], [EVERYTHING], []
        for start, extent, size in zip(self.start, self.extent, geometry.size):
            low = min(max(0, -start), extent)
            high = max(low, min(extent, size - start))
            for border in (slice(0, low), slice(high, extent)):
                if border.start < border.stop:
                    borders.append((*target, border))   # axes before are cut to the inside: no cell is filled twice
            source.append(slice(start + low, start + high))
            target.append(slice(low, high))
        self.source, self.target, self.borders, self.inside = tuple(source), tuple(target), borders, not borders


@lru_cache(256)
def cut(count, geometry, position_bytes, budget):
    """Blocks that cover the windows of `count` images, each of at most `budget` bytes of temporaries.

    Small images are taken several at a time, large ones in runs of rows. Where there is work for two threads the number
    of blocks is even, so that both have the same. `position_bytes`: of temporaries for one output position.
    """
    output = geometry.output
    image_bytes = prod(output) * position_bytes
    whole = tuple(slice(0, n) for n in output)
    if image_bytes <= budget and (count > 1 or image_bytes <= SHARED):
        return [Block(geometry, run, whole) for run in image_groups(count, image_bytes, budget)]
    axis, inner = 0, image_bytes // output[0]           # rows of this axis are counted; the axes before are walked
    while inner > budget and axis < len(output) - 1:
        axis += 1
        inner //= output[axis]
    walked = [[slice(i, i + 1) for i in range(n)] for n in output[:axis]]
    rows = _runs(output[axis], max(1, budget // inner), even=(count * prod(output[:axis])) % 2 == 1)
    return [Block(geometry, slice(n, n + 1), (*outer, run, *whole[axis + 1:]))
            for n in range(count) for outer in product(*walked) for run in rows]


def image_groups(count, image_bytes, budget):
    """Slices that cover range(count), of as many images as fit the budget, an even number of them if there is work."""
    return _runs(count, max(1, budget // max(1, image_bytes)), even=count * image_bytes > SHARED)


def _runs(length, largest, even):
    """Slices of nearly equal length, at most `largest`, that cover range(length)."""
    number = -(-length // largest)
    if even and number % 2 and number < length:
        number += 1
    return [slice(length * i // number, length * (i + 1) // number) for i in range(number)]


def whole_block(geometry, images):
    """The block of all windows of the images in a slice."""
    return Block(geometry, images, tuple(slice(0, n) for n in geometry.output))


def patch(device, x, block, fill, dtype):
    """What the windows of a block read of its images x (n, *size, C), padded with `fill`: (n, *extent, C).

    A view of x where no window leaves it and its channels lie side by side; else scratch memory.
    """
    if block.inside and x.dtype == dtype and x.strides[-1] == x.itemsize:
        return x[block.source]
    out = device.scratch("patch", (len(x), *block.extent, x.shape[-1]), dtype)
    for border in block.borders:
        out[border] = fill
    out[block.target] = x[block.source]
    return out


def copy_runs(device, target, source):
    """target[...] = source, arrays of one shape and dtype."""
    target[...] = source


def strided(device, a, shape, strides):
    """A view of this shape and these strides, from a's first number on."""
    return device.xp.lib.stride_tricks.as_strided(a, shape, strides)


def windows(device, patch, geometry, number):
    """A view of the windows of a patch: (n, *number, *kernel, C), `number` windows along each axis."""
    first, *spatial, last = patch.strides
    return device.kernel("strided")(
        patch, (len(patch), *number, *geometry.kernel, patch.shape[-1]),
        (first, *(s * e for s, e in zip(geometry.stride, spatial)),
         *(d * e for d, e in zip(geometry.dilation, spatial)), last))


def tap_views(device, patch, geometry, number):
    """What each tap of a patch's windows reads, taps in front: a view (*kernel, n, *number, C)."""
    return windows(device, patch, geometry, number).transpose(_TAPS[geometry.rank])
