"""Records of reading and writing at positions and under masks (ops/index.py, gather, masked, embedding, write)."""
import numpy as np
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.records import Record, arrays, register, shapes
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError, TensorIndexError
from tinygrad_cnn.ops.embedding import embedding

X = tg.zeros(2, 3, 4)
far = tg.tensor([0, 5])


def positions(shape, n, low=0):
    """Integer arrays with values in [low, n)."""
    return st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).integers(low, n, shape))


def masks(shape):
    return st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).random(shape) < 0.5)


def cases(*values, **options):
    """Cases of the values that the strategies draw."""
    drawn = {name: o if isinstance(o, st.SearchStrategy) else st.just(o) for name, o in options.items()}
    return st.tuples(st.tuples(*values), st.fixed_dictionaries(drawn))


register(Record("index", ops="index index_sum", function=lambda x, i: x[:, i],
                cases=cases(arrays((2, 3, 2)),
                            shapes(0, 2).filter(lambda s: s != ()).flatmap(lambda s: positions(s, 3, -3))),
                reference=lambda x, i: np.stack([x[:, k] for k in i.ravel()], 1).reshape(2, *i.shape, 2),
                wrong=[(lambda: X[far], TensorIndexError, r"index: position 5 is out of range for axis 0 of size 2"),
                       (lambda: X[tg.tensor([0.0])], TensorIndexError,
                        r"a tensor of tinygrad_cnn.float32 is not an index"),
                       (lambda: X[tg.tensor([0, 1]), tg.tensor([0, 1, 2])], TensorIndexError,
                        r"shapes \(2,\), \(3,\) cannot be broadcast"),
                       (lambda: X[tg.tensor([True, False, True])], TensorIndexError,
                        r"a mask of shape \(3,\) cannot be laid over"),
                       (lambda: X[[[0, 1], [1, 0]]], TensorIndexError,
                        r"a list of lists or tensors is read as a tuple by PyTorch"),
                       (lambda: X.index_select(0, tg.tensor([-1])), TensorIndexError,
                        r"index_select: position -1 is out of range"),
                       (lambda: X.index_select(0, tg.tensor([[1]])), ShapeError,
                        r"an index is a vector, not of shape \(1, 1\)"),
                       (lambda: X.take(tg.tensor([24])), TensorIndexError,
                        r"take: position 24 is out of range for axis 0 of size 24"),
                       (lambda: X.take(tg.tensor([1.0])), DTypeError, r"take: an index is a tensor of integers")]))

register(Record("index along two axes", ops="index index_sum", function=lambda x, i, j: x[i, :, j],
                cases=cases(arrays((2, 3, 4)), positions((2, 1), 2, -2), positions((3,), 4, -4)),
                reference=lambda x, i, j: np.array([[x[a, :, b] for b in j] for a in i[:, 0]])))


def _written(x, value, i):
    y = x.copy()
    for k, n in enumerate(i):
        y[:, n] = value[:, k]
    return y


register(Record("index_put", ops="index_put", function=lambda x, value, i: x.index_copy(1, i, value),
                cases=cases(arrays((2, 4)), arrays((2, 3)), st.permutations(range(4)).map(lambda p: np.array(p[:3]))),
                reference=_written,
                wrong=[(lambda: X.index_copy(0, tg.tensor([0]), tg.zeros(2, 3, 4)), ShapeError,
                        r"take a source of shape \(1, 3, 4\)"),
                       (lambda: X.index_copy(0, tg.tensor([0]), tg.zeros(1, 3, 4, dtype=tg.float64)), DTypeError,
                        r"the source is"),
                       (lambda: X.index_fill(0, far, 1.0), TensorIndexError, r"index_fill: position 5"),
                       (lambda: X.index_put((slice(None),), tg.zeros(1)), TensorIndexError,
                        r"must be integer tensors or masks")]))


def _added(x, source, i):
    y = x.copy()
    for k, n in enumerate(i):
        y[n] += 2 * source[k]
    return y


register(Record("index_add", ops="index_sum", function=lambda x, source, i: x.index_add(0, i, source, alpha=2),
                cases=cases(arrays((3, 2)), arrays((4, 2)), positions((4,), 3)), reference=_added))


def _gathered(x, i, dim):
    y = np.zeros(i.shape)
    for place in np.ndindex(i.shape):
        y[place] = x[tuple(i[place] if k == dim else p for k, p in enumerate(place))]
    return y


register(Record("gather", ops="gather scatter_sum", function=lambda x, i, dim: tg.gather(x, dim, i),
                cases=st.one_of(cases(arrays((3, 2)), positions((4, 2), 3), dim=0),
                                cases(arrays((2, 3)), positions((1, 2), 3), dim=1)),
                reference=_gathered,
                wrong=[(lambda: X.gather(0, tg.tensor([0])), ShapeError,
                        r"index has shape \(1,\) but the tensor has \(2, 3, 4\)"),
                       (lambda: X.gather(0, tg.zeros(1, 4, 1).long()), ShapeError,
                        r"larger than the tensor of shape \(2, 3, 4\) off axis 0"),
                       (lambda: X.gather(0, tg.full((1, 1, 1), 2)), TensorIndexError,
                        r"gather: position 2 is out of range .* Use 0 to 1"),
                       (lambda: X.gather(0, tg.zeros(1, 1, 1)), DTypeError,
                        r"gather: an index is a tensor of integers"),
                       (lambda: X.take_along_dim(tg.tensor([0]), 0), ShapeError, r"indices have shape \(1,\)")]))


def _scattered(x, src, i, add=False):
    y = x.copy()
    for place in np.ndindex(i.shape):
        y[place[0], i[place]] = src[place] + (y[place[0], i[place]] if add else 0)
    return y


distinct_rows = st.lists(st.permutations(range(4)).map(lambda p: p[:3]), min_size=2, max_size=2).map(np.array)
register(Record("scatter", ops="scatter", function=lambda x, src, i: x.scatter(1, i, src),
                cases=cases(arrays((2, 4)), arrays((3, 3)), distinct_rows), reference=_scattered,
                wrong=[(lambda: X.scatter(0, tg.zeros(1, 1, 1).long()), ArgumentError,
                        r"scatter: there is nothing to write"),
                       (lambda: X.scatter(0, tg.zeros(1, 1, 1).long(), tg.ones(1, 1, 1).double()), DTypeError,
                        r"the source is"),
                       (lambda: X.scatter(0, tg.zeros(2, 1, 1).long(), tg.ones(1, 1, 1)), ShapeError,
                        r"or than the source")]))

register(Record("scatter_add", ops="scatter_sum", function=lambda x, src, i: x.scatter_add(1, i, src),
                cases=cases(arrays((2, 4)), arrays((3, 3)), positions((2, 3), 4)),
                reference=lambda x, src, i: _scattered(x, src, i, add=True)))

register(Record("masked_fill", ops="fill_where", function=tg.masked_fill,
                cases=cases(arrays((2, 3)), st.one_of(masks((2, 3)), masks((3,)), masks((2, 2, 1))), arrays(())),
                reference=lambda x, mask, value: np.where(mask, value, x),
                wrong=[(lambda: X.masked_fill(tg.tensor([1]), 0), DTypeError,
                        r"a mask is a tensor of bools, not tinygrad_cnn.int64"),
                       (lambda: X.masked_fill(X == 0, tg.ones(2)), ShapeError,
                        r"expected a number or a 0-d tensor, got shape \(2,\)"),
                       (lambda: X.masked_fill(tg.tensor([True, False]), 0), ShapeError, r"cannot be broadcast")]))

register(Record("masked_select", ops="masked_select masked_place", function=tg.masked_select,
                cases=st.one_of(cases(arrays((2, 3)), masks((2, 3))), cases(arrays((2, 3)), masks((3,)))),
                reference=lambda x, mask: np.extract(np.broadcast_to(mask, x.shape), x)))

register(Record("mask over the first axis", ops="masked_select masked_place", function=lambda x, mask: x[mask],
                cases=cases(arrays((3, 2)), masks((3,))),
                reference=lambda x, mask: np.array([row for row, m in zip(x, mask) if m]).reshape(-1, 2)))

register(Record("masked_scatter", ops="masked_select index_put", function=tg.masked_scatter,
                cases=cases(arrays((2, 3)), masks((2, 3)), arrays((6,))),
                reference=lambda x, mask, source: np.where(mask, source[np.cumsum(mask).reshape(2, 3) - 1], x),
                wrong=[(lambda: X.masked_scatter(X == 0, tg.zeros(3)), ShapeError,
                        r"true at 24 places but the source has 3")]))


def _rows_of(weight, index, padding_idx=None):
    return np.array([weight[k] for k in index.ravel()]).reshape(*index.shape, weight.shape[1])


W = tg.zeros(3, 2)
register(Record("embedding", ops="embedding", function=lambda weight, index: embedding(index, weight),
                cases=cases(arrays((4, 2)), positions((2, 3), 4)), reference=_rows_of,
                wrong=[(lambda: embedding(tg.tensor([3]), W), TensorIndexError,
                        r"embedding: position 3 is out of range .* Use 0 to 2"),
                       (lambda: embedding(tg.tensor([1]), W, padding_idx=3), TensorIndexError,
                        r"padding_idx=3 is out of range for 3 rows"),
                       (lambda: embedding(tg.tensor([1]), tg.zeros(3)), ShapeError, r"shape \(3,\)\. Make it a matrix"),
                       (lambda: embedding(tg.tensor([1]), W, max_norm=1.0), ArgumentError, r"not supported")]))

register(Record("copy_", ops="copy put", function=lambda x, src: (x * 1).copy_(src),
                cases=st.one_of(cases(arrays((2, 3)), arrays((3,))), cases(arrays((2, 3)), arrays((2, 3)))),
                reference=lambda x, src: src + 0 * x,
                wrong=[(lambda: tg.zeros(2).copy_(tg.zeros(3)), ShapeError,
                        r"copy_: a value of shape \(3,\) does not broadcast .* \(2,\)")]))

register(Record("fill_", ops="fill put", function=lambda x, value: _with_filled_row(x * 1, value),
                cases=cases(arrays((2, 3)), value=2.5), reference=lambda x, value: np.stack([np.full(3, value), x[1]]),
                wrong=[(lambda: tg.zeros(2).fill_(tg.zeros(2)), ShapeError,
                        r"expected a number or a 0-d tensor, got shape \(2,\)"),
                       (lambda: tg.zeros(2).fill_("a"), DTypeError,
                        r"fill_: a value is a Tensor or a number, not str")]))


def _with_filled_row(x, value):
    x[0].fill_(value)
    return x


register(Record("setitem", ops="index_put copy put", function=lambda x, value, i: _with_rows(x * 1, value, i),
                cases=cases(arrays((3, 2)), arrays((2, 2)), st.permutations(range(3)).map(lambda p: np.array(p[:2]))),
                reference=lambda x, value, i: _written(x.T, value.T, i).T))


def _with_rows(x, value, i):
    x[i] = value
    return x


REDUCTIONS = {"sum": np.sum, "prod": np.prod, "mean": np.mean, "amax": np.max, "amin": np.min}


def _reduced(x, src, i, reduce, include_self):
    """By the definition: all that goes to one place, in a list."""
    y = x.copy()
    for place in np.ndindex(x.shape):
        met = [src[k, place[1]] for k in range(i.shape[0]) if place[1] < i.shape[1] and i[k, place[1]] == place[0]]
        if met:
            y[place] = REDUCTIONS[reduce]([*([x[place]] if include_self else []), *met])
    return y


def _apart(arrays):
    """x and src cut from one array, so that no two numbers are equal."""
    (both, i), kwargs = arrays
    return (both[:3], both[3:], i), kwargs


for _name, _reductions in (("scatter_reduce", ["sum", "prod", "mean"]), ("scatter_reduce extreme", ["amax", "amin"])):
    register(Record(
        _name, ops="scatter_sum" if _name == "scatter_reduce" else "scatter_extreme",
        function=lambda x, src, i, reduce, include_self: tg.scatter_reduce(x, 0, i, src, reduce,
                                                                           include_self=include_self),
        cases=cases(arrays((8, 2), distinct=True), st.one_of(positions((5, 2), 3), positions((3, 1), 3)),
                    reduce=st.sampled_from(_reductions), include_self=st.booleans()).map(_apart),
        reference=_reduced,
        wrong=[(lambda: X.scatter_reduce(0, tg.zeros(1, 1, 1).long(), X, "median"), ArgumentError,
                r"no reduction 'median'\. Give 'sum', 'prod', 'mean', 'amax' or 'amin'"),
               (lambda: X.scatter_reduce(0, tg.zeros(1, 1, 1).long(), X.double(), "sum"), DTypeError,
                r"the tensor is tinygrad_cnn.float32 but the source is tinygrad_cnn.float64"),
               (lambda: X.scatter_reduce(0, tg.full((1, 1, 1), 2), X, "amax"), TensorIndexError,
                r"scatter_reduce: position 2 is out of range"),
               (lambda: X.scatter_reduce(0, tg.zeros(1).long(), X, "sum"), ShapeError,
                r"scatter_reduce: index has shape \(1,\) but the tensor has \(2, 3, 4\)")]))
