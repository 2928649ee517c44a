"""Convolution and its two adjoints for any device.

With the geometry fixed, <g, conv(x, w)> is linear in g, x and w. `conv` is a correlation: blocked im2col
(conv_blocks.py), for groups the same with a batched product (conv_groups.py), for one channel a group a sum of shifted
images (conv_depthwise.py). `conv_dx` is the same correlation, run once for each phase of the stride (phases.py) on g,
with the taps in reverse. A device with better routines passes its own `correlate` and `correlate_dw`.

Inside, images are channels-last, weights are (G, O/G, C/G, *kernel), and 16-bit types are computed in float32.
"""
from . import conv_blocks, conv_depthwise, conv_groups
from .phases import phases
from .windows import channels_first, channels_last, working_dtype


def correlate(device, x, weight, geometry, out, bias):
    """out (N, *output, O) = the windows of x (N, *size, C) times weight (G, O/G, C/G, *kernel), plus bias (O,)."""
    groups, features, channels = weight.shape[:3]
    routine = conv_blocks if groups == 1 else conv_depthwise if channels == features == 1 else conv_groups
    routine.correlate(device, x, weight, geometry, out, bias)


def correlate_dw(device, g, x, geometry, work):
    """The sum over positions of g (N, *output, O) times windows of x (N, *size, C): (G, O/G, C/G, *kernel)."""
    groups = geometry.groups
    if groups == 1:
        return conv_blocks.correlate_dw(device, g, x, geometry, work, groups)
    depthwise = x.shape[-1] == g.shape[-1] == groups
    return (conv_depthwise if depthwise else conv_groups).correlate_dw(device, g, x, geometry, work)


def conv(device, x, w, bias, *, geom, correlate=correlate):
    """y (N, O, *output): cross-correlation of x (N, C, *size) with w (O, C/G, *kernel), plus bias (O,) or None."""
    work = working_dtype(x.dtype)
    y = device.empty((len(x), *geom.output, len(w)), x.dtype)
    bias = None if bias is None else bias.astype(work, copy=False)
    correlate(device, channels_last(x), _split_groups(w, geom.groups, work), geom, y, bias)
    return channels_first(y)


def conv_dx(device, g, w, *, geom, correlate=correlate):
    """The adjoint of conv in x: g (N, O, *output) and w (O, C/G, *kernel) give (N, C, *size)."""
    dx = device.empty((len(g), *geom.size, w.shape[1] * geom.groups), g.dtype)
    weight = _split_groups(w, geom.groups, working_dtype(g.dtype)).swapaxes(1, 2)         # (G, C/G, O/G, *kernel)
    g = channels_last(g)
    for places, taps, sub in phases(geom):
        target = dx[(slice(None), *places)]
        if taps is None:
            target[...] = 0
        else:
            correlate(device, g, weight[(slice(None),) * 3 + taps], sub, target, None)
    return channels_first(dx)


def conv_dw(device, g, x, *, geom, correlate_dw=correlate_dw):
    """The adjoint of conv in w: g (N, O, *output) and x (N, C, *size) give (O, C/G, *kernel)."""
    dw = correlate_dw(device, channels_last(g), channels_last(x), geom, working_dtype(x.dtype))
    return device.xp.ascontiguousarray(dw.reshape(-1, *dw.shape[2:]).astype(x.dtype, copy=False))


def _split_groups(w, groups, work):
    """Weights (O, C/G, *kernel) as (G, O/G, C/G, *kernel) in the dtype to work in."""
    return w.reshape(groups, w.shape[0] // groups, *w.shape[1:]).astype(work, copy=False)
