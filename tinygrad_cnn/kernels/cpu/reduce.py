"""Reductions that NumPy does better by hand. Shapes: any; arguments as in kernels/generic/reduce.py.

The idea: in the order of memory the axes of a dense array are (outer kept, reduced, inner kept). NumPy adds such rows
one to the other in float32, which loses digits (2e-5 for a million rows); a product with a row of ones does it in the
registers of BLAS. Blocks of rows are added that way and their sums in float64: 3 to 20 times faster, to 1e-7. A number
that an expanded array repeats is multiplied, not added: adding one number 3000 times errs always to the same side.
"""
from math import prod

import numpy as np

from ..generic import engine, reduce

SMALL = 1 << 12             # numbers up to which filling an array costs less than making a view (0.6 against 2.7 us)
LARGE = 1 << 14             # numbers from which the product with ones pays
REPEATED = 1 << 10          # the same where some are repeated
ROWS = 256                  # rows a block; more lose digits, fewer give more work to the second step
NARROW, WIDE = 8, 128        # numbers a row up to which several are laid side by side, and how many together at most
_ONES = {np.dtype(t): np.ones((1, 1 << 10), t) for t in ("float32", "float64")}


def spread(device, g, shape, dim, keepdim):
    """g laid out along the axes that a reduction of `shape` took away: small ones in memory of their own."""
    if prod(shape) > SMALL:
        return reduce.spread(device, g, shape, dim, keepdim)
    if not keepdim and dim is not None:
        dims = (dim,) if type(dim) is int else dim
        g = g[tuple([None if axis in dims else slice(None) for axis in range(len(shape))])]
    y = device.empty(shape, g.dtype)
    y[...] = g
    return y


def sum(device, x, dim, keepdim):
    """The sum along `dim`."""
    if x.dtype in _ONES and _pays(x):
        y = dense_sum(x, tuple(range(x.ndim)) if dim is None else dim)
        if y is not None:
            return y if keepdim else _without(y, dim)
    return reduce.sum(device, x, dim, keepdim)


def mean(device, x, dim, keepdim):
    """The sum along `dim` over the number of elements."""
    if x.size < LARGE or x.dtype not in _ONES:
        return reduce.mean(device, x, dim, keepdim)
    return np.divide(sum(device, x, dim, keepdim), reduce.count(x.shape, dim))


def var(device, x, dim, keepdim, correction):
    """The mean squared distance from the mean, with `correction` taken off the number of elements; two passes."""
    if x.size < LARGE or x.dtype not in _ONES:
        return reduce.var(device, x, dim, keepdim, correction)
    away = x - mean(device, x, dim, True)
    np.square(away, away)
    return np.divide(sum(device, away, dim, keepdim), max(reduce.count(x.shape, dim) - correction, 0))


def std(device, x, dim, keepdim, correction):
    """The square root of the variance."""
    return np.sqrt(var(device, x, dim, keepdim, correction))


def sum_to(device, x, shape):
    """x summed over the axes along which an array of `shape` was broadcast to x's shape."""
    if x.dtype not in _ONES:
        return engine.sum_to(device, x, shape)
    pays = _pays(x)
    if not shape and not pays:
        return np.add.reduce(x, None)                   # 0.7 us, against 2.3 the general way
    axes = engine.broadcast_axes(x.shape, shape)
    y = dense_sum(x, axes) if pays else None
    if y is None:
        y = np.add.reduce(x, axes) if axes else x
    return y.reshape(shape)


def _without(y, dim):
    return y.reshape([n for axis, n in enumerate(y.shape) if dim is not None and axis not in dim])


def _pays(x):
    return x.size >= LARGE or x.size >= REPEATED and 0 in x.strides


def dense_sum(x, axes):
    """x summed over `axes`, which are kept with size 1; None where the axes lie in memory otherwise than said above."""
    repeated = [axis for axis in axes if not x.strides[axis] and x.shape[axis] > 1] if 0 in x.strides else ()
    if not repeated:
        return _dense_sum(x, axes)
    once = x[tuple([slice(1) if axis in repeated else slice(None) for axis in range(x.ndim)])]
    y = _dense_sum(once, axes)
    if y is None:
        y = np.add.reduce(once, tuple(axes), keepdims=True)
    return y * x.dtype.type(x.size // once.size)


def _dense_sum(x, axes):
    order = sorted([axis for axis in range(x.ndim) if x.shape[axis] > 1], key=lambda axis: -x.strides[axis])
    reduced = [axis in axes for axis in order]
    if True not in reduced:
        return None
    first = reduced.index(True)
    last = len(order) - reduced[::-1].index(True)
    if False in reduced[first:last]:
        return None
    size = x.itemsize
    for axis in reversed(order):
        if x.strides[axis] != size:
            return None                                 # not dense
        size *= x.shape[axis]
    sizes = [x.shape[axis] for axis in order]
    rows = x.transpose(order + [axis for axis in range(x.ndim) if axis not in order]).reshape(
        prod(sizes[:first]), prod(sizes[first:last]), prod(sizes[last:]))
    y = _sum_rows(rows).astype(x.dtype)
    kept = order[:first] + order[last:]
    y = y.reshape([x.shape[axis] for axis in kept])     # in the order of memory, then in that of the axes
    return y.transpose(np.argsort(kept)).reshape([1 if axis in axes else n for axis, n in enumerate(x.shape)])


def _together(length, inner):
    """How many rows of `inner` numbers to lay side by side: products of narrow matrices are slow (6 wide: 5 times)."""
    if inner == 1 or inner > NARROW:
        return 1
    return max(k for k in range(1, WIDE // inner + 1) if length % k == 0)


def _sum_rows(x):
    """(A, L, R) -> (A, R), in float64."""
    outer, length, inner = x.shape
    together = _together(length, inner)
    if together > 1:
        wide = _sum_rows(x.reshape(outer, length // together, inner * together))
        return wide.reshape(outer, together, inner).sum(axis=1)
    step = min(1024 if inner == 1 else ROWS, length)
    blocks = length // step
    ones = _ONES[x.dtype][:, :step]
    if inner == 1 and blocks == 1:
        part = x[:, :step, 0] @ ones[0]
    elif inner == 1:
        part = x[:, :blocks * step].reshape(outer, blocks, step) @ ones[0]
    else:
        part = np.matmul(ones, x[:, :blocks * step].reshape(outer, blocks, step, inner))
    y = part.reshape(outer, blocks, inner).sum(axis=1, dtype="float64")
    return y if blocks * step == length else y + x[:, blocks * step:].sum(axis=1, dtype="float64")
