"""Copies that put tensors together, add borders, or move elements along axes.

Shapes: any; the axes of a result lie in memory in the order of those of the (first) input.
"""
from .shape import ALL, empty


def cat(device, *tensors, dim):
    return device.xp.concatenate(tensors, dim)


def stack(device, *tensors, dim):
    return device.xp.concatenate([x[(ALL,) * dim + (None, Ellipsis)] for x in tensors], dim)


def pad(device, x, widths, value):
    """x with a border of `value`; widths: (before, after) for each axis, none negative."""
    y = empty(device, [n + a + b for n, (a, b) in zip(x.shape, widths)], x.dtype, x)
    inside = ()
    for axis, (a, b) in enumerate(widths):
        n = x.shape[axis]
        if a:
            y[inside + (slice(0, a),)] = value
        if b:
            y[inside + (slice(a + n, None),)] = value
        inside += (slice(a, a + n),)
    y[inside] = x
    return y


def flip(device, x, dims):
    return x[tuple([slice(None, None, -1) if d in dims else ALL for d in range(x.ndim)])].copy(order="K")


def roll(device, x, shifts, dims):
    return device.xp.roll(x, shifts, dims)


def tril(device, x, diagonal):
    return device.xp.tril(x, diagonal).astype(x.dtype, copy=False)      # CuPy widens bfloat16


def triu(device, x, diagonal):
    return device.xp.triu(x, diagonal).astype(x.dtype, copy=False)
