"""Kernels of the softmax family: exponentials shifted by the greatest value of their row, so that none overflows.

Shapes: any; a row runs along `dim` (None: all of a 0-d array).
"""
from .precision import in_float32


@in_float32
def softmax(device, x, dim):
    """exp(x) / sum exp(x): the shift by the row's maximum cancels in the quotient."""
    xp = device.xp
    if not x.size:
        return x.copy()
    e = xp.exp(x - xp.max(x, axis=dim, keepdims=True))
    return e / xp.sum(e, axis=dim, keepdims=True)


@in_float32
def softmax_grad(device, g, p, dim):
    """p (g - sum g p)."""
    return (g - device.xp.sum(g * p, axis=dim, keepdims=True)) * p


@in_float32
def log_softmax(device, x, dim):
    """x - log sum exp(x)."""
    xp = device.xp
    if not x.size:
        return x.copy()
    z = x - xp.max(x, axis=dim, keepdims=True)
    return z - xp.log(xp.sum(xp.exp(z), axis=dim, keepdims=True))


@in_float32
def log_softmax_grad(device, g, l, dim):
    """g - exp(l) sum g."""
    xp = device.xp
    return g - xp.exp(l) * xp.sum(g, axis=dim, keepdims=True)


@in_float32
def logsumexp(device, x, dims, keepdim):
    """log sum exp(x) over several axes; -inf for no numbers, inf where one is inf."""
    xp = device.xp
    if not x.size:
        shape = [1 if axis in dims else n for axis, n in enumerate(x.shape) if keepdim or axis not in dims]
        return xp.full(shape, -xp.inf, x.dtype)
    top = xp.max(x, axis=dims, keepdims=True)
    shift = xp.where(xp.isfinite(top), top, xp.zeros_like(top))         # inf - inf would be nan
    y = xp.log(xp.sum(xp.exp(x - shift), axis=dims, keepdims=True)) + shift
    return y if keepdim else y.reshape([n for axis, n in enumerate(x.shape) if axis not in dims])
