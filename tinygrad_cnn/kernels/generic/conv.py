"""Convolution as blocked im2col, for any device, and its two adjoints.

With the geometry fixed, <g, conv(x, w)> is linear in g, x and w. `correlate` does the forward pass: the windows of a
block of output positions are copied into a matrix, one row per position, (M, taps * C), and one matrix product with
the weights (taps * C, O) puts the block's result into the channels-last output. On the CPU a block fits the cache, so
the copy costs little; nothing of the size of all windows is ever made. The gradient in x is the same routine run once
for each phase of the stride (phases.py): g with the taps in reverse. The gradient in w is the product of the
same two matrices the other way round, summed over the blocks.

Inside, images are channels-last, weights are (G, O/G, C/G, *kernel), and 16-bit types are computed in float32.
"""
from math import prod

from ...dtypes import float32
from ...geometry import ConvGeometry
from .phases import phases
from .windows import channels_first, channels_last, counts, cut, patch, windows

FLOAT32 = float32.numpy
LARGE_BLOCK = 64 << 20                                  # bytes of window matrix where launches cost more than memory
BLOCK = 2 << 20                                         # on a CPU; smaller ones make threads wait for each other
BLOCK_MOST = 4 << 20                                    # for weights larger than a block, which each block reads again


def conv(device, x, w, bias, *, geom, correlate=None):
    """y (N, O, *output): cross-correlation of x (N, C, *size) with w (O, C/G, *kernel), plus bias (O,) or None."""
    work = working_dtype(x.dtype)
    y = device.empty((len(x), *geom.output, len(w)), x.dtype)
    bias = None if bias is None else bias.astype(work, copy=False)
    weight = split_groups(w, geom.groups).astype(work, copy=False)
    (correlate or correlate_blocks)(device, channels_last(x), weight, geom, y, bias)
    return channels_first(y)


def conv_dx(device, g, w, *, geom, correlate=None):
    """The adjoint of conv in x: g (N, O, *output) and w (O, C/G, *kernel) give (N, C, *size)."""
    work = working_dtype(g.dtype)
    dx = device.empty((len(g), *geom.size, w.shape[1] * geom.groups), g.dtype)
    weight = split_groups(w, geom.groups).astype(work, copy=False).swapaxes(1, 2)     # (G, C/G, O/G, *kernel)
    g = channels_last(g)
    for places, taps, sub in phases(geom):
        target = dx[(slice(None), *places)]
        if taps is None:
            target[...] = 0
        else:
            (correlate or correlate_blocks)(device, g, weight[(slice(None),) * 3 + taps], sub, target, None)
    return channels_first(dx)


def conv_dw(device, g, x, *, geom, correlate_dw=None):
    """The adjoint of conv in w: g (N, O, *output) and x (N, C, *size) give (O, C/G, *kernel)."""
    xp, work = device.xp, working_dtype(x.dtype)
    g, x = channels_last(g), channels_last(x)
    if correlate_dw is None:
        dw = correlate_blocks_dw(device, g, x, geom, work, geom.groups)
    else:
        dw = correlate_dw(device, g, x, geom, work)
    return xp.ascontiguousarray(dw.reshape(-1, *dw.shape[2:]).astype(x.dtype, copy=False))


def working_dtype(dtype):
    """The dtype a convolution computes in: float32 for 16-bit types, else its own."""
    return dtype if dtype.itemsize > 2 else FLOAT32


def split_groups(w, groups):
    """Weights (O, C/G, *kernel) as (G, O/G, C/G, *kernel)."""
    return w.reshape(groups, w.shape[0] // groups, *w.shape[1:])


def correlate_blocks(device, x, weight, geometry, out, bias):
    """out (N, *output, O) = the windows of x (N, *size, C) times weight (G, O/G, C/G, *kernel), plus bias (O,)."""
    groups, features, channels = weight.shape[:3]
    matrices = weight_matrices(device, weight)
    for i, matrix in enumerate(matrices):
        inputs, outputs = slice(i * channels, (i + 1) * channels), slice(i * features, (i + 1) * features)
        multiply(device, x[..., inputs], matrix, geometry, out[..., outputs], None if bias is None else bias[outputs])


def weight_matrices(device, weight):
    """Weights (G, O/G, C/G, *kernel) as one matrix a group: (G, taps * C/G, O/G)."""
    groups, features = weight.shape[:2]
    return device.xp.ascontiguousarray(device.xp.moveaxis(weight, (1, 2), (-1, -2))).reshape(groups, -1, features)


def multiply(device, x, matrix, geometry, out, bias=None):
    """out (N, *output, O) = the windows of x (N, *size, C) times matrix (taps * C, O), plus bias (O,); one group."""
    xp, features = device.xp, out.shape[-1]
    if not out.size:
        return
    if geometry.is_pointwise and x.flags.c_contiguous and out.flags.c_contiguous:
        x, out, geometry = _one_row(x, out)
    budget = block_bytes(device, min(max(BLOCK, matrix.nbytes // 2), BLOCK_MOST))
    blocks = cut(len(x), geometry.output, len(matrix) * matrix.itemsize, budget)

    def run(start, stop):
        for images, where in blocks[start:stop]:
            rows = window_rows(device, x[images], geometry, where, matrix.dtype)
            target = out[(images, *where)]
            direct = target.flags.c_contiguous and target.dtype == matrix.dtype
            shape = (len(rows), features)
            result = target.reshape(shape) if direct else device.scratch("result", shape, matrix.dtype)
            xp.matmul(rows, matrix, out=result)
            if bias is not None:
                add_bias(xp, result, bias, target.shape[-2])
            if not direct:
                target[...] = result.reshape(target.shape)

    device.parallel(run, len(blocks))


def correlate_blocks_dw(device, g, x, geometry, work, groups):
    """The sum over positions of g (N, *output, O) times windows of x (N, *size, C): (G, O/G, C/G, *kernel)."""
    channels, features = x.shape[-1] // groups, g.shape[-1] // groups
    total = device.empty((groups, features, channels, *geometry.kernel), work)
    for i in range(groups):
        inputs, outputs = slice(i * channels, (i + 1) * channels), slice(i * features, (i + 1) * features)
        product = multiply_dw(device, g[..., outputs], x[..., inputs], geometry, work)
        total[i] = channels_first(product)
    return total


def multiply_dw(device, g, x, geometry, work):
    """The sum over positions of g (N, *output, O) times windows of x (N, *size, C): (O, *kernel, C); one group."""
    xp, channels, features = device.xp, x.shape[-1], g.shape[-1]
    budget, position_bytes = block_bytes(device, BLOCK), geometry.taps * work.itemsize
    slice_width = budget // max(1, len(x) * prod(geometry.output) * position_bytes)
    if 32 <= slice_width < channels:
        return _multiply_dw_by_channels(device, g, x, geometry, work, slice_width)
    blocks = cut(len(x), geometry.output, channels * position_bytes, budget)
    shape, sums = (features, geometry.taps * channels), {}

    def run(start, stop):
        for images, where in blocks[start:stop]:
            rows = window_rows(device, x[images], geometry, where, work)
            grads = as_matrix(device, g[(images, *where)], work)
            if start not in sums:
                sums[start] = xp.matmul(grads.T, rows)
            else:
                product = device.scratch("product", shape, work)
                xp.matmul(grads.T, rows, out=product)
                xp.add(sums[start], product, out=sums[start])

    device.parallel(run, len(blocks))
    return add_up(xp, sums, shape, work).reshape(features, *geometry.kernel, channels)


def _multiply_dw_by_channels(device, g, x, geometry, work, slice_width):
    """multiply_dw where all positions together are few: a slice of the channels at a time, so nothing is summed."""
    xp, channels, features = device.xp, x.shape[-1], g.shape[-1]
    grads = as_matrix(device, g, work)
    total = device.empty((features, geometry.taps, channels), work)
    whole = tuple(slice(0, n) for n in geometry.output)
    number = -(-channels // slice_width)
    number += number % 2

    def run(start, stop):
        for i in range(start, stop):
            part = slice(channels * i // number, channels * (i + 1) // number)
            rows = window_rows(device, x[..., part], geometry, whole, work)
            product = device.scratch("product", (features, rows.shape[1]), work)
            xp.matmul(grads.T, rows, out=product)
            total[:, :, part] = product.reshape(features, geometry.taps, -1)

    device.parallel(run, number)
    return total.reshape(features, *geometry.kernel, channels)


def window_rows(device, x, geometry, where, dtype):
    """The windows of a block as rows (n * positions, taps * C): a view where they already lie so, else scratch."""
    number = counts(where)
    view = windows(device, patch(device, x, geometry, where, 0, dtype), geometry, number)
    if not view.flags.c_contiguous:
        rows = device.scratch("windows", view.shape, dtype)
        device.xp.copyto(rows, view)
        view = rows
    return view.reshape(len(x) * prod(number), geometry.taps * x.shape[-1])


def as_matrix(device, g, dtype):
    """A block of gradients as (M, O): a view if it is contiguous, else scratch."""
    if not (g.flags.c_contiguous and g.dtype == dtype):
        copy = device.scratch("grads", g.shape, dtype)
        copy[...] = g
        g = copy
    return g.reshape(-1, g.shape[-1])


def add_bias(xp, result, bias, positions):
    """Add bias (O,) to every row of result (M, O) in place; rows of `positions` at a time, which is faster."""
    wide = result.reshape(-1, positions * len(bias))
    xp.add(wide, xp.tile(bias, positions), out=wide)


def add_up(xp, sums, shape, dtype):
    """The sum of the runs' sums in their order, so that its bits do not depend on timing; zeros if there was no run."""
    if not sums:
        return xp.zeros(shape, dtype)
    first, *rest = (sums[start] for start in sorted(sums))
    for other in rest:
        xp.add(first, other, out=first)
    return first


def block_bytes(device, cpu):
    """The bytes of temporaries a block may take: `cpu` on a CPU, LARGE_BLOCK elsewhere."""
    return cpu if device.type == "cpu" else LARGE_BLOCK


def _one_row(x, out):
    """All positions of a pointwise convolution as one long spatial axis: (1, M, C) and (1, M, O)."""
    positions = prod(out.shape[:-1])
    geometry = ConvGeometry((positions,), (1,), (1,), (1,), (0,), (positions,))
    return x.reshape(1, positions, x.shape[-1]), out.reshape(1, positions, out.shape[-1]), geometry
