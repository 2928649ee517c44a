"""Other shapes for the same elements: reshaping, permuting, dropping, adding and broadcasting axes.

The results are views wherever memory allows. Each rule is the way back: reshape to the old shape, permute by the
inverse permutation, sum over the broadcast axes. `expand` and the engine's `sum_to` are each other's rules.
"""
from ..autograd import Op
from ..autograd.basic import sum_to
from ..errors import ArgumentError, ShapeError
from ..tensor import Size
from .dims import normalize_dim, normalize_dims
from .dims import sizes as checked_sizes

__all__ = ["adjoint", "broadcast_shapes", "broadcast_tensors", "broadcast_to", "flatten", "moveaxis", "movedim",
           "permute", "ravel", "reshape", "squeeze", "swapaxes", "swapdims", "t", "transpose", "unflatten",
           "unsqueeze"]


def _misfit(x, shape):
    return (f"shape {tuple(shape)} does not hold the {x.size} elements of a tensor of shape {tuple(x.shape)}. Give "
            f"sizes whose product is {x.size}, at most one of them as -1.")


reshape_op = Op("reshape", "x", attrs="shape", view="maybe", promote=None, diagnose=_misfit)
reshape_op.rules(x=lambda g, x_shape: reshape_op(g, shape=x_shape))

permute_op = Op("permute", "x", attrs="dims", view=True, promote=None)
permute_op.rules(x=lambda g, dims: permute_op(g, dims=_inverse(dims)))

transpose_op = Op("transpose", "x", attrs="dim0 dim1", view=True, promote=None)
transpose_op.rules(x=lambda g, dim0, dim1: transpose_op(g, dim0=dim0, dim1=dim1))

t_op = Op("t", "x", view=True, promote=None)            # the last two axes exchanged
t_op.rules(x=lambda g: t_op(g))

squeeze_op = Op("squeeze", "x", attrs="dims", view=True, promote=None)
squeeze_op.rules(x=lambda g, x_shape: reshape_op(g, shape=x_shape))

unsqueeze_op = Op("unsqueeze", "x", attrs="dim", view=True, promote=None)
unsqueeze_op.rules(x=lambda g, dim: squeeze_op(g, dims=(dim,)))

expand_op = Op("expand", "x", attrs="shape", view=True, promote=None)
expand_op.rules(x=lambda g, x_shape: sum_to(g, shape=x_shape))
sum_to.rules(x=lambda g, x_shape: expand_op(g, shape=x_shape))


def _inverse(dims):
    back = [0] * len(dims)
    for new, old in enumerate(dims):
        back[old] = new
    return tuple(back)


def reshape(input, shape, *more):
    """The elements of `input`, in logical order, in another shape: a view where memory allows, else a copy.

    Args: shape: sizes as numbers or as one sequence; one of them may be -1, for what is left.
    Raises: ShapeError if the sizes do not hold the elements.

    >>> import tinygrad_cnn as tg
    >>> reshape(tg.arange(6), (2, -1))
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    return reshape_op(input, shape=checked_sizes("reshape", shape, more))


def reshape_as(input, other):
    """`input` in the shape of `other`; see `reshape`."""
    return reshape_op(input, shape=other.array.shape)


def flatten(input, start_dim=0, end_dim=-1):
    """The axes from `start_dim` to `end_dim` made one; a 0-d tensor gets one axis.

    Raises: ArgumentError if `end_dim` lies before `start_dim`; TensorIndexError for a dim out of range.

    >>> import tinygrad_cnn as tg
    >>> flatten(tg.zeros(8, 3, 5, 5), 1).shape
    tinygrad_cnn.Size([8, 75])
    """
    shape = input.array.shape
    first, last = normalize_dim("flatten", start_dim, len(shape)), normalize_dim("flatten", end_dim, len(shape))
    if first > last:
        raise ArgumentError(f"flatten: end_dim={end_dim} lies before start_dim={start_dim} (shape {shape}). "
                            "Give the first axis to flatten first.")
    if first == last and shape:
        return input
    count = 1
    for n in shape[first:last + 1]:
        count *= n
    return reshape_op(input, shape=(*shape[:first], count, *shape[last + 1:]))


def ravel(input):
    """All elements along one axis, in logical order; a view where memory allows."""
    return reshape_op(input, shape=(-1,) if input.array.size else (0,))


def unflatten(input, dim, sizes):
    """Axis `dim` split into axes of the given `sizes`, one of which may be -1.

    Raises: ShapeError if their product is not the axis's size.

    >>> import tinygrad_cnn as tg
    >>> unflatten(tg.zeros(2, 12), 1, (3, -1)).shape
    tinygrad_cnn.Size([2, 3, 4])
    """
    shape = input.array.shape
    dim = normalize_dim("unflatten", dim, len(shape))
    sizes = _split_sizes(shape, dim, checked_sizes("unflatten", sizes))
    return reshape_op(input, shape=(*shape[:dim], *sizes, *shape[dim + 1:]))


def _split_sizes(shape, dim, sizes):
    """`sizes` with -1 worked out, whose product is shape[dim]."""
    known = 1
    for n in sizes:
        known *= n if n != -1 else 1
    count = shape[dim] if shape else 1
    if sizes.count(-1) == 1 and known and count % known == 0:
        sizes = tuple(count // known if n == -1 else n for n in sizes)
    elif known != count or -1 in sizes or not sizes:
        raise ShapeError(f"unflatten: sizes {sizes} do not multiply to {count}, the size of axis {dim} (shape "
                         f"{shape}). Give sizes with that product, at most one of them as -1.")
    return sizes


def permute(input, dims, *more):
    """The axes in another order: axis k of the result is axis dims[k] of `input`. A view.

    Raises: ArgumentError unless `dims` names every axis once; TensorIndexError for a dim out of range.

    >>> import tinygrad_cnn as tg
    >>> permute(tg.zeros(2, 3, 4), (2, 0, 1)).shape
    tinygrad_cnn.Size([4, 2, 3])
    """
    dims = (dims, *more) if more or not isinstance(dims, (tuple, list)) else tuple(dims)
    ndim = input.array.ndim
    dims = tuple([normalize_dim("permute", d, ndim) for d in dims])
    if len(dims) != ndim or len(set(dims)) != ndim:
        raise ArgumentError(f"permute: dims {dims} do not name each of the {ndim} axes once (shape "
                            f"{tuple(input.shape)}). Give a permutation of 0 to {ndim - 1}.")
    return permute_op(input, dims=dims)


def transpose(input, dim0, dim1):
    """Two axes swapped; a view.

    >>> import tinygrad_cnn as tg
    >>> transpose(tg.zeros(2, 3, 4), 0, -1).shape
    tinygrad_cnn.Size([4, 3, 2])
    """
    ndim = input.array.ndim
    dim0, dim1 = normalize_dim("transpose", dim0, ndim), normalize_dim("transpose", dim1, ndim)
    return transpose_op(input, dim0=dim0, dim1=dim1) if ndim else permute_op(input, dims=())


swapaxes = swapdims = transpose


def t(input):
    """A matrix transposed; tensors of fewer dimensions as they are. A view.

    Raises: ShapeError for more than 2 dimensions.
    """
    return _transposed("t", input)


def T(input):
    """A matrix transposed (the property `x.T`); see `t`."""
    return _transposed("T", input)


def _transposed(op, input):
    ndim = input.array.ndim
    if ndim > 2:
        raise ShapeError(f"{op}: expected at most 2 dimensions, got {ndim} (shape {tuple(input.shape)}). "
                         "Use .mT for a batch of matrices, or permute(...).")
    return t_op(input) if ndim == 2 else permute_op(input, dims=tuple(range(ndim)))


def adjoint(input):
    """The last two axes swapped; a view. Real numbers are their own conjugates.

    Raises: ShapeError for fewer than 2 dimensions.
    """
    return _matrices_transposed("adjoint", input)


def mT(input):
    """The last two axes swapped (the property `x.mT`); a view."""
    return _matrices_transposed("mT", input)


def H(input):
    """A matrix transposed (the property `x.H`)."""
    return _transposed("H", input)


def _matrices_transposed(op, input):
    ndim = input.array.ndim
    if ndim < 2:
        raise ShapeError(f"{op}: expected at least 2 dimensions, got {ndim} (shape {tuple(input.shape)}). "
                         "It swaps the last two axes.")
    return t_op(input)


def movedim(input, source, destination):
    """The axes `source` (a number or several) moved to the places `destination`, the others kept in order. A view.

    >>> import tinygrad_cnn as tg
    >>> movedim(tg.zeros(8, 32, 32, 3), -1, 1).shape
    tinygrad_cnn.Size([8, 3, 32, 32])
    """
    ndim = input.array.ndim
    source = source if isinstance(source, (tuple, list)) else (source,)
    destination = destination if isinstance(destination, (tuple, list)) else (destination,)
    if len(source) != len(destination):
        raise ArgumentError(f"movedim: {len(source)} axes to move but {len(destination)} places for them. Give one "
                            "each.")
    source = [normalize_dim("movedim", d, ndim) for d in source]
    destination = [normalize_dim("movedim", d, ndim) for d in destination]
    if len(set(source)) < len(source) or len(set(destination)) < len(destination):
        raise ArgumentError(f"movedim: source {tuple(source)} or destination {tuple(destination)} names an axis twice. "
                            "Name each at most once.")
    rest = iter([d for d in range(ndim) if d not in source])
    places = dict(zip(destination, source))
    return permute_op(input, dims=tuple([places[k] if k in places else next(rest) for k in range(ndim)]))


moveaxis = movedim


def squeeze(input, dim=None):
    """Without the axes of size 1: all of them, or those among `dim` (a number or several). A view.

    >>> import tinygrad_cnn as tg
    >>> squeeze(tg.zeros(1, 3, 1)).shape, squeeze(tg.zeros(1, 3, 1), 0).shape
    (tinygrad_cnn.Size([3]), tinygrad_cnn.Size([3, 1]))
    """
    shape = input.array.shape
    dims = () if dim == () else normalize_dims("squeeze", dim, len(shape))
    return squeeze_op(input, dims=tuple([d for d in dims if shape[d] == 1]))


def unsqueeze(input, dim):
    """With a new axis of size 1 at place `dim` of the result. A view.

    >>> import tinygrad_cnn as tg
    >>> unsqueeze(tg.zeros(3), -1).shape
    tinygrad_cnn.Size([3, 1])
    """
    return unsqueeze_op(input, dim=normalize_dim("unsqueeze", dim, input.array.ndim + 1))


def expand(input, size, *more):
    """Axes of size 1 repeated to the given sizes, and new axes in front, without copying: many elements, one memory.

    Args: size: sizes as numbers or as one sequence; -1 keeps an axis as it is.
    Raises: ShapeError if an axis that is not of size 1 would change.

    >>> import tinygrad_cnn as tg
    >>> expand(tg.tensor([[1], [2]]), 2, 3)
    tensor([[1, 1, 1],
            [2, 2, 2]])
    """
    return _expanded("expand", input, checked_sizes("expand", size, more))


def expand_as(input, other):
    """`input` expanded to the shape of `other`; see `expand`."""
    return _expanded("expand_as", input, other.array.shape)


def broadcast_to(input, size):
    """`input` expanded to `size`; see `expand`."""
    return _expanded("broadcast_to", input, checked_sizes("broadcast_to", size))


def _expanded(op, input, shape):
    own = input.array.shape
    if shape == own:
        return expand_op(input, shape=shape)
    lead = len(shape) - len(own)
    if lead < 0:
        raise ShapeError(f"{op}: sizes {shape} are fewer than the axes of the tensor (shape {own}). Give at least "
                         f"{len(own)}.")
    if -1 in shape:
        if -1 in shape[:lead]:
            raise ShapeError(f"{op}: -1 in sizes {shape} stands for a new axis (the tensor has shape {own}), which has "
                             "no size to keep. Give its size.")
        shape = (*shape[:lead], *[n if m == -1 else m for m, n in zip(shape[lead:], own)])
    for axis, (m, n) in enumerate(zip(shape[lead:], own)):
        if m != n and n != 1:
            raise ShapeError(f"{op}: axis {axis} has size {n} and cannot become {m} (shape {own}, sizes {shape}). Only "
                             "axes of size 1 can be repeated this way; use repeat(...) to copy.")
    return expand_op(input, shape=shape)


def broadcast_shapes(*shapes):
    """The shape that tensors of the given shapes broadcast to.

    Raises: ShapeError if two sizes differ and neither is 1.

    >>> broadcast_shapes((2, 1), (3,), ())
    tinygrad_cnn.Size([2, 3])
    """
    shapes = [(s,) if isinstance(s, int) else tuple(s) for s in shapes]
    rank = max(map(len, shapes), default=0)
    result = []
    for axis, column in enumerate(zip(*[(1,) * (rank - len(s)) + s for s in shapes])):
        found = {n for n in column if n != 1}
        if len(found) > 1:
            raise ShapeError(f"broadcast_shapes: shapes {', '.join(map(str, shapes))} differ at axis {axis - rank} "
                             f"(sizes {', '.join(map(str, column))}). Sizes must be equal or 1, counted from the last "
                             "axis.")
        result.append(found.pop() if found else 1)
    return Size(result)


def broadcast_tensors(*tensors):
    """All tensors expanded to the shape they broadcast to; a tuple of views."""
    shape = tuple(broadcast_shapes(*[x.array.shape for x in tensors]))
    return tuple([expand_op(x, shape=shape) for x in tensors])
