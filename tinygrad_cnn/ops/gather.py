"""Reading and writing at positions by function: gather and scatter, index_*, take.

Two pairs of ops carry it all: `index` with its adjoint `index_sum` (ops/index.py) reads whole slices of an axis,
`gather` with its adjoint `scatter_sum` reads one element for each position. Where a position is written twice the last
write wins, and its gradient is that of both, as in PyTorch.
Shapes: gather x (..., A, ...), index (..., B, ...) along axis `dim` -> the shape of index.
"""
from ..autograd import Op
from ..autograd.basic import add
from ..errors import ArgumentError, DTypeError, ShapeError, TensorIndexError
from ..tensor import Tensor
from .dims import existing_dim, normalize_dim
from .index import index_op, index_put_op, index_sum
from .index_plan import Plan, check_range
from .shape import broadcast_shapes, expand_op, flatten, reshape_op
from .slices import getitem_op

__all__ = ["gather", "index_add", "index_copy", "index_fill", "index_put", "index_select", "repeat_interleave",
           "scatter", "scatter_add", "take", "take_along_dim"]

gather_op = Op("gather", "x index", attrs="dim", promote=None)
scatter_sum = Op("scatter_sum", "g index", attrs="dim shape", promote=None)
gather_op.rules(x=lambda g, index, x_shape, dim: scatter_sum(g, index, dim=dim, shape=x_shape))
scatter_sum.rules(g=lambda u, index, dim: gather_op(u, index, dim=dim))

scatter_op = Op("scatter", "x src index", attrs="dim", promote=None)
scatter_op.rules(x=lambda g, index, dim: scatter_op(g, 0.0, index, dim=dim),
                 src=lambda g, index, dim: gather_op(g, index, dim=dim))


def refuse_no_integers(op, index):
    """Refuse an index that is not a tensor of integers."""
    if not isinstance(index, Tensor) or index.array.dtype.kind != "i":
        kind = index.dtype if isinstance(index, Tensor) else type(index).__name__
        raise DTypeError(f"{op}: an index is a tensor of integers, not {kind}. Convert it with .long().")


def refuse_other_dtype(op, input, source):
    if input.array.dtype != source.array.dtype:
        raise DTypeError(f"{op}: the tensor is {input.dtype} but the source is {source.dtype}. Convert it with "
                         ".to(dtype).")


def _positions(op, input, dim, index, *, source=None):
    """`dim` counted from the front, after checks that `index` (and the source) fit the input of a gather or scatter."""
    refuse_no_integers(op, index)
    shape, own = input.array.shape, index.array.shape
    if len(shape) != len(own) or source is not None and source.array.ndim != len(own):
        raise ShapeError(f"{op}: index has shape {own} but the tensor has {shape}"
                         f"{'' if source is None else f' and the source {tuple(source.shape)}'}. Give all the same "
                         "number of dimensions.")
    dim = normalize_dim(op, dim, len(shape))
    limits = [n for k, n in enumerate(own) if k != dim and k < len(shape) and n > shape[k]]
    if limits or source is not None and any(m > n for m, n in zip(own, source.array.shape)):
        raise ShapeError(f"{op}: index of shape {own} is larger than the tensor of shape {shape} off axis {dim}"
                         f"{'' if source is None else f' or than the source of shape {tuple(source.shape)}'}. It may "
                         "be larger along that axis only.")
    check_range(op, index.array, shape[dim] if shape else 1, dim, shape, negative=False)
    return dim


def gather(input, dim, index):
    """For each element of `index` the element of `input` at that position of axis `dim`, at its own place along others.

    Raises: DTypeError, ShapeError, or TensorIndexError (on the CPU) for an index that does not fit.

    >>> import tinygrad_cnn as tg
    >>> gather(tg.tensor([[1, 2], [3, 4]]), 1, tg.tensor([[0, 0], [1, 0]]))
    tensor([[1, 1],
            [4, 3]])
    """
    return gather_op(input, index, dim=_positions("gather", input, dim, index))


def scatter(input, dim, index, src=None, *, value=None):
    """A copy of `input` with `src` (a tensor, or one number) written at the positions that `gather` would read.

    Args: src (or value): index.shape or larger; what is larger is not used.
    Raises: as `gather`; DTypeError for a source of another dtype.

    >>> import tinygrad_cnn as tg
    >>> scatter(tg.zeros(3), 0, tg.tensor([2, 0]), tg.tensor([5., 6.]))
    tensor([6., 0., 5.])
    """
    src = value if src is None else src
    if not isinstance(src, Tensor):
        if src is None:
            raise ArgumentError("scatter: there is nothing to write. Give src=, a tensor, or value=, a number.")
        return scatter_op(input, src, index, dim=_positions("scatter", input, dim, index))
    refuse_other_dtype("scatter", input, src)
    dim = _positions("scatter", input, dim, index, source=src)
    return scatter_op(input, _as_large_as(src, index), index, dim=dim)


def _as_large_as(src, index):
    """The part of `src` that an index of that shape uses."""
    if src.array.shape == index.array.shape:
        return src
    return getitem_op(src, index=(*[slice(0, n) for n in index.array.shape], Ellipsis))


def scatter_add(input, dim, index, src):
    """`input` with `src` added at the positions that `gather` would read; repeated positions add up.

    >>> import tinygrad_cnn as tg
    >>> scatter_add(tg.zeros(2), 0, tg.tensor([0, 1, 0]), tg.tensor([1., 2., 4.]))
    tensor([5., 2.])
    """
    refuse_other_dtype("scatter_add", input, src)
    dim = _positions("scatter_add", input, dim, index, source=src)
    return add(input, scatter_sum(_as_large_as(src, index), index, dim=dim, shape=input.array.shape))


def _along(op, input, dim, index):
    """`dim` counted from the front, after checks that `index` is one vector of positions along it."""
    refuse_no_integers(op, index)
    if index.array.ndim > 1:
        raise ShapeError(f"{op}: an index is a vector, not of shape {tuple(index.shape)}. Flatten it, or use x[index].")
    dim = normalize_dim(op, dim, input.array.ndim)
    check_range(op, index.array, input.array.shape[dim] if input.array.ndim else 1, dim, input.array.shape,
                negative=False)
    return dim


def index_select(input, dim, index):
    """The slices of axis `dim` at the positions in `index` (a vector): a copy.

    Raises: DTypeError, ShapeError, or TensorIndexError (on the CPU) for an index that does not fit.

    >>> import tinygrad_cnn as tg
    >>> index_select(tg.tensor([[1, 2, 3]]), 1, tg.tensor([2, 0]))
    tensor([[3, 1]])
    """
    dim = _along("index_select", input, dim, index)
    if not input.array.ndim:
        return reshape_op(index_op(reshape_op(input, shape=(1,)), reshape_op(index, shape=(-1,)), dims=(0,)), shape=())
    return index_op(input, _vector(index), dims=(dim,))


def _vector(index):
    return index if index.array.ndim else reshape_op(index, shape=(1,))


def _sources(op, input, dim, index, source):
    """`dim`, and the source after checks that it holds one slice of `input` for each position."""
    refuse_other_dtype(op, input, source)
    dim, shape = _along(op, input, dim, index), input.array.shape
    if not shape:
        raise ShapeError(f"{op}: a 0-d tensor has no axis to write along. Give it one with .reshape(1).")
    wanted = (*shape[:dim], index.array.size, *shape[dim + 1:])
    if source.array.shape != wanted:
        raise ShapeError(f"{op}: {index.array.size} positions along axis {dim} of a tensor of shape {shape} take a "
                         f"source of shape {wanted}, not {tuple(source.shape)}.")
    return dim, _vector(index), source


def index_add(input, dim, index, source, *, alpha=1):
    """`input` with alpha times the slices of `source` added at the positions in `index`; repeated positions add up."""
    dim, index, source = _sources("index_add", input, dim, index, source)
    return add(input, index_sum(source if alpha == 1 else source * alpha, index, dims=(dim,), shape=input.array.shape))


def index_copy(input, dim, index, source):
    """A copy of `input` with the slices of `source` written at the positions in `index`."""
    dim, index, source = _sources("index_copy", input, dim, index, source)
    return index_put_op(input, source, index, dims=(dim,))


def index_fill(input, dim, index, value):
    """A copy of `input` with one number (or a 0-d tensor) written at the positions in `index` along axis `dim`."""
    if not input.array.ndim:
        return reshape_op(index_fill(reshape_op(input, shape=(1,)), dim, index, value), shape=())
    dim = _along("index_fill", input, dim, index)
    if isinstance(value, Tensor) and value.array.ndim:
        raise ShapeError(f"index_fill: expected a number or a 0-d tensor, got shape {tuple(value.shape)}. Use "
                         "index_copy for more.")
    return index_put_op(input, value, _vector(index), dims=(dim,))


def index_put(input, indices, values, accumulate=False):
    """A copy of `input` with `values` written where x[indices] reads, or added there (repeated positions add up).

    Args: indices: a tuple of integer or bool tensors. values: broadcast to what they select.

    >>> import tinygrad_cnn as tg
    >>> index_put(tg.zeros(3), (tg.tensor([0, 0]),), tg.tensor([1., 2.]), accumulate=True)
    tensor([3., 0., 0.])
    """
    refuse_other_dtype("index_put", input, values)
    plan = Plan(input, tuple(indices), by_mask=False)
    if plan.dims is None or plan.basic is not None:
        raise TensorIndexError("index_put: the indices must be integer tensors or masks. Use x[index] = value for "
                               "slices and numbers.")
    try:
        if not accumulate:
            return index_put_op(input, values, plan.positions, dims=plan.dims)
        shape = index_op(Tensor(input.array, input.device), plan.positions, dims=plan.dims).array.shape
    except IndexError:
        raise plan.outside(input) from None
    return add(input,
               index_sum(expand_op(values, shape=shape), plan.positions, dims=plan.dims, shape=input.array.shape))


def take(input, index):
    """The elements at the positions in `index`, counted through the flattened tensor (negative from the end).

    >>> import tinygrad_cnn as tg
    >>> take(tg.tensor([[1, 2], [3, 4]]), tg.tensor([0, -1]))
    tensor([1, 4])
    """
    refuse_no_integers("take", index)
    check_range("take", index.array, input.array.size, 0, (input.array.size,))
    return index_op(reshape_op(input, shape=(input.array.size,)), index, dims=(0,))


def take_along_dim(input, indices, dim=None):
    """As `gather`, with the other axes broadcast; without `dim`, elements of the flattened tensor.

    >>> import tinygrad_cnn as tg
    >>> x = tg.tensor([[3, 1], [2, 4]])
    >>> take_along_dim(x, x.argsort(1), 1)
    tensor([[1, 3],
            [2, 4]])
    """
    if dim is None:
        return gather(flatten(input), 0, flatten(indices))
    shape, own = input.array.shape, indices.array.shape
    if len(shape) != len(own):
        raise ShapeError(f"take_along_dim: indices have shape {own} but the tensor has {shape}. Give the same number "
                         "of dimensions.")
    dim = normalize_dim("take_along_dim", dim, len(shape))
    common = broadcast_shapes((*shape[:dim], 1, *shape[dim + 1:]), (*own[:dim], 1, *own[dim + 1:]))
    fitted = [expand_op(x, shape=(*common[:dim], *x.array.shape[dim:dim + 1], *common[dim + 1:]))
              for x in (input, indices)]
    return gather(fitted[0], dim, fitted[1])


def repeat_interleave(input, repeats, dim=None, *, output_size=None):
    """Each element (or slice of axis `dim`) repeated: `repeats` times, or as often as a vector of counts says for each.

    >>> import tinygrad_cnn as tg
    >>> repeat_interleave(tg.tensor([1, 2]), tg.tensor([1, 3]))
    tensor([1, 2, 2, 2])
    """
    x = flatten(input) if dim is None else input
    dim = existing_dim("repeat_interleave", 0 if dim is None else dim, x.array.ndim)
    shape = x.array.shape
    if not isinstance(repeats, Tensor):
        wide = reshape_op(x, shape=(*shape[:dim + 1], 1, *shape[dim + 1:]))
        wide = expand_op(wide, shape=(*shape[:dim + 1], repeats, *shape[dim + 1:]))
        return reshape_op(wide, shape=(*shape[:dim], shape[dim] * repeats, *shape[dim + 1:])).clone()
    refuse_no_integers("repeat_interleave", repeats)
    counts = repeats.array.reshape(-1)
    if counts.size not in (1, shape[dim]):
        raise ShapeError(f"repeat_interleave: {counts.size} counts for axis {dim} of size {shape[dim]}. Give one for "
                         "each place, or one for all.")
    xp = x.device.xp
    ends = xp.cumsum(xp.broadcast_to(counts, (shape[dim],)))
    total = output_size if output_size is not None else int(ends[-1]) if shape[dim] else 0
    index = xp.searchsorted(ends, xp.arange(total), side="right")
    return index_op(x, Tensor(index, x.device), dims=(dim,))


