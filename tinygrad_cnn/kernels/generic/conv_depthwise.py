"""Depthwise convolution (one channel a group): a sum of shifted images, each times one weight a channel.

There is no matrix product to be had: with C groups of one channel, tap t adds x shifted by t times w[:, t]. A row of
output positions and channels is one run of W * C numbers, and a few rows at a time stay in the cache through all taps.
"""
from itertools import product

from .conv_blocks import add_bias, add_up
from .windows import block_bytes, cut, patch, tap_views


def correlate(device, x, weight, geometry, out, bias):
    """out (N, *output, C) = the windows of x (N, *size, C) times weight (C, 1, 1, *kernel) per channel, plus bias."""
    xp, channels, work = device.xp, x.shape[-1], weight.dtype
    per_tap = xp.moveaxis(weight.reshape(channels, *geometry.kernel), 0, -1)
    row = out.shape[-2]
    wide = xp.tile(per_tap, row).reshape(*geometry.kernel, row, channels)      # a whole row of weights a tap
    taps = list(product(*map(range, geometry.kernel)))
    blocks = cut(len(x), geometry, 2 * channels * work.itemsize, block_bytes(device))

    def run(block):
        view = tap_views(device, patch(device, x[block.images], block, 0, work), geometry, block.number)
        target = out[(block.images, *block.where)]
        direct = target.flags.c_contiguous and target.dtype == work
        total = target if direct else device.scratch("result", target.shape, work)
        part = device.scratch("product", target.shape, work)
        span = slice(0, target.shape[-2])
        for number, tap in enumerate(taps):
            xp.multiply(view[tap], wide[tap][span], out=part if number else total)
            if number:
                xp.add(total, part, out=total)
        if bias is not None:
            add_bias(xp, total.reshape(-1, channels), bias, target.shape[-2])
        if not direct:
            target[...] = total

    device.share(run, blocks)


def correlate_dw(device, g, x, geometry, work):
    """The sum over positions of g (N, *output, C) times windows of x (N, *size, C), per channel: (C, 1, 1, *kernel)."""
    xp, channels = device.xp, x.shape[-1]
    taps = list(product(*map(range, geometry.kernel)))
    blocks = cut(len(x), geometry, 2 * channels * work.itemsize, block_bytes(device))
    shape, sums = (*geometry.kernel, channels), {}

    def run(start, stop):
        total = sums[start] = xp.zeros(shape, work)
        for block in blocks[start:stop]:
            view = tap_views(device, patch(device, x[block.images], block, 0, work), geometry, block.number)
            grads = g[(block.images, *block.where)].astype(work, copy=False)
            part = device.scratch("product", grads.shape, work)
            ones = xp.ones((1, grads.size // channels), work)
            for tap in taps:
                xp.multiply(view[tap], grads, out=part)
                total[tap] += xp.matmul(ones, part.reshape(-1, channels))[0]      # a product sums faster than sum()

    device.parallel(run, len(blocks))
    return xp.moveaxis(add_up(xp, sums, shape, work), -1, 0)[:, None, None]
