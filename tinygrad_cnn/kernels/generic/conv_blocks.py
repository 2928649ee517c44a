"""Convolution as blocked im2col: a block of windows copied into a matrix, and one matrix product for it.

Rows of the matrix are output positions, (M, taps * C), and the product with the weights (taps * C, O) puts the block's
result into the channels-last output. On the CPU a block fits the cache, so the copy costs little; nothing of the size
of all windows is ever made. The gradient in the weights is the product of the same two matrices the other way round,
summed over the blocks. Groups are taken one after the other.
"""
from math import prod

from ...geometry import ConvGeometry
from .windows import SHARED, block_bytes, channels_first, cut, patch, whole_block, windows

LONG_SUM = 1 << 14                                      # positions above which threads share the sum, not the result
SMALL = 1 << 18                                         # bytes of weights that are put into order for the product


def correlate(device, x, weight, geometry, out, bias):
    """out (N, *output, O) = the windows of x (N, *size, C) times weight (G, O/G, C/G, *kernel), plus bias (O,)."""
    groups, features, channels = weight.shape[:3]
    matrices = weight_matrices(device, weight)
    for i, matrix in enumerate(matrices):
        inputs, outputs = slice(i * channels, (i + 1) * channels), slice(i * features, (i + 1) * features)
        multiply(device, x[..., inputs], matrix, geometry, out[..., outputs], None if bias is None else bias[outputs])


def weight_matrices(device, weight):
    """Weights (G, O/G, C/G, *kernel) as one matrix a group: (G, taps * C/G, O/G); a view for large ones of one tap."""
    groups, features = weight.shape[:2]
    if prod(weight.shape[3:]) == 1 and weight.nbytes > SMALL:
        return weight[(..., *(0,) * (weight.ndim - 3))].swapaxes(1, 2)
    turned = weight.transpose(0, *range(3, weight.ndim), 2, 1)
    matrices = device.empty(turned.shape, weight.dtype)

    def run(start, stop):
        matrices[..., start:stop] = turned[..., start:stop]

    if weight.nbytes > SHARED:
        device.parallel(run, features)
    else:
        run(0, features)
    return matrices.reshape(groups, prod(turned.shape[1:-1]), features)


def multiply(device, x, matrix, geometry, out, bias=None):
    """out (N, *output, O) = the windows of x (N, *size, C) times matrix (taps * C, O), plus bias (O,); one group."""
    xp, features, multiply_rows = device.xp, out.shape[-1], device.kernel("multiply_rows")
    if not out.size:
        return
    if geometry.is_pointwise and x.flags.c_contiguous and out.flags.c_contiguous:
        x, out, geometry = _one_row(x, out)
    blocks = cut(len(x), geometry, len(matrix) * matrix.itemsize, block_bytes(device, matrix.nbytes))

    def run(block):
        rows = window_rows(device, x[block.images], geometry, block, matrix.dtype)
        target = out[(block.images, *block.where)]
        direct = target.flags.c_contiguous and target.dtype == matrix.dtype
        shape = (len(rows), features)
        result = target.reshape(shape) if direct else device.scratch("result", shape, matrix.dtype)
        multiply_rows(rows, matrix, result)
        if bias is not None:
            add_bias(xp, result, bias, target.shape[-2])
        if not direct:
            target[...] = result.reshape(target.shape)

    device.share(run, blocks)


def correlate_dw(device, g, x, geometry, work, groups):
    """The sum over positions of g (N, *output, O) times windows of x (N, *size, C): (G, O/G, C/G, *kernel)."""
    channels, features = x.shape[-1] // groups, g.shape[-1] // groups
    whole = groups == 1 and geometry.is_pointwise and x.flags.c_contiguous and x.dtype == work
    if whole and x.size <= LONG_SUM * channels:
        product = device.kernel("matrix_product")(as_matrix(device, g, work).T, x.reshape(-1, channels))
        return product.reshape(1, features, channels, *geometry.kernel)
    total = device.empty((groups, features, channels, *geometry.kernel), work)
    for i in range(groups):
        inputs, outputs = slice(i * channels, (i + 1) * channels), slice(i * features, (i + 1) * features)
        multiply_dw(device, g[..., outputs], x[..., inputs], geometry, total[i])
    return total


def multiply_dw(device, g, x, geometry, out):
    """out (O, C, *kernel) = the sum over positions of g (N, *output, O) times windows of x (N, *size, C); one group."""
    xp, channels, features, work = device.xp, x.shape[-1], g.shape[-1], out.dtype
    budget, position_bytes = block_bytes(device), geometry.taps * work.itemsize
    slice_width = budget // max(1, len(x) * prod(geometry.output) * position_bytes)
    if 32 <= slice_width < channels:
        _multiply_dw_by_channels(device, g, x, geometry, out, slice_width)
        return
    blocks = cut(len(x), geometry, channels * position_bytes, budget)
    shape, sums = (features, geometry.taps * channels), {}
    multiply_columns = device.kernel("multiply_columns")

    def run(start, stop):
        for block in blocks[start:stop]:
            rows = window_rows(device, x[block.images], geometry, block, work)
            grads = as_matrix(device, g[(block.images, *block.where)], work)
            first = start not in sums
            product = device.empty(shape, work) if first else device.scratch("product", shape, work)
            multiply_columns(grads, rows, product)
            sums[start] = product if first else xp.add(sums[start], product, out=sums[start])

    device.parallel(run, len(blocks))
    out[...] = channels_first(add_up(xp, sums, shape, work).reshape(features, *geometry.kernel, channels))


def _multiply_dw_by_channels(device, g, x, geometry, out, slice_width):
    """multiply_dw where all positions together are few: a slice of the channels at a time, so nothing is summed."""
    xp, channels, features, work = device.xp, x.shape[-1], g.shape[-1], out.dtype
    grads = as_matrix(device, g, work)
    block = whole_block(geometry, slice(0, len(x)))
    number = -(-channels // slice_width)
    number += number % 2

    def run(i):
        part = slice(channels * i // number, channels * (i + 1) // number)
        rows = window_rows(device, x[..., part], geometry, block, work)
        product = device.scratch("product", (features, rows.shape[1]), work)
        xp.matmul(grads.T, rows, out=product)
        out[:, part] = channels_first(product.reshape(features, *geometry.kernel, -1))

    device.share(run, range(number))


def window_rows(device, x, geometry, block, dtype):
    """The windows of a block as rows (n * positions, taps * C): a view where they already lie so, else scratch."""
    view = windows(device, patch(device, x, block, 0, dtype), geometry, block.number)
    if not view.flags.c_contiguous:
        rows = device.scratch("windows", view.shape, dtype)
        device.kernel("copy_runs")(rows, view)
        view = rows
    return view.reshape(len(x) * prod(block.number), geometry.taps * x.shape[-1])


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


def _one_row(x, out):
    """All positions of a pointwise convolution as one long spatial axis: (1, M, C) and (1, M, O)."""
    positions = prod(out.shape[:-1])
    geometry = ConvGeometry((positions,), (1,), (1,), (1,), (0,), (positions,))
    return x.reshape(1, positions, x.shape[-1]), out.reshape(1, positions, out.shape[-1]), geometry
