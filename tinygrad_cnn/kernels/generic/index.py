"""Reading and writing at integer positions and under masks, and the adjoint: adding up what was read from each place.

`index` holds positions along the axes `dims` of x: one array for one axis, else one array for each, stacked. NumPy
refuses positions outside an axis; CuPy wraps them around, so they are checked on the host only (see ops/index.py).
Shapes: index (*S) or (k, *S); x indexed along one axis has S in place of it, along several in place of the first if
they are neighbours, else in front.
"""
from .shape import ALL, zeros


def key(index, dims, ndim):
    """What to write between brackets."""
    found = [ALL] * ndim
    for d, i in zip(dims, (index,) if len(dims) == 1 else index):
        found[d] = i
    return tuple(found)


def along(xp, index, dim):
    """What to write between brackets for positions `index` along one axis, each at its own place along the others."""
    places = [xp.arange(n).reshape((1,) * k + (-1,) + (1,) * (index.ndim - k - 1)) for k, n in enumerate(index.shape)]
    places[dim] = index
    return tuple(places)


def index(device, x, index, dims):
    if len(dims) == 1:
        return x.take(index, dims[0])
    return x[key(index, dims, x.ndim)]


def _sum_at(device, shape, place, g):
    """Zeros of `shape` to which g is added at `place`, where places may repeat; rounded once.

    Integers are added as unsigned ones, whose sums have the same bits: CuPy has no atomic addition of int64.
    """
    xp = device.xp
    if g.dtype.kind in "biu":
        y = xp.zeros(shape, "uint64")
        wide = g.astype("int64").view("uint64")
    else:
        y = xp.zeros(shape, "float32" if g.dtype.itemsize == 2 else g.dtype)
        wide = g.astype(y.dtype, copy=False)
    if g.size:
        xp.add.at(y, place, wide)
    return y.view("int64").astype(g.dtype) if g.dtype.kind in "biu" else y.astype(g.dtype, copy=False)


def index_sum(device, g, index, dims, shape):
    """Zeros of `shape`, with g added up at the positions it was read from."""
    return _sum_at(device, shape, key(index, dims, len(shape)), g)


def sum_strided(device, x, size, stride, offset, count):
    """The adjoint of `as_strided`: a vector of zeros to which each element of x is added at its place."""
    places = device.xp.asarray(offset)
    for n, s in zip(size, stride):
        places = places[..., None] + device.xp.arange(n) * s
    return _sum_at(device, (count,), places.reshape(-1), x.reshape(-1))


def index_put(device, x, value, index, dims):
    """A copy of x with `value` at the positions."""
    y = x.copy(order="K")
    y[key(index, dims, x.ndim)] = value
    return y


def index_put_(device, x, value, index, dims):
    x[key(index, dims, x.ndim)] = value


def gather(device, x, index, dim):
    """x[i][index[i][j]] for dim = 1: along `dim` the positions in index, along the others its own."""
    return x[along(device.xp, index, dim)] if x.ndim else x.copy()


def scatter_sum(device, g, index, dim, shape):
    """Zeros of `shape`, with g added up at the positions that `gather` reads; counted along one axis, where ufunc.at is
    9 times faster."""
    if not shape:
        return g.copy()
    place, step = 0, 1
    for k in range(len(shape) - 1, -1, -1):
        own = device.xp.arange(index.shape[k]).reshape((-1,) + (1,) * (index.ndim - k - 1))
        place = place + (index.astype("int64", copy=False) if k == dim else own) * step
        step *= shape[k]
    return _sum_at(device, (step,), place.reshape(-1), g.reshape(-1)).reshape(shape)


def scatter(device, x, src, index, dim):
    """A copy of x with `src` at the positions that `gather` reads."""
    y = x.copy(order="K")
    if y.ndim == 0:
        y[...] = src
    else:
        y[along(device.xp, index, dim)] = src
    return y


def scatter_extreme(device, x, src, index, extreme, dim, include_self):
    """What was found to be the extreme of all that meets at each place."""
    return extreme.copy(order="K")


def masked_select(device, x, mask):
    """(*M, *rest) -> (count, *rest): the parts of x where the mask, of shape M, is true."""
    return x[mask]


def masked_place(device, g, mask, shape):
    """Zeros of `shape`, with g where the mask is true."""
    y = zeros(device, shape, g.dtype, g)
    y[mask] = g
    return y


def fill_where(device, x, mask, value):
    """x, with `value` where the mask is true."""
    xp = device.xp
    return xp.where(mask, xp.asarray(value, dtype=x.dtype), x).astype(x.dtype, copy=False)     # CuPy widens bfloat16


def copy(device, x, src):
    """src in the shape and dtype of x."""
    return device.xp.broadcast_to(src, x.shape).astype(x.dtype, copy=False)


def fill(device, x, value):
    return device.xp.full(x.shape, value, x.dtype)


def embedding(device, weight, index, padding_idx):
    """(rows, *rest), (*S) -> (*S, *rest): the row of weight at each position."""
    return weight.take(index, 0)
