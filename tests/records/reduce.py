"""Records of reductions, extremes and running sums."""
import numpy as np
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.records import Record, arrays, register
from tests.records.elementwise import ERRORS
from tinygrad_cnn.autograd import OPS
from tinygrad_cnn.testing.strategies import shapes


@st.composite
def with_dims(draw, single=False, **values):
    """An array, and which axes of it to reduce: none named, one, or several."""
    x = draw(arrays(shapes(min_dims=1), **values))
    one = st.integers(-x.ndim, x.ndim - 1)
    several = st.lists(st.integers(0, x.ndim - 1), min_size=1, max_size=x.ndim, unique=True).map(tuple)
    dim = draw(one if single else st.none() | one | several)
    return (x,), {"dim": dim, "keepdim": draw(st.booleans())}


def loop(reduce_line):
    """The reduction of each line of numbers, one by one, by a function of a flat list."""
    def reference(x, dim, keepdim):
        dims = range(x.ndim) if dim is None else dim if isinstance(dim, tuple) else (dim,)
        axes = tuple(d % x.ndim for d in dims)
        kept = tuple(1 if axis in axes else n for axis, n in enumerate(x.shape))
        y = np.empty(kept)
        for place in np.ndindex(kept):
            line = x[tuple(slice(None) if axis in axes else i for axis, i in enumerate(place))]
            y[place] = reduce_line([float(v) for v in line.reshape(-1)])
        return y if keepdim else y.reshape([n for axis, n in enumerate(x.shape) if axis not in axes])
    return reference


def _variance(line, correction):
    middle = sum(line) / len(line)
    over = max(len(line) - correction, 0)
    return sum((v - middle) ** 2 for v in line) / over if over else float("nan")


OUT_OF_RANGE = (ERRORS.TensorIndexError,
                r"dim=2 is out of range for a tensor with 2 dimensions. Use a number from -2 to 1")

register(Record(
    "sum", ops="sum spread", function=tg.sum, cases=with_dims(), reference=loop(sum),
    wrong=[(lambda: tg.sum(tg.ones(2, 3), 2), *OUT_OF_RANGE),
           (lambda: tg.sum(3), ERRORS.DTypeError, "expected a Tensor, got int"),
           (lambda: tg.sum(tg.ones(2, 3), (0, -2)), ERRORS.ArgumentError, "sum: dim=.* names a dimension twice"),
           (lambda: tg.sum(tg.ones(2, 3), 0.5), ERRORS.ArgumentError, "sum: dim=0.5 is not an integer")]))
register(Record(
    "spread", ops="spread", cases=st.tuples(arrays((3,))).map(lambda case: (case, {})),
    function=lambda g: OPS["spread"](g, shape=(2, 3, 2), dim=(0, 2), keepdim=False),
    reference=lambda g: np.array([[[v, v] for v in g]] * 2)))
register(Record(
    "mean", ops="mean", function=tg.mean, cases=with_dims(), reference=loop(lambda v: sum(v) / len(v)),
    wrong=[(lambda: tg.mean(tg.ones(2).int()), ERRORS.DTypeError,
            "mean: the input is tinygrad_cnn.int32; .* pass dtype=tg.float32"),
           (lambda: tg.mean(tg.ones(2, 3), 2), *OUT_OF_RANGE)]))
register(Record(
    "nan reductions", ops="drop", cases=with_dims(),
    function=lambda x, dim, keepdim: (tg.nansum(x, dim, keepdim), tg.nanmean(x, dim, keepdim)),
    reference=lambda x, dim, keepdim: (loop(sum)(x, dim, keepdim), loop(lambda v: sum(v) / len(v))(x, dim, keepdim))))
register(Record(
    "var", ops="var",
    function=lambda x, dim, keepdim: (tg.var(x, dim, keepdim=keepdim, correction=0),
                                      *tg.var_mean(x, dim, False, keepdim)),
    cases=with_dims(),
    reference=lambda x, dim, keepdim: (loop(lambda v: _variance(v, 0))(x, dim, keepdim),
                                       loop(lambda v: _variance(v, 0))(x, dim, keepdim),
                                       loop(lambda v: sum(v) / len(v))(x, dim, keepdim)),
    wrong=[(lambda: tg.var(tg.ones(2).int()), ERRORS.DTypeError,
            "var: the input is tinygrad_cnn.int32; .* Convert it with .float()"),
           (lambda: tg.var(tg.ones(2), unbiased=True, correction=1), ERRORS.ArgumentError,
            "var: both unbiased=True and correction=1")]))
register(Record(
    "std", ops="std",
    function=lambda x, **kwargs: (tg.std(x, **kwargs), *tg.std_mean(x, **kwargs), tg.var(x, **kwargs)),
    cases=st.sampled_from([{}, {"dim": 0}, {"dim": (0, 1), "keepdim": True}, {"correction": 1.5},
                           {"dim": 1, "unbiased": False}]).flatmap(
        lambda kwargs: arrays((4, 3), distinct=True).map(lambda x: ((x,), kwargs))),
    reference=lambda x, dim=None, keepdim=False, correction=1, unbiased=True: (
        np.sqrt(_variances(x, dim, keepdim, correction, unbiased)),
        np.sqrt(_variances(x, dim, keepdim, correction, unbiased)),
        loop(lambda v: sum(v) / len(v))(x, dim, keepdim), _variances(x, dim, keepdim, correction, unbiased))))


def _variances(x, dim, keepdim, correction, unbiased):
    return loop(lambda v: _variance(v, correction if unbiased else 0))(x, dim, keepdim)


@st.composite
def norms(draw):
    case, kwargs = draw(with_dims(away_from=(0,), distinct=True))
    orders = [2, "fro", 1, 0, 3, 0.5, 1.5, -1.0, float("inf"), -float("inf")]
    return case, {**kwargs, "p": draw(st.sampled_from(orders))}


def _norm(line, p):
    sizes = [abs(v) for v in line]
    if p == 0:
        return float(len([v for v in sizes if v]))
    if p in (float("inf"), -float("inf")):
        return max(sizes) if p > 0 else min(sizes)
    p = 2 if p == "fro" else p
    return sum(v ** p for v in sizes) ** (1 / p)


register(Record(
    "norm", ops="norm", function=lambda x, p, dim, keepdim: tg.norm(x, p, dim, keepdim), cases=norms(),
    reference=lambda x, p, dim, keepdim: loop(lambda v: _norm(v, p))(x, dim, keepdim),
    wrong=[(lambda: tg.norm(tg.ones(2), "nuc"), ERRORS.ArgumentError, "norm: 'nuc' is not the order of a norm"),
           (lambda: tg.norm(tg.ones(2).int()), ERRORS.DTypeError, "norm: the input is tinygrad_cnn.int32")]))
register(Record(
    "extremes over axes", ops="amax amin tie_shares",
    function=lambda x, dim, keepdim: (tg.amax(x, dim or (), keepdim) if dim != 0 else tg.amax(x, 0, keepdim),
                                      tg.amin(x, dim if dim is not None else (), keepdim)),
    cases=with_dims(distinct=True),
    reference=lambda x, dim, keepdim: (loop(max)(x, dim, keepdim), loop(min)(x, dim, keepdim)),
    wrong=[(lambda: tg.amax(tg.ones(2, 0), 1), ERRORS.ShapeError,
            r"amax: axis 1 of the tensor \(shape \(2, 0\)\) has no elements"),
           (lambda: tg.amax(tg.ones(2, 3), 2), *OUT_OF_RANGE)]))
register(Record(
    "max", ops="argmax argmin pick unpick argmedian median",
    function=lambda x, dim, keepdim: (*tg.max(x, dim, keepdim), *tg.min(x, dim, keepdim), *tg.median(x, dim, keepdim),
                                      tg.argmax(x, dim, keepdim), tg.argmin(x, dim, keepdim), tg.argmax(x), tg.max(x),
                                      tg.median(x),
                                      *tg.aminmax(x, dim=dim)),
    cases=with_dims(single=True, distinct=True),
    reference=lambda x, dim, keepdim: (
        *[loop(f)(x, dim, keepdim) for f in (max, lambda v: v.index(max(v)), min, lambda v: v.index(min(v)), _median,
                                             lambda v: v.index(_median(v)), lambda v: v.index(max(v)),
                                             lambda v: v.index(min(v)))],
        loop(lambda v: v.index(max(v)))(x, None, False), loop(max)(x, None, False), loop(_median)(x, None, False),
        loop(min)(x, dim, False),
        loop(max)(x, dim, False)),
    wrong=[(lambda: tg.max(tg.ones(2, 3), 2), *OUT_OF_RANGE),
           (lambda: tg.argmax(tg.ones(0)), ERRORS.ShapeError,
            r"argmax: axis 0 of the tensor \(shape \(0,\)\) has no elements"),
           (lambda: tg.median([1.0]), ERRORS.DTypeError, "median: expected a Tensor, got list")]))


def _median(line):
    return sorted(line)[(len(line) - 1) // 2]


register(Record(
    "prod", ops="prod", function=lambda x, dim, keepdim: (tg.prod(x, dim, keepdim), tg.prod(x)),
    cases=with_dims(single=True),
    reference=lambda x, dim, keepdim: (loop(_product)(x, dim, keepdim), loop(_product)(x, None, False)),
    wrong=[(lambda: tg.prod(tg.ones(2, 3), 2), *OUT_OF_RANGE),
           (lambda: tg.prod(tg.ones(2, 3), (0, 1)), ERRORS.ArgumentError, r"prod: dim=\(0, 1\) is not an integer")]))


def _product(line):
    result = 1.0
    for v in line:
        result *= v
    return result


def _running(step, start):
    def reference(x, dim, **_):
        x = np.moveaxis(x, dim, 0)
        y, so_far = np.empty_like(x), np.full(x.shape[1:], start)
        for i in range(len(x)):
            so_far = step(so_far, x[i])
            y[i] = so_far
        return np.moveaxis(y, 0, dim)
    return reference


ADDED, MULTIPLIED = _running(lambda a, b: a + b, 0.0), _running(lambda a, b: a * b, 1.0)
register(Record(
    "running", ops="cumsum cumprod", function=lambda x, dim, **_: (tg.cumsum(x, dim), tg.cumprod(x, dim)),
    cases=with_dims(single=True), reference=lambda x, **kwargs: (ADDED(x, **kwargs), MULTIPLIED(x, **kwargs)),
    wrong=[(lambda: tg.cumsum(tg.ones(2, 3), 2), *OUT_OF_RANGE)]))
register(Record(
    "running backwards", ops="cumsum cumprod", cases=with_dims(single=True),
    function=lambda x, dim, **_: tuple(OPS[name](x, dim=dim % x.ndim, reverse=True) for name in ("cumsum", "cumprod")),
    reference=lambda x, dim, **_: tuple(np.flip(f(np.flip(x, dim), dim), dim) for f in (ADDED, MULTIPLIED))))


@st.composite
def recurrences(draw):
    shape = draw(shapes(min_dims=1))
    dim, reverse = draw(st.integers(0, len(shape) - 1)), draw(st.booleans())
    return (draw(arrays(shape)), draw(arrays(shape))), {"dim": dim, "reverse": reverse}


def _recurrence(a, b, dim, reverse):
    a, b = np.moveaxis(a, dim, 0), np.moveaxis(b, dim, 0)
    y, s = np.empty_like(b), 0.0
    for i in reversed(range(len(b))) if reverse else range(len(b)):
        s = a[i] * s + b[i]
        y[i] = s
    return np.moveaxis(y, 0, dim)


register(Record("recurrence", ops="recurrence", function=OPS["recurrence"], cases=recurrences(), reference=_recurrence))
register(Record(
    "shift", ops="shift", cases=st.tuples(arrays((3, 2))).map(lambda case: (case, {})),
    function=lambda x: (OPS["shift"](x, dim=0, by=1, fill=1), OPS["shift"](x, dim=1, by=-1, fill=0)),
    reference=lambda x: (np.array([[1.0, 1.0], x[0], x[1]]), np.stack([x[:, 1], 0 * x[:, 0]], 1))))
register(Record(
    "truth", ops="any all count_nonzero", cases=with_dims(), constant=(0,),
    function=lambda x, dim, keepdim: (tg.any(x > 1, dim, keepdim), tg.all(x > -1, dim, keepdim),
                                      tg.count_nonzero(x > 0, dim)),
    reference=lambda x, dim, keepdim: (loop(lambda v: any(e > 1 for e in v))(x, dim, keepdim) != 0,
                                       loop(lambda v: all(e > -1 for e in v))(x, dim, keepdim) != 0,
                                       loop(lambda v: len([e for e in v if e > 0]))(x, dim, False)),
    wrong=[(lambda: tg.any(tg.ones(2, 3), 2), *OUT_OF_RANGE),
           (lambda: tg.all([True]), ERRORS.DTypeError, "all: expected a Tensor")]))
