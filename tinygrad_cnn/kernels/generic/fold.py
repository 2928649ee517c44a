"""unfold and fold (im2col and col2im): the windows of an image as columns, and the adjoint that adds them back.

Columns are (N, C * taps, positions): the taps of one channel stand together, as PyTorch lays them out.
"""
from itertools import product
from math import prod

from .windows import block_bytes, channels_last, image_groups, patch, whole_block, windows, working_dtype


def im2col(device, x, *, geom):
    """The windows of x (N, C, *size) as columns (N, C * taps, positions), zeros in the padding."""
    xp, channels = device.xp, x.shape[1]
    x = channels_last(x)
    columns = device.empty((len(x), channels, *geom.kernel, *geom.output), x.dtype)
    rank = geom.rank

    def run(images):
        view = windows(device, patch(device, x[images], whole_block(geom, images), 0, x.dtype), geom, geom.output)
        columns[images] = xp.transpose(view, (0, 2 * rank + 1, *range(rank + 1, 2 * rank + 1), *range(1, rank + 1)))

    groups = _image_groups(device, columns)
    device.share(run, groups)
    return columns.reshape(len(x), channels * geom.taps, prod(geom.output))


def col2im(device, columns, *, geom):
    """The adjoint of im2col: columns (N, C * taps, positions) added up where they came from, (N, C, *size)."""
    xp, work, dtype = device.xp, working_dtype(columns.dtype), columns.dtype
    channels = columns.shape[1] // geom.taps
    columns = columns.reshape(len(columns), channels, *geom.kernel, *geom.output)
    out = device.empty((len(columns), channels, *geom.size), dtype)
    extents = tuple(max(p, b + n) for p, b, n in zip(geom.padded, geom.before, geom.size))
    inside = (Ellipsis, *(slice(b, b + n) for b, n in zip(geom.before, geom.size)))

    def run(images):
        padded = device.scratch("padded", (images.stop - images.start, channels, *extents), work)
        padded[...] = 0
        for tap in _taps(geom):
            read = (Ellipsis, *(slice(t * d, t * d + (o - 1) * s + 1, s)
                                for t, d, o, s in zip(tap, geom.dilation, geom.output, geom.stride)))
            target = padded[read]
            xp.add(target, columns[(images, slice(None), *tap)], out=target)
        out[images] = padded[inside]

    groups = _image_groups(device, columns)
    device.share(run, groups)
    return out


def _taps(geom):
    return product(*map(range, geom.kernel))


def _image_groups(device, columns):
    image_bytes = prod(columns.shape[1:]) * columns.dtype.itemsize
    return image_groups(len(columns), image_bytes, block_bytes(device))
