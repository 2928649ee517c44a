"""Kernels of the softmax family: exponentials shifted by the greatest value of their row, so that none overflows.

Shapes: any; a row runs along `dim`. float16 and bfloat16 are computed in float32 and rounded once.
"""


def softmax(device, x, dim):
    """exp(x) / sum exp(x): the shift by the row's maximum cancels in the quotient."""
    xp = device.xp
    if not x.size:
        return x.copy()
    z = _wide(xp, x)
    e = xp.exp(z - xp.max(z, axis=dim, keepdims=True))
    return _narrow(e / xp.sum(e, axis=dim, keepdims=True), x)


def softmax_grad(device, g, p, dim):
    """p (g - sum g p)."""
    xp = device.xp
    h, q = _wide(xp, g), _wide(xp, p)
    return _narrow((h - xp.sum(h * q, axis=dim, keepdims=True)) * q, p)


def log_softmax(device, x, dim):
    """x - log sum exp(x)."""
    xp = device.xp
    if not x.size:
        return x.copy()
    z = _wide(xp, x)
    z = z - xp.max(z, axis=dim, keepdims=True)
    return _narrow(z - xp.log(xp.sum(xp.exp(z), axis=dim, keepdims=True)), x)


def log_softmax_grad(device, g, l, dim):
    """g - exp(l) sum g."""
    xp = device.xp
    h = _wide(xp, g)
    return _narrow(h - xp.exp(_wide(xp, l)) * xp.sum(h, axis=dim, keepdims=True), l)


def logsumexp(device, x, dims, keepdim):
    """log sum exp(x) over several axes; -inf for no numbers, inf where one is inf."""
    xp = device.xp
    if not x.size:
        kept = [1 if axis in dims else n for axis, n in enumerate(x.shape)]
        y = xp.full(kept, -xp.inf, x.dtype)
    else:
        z = _wide(xp, x)
        top = xp.max(z, axis=dims, keepdims=True)
        shift = xp.where(xp.isfinite(top), top, xp.zeros_like(top))     # inf - inf would be nan
        y = xp.log(xp.sum(xp.exp(z - shift), axis=dims, keepdims=True)) + shift
        y = y.astype(x.dtype, copy=False)
    return y if keepdim else y.reshape([n for axis, n in enumerate(x.shape) if axis not in dims])


def _wide(xp, x):
    return x.astype(xp.float32) if x.dtype.itemsize == 2 else x


def _narrow(y, like):
    return y.astype(like.dtype, copy=False)
