"""Sorting and searching: sort, topk and kthvalue with their positions; counting; finding places in a sorted sequence.

Positions come from an op without derivative, values are gathered at them, so the gradient goes back to where each value
came from. NaN counts as the greatest number; equal elements keep their order.
"""
from collections import namedtuple

from ..autograd import Op
from ..errors import ArgumentError, DTypeError, ShapeError
from ..tensor import Tensor
from .dims import existing_dim, normalize_dim
from .gather import gather_op
from .slices import ALL, getitem_op

__all__ = ["argsort", "bincount", "bucketize", "kthvalue", "msort", "searchsorted", "sort", "topk", "unique"]

Sorted = namedtuple("sort", "values indices")
Greatest = namedtuple("topk", "values indices")
Kth = namedtuple("kthvalue", "values indices")

argsort_op = Op("argsort", "x", attrs="dim descending", promote=None)
topk_index = Op("topk_index", "x", attrs="k dim largest", promote=None)


def argsort(input, dim=-1, descending=False, *, stable=False):
    """The positions that sort `input` along `dim`; equal elements keep their order, whether `stable` or not.

    >>> import tinygrad_cnn as tg
    >>> argsort(tg.tensor([3, 1, 2]))
    tensor([1, 2, 0])
    """
    return argsort_op(input, dim=normalize_dim("argsort", dim, input.array.ndim), descending=bool(descending))


def sort(input, dim=-1, descending=False, *, stable=False):
    """The elements in order along `dim`, and the positions they came from: (values, indices).

    >>> import tinygrad_cnn as tg
    >>> sort(tg.tensor([3., 1., 2.]), descending=True).values
    tensor([3., 2., 1.])
    """
    dim = normalize_dim("sort", dim, input.array.ndim)
    indices = argsort_op(input, dim=dim, descending=bool(descending))
    return Sorted(gather_op(input, indices, dim=dim), indices)


def msort(input):
    """The elements in order along the first axis."""
    return sort(input, 0).values


def topk(input, k, dim=-1, largest=True, sorted=True):
    """The k greatest (or least) elements along `dim`, in order, and their positions: (values, indices).

    Raises: ArgumentError for more than there are.

    >>> import tinygrad_cnn as tg
    >>> topk(tg.tensor([1., 4., 3.]), 2).indices
    tensor([1, 2])
    """
    dim, k = _k_of("topk", input, k, dim, 0)
    indices = topk_index(input, k=k, dim=dim, largest=bool(largest))
    return Greatest(gather_op(input, indices, dim=dim), indices)


def _k_of(op, input, k, dim, least):
    dim = normalize_dim(op, dim, input.array.ndim)
    n = input.array.shape[dim] if input.array.ndim else 1
    if isinstance(k, bool) or not hasattr(k, "__index__") or not least <= k.__index__() <= n:
        raise ArgumentError(f"{op}: k={k} is not possible along axis {dim} of size {n} (shape {tuple(input.shape)}). "
                            f"Use {least} to {n}.")
    return dim, k.__index__()


def kthvalue(input, k, dim=-1, keepdim=False):
    """The k-th least element along `dim` (the first is k = 1) and its position: (values, indices).

    >>> import tinygrad_cnn as tg
    >>> kthvalue(tg.tensor([3., 1., 2.]), 2).values
    tensor(2.)
    """
    dim, k = _k_of("kthvalue", input, k, dim, 1)
    indices = argsort_op(input, dim=dim, descending=False)
    if not input.array.ndim:
        return Kth(gather_op(input, indices, dim=dim), indices)
    indices = getitem_op(indices, index=(ALL,) * dim + (slice(k - 1, k), Ellipsis))
    values = gather_op(input, indices, dim=dim)
    return Kth(values, indices) if keepdim else Kth(values.squeeze(dim), indices.squeeze(dim))


def unique(input, sorted=True, return_inverse=False, return_counts=False, dim=None):
    """The different elements (or slices along `dim`), in order; with `return_inverse` also where each element went,
    with `return_counts` how often each occurs.

    >>> import tinygrad_cnn as tg
    >>> unique(tg.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    if not isinstance(sorted, bool):
        raise ArgumentError(f"unique: sorted={sorted!r} is neither True nor False. Name the axis: unique(x, dim=...).")
    axis = None if dim is None else existing_dim("unique", dim, input.array.ndim)
    found = input.device.xp.unique(input.array, return_inverse=return_inverse, return_counts=return_counts, axis=axis)
    if not (return_inverse or return_counts):
        return Tensor(found, input.device)
    values, *others = found
    if return_inverse:
        others[0] = others[0].reshape(input.array.shape if axis is None else -1)
    return tuple([Tensor(a, input.device) for a in (values, *others)])


def bincount(input, weights=None, minlength=0):
    """How often each of 0, 1, 2, ... occurs in a vector of integers, or the sum of `weights` where it does.

    Raises: DTypeError for anything but integers; ShapeError for more than one axis; ArgumentError for negative numbers
    (on the CPU).

    >>> import tinygrad_cnn as tg
    >>> bincount(tg.tensor([0, 2, 2]))
    tensor([1, 0, 2])
    """
    if input.array.dtype.kind not in "iu":
        raise DTypeError(f"bincount: only integers can be counted, not {input.dtype}. Convert with .long().")
    if input.array.ndim != 1 or weights is not None and weights.array.shape != input.array.shape:
        raise ShapeError(f"bincount: expected a vector (and weights of its shape), got shape {tuple(input.shape)}"
                         f"{'' if weights is None else f' and weights {tuple(weights.shape)}'}. Flatten it.")
    if input.device.type == "cpu" and input.array.size and int(input.array.min()) < 0:
        raise ArgumentError(f"bincount: {int(input.array.min())} is negative; only numbers from 0 on can be counted.")
    xp = input.device.xp
    found = xp.bincount(input.array, None if weights is None else weights.array, minlength)
    if weights is not None and weights.array.dtype.kind == "f":
        found = xp.astype(found, weights.array.dtype)
    return Tensor(found, input.device)


def searchsorted(sorted_sequence, input, *, out_int32=False, right=False, side=None, sorter=None):
    """Where each element of `input` would go in a sorted sequence: before equal ones, with `right` behind them.

    Args: sorted_sequence: a vector, or (..., n) with one row for each row of `input`. sorter: positions that sort it.
    Raises: ShapeError if the rows do not match.

    >>> import tinygrad_cnn as tg
    >>> searchsorted(tg.tensor([1, 3, 5]), tg.tensor([3, 4]))
    tensor([1, 2])
    """
    if sorter is not None:
        sorted_sequence = gather_op(sorted_sequence, sorter, dim=sorted_sequence.array.ndim - 1)
    if not isinstance(input, (Tensor, int, float)):
        raise DTypeError(f"searchsorted: input must be a Tensor or a number, got {type(input).__name__}. Make one with "
                         "tg.tensor(...).")
    xp, rows = sorted_sequence.device.xp, sorted_sequence.array
    values = input.array if isinstance(input, Tensor) else xp.asarray(input)
    side = side or ("right" if right else "left")
    if rows.ndim == 1:
        found = xp.searchsorted(rows, values, side)
    elif rows.shape[:-1] == values.shape[:-1]:
        flat, wanted = rows.reshape(-1, rows.shape[-1]), values.reshape(-1, values.shape[-1])
        found = xp.stack([xp.searchsorted(a, v, side) for a, v in zip(flat, wanted)]).reshape(values.shape)
    else:
        raise ShapeError(f"searchsorted: the sequence has shape {rows.shape} but the values {values.shape}. Give a "
                         "vector, or the same sizes in all axes but the last.")
    return Tensor(xp.astype(xp.asarray(found), "int32" if out_int32 else "int64", copy=False), sorted_sequence.device)


def bucketize(input, boundaries, *, out_int32=False, right=False):
    """The number of the interval between sorted `boundaries` that each element lies in."""
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)
