"""Kernels of the engine's own ops: reducing a gradient to the shape of its edge, changing dtype, writing a part.

Shapes: any.
"""


def broadcast_axes(shape, source):
    """The axes of `shape` that arose when `source` was broadcast to it: new ones in front, and repeated ones."""
    lead = len(shape) - len(source)
    if shape[lead:] == source:
        return tuple(range(lead))
    return tuple([i for i, n in enumerate(shape) if i < lead or (source[i - lead] == 1 and n != 1)])


def sum_to(device, x, shape):
    """x summed over the axes along which an array of `shape` was broadcast to x's shape."""
    xp = device.xp
    axes = broadcast_axes(x.shape, shape)
    dtype = "float32" if x.dtype.itemsize == 2 and x.dtype.kind not in "iub" else None
    if not axes:
        return x.reshape(shape)
    summed = xp.sum(x, axis=axes, keepdims=True, dtype=dtype)
    return summed.reshape(shape).astype(x.dtype, copy=False)


def cast(device, x, dtype):
    """x in another dtype, always a new array."""
    return x.astype(dtype)


def put(device, base, value, path):
    """A copy of `base` in which the part that a path of view ops leads to is `value`."""
    whole = base.copy()
    part = whole
    for op, attrs in path:
        part = op.kernel(device)(part, **attrs)
    part[...] = value
    return whole
