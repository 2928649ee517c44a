"""Reductions and running sums. Shapes: any; `dim` is None (all axes), a number or a tuple of numbers, not negative.

Sums of integers and bools are int64. float16 and bfloat16 are added up in float32 and rounded once.
"""
from .precision import in_float32, is_narrow


def _total_dtype(x):
    return "int64" if x.dtype.kind in "biu" else None


@in_float32
def sum(device, x, dim, keepdim):
    """The sum along `dim`."""
    return x.sum(axis=dim, dtype=_total_dtype(x), keepdims=keepdim)


@in_float32
def mean(device, x, dim, keepdim):
    """The sum along `dim` over the number of elements."""
    return x.sum(axis=dim, keepdims=keepdim) / count(x.shape, dim)


def count(shape, dim):
    """How many elements a reduction of `shape` along `dim` puts into one."""
    total = 1
    for axis in range(len(shape)) if dim is None else (dim,) if type(dim) is int else dim:
        total *= shape[axis]
    return total


@in_float32
def var(device, x, dim, keepdim, correction):
    """The mean squared distance from the mean, with `correction` taken off the number of elements; two passes."""
    xp = device.xp
    n = count(x.shape, dim)
    away = x - x.sum(axis=dim, keepdims=True) / n
    return xp.square(away).sum(axis=dim, keepdims=keepdim) / max(n - correction, 0)


@in_float32
def std(device, x, dim, keepdim, correction):
    """The square root of the variance."""
    return device.xp.sqrt(var(device, x, dim, keepdim, correction))


@in_float32
def norm(device, x, p, dim, keepdim):
    """(sum of |x|^p)^(1/p)."""
    xp = device.xp
    if p == 2:
        return xp.sqrt(xp.square(x).sum(axis=dim, keepdims=keepdim))
    return xp.power(xp.power(xp.absolute(x), p).sum(axis=dim, keepdims=keepdim), 1 / p)


@in_float32
def prod(device, x, dim, keepdim):
    """The product along `dim`."""
    return x.prod(axis=dim, dtype=_total_dtype(x), keepdims=keepdim)


def amax(device, x, dim, keepdim):
    """The greatest element along `dim`; NaN if there is one."""
    return x.max(axis=dim, keepdims=keepdim)


def amin(device, x, dim, keepdim):
    """The least element along `dim`; NaN if there is one."""
    return x.min(axis=dim, keepdims=keepdim)


def argmax(device, x, dim, keepdim):
    """Where the greatest element is (in the flat array if dim is None), the first of equal ones; the first NaN."""
    return x.argmax(axis=dim, keepdims=keepdim)


def argmin(device, x, dim, keepdim):
    """Where the least element is (in the flat array if dim is None), the first of equal ones; the first NaN."""
    return x.argmin(axis=dim, keepdims=keepdim)


def argmedian(device, x, dim):
    """Where the lower median along `dim` is, with that axis kept; the first NaN if there is one."""
    xp = device.xp
    wide = x.astype("float32") if is_narrow(x.dtype) else x
    order = xp.argsort(wide, axis=dim)
    middle = (slice(None),) * dim + (slice((x.shape[dim] - 1) // 2, (x.shape[dim] - 1) // 2 + 1),)
    if x.dtype.kind in "biu":
        return order[middle]
    bad = xp.isnan(wide)
    return xp.where(bad.any(axis=dim, keepdims=True), bad.argmax(axis=dim, keepdims=True), order[middle])


def median(device, x, dim, keepdim):
    """The lower median of all elements; NaN if there is one."""
    x = x.reshape(-1)
    return x[argmedian(device, x, 0)].reshape(())


def any(device, x, dim, keepdim):
    """Whether an element along `dim` is not zero."""
    return (x != 0).any(axis=dim, keepdims=keepdim)


def all(device, x, dim, keepdim):
    """Whether no element along `dim` is zero."""
    return (x != 0).all(axis=dim, keepdims=keepdim)


def count_nonzero(device, x, dim):
    """How many elements along `dim` are not zero."""
    return (x != 0).sum(axis=dim, dtype="int64")


def spread(device, g, shape, dim, keepdim):
    """g laid out along the axes that a reduction of `shape` took away: a view."""
    if not keepdim and dim is not None:
        dims = (dim,) if type(dim) is int else dim
        g = g[tuple([None if axis in dims else slice(None) for axis in range(len(shape))])]
    return g.reshape(shape) if g.size == count(shape, None) else device.xp.broadcast_to(g, shape)


@in_float32
def tie_shares(device, x, y, dim, keepdim):
    """For each element of x 1 / n if it is one of n that equal the extreme y along `dim` (NaN equals NaN), else 0."""
    y = spread(device, y, x.shape, dim, keepdim)
    mask = (x == y) | ((x != x) & (y != y))
    return mask / mask.sum(axis=dim, keepdims=True).astype(x.dtype)


def pick(device, x, index, dim, keepdim):
    """The element of each line along `dim` that `index` names; `index` has that axis only if keepdim."""
    xp = device.xp
    index = index if keepdim else xp.expand_dims(index, dim)
    y = xp.take_along_axis(x, index, dim)
    return y if keepdim else y[(slice(None),) * dim + (0,)]


def unpick(device, g, index, shape, dim, keepdim):
    """Zeros of `shape` with g at the element of each line along `dim` that `index` names."""
    xp = device.xp
    y = xp.zeros(shape, g.dtype)
    if not keepdim:
        g, index = xp.expand_dims(g, dim), xp.expand_dims(index, dim)
    xp.put_along_axis(y, index, g, dim)
    return y


def _turned(x, dim, reverse):
    return x[(slice(None),) * dim + (slice(None, None, -1),)] if reverse else x


@in_float32
def cumsum(device, x, dim, reverse):
    """The sums of x[0..i] along `dim` (of x[i..] if reverse)."""
    return _turned(_turned(x, dim, reverse).cumsum(axis=dim, dtype=_total_dtype(x)), dim, reverse)


@in_float32
def cumprod(device, x, dim, reverse):
    """The products of x[0..i] along `dim` (of x[i..] if reverse)."""
    return _turned(_turned(x, dim, reverse).cumprod(axis=dim, dtype=_total_dtype(x)), dim, reverse)


def shift(device, x, dim, by, fill):
    """x moved `by` (1 or -1) places along `dim`, with `fill` in the place that falls free."""
    lead = (slice(None),) * dim
    y = device.xp.full(x.shape, fill, x.dtype)
    later, earlier = lead + (slice(1, None),), lead + (slice(None, -1),)
    if by > 0:
        y[later] = x[earlier]
    else:
        y[earlier] = x[later]
    return y


@in_float32
def recurrence(device, a, b, dim, reverse):
    """s[i] = a[i] s[i - 1] + b[i] along `dim`, from s = 0 before the start (backwards from the end if reverse)."""
    xp = device.xp
    a, b = xp.moveaxis(a, dim, 0), xp.moveaxis(b, dim, 0)
    y = xp.empty(b.shape, b.dtype)
    s = None
    for i in range(len(b) - 1, -1, -1) if reverse else range(len(b)):
        s = b[i] if s is None else a[i] * s + b[i]
        y[i] = s
    return xp.moveaxis(y, 0, dim)
