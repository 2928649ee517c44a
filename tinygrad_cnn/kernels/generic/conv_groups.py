"""Grouped convolution as blocked im2col with one batched product: (G, M, taps * C/G) times (G, taps * C/G, O/G)."""
from math import prod

from .conv_blocks import add_bias, add_up, weight_matrices
from .windows import block_bytes, cut, patch, windows


def correlate(device, x, weight, geometry, out, bias):
    """out (N, *output, O) = the windows of x (N, *size, C) times weight (G, O/G, C/G, *kernel), plus bias (O,)."""
    matrices = weight_matrices(device, weight)
    groups, width, features = matrices.shape
    blocks = cut(len(x), geometry, groups * width * matrices.itemsize, block_bytes(device, matrices.nbytes))

    def run(block):
        rows = _group_rows(device, x[block.images], geometry, block, matrices.dtype, groups)
        result = device.xp.matmul(rows, matrices)
        target = out[(block.images, *block.where)]
        side_by_side = device.xp.ascontiguousarray(result.transpose(1, 0, 2)).reshape(-1, groups * features)
        if bias is not None:
            add_bias(device.xp, side_by_side, bias, target.shape[-2])
        target[...] = side_by_side.reshape(target.shape)

    device.share(run, blocks)


def correlate_dw(device, g, x, geometry, work):
    """The sum over positions of g (N, *output, O) times windows of x (N, *size, C): (G, O/G, C/G, *kernel)."""
    xp, groups = device.xp, geometry.groups
    channels, features = x.shape[-1] // groups, g.shape[-1] // groups
    shape, sums = (groups, features, geometry.taps * channels), {}
    blocks = cut(len(x), geometry, geometry.taps * x.shape[-1] * work.itemsize, block_bytes(device))

    def run(start, stop):
        for block in blocks[start:stop]:
            rows = _group_rows(device, x[block.images], geometry, block, work, groups)
            grads = g[(block.images, *block.where)].astype(work, copy=False).reshape(-1, groups, features)
            product = xp.matmul(grads.transpose(1, 2, 0), rows)
            sums[start] = sums[start] + product if start in sums else product

    device.parallel(run, len(blocks))
    total = add_up(xp, sums, shape, work).reshape(groups, features, *geometry.kernel, channels)
    return xp.moveaxis(total, -1, 2)


def _group_rows(device, x, geometry, block, dtype, groups):
    """The windows of a block, group by group: (G, n * positions, taps * C/G)."""
    channels = x.shape[-1] // groups
    view = windows(device, patch(device, x, block, 0, dtype), geometry, block.number)
    rows = device.scratch("windows", (groups, *view.shape[:-1], channels), dtype)
    for i in range(groups):
        rows[i] = view[..., i * channels:(i + 1) * channels]
    return rows.reshape(groups, len(x) * prod(block.number), geometry.taps * channels)
