"""Scattering with a reduction: what is written at one place is summed, multiplied, averaged, or the greatest kept.

Sums go by `scatter_sum`. For the others the source is sorted by place, so that what meets lies side by side, and
neighbours of one place are combined over distances 1, 2, 4, ...: log2(n) steps of ordinary ops, after which the first
of each run holds the whole run's result. Products are differentiated through these steps, exact with zeros and to any
order. Extremes share the gradient evenly among equals, as `amax` does (ops/extremes.py).
Shapes: input (..., A, ...), index (..., B, ...) along axis `dim`, src at least as large as index -> the input's shape.
"""
from ..autograd import Op
from ..autograd.basic import add, cast
from ..errors import ArgumentError
from ..tensor import Tensor
from .arithmetic import div_op, mul_op
from .compare import drop, eq_op, maximum_op, minimum_op, ne_op, where_op
from .creation import ones_like
from .elementwise import floor_divide
from .gather import _as_large_as, _positions, gather_op, refuse_other_dtype, scatter_op, scatter_sum
from .join import cat
from .shape import reshape_op
from .slices import narrow
from .sort import argsort_op

__all__ = ["scatter_reduce"]

# y is the extreme, found already; the rules share its gradient among those that are equal to it.
scatter_extreme = Op("scatter_extreme", "x src index extreme", attrs="dim include_self", promote=None)
scatter_extreme.rules(
    x=lambda g, x, src, index, y, dim, include_self: mul_op(g, _shares(x, src, index, y, dim, include_self)[0]),
    src=lambda g, x, src, index, y, dim, include_self: mul_op(gather_op(g, index, dim=dim),
                                                              _shares(x, src, index, y, dim, include_self)[1]))


def _shares(x, src, index, y, dim, include_self):
    """1 / n for each of the n equal extremes that meet at a place, 0 for the others: (for x, for src)."""
    x, src, y = _bare(x), _bare(src), _bare(y)
    own = cast(eq_op(x, y), dtype=x.array.dtype)
    if not include_self:
        own = scatter_op(own, 0.0, index, dim=dim)
    theirs = cast(eq_op(src, gather_op(y, index, dim=dim)), dtype=x.array.dtype)
    count = add(own, scatter_sum(theirs, index, dim=dim, shape=x.array.shape))
    return div_op(own, count), div_op(theirs, gather_op(count, index, dim=dim))


def _bare(x):
    """The tensor outside the graph."""
    return Tensor(x.array, x.device)


def scatter_reduce(input, dim, index, src, reduce, *, include_self=True):
    """`input` where each place that `index` names holds the reduction of all of `src` that goes there.

    Args: reduce: "sum", "prod", "mean", "amax" or "amin"; of equal extremes each has an equal share of the gradient.
    include_self: whether the element of `input` at a place is reduced with the others, or replaced by their result. The
    mean of integers is rounded down.
    Raises: as `scatter`; ArgumentError for another reduction.

    >>> import tinygrad_cnn as tg
    >>> scatter_reduce(tg.ones(3), 0, tg.tensor([0, 0, 2]), tg.tensor([2., 4., 3.]), "mean", include_self=False)
    tensor([3., 1., 3.])
    """
    refuse_other_dtype("scatter_reduce", input, src)
    if not input.array.ndim and not index.array.ndim:
        one = [reshape_op(x, shape=(1,)) for x in (input, index, src)]
        return reshape_op(scatter_reduce(one[0], dim, one[1], one[2], reduce, include_self=include_self), shape=())
    dim = _positions("scatter_reduce", input, dim, index, source=src)
    src = _as_large_as(src, index)
    if reduce in ("sum", "mean"):
        return (_sum if reduce == "sum" else _mean)(input, dim, index, src, include_self)
    if reduce == "prod":
        return _prod(input, dim, index, src, include_self)
    if reduce in ("amax", "amin"):
        return _extreme(input, dim, index, src, include_self, maximum_op if reduce == "amax" else minimum_op)
    raise ArgumentError(f"scatter_reduce: there is no reduction {reduce!r}. Give 'sum', 'prod', 'mean', 'amax' or "
                        "'amin'.")


def _sum(x, dim, index, src, include_self):
    start = x if include_self else scatter_op(x, 0, index, dim=dim)
    return add(start, scatter_sum(src, index, dim=dim, shape=x.array.shape))


def _mean(x, dim, index, src, include_self):
    total = _sum(x, dim, index, src, include_self)
    count = scatter_sum(ones_like(src), index, dim=dim, shape=x.array.shape)
    count = add(count, 1) if include_self else maximum_op(count, 1)
    return div_op(total, count) if x.dtype.is_floating_point else floor_divide(total, count)


def _prod(x, dim, index, src, include_self):
    product, met = _of_each_place(mul_op, x, dim, index, src)
    start = x if include_self else scatter_op(x, 1, index, dim=dim)
    return mul_op(start, where_op(met, product, 1))


def _extreme(x, dim, index, src, include_self, greater):
    found, met = _of_each_place(greater, _bare(x), dim, index, _bare(src))
    own = _bare(x)
    best = where_op(met, greater(own, found) if include_self else found, own)
    return scatter_extreme(x, src, index, best, dim=dim, include_self=include_self)


def _of_each_place(combine, x, dim, index, src):
    """(what `combine` makes of the sources that go to each place, or 0 if none does; whether one does), like x."""
    shape = x.array.shape
    order = argsort_op(index, dim=dim, descending=False)
    places, values = gather_op(index, order, dim=dim), gather_op(src, order, dim=dim)
    count = places.array.shape[dim]
    distance = 1
    while distance < count:
        rest = count - distance
        here, ahead = narrow(values, dim, 0, rest), narrow(values, dim, distance, rest)
        same = eq_op(narrow(places, dim, 0, rest), narrow(places, dim, distance, rest))
        values = cat([where_op(same, combine(here, ahead), here), narrow(values, dim, rest, distance)], dim)
        distance *= 2
    meeting = scatter_sum(ones_like(index), index, dim=dim, shape=shape)
    if count > 1:
        follows = eq_op(narrow(places, dim, 1, count - 1), narrow(places, dim, 0, count - 1))
        values = cat([narrow(values, dim, 0, 1), drop(narrow(values, dim, 1, count - 1), follows)], dim)
    return scatter_sum(values, places, dim=dim, shape=shape), ne_op(meeting, 0)
