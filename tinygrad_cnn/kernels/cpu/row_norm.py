"""Layer norm for NumPy: rows of M numbers, each normalised alone, in tiles and threads.

The view (*, *normalized_shape) is seen as (R, M); weight w and bias are (M,), the statistics (R,). With
z = (x - mean) rstd, h = g w and the mean of a row m(.) = (.) 1 / M,

    mean = m(x),   variance = m(x x) - mean^2,   y = (x - mean) rstd w + bias
    dx = rstd (h - m(h) - z m(h z)) = g rstd w + b x + c,    b = -rstd^2 m(h z),   c = -rstd m(h) - b mean
    m(h) = g w / M,   m(h z) = rstd (v w - mean g w) / M,    dweight = sum rstd (v - mean g),   dbias = sum g

So v = g x is the only array that the sums need: they are products of it, and of g, with vectors. Differences of large
numbers lose digits, so where a row's mean is far from 0, x - mean takes the place of x, and 0 that of mean.

A tile is a block of whole rows where they are short, and goes through the whole chain in cache. Long rows are cut, and
their sums gathered before the second half of the chain; a tile then has columns of many rows, so that dweight and dbias
are sums over a tile's rows too. Sums of tiles are added in float64 and in one order: results do not depend on the
number of threads.
"""
import numpy as np

from .rows import NARROW, Along, block_rows, pieces

WHOLE = 1 << 13             # numbers in a row up to which a tile has whole rows
ROWS = 64                   # rows in a tile of longer ones
FAR = 1                     # standard deviations from 0 beyond which a mean costs more than one bit


def norm_statistics(device, x, form, eps):
    """The mean, the variance and 1 / sqrt(variance + eps) of each row."""
    rows = _rows(x, form)
    count, size = rows.shape
    mean, variance, rstd = np.empty((3, count), rows.dtype)
    jobs, _, across = _jobs(rows.shape)
    sums, ones = _room_for_sums(across, count, rows.dtype), Along(np.ones(size, rows.dtype))

    def means(tiles, some, centre):
        """m(u) and m(u u) for u = x - centre."""
        def add_up(r, c, i, j):
            u = _away(device, rows, centre, ones, r, c)
            np.matmul(u, ones.values[c], out=sums[j, 0, r])
            if size > NARROW:
                np.vecdot(u, u, out=sums[j, 1, r])
            else:                                       # 0.75 of the time for 56 numbers, whose remainder vecdot walks
                square = np.multiply(u, u, out=device.scratch("row norm", u.shape, u.dtype))
                np.matmul(square, ones.values, out=sums[j, 1, r])

        _inside(device, add_up, tiles)
        return _total(sums[:, :, some]) / sums.dtype.type(size)

    def work(some, tiles):
        m, square = means(tiles, some, None)
        m2 = m * m
        spread = square - m2
        if not (m2 <= FAR * FAR * spread).all() or spread.max() == np.inf:
            mean[some] = m
            d, square = means(tiles, some, mean)
            m, spread = mean[some] + d, np.maximum(square - d * d, 0)    # rounding can take it below zero
        mean[some], variance[some] = m, spread
        np.divide(1, np.sqrt(spread + spread.dtype.type(eps)), out=rstd[some])

    _each(device, work, jobs)
    shape = tuple(1 if axis in form.axes else n for axis, n in enumerate(form.view))
    return mean.reshape(shape), variance.reshape(shape), rstd.reshape(shape)


def normalized(device, x, weight, bias, mean, rstd, form):
    """(x - mean) rstd weight + bias."""
    rows = _rows(x, form)
    mean, rstd = mean.reshape(-1), rstd.reshape(-1)
    w, b = _of_a_row(weight, rows, 1), _of_a_row(bias, rows, 0)
    y = device.empty(rows.shape, rows.dtype)
    t, scale, shift = mean * rstd, Along(w), Along(-w, b)

    def near(r, c, i, j):
        u, v = device.scratch("row norm", y[r, c].shape, y.dtype), y[r, c]
        scale.scale(rows[r, c], rstd[r], u)
        np.add(shift.times(t[r], v), u, out=v)

    def far_or_long(r, c, i, j):
        v = np.subtract(rows[r, c], mean[r, None], out=y[r, c])
        np.multiply(v, rstd[r, None], out=v)
        np.multiply(v, w[c], out=v)
        np.add(v, b[c], out=v)

    tiles = [tile for _, tiles in _jobs(rows.shape)[0] for tile in tiles]
    _each(device, near if not scale.long and _near(t, rstd) else far_or_long, tiles)
    return y.reshape(x.shape).astype(x.dtype, copy=False)


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
        self.jobs, down, across = _jobs(rows.shape)
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
        b = self.rstd_cubed[some] * (mean_v - self.mean[some] * mean_h)
        c = self.rstd[some] * mean_h - b * self.mean[some]
        self.minus[:, some] = b, c
        _inside(self.device, self.combine, tiles)

    def add_up(self, r, c, i, j):
        """The sums of a tile: of its rows, and over them."""
        h, u = self._inputs(r, c)
        v = np.multiply(h, u, out=self.device.scratch("row norm", h.shape, h.dtype))
        np.matmul(h, self.w_mean[c], out=self.sums[j, 0, r])
        np.matmul(v, self.w_mean[c], out=self.sums[j, 1, r])
        if self.affine:
            with_mean, total = np.matmul(self.factors[:, r], h)
            self.partial[i, 0, c], self.partial[i, 1, c] = np.matmul(self.rstd[r], v) - with_mean, total

    def combine(self, r, c, i, j):
        """dx of a tile: g rstd w less what was found for its rows."""
        h, u = self._inputs(r, c)
        b, constant = self.minus[:, r]
        scale, ones, dx = self.scale.part(c), self.ones.part(c), self.dx[r, c]
        v = scale.scale(h, self.rstd[r], self.device.scratch("row norm", h.shape, h.dtype))
        np.subtract(v, ones.by_row(np.multiply, u, b, dx), out=v)
        ones.by_row(np.subtract, v, constant, dx)

    def _inputs(self, r, c):
        return self.grads[r, c], _away(self.device, self.rows, self.centre, self.ones, r, c)


def _jobs(shape):
    """Runs of rows with the tiles they are made of, and how many tiles stand in a column and in a row.

    A tile is (rows, columns, i, j): two slices, and its place among the tiles.
    """
    count, size = shape
    if size <= WHOLE:
        height, width = block_rows(count, size), size
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
    return bool(t.min() >= -FAR and t.max() <= FAR and rstd.min() > 0)


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
