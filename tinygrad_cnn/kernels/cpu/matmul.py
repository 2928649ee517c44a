"""Matrix products as NumPy does them best: small ones at once, large ones in threads of ours, never in BLAS's.

What BLAS's own threads cost is told in kernels/threads.py. A large product is cut along its result's longest axis.

Shapes: (..., M, K) x (..., K, N) -> (..., M, N).
"""
import numpy as np

from ..generic.matmul import linear as shared_linear
from ..generic.matmul import linear_dw as shared_linear_dw
from ..generic.matmul import matmul as shared_matmul
from ..generic.matmul import matmul_t as shared_matmul_t

ALONE = 1 << 18             # multiplications up to which BLAS uses no threads of its own
PARALLEL = 1 << 22          # multiplications from which a parallel region pays for its 54 us


def matmul(device, a, b):
    if a.ndim == 2 and b.ndim == 2 and a.itemsize > 2 and len(a) * b.size <= ALONE:
        return a.dot(b)                                 # 0.4 us less a call than np.matmul
    return shared_matmul(device, a, b)


def matmul_t(device, a, b):
    """a b^T."""
    if a.ndim == 2 and a.itemsize > 2 and a.size * len(b) <= ALONE:
        return a.dot(b.T)
    return shared_matmul_t(device, a, b)


def linear(device, x, w, bias):
    """x w^T + bias."""
    if x.ndim == 2 and x.itemsize > 2 and x.size * len(w) <= ALONE:
        y = x.dot(w.T)
        if bias is not None:
            y += bias
        return y
    return shared_linear(device, x, w, bias)


def linear_dw(device, g, x):
    """g^T x."""
    if g.ndim == 2 and x.ndim == 2 and g.itemsize > 2 and g.size * x.shape[1] <= ALONE:
        return g.T.dot(x)
    return shared_linear_dw(device, g, x)


def matrix_product(device, a, b):
    if a.ndim == 2 and b.ndim == 2 and a.size * b.shape[1] <= ALONE:
        return a.dot(b)
    if a.ndim < 2 or b.ndim < 2:
        return np.matmul(_readable(a), _readable(b))
    a, b = _readable(a), _readable(b)
    stack = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    y = device.empty((*stack, a.shape[-2], b.shape[-1]), a.dtype)
    multiplications = y.size * a.shape[-1]
    if multiplications <= ALONE:
        return np.matmul(a, b, out=y)
    axis = max(range(-y.ndim, 0), key=lambda k: y.shape[k])

    def part(start, stop):
        some = slice(start, stop)
        np.matmul(a if axis == -1 else _along(a, axis, some), b if axis == -2 else _along(b, axis, some),
                  out=_along(y, axis, some))

    device.parallel(part, y.shape[axis], alone=multiplications < PARALLEL)
    return y


def _along(x, axis, some):
    """The part `some` of x along an axis counted from the end, or all of x where it is broadcast along it."""
    if x.ndim < -axis or x.shape[axis] == 1:
        return x
    return x[(slice(None),) * (x.ndim + axis) + (some,)]


def _readable(x):
    """x, or a copy in memory order if neither of its last two axes runs through neighbours: NumPy before 2.3 multiplies
    such a matrix in a loop of its own, 50 times slower than BLAS."""
    if x.ndim < 2 or x.strides[-1] == x.itemsize or x.strides[-2] == x.itemsize:
        return x
    return np.ascontiguousarray(x)
