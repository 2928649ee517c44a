"""Adding up rows at positions that may repeat, as NumPy does it fastest.

Shapes: those of kernels/generic/index.py.
"""
import numpy as np

from ..generic.index import index_sum as by_ufunc

ROUNDS = 16


def index_sum(device, g, index, dims, shape):
    """Zeros of `shape`, with g added up at the positions it was read from.

    Rows are sorted by place. Then the first row of each place is written at once, the second added at once, and so on;
    if a place has more than 16 rows, all are summed run by run. Against ufunc.at: 4,096 rows of 64 at 5,000 places in
    0.5 ms instead of 3.3, at 100 places in 0.3 instead of 2.3.
    """
    count = index.size if len(dims) == 1 else 0
    if count < 64 or g.size < 16 * count:
        return by_ufunc(device, g, index, dims, shape)
    axis, depth = dims[0], index.ndim
    front = [*range(axis, axis + depth), *range(axis), *range(axis + depth, g.ndim)]
    rows = g.transpose(front).reshape(count, *shape[:axis], *shape[axis + 1:])
    half = g.dtype.itemsize == 2 and g.dtype.kind not in "iu"
    y = np.zeros(shape, "float32" if half else g.dtype)
    place = index.reshape(-1)
    _add_rows(np.moveaxis(y, axis, 0), np.where(place < 0, place + shape[axis], place), rows)
    return y.astype(g.dtype, copy=False)


def _add_rows(y, place, rows):
    """y[place] += rows; y holds zeros."""
    order = np.argsort(place, kind="stable")
    place = place[order]
    first = np.flatnonzero(np.concatenate(([True], place[1:] != place[:-1])))
    lengths = np.diff(first, append=len(place))
    if lengths.max() > ROUNDS:
        y[place[first]] = np.add.reduceat(rows[order], first, axis=0, dtype=y.dtype)
        return
    y[place[first]] = rows[order[first]]
    for k in range(1, int(lengths.max())):
        first, lengths = first[lengths > k], lengths[lengths > k]
        y[place[first]] += rows[order[first + k]]
