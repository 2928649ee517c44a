"""Convolution of images with few channels: one plane a channel, images side by side.

With few channels a window holds short runs of numbers, and copying them one run at a time is slow. Here a group of
images is first laid out as planes (C, stride, places, ..., n), two axes for each spatial one: the image number runs
fastest, and the positions of each remainder modulo the stride (a phase) stand together. Then what a tap reads in all
windows is one shifted slice of one phase, made of long contiguous runs. The window matrix has one row a tap,
(taps * C, M), and the gradient in x adds the rows of a product back to the places they came from.
"""
from itertools import product
from math import gcd, prod

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..generic.conv_blocks import add_bias, add_up
from ..generic.windows import block_bytes, channels_last, cut, image_groups


def correlate(device, x, weight, geometry, out, bias):
    """out (N, *output, O) = the windows of x (N, *size, C) times weight (1, O, C, *kernel), plus bias (O,)."""
    matrix = tap_matrix(weight)                         # (O, taps * C)
    blocks = cut(len(x), geometry, matrix.shape[1] * matrix.itemsize, block_bytes(device))

    def run(start, stop):
        for block in blocks[start:stop]:
            columns = window_columns(device, x[block.images], geometry, block, matrix.dtype)
            target = out[(block.images, *block.where)]
            direct = len(target) == 1 and target.flags.c_contiguous and target.dtype == matrix.dtype
            shape = (columns.shape[1], len(matrix))
            result = target.reshape(shape) if direct else device.scratch("result", shape, matrix.dtype)
            np.matmul(columns.T, matrix.T, out=result)
            if bias is not None:
                add_bias(np, result, bias, len(target))
            if not direct:
                target[...] = np.moveaxis(result.reshape(*target.shape[1:-1], len(target), -1), -2, 0)

    device.share(run, len(blocks))


def correlate_dw(device, g, x, geometry, work):
    """The sum over positions of g (N, *output, O) times windows of x (N, *size, C): (1, O, C, *kernel)."""
    channels, features = x.shape[-1], g.shape[-1]
    blocks = cut(len(x), geometry, geometry.taps * channels * work.itemsize, block_bytes(device))
    shape, sums = (geometry.taps * channels, features), {}

    def run(start, stop):
        for block in blocks[start:stop]:
            columns = window_columns(device, x[block.images], geometry, block, work)
            grads = gradient_rows(device, g[(block.images, *block.where)], work)
            if start not in sums:
                sums[start] = np.matmul(columns, grads)
            else:
                part = device.scratch("product", shape, work)
                np.matmul(columns, grads, out=part)
                np.add(sums[start], part, out=sums[start])

    device.parallel(run, len(blocks))
    total = add_up(np, sums, shape, work).reshape(*geometry.kernel, channels, features)
    return np.moveaxis(total, (-1, -2), (0, 1))[None]


def correlate_dx(device, g, weight, geometry, out):
    """out (N, *size, C) = the adjoint of `correlate` in x, for g (N, *output, O) and weight (1, O, C, *kernel)."""
    matrix = tap_matrix(weight)
    width, channels = matrix.shape[1], weight.shape[2]
    position_bytes = width * matrix.itemsize
    groups = image_groups(len(out), position_bytes * prod(geometry.output), block_bytes(device))
    rows = cut(1, geometry, position_bytes, block_bytes(device))

    def run(start, stop):
        for images in groups[start:stop]:
            number = images.stop - images.start
            planes = empty_planes(device, number, channels, geometry, geometry.padded, matrix.dtype)
            planes[...] = 0
            for block in rows:
                grads = gradient_rows(device, g[(images, *block.where)], matrix.dtype)
                columns = device.scratch("columns", (width, len(grads)), matrix.dtype)
                np.matmul(matrix.T, grads.T, out=columns)
                fold(device, columns, geometry, block, planes)
            unpack(planes, geometry, out[images])

    device.share(run, len(groups))


def tap_matrix(weight):
    """Weights (1, O, C, *kernel) as (O, taps * C)."""
    return np.ascontiguousarray(channels_last(weight[0])).reshape(weight.shape[1], -1)


def window_columns(device, x, geometry, block, dtype):
    """The windows of a block, one row a tap and channel: scratch (taps * C, positions * n)."""
    images, channels = len(x), x.shape[-1]
    planes = empty_planes(device, images, channels, geometry, block.extent, dtype)
    pack(x, geometry, block.start, planes)
    columns = device.scratch("columns", (*geometry.kernel, channels, *block.number, images), dtype)
    for phase, taps, first, step in _phase_taps(geometry):
        chosen = planes[_at_phase(phase)]               # (C, *places, n)
        channel, *places, image = chosen.strides
        target = columns[taps]
        target[...] = as_strided(chosen[(slice(None), *(slice(f, None) for f in first))], target.shape,
                                 (*(p * s for p, s in zip(places, step)), channel, *places, image))
    return columns.reshape(geometry.taps * channels, -1)


def fold(device, columns, geometry, block, planes):
    """Add rows (taps * C, positions * n) to the places of the planes their taps read, the adjoint of window_columns.

    One axis at a time, last first: its taps are folded into places while the taps of the other axes stand in front,
    which takes as many additions as the kernel is long, not as it has taps.
    """
    channels = planes.shape[0]
    number = block.number
    for axis in reversed(range(geometry.rank)):
        stride, dilation, kernel = geometry.stride[axis], geometry.dilation[axis], geometry.kernel[axis]
        taps, outer = prod(geometry.kernel[:axis]), channels * prod(number[:axis])
        columns = columns.reshape(taps, kernel, outer, number[axis], -1)
        if axis:
            shape = (taps, outer, stride, planes.shape[2 + 2 * axis], columns.shape[-1])
            folded = device.scratch("folded" if axis % 2 else "folded twice", shape, planes.dtype)
            folded[...] = 0
        else:
            folded = planes.reshape(1, channels, stride, planes.shape[2], -1)
        for tap in range(kernel):
            shift, phase = divmod(tap * dilation, stride)
            first = block.where[axis].start + shift
            target = folded[:, :, phase, first:first + number[axis]]
            np.add(target, columns[:, tap], out=target)
        columns = folded


def gradient_rows(device, g, dtype):
    """A block of g (n, *positions, O) as (positions * n, O), the image number running faster than the position."""
    if len(g) == 1 and g.flags.c_contiguous and g.dtype == dtype:
        return g.reshape(-1, g.shape[-1])
    rows = device.scratch("grads", (*g.shape[1:-1], len(g), g.shape[-1]), dtype)
    rows[...] = np.moveaxis(g, 0, -2)
    return rows.reshape(-1, g.shape[-1])


def empty_planes(device, images, channels, geometry, extent, dtype):
    """Uninitialised planes for `extent` padded positions along each axis: (C, stride, places, ..., n)."""
    pairs = ((s, -(-e // s)) for e, s in zip(extent, geometry.stride))
    return device.scratch("planes", (channels, *(n for pair in pairs for n in pair), images), dtype)


def pack(x, geometry, origin, planes):
    """Fill planes from images x (n, *size, C), the first place of phase 0 being input position `origin`."""
    x = x.swapaxes(0, -1)                # (C, *size, n)
    for phase, inside, read in _phase_slices(geometry, origin, planes.shape):
        target = planes[_at_phase(phase)]
        if any(i.start > 0 or i.stop < n for i, n in zip(inside, target.shape[1:])):
            target[...] = 0
        target[(slice(None), *inside)] = x[(slice(None), *read)]


def unpack(planes, geometry, out):
    """Write planes of padded positions to images out (n, *size, C), leaving the padding out."""
    out = out.swapaxes(0, -1)
    out[...] = 0                                        # what no window reached
    for phase, inside, read in _phase_slices(geometry, tuple(-b for b in geometry.before), planes.shape):
        out[(slice(None), *read)] = planes[_at_phase(phase)][(slice(None), *inside)]


def _phase_slices(geometry, origin, shape):
    """For each phase: its index, the places that lie inside the input, and the input positions they hold."""
    axes = []
    for size, stride, first, places in zip(geometry.size, geometry.stride, origin, shape[2::2]):
        axis = []
        for phase in range(stride):
            low = min(max(0, -((first + phase) // stride)), places)       # first place at a position >= 0
            high = min(max(low, -((first + phase - size) // stride)), places)
            position = max(0, first + phase + low * stride)
            axis.append((phase, slice(low, high), slice(position, position + (high - low) * stride, stride)))
        axes.append(axis)
    for chosen in product(*axes):
        yield tuple(c[0] for c in chosen), tuple(c[1] for c in chosen), tuple(c[2] for c in chosen)


def _phase_taps(geometry):
    """For each phase that a tap reads: its index, the slices of its taps, their first place, their step in places."""
    axes = []
    for kernel, stride, dilation in zip(geometry.kernel, geometry.stride, geometry.dilation):
        step = stride // gcd(stride, dilation)
        axes.append([((t * dilation) % stride, slice(t, None, step), t * dilation // stride, step * dilation // stride)
                     for t in range(min(step, kernel))])
    for chosen in product(*axes):
        yield tuple(zip(*chosen))


def _at_phase(phase):
    """The index that takes one phase of every axis of planes: (C, *places, n) is left."""
    return (slice(None), *(i for p in phase for i in (p, slice(None))))
