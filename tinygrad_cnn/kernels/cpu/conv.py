"""Convolution on the CPU: the rule that chooses an algorithm, and the kernels conv, conv_dx and conv_dw.

The kernels are those of kernels/generic/conv, with the inner routine chosen by `algorithm`. Every routine takes
channels-last images of any strides and weights (G, O/G, C/G, *kernel).
"""
from math import prod

import numpy as np

from ...errors import ArgumentError
from ..generic import conv_blocks, conv_depthwise
from ..generic.conv import conv as shared_conv
from ..generic.conv import conv_dw as shared_conv_dw
from ..generic.conv import conv_dx as shared_conv_dx
from ..generic.windows import channels_first, channels_last, working_dtype
from . import conv_strips, winograd_conv, winograd_volumes
from .choice import choice
from .winograd import reach

SHORT = 32                                              # numbers of a kernel row below which copying rows is slow
FEW = 6                                                 # channels below which adding a gradient back beats gathering it
MERGED = 32                                             # channels that merged groups may have together
MERGED_TILES = 16                                       # the same for Winograd's products, which are larger
WIDE = 8                                                # channels from which Winograd's transforms pay
WIDE_PHASES = 16                                        # channels of a stride's phases together from which they do


def algorithm(groups, channels, features, geometry, dtype):
    """Which routine correlates, given the channels and features of one group; for conv and conv_dw.

    "winograd": fewer multiplications, for float32 and square kernels of 3 to 5 taps for each phase of the stride.
    "blocks": blocked im2col. "strips": few channels, where a row of the kernel is a short run of numbers. "depthwise":
    one channel a group. "merged": groups so small that several make one block of a block-diagonal matrix.
    `tg.backends.cpu` may forbid or force one.
    """
    if choice.forced is not None:
        return forced(groups, channels, features, geometry, dtype)
    together = channels * prod(geometry.stride)
    wide = groups > 1 or features >= WIDE and together >= (WIDE if together == channels else WIDE_PHASES)
    if wide and reach(geometry) and dtype == np.float32 and not choice.precise:
        return "winograd"
    if groups == 1:
        return "strips" if channels * geometry.kernel[-1] < SHORT and geometry.taps > 1 else "blocks"
    if channels == features == 1:
        return "depthwise"
    return "merged" if 2 * max(channels, features) <= MERGED else "blocks"


def forced(groups, channels, features, geometry, dtype):
    """The algorithm the user insists on.

    Raises: ArgumentError if it cannot do this convolution.
    """
    possible = {"blocks": True, "strips": groups == 1, "depthwise": channels == features == 1,
                "merged": groups > 1, "winograd": reach(geometry) is not None and dtype == np.float32}
    if not possible[choice.forced]:
        raise ArgumentError(f"conv: algorithm {choice.forced!r} was asked for, but it cannot do {geometry} with "
                            f"{groups} groups of {channels} -> {features} channels in {dtype}. Possible here: "
                            f"{', '.join(name for name, can in possible.items() if can)}.")
    return choice.forced


def algorithm_dx(groups, channels, features, geometry):
    """Which routine takes conv_dx: "strips", or "phases", where each phase of the stride is correlated on its own."""
    if choice.forced is not None:
        return "strips" if choice.forced == "strips" and groups == 1 else "phases"
    return "strips" if groups == 1 and channels <= min(FEW, features) and geometry.taps > 1 else "phases"


def conv(device, x, w, bias, *, geom):
    """y (N, O, *output): cross-correlation of x (N, C, *size) with w (O, C/G, *kernel), plus bias (O,) or None."""
    return shared_conv(device, x, w, bias, geom=geom, correlate=_correlate)


def conv_dx(device, g, w, *, geom):
    """The adjoint of conv in x: g (N, O, *output) and w (O, C/G, *kernel) give (N, C, *size)."""
    spreads = algorithm_dx(geom.groups, w.shape[1], w.shape[0], geom) == "strips"
    if not spreads or conv_strips.mixes(geom, len(w)) and not _finite(g):
        return shared_conv_dx(device, g, w, geom=geom, correlate=_correlate)
    dx = device.empty((len(g), *geom.size, w.shape[1]), g.dtype)
    weight = w[None].astype(working_dtype(g.dtype), copy=False)
    conv_strips.correlate_dx(device, channels_last(g), weight, geom, dx)
    return channels_first(dx)


def conv_dw(device, g, x, *, geom):
    """The adjoint of conv in w: g (N, O, *output) and x (N, C, *size) give (O, C/G, *kernel)."""
    return shared_conv_dw(device, g, x, geom=geom, correlate_dw=_correlate_dw)


def _correlate(device, x, weight, geometry, out, bias):
    groups, features, channels = weight.shape[:3]
    dtype = weight.dtype if x.dtype == out.dtype == weight.dtype else None
    chosen = algorithm(groups, channels, features, geometry, dtype)
    if chosen in ("winograd", "merged"):
        number = merged(groups, channels, features, chosen)
        wide = block_diagonal(weight, number) if number > 1 else weight
        if chosen == "winograd":
            finite = _winograd(geometry).correlate(device, x, wide, geometry, out, bias)
        else:
            conv_blocks.correlate(device, x, wide, geometry, out, bias)
            finite = _finite(out)
        if finite:
            return
        # An infinity or NaN would have spread over its tile, or times zero to the merged groups: take blocks instead.
    if chosen == "strips" and conv_strips.mixes(geometry, features) and not _finite(x):
        chosen = "blocks"
    routine = {"strips": conv_strips, "depthwise": conv_depthwise}.get(chosen, conv_blocks)
    routine.correlate(device, x, weight, geometry, out, bias)


def _correlate_dw(device, g, x, geometry, work):
    groups = geometry.groups
    channels, features = x.shape[-1] // groups, g.shape[-1] // groups
    chosen = algorithm(groups, channels, features, geometry, work if x.dtype == g.dtype == work else None)
    if chosen == "strips":
        return conv_strips.correlate_dw(device, g, x, geometry, work)
    if chosen == "depthwise":
        return conv_depthwise.correlate_dw(device, g, x, geometry, work)
    if chosen in ("winograd", "merged"):
        number = merged(groups, channels, features, chosen)
        if chosen == "winograd":
            dw = _winograd(geometry).correlate_dw(device, g, x, geometry, groups // number)
        else:
            dw = conv_blocks.correlate_dw(device, g, x, geometry, work, groups // number)
        if dw is not None:
            return diagonal_blocks(dw, number) if number > 1 else dw
    return conv_blocks.correlate_dw(device, g, x, geometry, work, groups)


def _finite(x):
    """Whether all numbers are finite; False also where their sum overflows."""
    return np.isfinite(np.add.reduce(x, axis=None, dtype=working_dtype(x.dtype)))


def _winograd(geometry):
    return winograd_conv if geometry.rank == 2 else winograd_volumes


def merged(groups, channels, features, chosen):
    """How many groups `chosen` takes together: the largest divisor of `groups` that keeps to so many channels."""
    if chosen == "winograd" and channels == features == 1:
        return 1                                        # multiplied number by number
    most = (MERGED_TILES if chosen == "winograd" else MERGED) // max(channels, features)
    return max((m for m in range(1, groups + 1) if groups % m == 0 and m <= most), default=1)


def block_diagonal(weight, number):
    """Each `number` groups of weight (G, O, C, *kernel) as one group, zero between them: (G/m, m*O, m*C, *kernel)."""
    groups, features, channels, *kernel = weight.shape
    wide = np.zeros((groups // number, number, features, number, channels, *kernel), weight.dtype)
    for i in range(number):
        wide[:, i, :, i] = weight[i::number]
    return wide.reshape(groups // number, number * features, number * channels, *kernel)


def diagonal_blocks(wide, number):
    """The inverse of block_diagonal, whatever lies between the groups."""
    groups, features, channels, *kernel = wide.shape
    wide = wide.reshape(groups, number, features // number, number, channels // number, *kernel)
    weight = np.empty((groups * number, features // number, channels // number, *kernel), wide.dtype)
    for i in range(number):
        weight[i::number] = wide[:, i, :, i]
    return weight
