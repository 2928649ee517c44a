"""Views whose NumPy function is slow to call, or gives an array that cannot be written to.

Shapes: any.
"""
import numpy as np


def expand(device, x, shape):
    """x broadcast to `shape`; made by the array constructor where it can be (0.5 us a call, against 4.3)."""
    if x.shape == shape:
        return x[...]
    if not x.flags.c_contiguous:
        y = np.broadcast_to(x, shape)
        y.flags.writeable = x.flags.writeable
        return y
    lead = len(shape) - x.ndim
    strides = (0,) * lead + tuple([0 if n == 1 else s for n, s in zip(x.shape, x.strides)])
    return np.ndarray(shape, x.dtype, x, 0, strides)


def diagonal(device, x, offset, dim1, dim2):
    y = np.diagonal(x, offset, dim1, dim2)
    y.flags.writeable = x.flags.writeable
    return y
