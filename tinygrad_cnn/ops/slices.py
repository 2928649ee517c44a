"""Parts of a tensor as views: slices, pieces, diagonals, windows.

Each rule puts the gradient of the part back among zeros; parts that overlap (windows, strided views) add up. What cuts
a tensor into several pieces is one op with one output a piece, so its gradient is one join and not a sum of padded
parts; for writes in place each piece is the view that `getitem` would give.
"""
from ..autograd import Op
from ..autograd.graph import Part
from ..autograd.views import View
from ..errors import ArgumentError, ShapeError, TensorIndexError
from .dims import integer, normalize_dim, sizes
from .shape import reshape_op

__all__ = ["as_strided", "chunk", "diag_embed", "diagonal", "narrow", "select", "split", "tensor_split", "unbind"]

ALL = slice(None)

getitem_op = Op("getitem", "x", attrs="index", view=True, promote=None)
place = Op("place", "x", attrs="index shape", promote=None)
getitem_op.rules(x=lambda g, x_shape, index: place(g, index=index, shape=x_shape))
place.rules(x=lambda g, index: getitem_op(g, index=index))

diagonal_op = Op("diagonal", "x", attrs="offset dim1 dim2", view=True, promote=None)
place_diagonal = Op("place_diagonal", "x", attrs="offset dim1 dim2 shape", promote=None)
diagonal_op.rules(x=lambda g, x_shape, offset, dim1, dim2:
                  place_diagonal(g, offset=offset, dim1=dim1, dim2=dim2, shape=x_shape))
place_diagonal.rules(x=lambda g, offset, dim1, dim2: diagonal_op(g, offset=offset, dim1=dim1, dim2=dim2))

windows = Op("windows", "x", attrs="dim size step", view=True, promote=None)
sum_windows = Op("sum_windows", "x", attrs="dim size step shape", promote=None)
windows.rules(x=lambda g, x_shape, dim, size, step: sum_windows(g, dim=dim, size=size, step=step, shape=x_shape))
sum_windows.rules(x=lambda g, dim, size, step: windows(g, dim=dim, size=size, step=step))

as_strided_op = Op("as_strided", "x", attrs="size stride offset", view=True, promote=None)
sum_strided = Op("sum_strided", "x", attrs="size stride offset count", promote=None)
as_strided_op.rules(x=lambda g, x_shape, size, stride, offset:
                    sum_strided(g, size=size, stride=stride, offset=offset, count=x_shape[0]))
sum_strided.rules(x=lambda g, size, stride, offset: as_strided_op(g, size=size, stride=stride, offset=offset))


class Pieces(Op):
    """An op whose outputs are views, one for each of the attribute `indices`."""

    def several(self, found, args, edges, plan, device, attrs, mode):
        x, node = args[0], None
        if plan is not None:
            node = self.node(found[0], (), args, edges, plan, device, attrs, mode)
            node.outputs = tuple((y.shape, y.dtype) for y in found)
        return tuple([View.of(x, y, None if node is None else Part(node, k, y), getitem_op, {"index": index}, mode)
                      for k, (y, index) in enumerate(zip(found, attrs["indices"]))])


split_op = Pieces("split", "x", attrs="indices dim", promote=None).rules(x=lambda g, dim: _join().cat(g, dim))
unbind_op = Pieces("unbind", "x", attrs="indices dim", promote=None).rules(x=lambda g, dim: _join().stack(g, dim))


def _join():
    """The family of joins, which is made of slices and so comes after them."""
    from . import join
    return join


def narrow(input, dim, start, length):
    """The `length` elements of axis `dim` from `start` on (counted from the end if negative); a view.

    Raises: TensorIndexError if they do not all lie in the axis.

    >>> import tinygrad_cnn as tg
    >>> narrow(tg.arange(5), 0, 1, 3)
    tensor([1, 2, 3])
    """
    dim, n = _axis("narrow", input, dim)
    start, length = integer("narrow", "start", start), integer("narrow", "length", length)
    first = start + n if start < 0 else start
    if not 0 <= first <= n or length < 0 or first + length > n:
        raise TensorIndexError(f"narrow: start={start} with length={length} does not lie in axis {dim} of size {n} "
                               f"(shape {tuple(input.shape)}). Keep start + length at most {n}.")
    return getitem_op(input, index=(ALL,) * dim + (slice(first, first + length), Ellipsis))


def _axis(op, input, dim):
    """`dim` counted from the front, and the size of that axis; 0-d tensors have none."""
    shape = input.array.shape
    if not shape:
        raise ShapeError(f"{op}: a 0-d tensor has no axis to take a part of. Give it one with .reshape(1).")
    dim = normalize_dim(op, dim, len(shape))
    return dim, shape[dim]


def select(input, dim, index):
    """The slice at `index` of axis `dim`, without that axis; a view.

    Raises: TensorIndexError for an index outside the axis.

    >>> import tinygrad_cnn as tg
    >>> select(tg.tensor([[1, 2], [3, 4]]), 1, 0)
    tensor([1, 3])
    """
    dim, n = _axis("select", input, dim)
    index = integer("select", "index", index)
    if not -n <= index < n:
        raise TensorIndexError(f"select: index {index} is out of range for axis {dim} of size {n} (shape "
                               f"{tuple(input.shape)}). Use {-n} to {n - 1}.")
    return getitem_op(input, index=(ALL,) * dim + (index, Ellipsis))


def split(tensor, split_size_or_sections, dim=0):
    """Pieces of axis `dim`: of one size (the last may be smaller), or of the sizes listed. A tuple of views.

    Raises: ShapeError if listed sizes do not add up to the axis; ArgumentError for a size below 1.

    >>> import tinygrad_cnn as tg
    >>> split(tg.arange(5), 2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    dim, n = _axis("split", tensor, dim)
    if isinstance(split_size_or_sections, (tuple, list)):
        lengths = sizes("split", split_size_or_sections, negative=False)
        if sum(lengths) != n:
            raise ShapeError(f"split: sizes {lengths} add up to {sum(lengths)} but axis {dim} has size {n} (shape "
                             f"{tuple(tensor.shape)}). Make them add up to {n}.")
        return _cut(tensor, dim, lengths)
    length = sizes("split", split_size_or_sections)[0]
    if length < 0 or length == 0 and n:
        raise ArgumentError(f"split: pieces of size {length} cannot make up axis {dim} of size {n}. Give a size of at "
                            "least 1.")
    return _cut(tensor, dim, [min(length, n - k) for k in range(0, n, length or 1)] or [0])


def _cut(tensor, dim, lengths):
    """Pieces of the given lengths, one after the other."""
    indices, start = [], 0
    for n in lengths:
        indices.append((ALL,) * dim + (slice(start, start + n), Ellipsis))
        start += n
    return split_op(tensor, indices=tuple(indices), dim=dim) if indices else ()


def chunk(input, chunks, dim=0):
    """At most `chunks` pieces of axis `dim`, all of one size but perhaps the last. A tuple of views.

    >>> import tinygrad_cnn as tg
    >>> chunk(tg.arange(5), 3)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    axis, n = _axis("chunk", input, dim)
    if integer("chunk", "chunks", chunks) < 1:
        raise ArgumentError(f"chunk: chunks={chunks} is not a number of pieces. Give at least 1.")
    if n == 0:
        return _cut(input, axis, [0] * chunks)
    return split(input, -(-n // chunks), dim)


def tensor_split(input, indices_or_sections, dim=0):
    """Axis `dim` cut at the given indices, or into that many pieces that differ in size by at most 1. A tuple of views.

    >>> import tinygrad_cnn as tg
    >>> tensor_split(tg.arange(5), 2), tensor_split(tg.arange(5), (1, 4))
    ((tensor([0, 1, 2]), tensor([3, 4])), (tensor([0]), tensor([1, 2, 3]), tensor([4])))
    """
    dim, n = _axis("tensor_split", input, dim)
    if isinstance(indices_or_sections, (tuple, list)):
        cuts = [0, *indices_or_sections, n]
        ranges = [slice(a, b).indices(n)[:2] for a, b in zip([None, *cuts[1:-1]], [*cuts[1:-1], None])]
        indices = tuple([(ALL,) * dim + (slice(a, max(a, b)), Ellipsis) for a, b in ranges])
        if all(a2 == max(a1, b1) for (a1, b1), (a2, _) in zip(ranges, ranges[1:])):
            return split_op(input, indices=indices, dim=dim)
        return tuple([getitem_op(input, index=index) for index in indices])
    sections = integer("tensor_split", "sections", indices_or_sections)
    if sections < 1:
        raise ArgumentError(f"tensor_split: {sections} sections is not a number of pieces. Give at least 1.")
    return _cut(input, dim, [n // sections + (k < n % sections) for k in range(sections)])


def unbind(input, dim=0):
    """Every slice along axis `dim`, without that axis. A tuple of views.

    >>> import tinygrad_cnn as tg
    >>> unbind(tg.tensor([[1, 2], [3, 4]]), 1)
    (tensor([1, 3]), tensor([2, 4]))
    """
    dim, n = _axis("unbind", input, dim)
    indices = tuple([(ALL,) * dim + (k, Ellipsis) for k in range(n)])
    return unbind_op(input, indices=indices, dim=dim) if n else ()


def diagonal(input, offset=0, dim1=0, dim2=1):
    """The diagonal of axes `dim1` and `dim2`, `offset` places to the right, as the last axis; a view.

    Raises: ArgumentError if the two axes are one.

    >>> import tinygrad_cnn as tg
    >>> diagonal(tg.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    dim1, dim2 = _two_axes("diagonal", dim1, dim2, input.array.ndim)
    return diagonal_op(input, offset=integer("diagonal", "offset", offset), dim1=dim1, dim2=dim2)


def _two_axes(op, dim1, dim2, ndim):
    if ndim < 2:
        raise ShapeError(f"{op}: a diagonal needs 2 axes, but there are only {ndim}. Give a tensor of at least 2 "
                         "dimensions.")
    first, second = normalize_dim(op, dim1, ndim), normalize_dim(op, dim2, ndim)
    if first == second:
        raise ArgumentError(f"{op}: dim1={dim1} and dim2={dim2} are the same axis. A diagonal runs through two.")
    return first, second


def diag_embed(input, offset=0, dim1=-2, dim2=-1):
    """Zeros with the last axis of `input` on a diagonal of two new axes `dim1` and `dim2`: the way back of `diagonal`.

    >>> import tinygrad_cnn as tg
    >>> diag_embed(tg.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    ndim = input.array.ndim
    if ndim == 0:
        raise ShapeError("diag_embed: a 0-d tensor has no axis to put on a diagonal. Give it one with .reshape(1).")
    dim1, dim2 = _two_axes("diag_embed", dim1, dim2, ndim + 1)
    n = input.array.shape[-1] + abs(integer("diag_embed", "offset", offset))
    rest = iter(input.array.shape[:-1])
    shape = tuple([n if d in (dim1, dim2) else next(rest) for d in range(ndim + 1)])
    return place_diagonal(input, offset=offset, dim1=dim1, dim2=dim2, shape=shape)


def unfold(input, dimension, size, step):
    """Every window of `size` elements along axis `dimension`, `step` apart, as a new last axis; a view.

    The method `x.unfold(...)`; the patches of an image are `nn.functional.unfold`.
    Raises: ShapeError if the window is larger than the axis; ArgumentError for a step below 1.

    >>> import tinygrad_cnn as tg
    >>> tg.arange(5).unfold(0, 3, 1)
    tensor([[0, 1, 2],
            [1, 2, 3],
            [2, 3, 4]])
    """
    dim, n = _axis("unfold", input, dimension)
    size, step = integer("unfold", "size", size), integer("unfold", "step", step)
    if not 0 <= size <= n:
        raise ShapeError(f"unfold: windows of size {size} do not fit into axis {dim} of size {n} (shape "
                         f"{tuple(input.shape)}). Give a size from 0 to {n}.")
    if step < 1:
        raise ArgumentError(f"unfold: step={step} does not move the window on. Give a step of at least 1.")
    return windows(input, dim=dim, size=size, step=step)


def as_strided(input, size, stride, storage_offset=None):
    """The elements that `stride` (in elements, along each axis of `size`) leads to from `storage_offset` on, as a view.

    Raises: ArgumentError if the tensor is not contiguous (its elements have another order in memory), or for an offset
    into a view; ShapeError if sizes and strides lead outside the tensor.

    >>> import tinygrad_cnn as tg
    >>> as_strided(tg.arange(6), (2, 2), (1, 2), 1)
    tensor([[1, 3],
            [2, 4]])
    """
    size, stride = sizes("as_strided", size, negative=False), sizes("as_strided", stride, negative=False)
    if len(size) != len(stride):
        raise ShapeError(f"as_strided: {len(size)} sizes {size} but {len(stride)} strides {stride}. Give one stride a "
                         "size.")
    if storage_offset is not None and input.source is not None:
        raise ArgumentError("as_strided: this tensor is a view, and storage_offset would count from the start of what "
                            "it is a view of. Call it on that tensor, or leave storage_offset out.")
    if not input.array.flags.c_contiguous:
        raise ArgumentError(f"as_strided: this tensor of shape {tuple(input.shape)} is not contiguous, so {stride} "
                            "could count its elements as they lie in memory or as they are numbered. Call it on "
                            "x.contiguous().")
    offset = storage_offset or 0
    last = offset + sum((n - 1) * s for n, s in zip(size, stride))
    if offset < 0 or 0 not in size and last >= input.array.size:
        raise ShapeError(f"as_strided: sizes {size} and strides {stride} from offset {offset} reach element {last}, "
                         f"but there are {input.array.size} (shape {tuple(input.shape)}). Keep them within the tensor.")
    flat = reshape_op(input, shape=(input.array.size,))
    return as_strided_op(flat, size=size, stride=stride, offset=offset)
