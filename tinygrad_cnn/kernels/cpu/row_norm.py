"""Layer norm for NumPy: rows of M numbers, each normalised alone, in tiles and threads.

The view (*, *normalized_shape) is seen as (R, M); weight w and bias are (M,), the statistics (R,). With
z = (x - mean) rstd, h = g w and the mean of a row m(.) = (.) 1 / M,

    mean = m(x),   variance = m(x x) - mean^2,   y = (x - mean) rstd w + bias
    dx = rstd (h - m(h) - z m(h z)) = g rstd w + b x + c,    b = -rstd^2 m(h z),   c = -rstd m(h) - b mean
    m(h) = g w / M,   m(h z) = rstd (v w - mean g w) / M,    dweight = sum rstd (v - mean g),   dbias = sum g

So v = g x is the only array that the sums need: they are products of it, and of g, with vectors. Differences of large
numbers lose digits, more than one bit where a row's mean is further from 0 than a standard deviation: for such rows
x - mean takes the place of x, and 0 that of mean.

A tile is a block of whole rows where they are short, and goes through the whole chain in cache. Long rows are cut, and
their sums gathered before the second half of the chain; a gradient's tile then has columns of many rows, so that
dweight and dbias are sums over a tile's rows too. Sums of tiles, and of parts of a long row, are added in float64 and
in one order: results do not depend on the number of threads.

A product with few results is left to numpy.dot, or has more by summing in parts: up to 500, numpy.matmul and
numpy.vecdot keep the interpreter, however long the sums, and the other thread stands still.
"""
import numpy as np

from .rows import BLOCK, NARROW, Along, block_rows, pieces

WHOLE = 1 << 13             # numbers in a row up to which it is summed in float32, and a gradient's tile has whole rows
ROWS = 64                   # rows in a tile of longer ones
PART = 256                  # numbers that are summed at once


def layer_norm(device, x, weight, bias, form, eps, wants=frozenset()):
    """(x - mean) rstd weight + bias, and the mean and rstd = 1 / sqrt(variance + eps) of each row."""
    work = _Forward(device, _rows(x, form), weight, bias, eps)
    _each(device, work.job, work.jobs)
    shape = tuple(1 if axis in form.axes else n for axis, n in enumerate(form.view))
    y = work.y.reshape(x.shape).astype(x.dtype, copy=False)
    return y, work.mean.reshape(shape), work.rstd.reshape(shape)


class _Forward:
    """What the tiles of a layer norm read, and what they leave: y (R, M), and mean and rstd (R,)."""

    def __init__(self, device, rows, weight, bias, eps):
        self.device, self.rows, self.eps = device, rows, rows.dtype.type(eps)
        self.jobs, _, across = _jobs(rows.shape, BLOCK)
        self.y = device.empty(rows.shape, rows.dtype)
        self.mean, self.rstd = np.empty((2, len(rows)), rows.dtype)
        self.sums = _room_for_sums(across, len(rows), np.float64 if rows.shape[1] > WHOLE else rows.dtype)
        self.w, self.b = _of_a_row(weight, rows, 1), _of_a_row(bias, rows, 0)
        self.scale, self.shift, self.ones = Along(self.w), Along(-self.w, self.b), Along(np.ones_like(self.w))

    def job(self, some, tiles):
        """Some rows."""
        m, square = self.means(tiles, some, None)
        mean_squared = m * m
        spread = square - mean_squared
        near = ((mean_squared <= spread).all() and spread.max() < np.inf        # nothing has overflowed or is NaN,
                and (self.eps > 0 or spread.min() > 0))                         # and no rstd will be infinite
        self.mean[some] = m
        if not near:
            d, square = self.means(tiles, some, self.mean)
            self.mean[some] += d
            spread = np.maximum(square - d * d, 0)      # rounding can take it below zero
        np.divide(1, np.sqrt(spread + self.eps), out=self.rstd[some])
        _inside(self.device, self.near if near and not self.scale.long else self.far_or_long, tiles)

    def means(self, tiles, some, centre):
        """m(u) and m(u u) for u = x - centre."""
        def add_up(r, c, i, j):
            u = _away(self.device, self.rows, centre, self.ones, r, c)
            _sums(u, self.ones.values, *self.sums[j, :, r])

        _inside(self.device, add_up, tiles)
        return _total(self.sums[:, :, some]) / self.rows.dtype.type(self.rows.shape[1])

    def near(self, r, c, i, j):
        """A tile of y: x (rstd w) - mean (rstd w) + bias."""
        u, v = self.device.scratch("row norm", self.y[r, c].shape, self.y.dtype), self.y[r, c]
        self.scale.scale(self.rows[r, c], self.rstd[r], u)
        np.add(self.shift.times(self.mean[r] * self.rstd[r], v), u, out=v)

    def far_or_long(self, r, c, i, j):
        """A tile of y, as it is written."""
        v = np.subtract(self.rows[r, c], self.mean[r, None], out=self.y[r, c])
        np.multiply(v, self.rstd[r, None], out=v)
        np.multiply(v, self.w[c], out=v)
        np.add(v, self.b[c], out=v)


def norm_grad(device, g, x, weight, mean, rstd, form, affine):
    """dx, and with `affine` dweight and dbias (else empty arrays)."""
    rows = _rows(x, form)
    w, mean, rstd = _of_a_row(weight, rows, 1), mean.reshape(-1), rstd.reshape(-1)
    work = _Backward(device, rows, _rows(g, form), w, mean, rstd, affine)
    _each(device, work.job, work.jobs)
    dtype = x.dtype if weight is None else weight.dtype
    dweight, dbias = _total(work.partial).astype(dtype, copy=False)
    if affine:
        dweight, dbias = dweight.reshape(form.affine), dbias.reshape(form.affine)
    return work.dx.reshape(x.shape).astype(x.dtype, copy=False), dweight, dbias


class _Backward:
    """What the tiles of a gradient read, and what they leave: dx, and sums for dweight and dbias in `partial`.

    Args: rows, grads: x and g, (R, M). w: the weight, (M,). mean, rstd: (R,). affine: whether partial is wanted.
    """

    def __init__(self, device, rows, grads, w, mean, rstd, affine):
        self.device, self.rows, self.grads, self.rstd, self.affine = device, rows, grads, rstd, affine
        self.jobs, down, across = _jobs(rows.shape, WHOLE)
        self.dx = device.empty(rows.shape, rows.dtype)
        self.sums = _room_for_sums(across, len(rows), rows.dtype)
        self.partial = _room_for_sums(down, len(w) if affine else 0, rows.dtype)
        self.w_mean, self.scale, self.ones = w / w.dtype.type(len(w)), Along(w), Along(np.ones_like(w))
        self.factors = np.array([mean * rstd, np.ones_like(rstd)])     # of g in dweight and dbias
        self.centre, self.mean = None, mean
        if not _near(self.factors[0], rstd):
            self.centre, self.mean, self.factors[0] = mean, np.zeros_like(mean), 0
        self.rstd_cubed = rstd * rstd * rstd
        self.minus = np.empty((2, len(rows)), rows.dtype)               # -b and -c, once they are known

    def job(self, some, tiles):
        """dx of some rows, and their part of the sums."""
        _inside(self.device, self.add_up, tiles)
        mean_h, mean_v = _total(self.sums[:, :, some])
        mean, (b, c) = self.mean[some], self.minus[:, some]
        np.multiply(self.rstd_cubed[some], mean_v - mean * mean_h, out=b)
        np.subtract(self.rstd[some] * mean_h, b * mean, out=c)
        _inside(self.device, self.combine, tiles)

    def add_up(self, r, c, i, j):
        """The sums of a tile: of its rows, and over them."""
        h, u = self._inputs(r, c)
        v = np.multiply(h, u, out=self.device.scratch("row norm", h.shape, h.dtype))
        self.sums[j, 0, r], self.sums[j, 1, r] = np.dot(h, self.w_mean[c]), np.dot(v, self.w_mean[c])
        if self.affine:
            with_mean, total = np.dot(self.factors[:, r], h)
            self.partial[i, 0, c], self.partial[i, 1, c] = np.dot(self.rstd[r], v) - with_mean, total

    def combine(self, r, c, i, j):
        """dx of a tile: g rstd w less what was found for its rows."""
        h, u = self._inputs(r, c)
        b, constant = self.minus[:, r]
        scale, ones, dx = self.scale.part(c), self.ones.part(c), self.dx[r, c]
        v = scale.scale(h, self.rstd[r], self.device.scratch("row norm", h.shape, h.dtype))
        ones.by_row(np.subtract, v, constant, dx, out=v)
        np.subtract(v, ones.by_row(np.multiply, u, b, dx), out=dx)

    def _inputs(self, r, c):
        return self.grads[r, c], _away(self.device, self.rows, self.centre, self.ones, r, c)


def _sums(u, ones, total, square):
    """Fill total and square (R,) with the sums of u and u u over rows, u (R, M); long rows in parts."""
    width = u.shape[1]
    if width <= NARROW:                                 # half the time of vecdot for 56 numbers
        np.matmul(u, ones, out=total)
        np.einsum("rc,rc->r", u, u, out=square)
        return
    length = width if width < 2 * PART else PART
    whole = width // length * length
    parts, rest = u[:, :whole].reshape(len(u), -1, length), u[:, whole:]
    np.add.reduce(parts @ ones[:length], axis=1, dtype=total.dtype, out=total)
    np.add.reduce(np.vecdot(parts, parts), axis=1, dtype=total.dtype, out=square)
    if whole < width:
        total += rest @ ones[:width - whole]
        square += np.vecdot(rest, rest)


def _jobs(shape, whole):
    """Runs of rows with the tiles they are made of, and how many tiles stand in a column and in a row.

    A tile is (rows, columns, i, j): two slices, and its place among the tiles. whole: the numbers in a row up to which
    it is left whole.
    """
    count, size = shape
    if size <= whole:
        height, width = (block_rows(count, size) if size <= BLOCK else 1), size
    else:
        height, width = ROWS, -(-size // pieces(size * min(ROWS, count)))
    down, across = -(-count // height), -(-size // max(1, width))
    tiles = [(slice(i * height, min(count, i * height + height)), slice(j * width, min(size, j * width + width)), i, j)
             for i in range(down) for j in range(across)]
    return [(tile[0], [tile]) for tile in tiles] if across < 2 else [(slice(0, count), tiles)], down, across


def _each(device, function, items):
    """function(*item) for each item, on the device's threads."""
    device.share(lambda item: function(*item), items)


def _inside(device, function, tiles):
    """As _each, within a job: one of a single tile needs no region of its own."""
    if len(tiles) == 1:
        function(*tiles[0])
    else:
        _each(device, function, tiles)


def _room_for_sums(number, length, dtype):
    """Two sums for each row, or for each column, of so many tiles beside one another: (number, 2, length)."""
    return np.empty((number, 2, length), np.float64 if number > 1 else dtype)


def _total(sums):
    """(number, 2, length) -> (2, length)."""
    return sums.sum(axis=0) if len(sums) > 1 else sums[0]


def _away(device, rows, centre, ones, r, c):
    """A tile of x, or of x - centre in scratch memory."""
    u = rows[r, c]
    if centre is None:
        return u
    return ones.part(c).by_row(np.subtract, u, centre[r], device.scratch("row norm away", u.shape, u.dtype))


def _near(t, rstd):
    """Whether sums of x itself serve, not of x - mean: no t = mean rstd is far from 0, and nothing has overflowed."""
    return bool(t.min() >= -1 and t.max() <= 1 and rstd.min() > 0)


def _of_a_row(p, rows, default):
    """A weight or bias as (M,) in the rows' dtype."""
    if p is None:
        return np.full(rows.shape[1], default, rows.dtype)
    return np.ascontiguousarray(p.reshape(-1), rows.dtype)


def _rows(x, form):
    """x as (R, M), contiguous, float32 or float64."""
    if x.dtype.itemsize == 2:
        x = x.astype(np.float32)
    size = 1
    for axis in form.axes:
        size *= form.view[axis]
    return np.ascontiguousarray(x).reshape(-1, size) if x.size else np.empty((0, size), x.dtype)
