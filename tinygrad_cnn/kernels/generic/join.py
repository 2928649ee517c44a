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


def border(device, x, widths, mode):
    """x with a border of its own elements: mirrored ("reflect"), the nearest ("replicate") or wrapped ("circular")."""
    y = empty(device, [n + a + b for n, (a, b) in zip(x.shape, widths)], x.dtype, x)
    y[_inside(x.shape, widths)] = x
    for target, source, _ in _edges(x.shape, widths, mode):
        y[target] = y[source]
    return y


def sum_border(device, g, widths, mode):
    """The adjoint of `border`: its inside, to which each border is added where it was read."""
    shape = [n - a - b for n, (a, b) in zip(g.shape, widths)]
    g = g.copy(order="K")
    for target, source, axis in reversed(_edges(shape, widths, mode)):
        part = g[target]
        g[source] += part.sum(axis=axis, keepdims=True) if mode == "replicate" else part
    return g[_inside(shape, widths)].copy(order="K")


def _inside(shape, widths):
    return tuple([slice(a, a + n) for n, (a, b) in zip(shape, widths)])


def _edges(shape, widths, mode):
    """(where, read from where, axis) for each border in the order they are filled: an axis's border covers those of the
    axes before it."""
    found, inside = [], _inside(shape, widths)
    for axis, (n, (a, b)) in enumerate(zip(shape, widths)):
        end = a + n
        last = end - 2 - b if end - 2 - b >= 0 else None
        front, back = {"reflect": (slice(2 * a, a, -1), slice(end - 2, last, -1)),
                       "circular": (slice(n, end), slice(a, a + b)),
                       "replicate": (slice(a, a + 1), slice(end - 1, end))}[mode]
        for width, target, source in ((a, slice(0, a), front), (b, slice(end, end + b), back)):
            if width:
                before, behind = (ALL,) * axis, inside[axis + 1:]
                found.append(((*before, target, *behind), (*before, source, *behind), axis))
    return found


def flip(device, x, dims):
    return x[tuple([slice(None, None, -1) if d in dims else ALL for d in range(x.ndim)])].copy(order="K")


def roll(device, x, shifts, dims):
    return device.xp.roll(x, shifts, dims)


def tril(device, x, diagonal):
    return device.xp.tril(x, diagonal).astype(x.dtype, copy=False)      # CuPy widens bfloat16


def triu(device, x, diagonal):
    return device.xp.triu(x, diagonal).astype(x.dtype, copy=False)
