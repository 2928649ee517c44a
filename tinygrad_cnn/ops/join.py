"""Putting tensors together, and moving or repeating elements along axes.

A joint rule takes the gradient apart again: the gradient of `cat` is slices of it. Repetitions are views with new
axes, made one with the old by a reshape.
"""
from ..autograd import Op
from ..errors import ArgumentError, ShapeError
from ..tensor import Tensor
from .dims import existing_dim, integer, normalize_dim, normalize_dims, sizes
from .shape import expand_op, flatten, reshape_op, transpose, unsqueeze_op
from .slices import ALL, diag_embed, getitem_op
from .slices import diagonal as diagonal_of

__all__ = ["atleast_1d", "atleast_2d", "atleast_3d", "cat", "column_stack", "concat", "concatenate", "diag",
           "diagflat", "dstack", "flip", "fliplr", "flipud", "hstack", "meshgrid", "repeat", "roll", "rot90", "stack",
           "tile", "tril", "triu", "vstack"]


def _uneven(*arrays, dim):
    """What is wrong with the shapes of arrays to be joined along axis `dim`."""
    first = arrays[0].shape
    for k, x in enumerate(arrays[1:], 1):
        if len(x.shape) != len(first):
            return (f"tensors 0 and {k} have {len(first)} and {len(x.shape)} dimensions (shapes {first} and "
                    f"{x.shape}). Give all the same number of dimensions.")
        for axis, (m, n) in enumerate(zip(first, x.shape)):
            if m != n and axis != dim:
                return (f"tensors 0 and {k} differ in axis {axis}: sizes {m} and {n} (shapes {first} and {x.shape}). "
                        f"Only axis {dim}, along which they are joined, may differ.")
    return None


cat_op = Op("cat", "*tensors", attrs="dim", diagnose=_uneven)
cat_op.rules(joint=lambda g, tensors_shape, dim, needs: _slices(g, [s[dim] for s in tensors_shape], dim, needs))

stack_op = Op("stack", "*tensors", attrs="dim", diagnose=lambda *arrays, dim: _uneven(*arrays, dim=None))
stack_op.rules(joint=lambda g, dim, needs: [getitem_op(g, index=(ALL,) * dim + (k, Ellipsis)) if need else None
                                            for k, need in enumerate(needs)])

flip_op = Op("flip", "x", attrs="dims", promote=None).rules(x=lambda g, dims: flip_op(g, dims=dims))
roll_op = Op("roll", "x", attrs="shifts dims", promote=None)
roll_op.rules(x=lambda g, shifts, dims: roll_op(g, shifts=tuple([-s for s in shifts]), dims=dims))
tril_op = Op("tril", "x", attrs="diagonal", promote=None).rules(x=lambda g, diagonal: tril_op(g, diagonal=diagonal))
triu_op = Op("triu", "x", attrs="diagonal", promote=None).rules(x=lambda g, diagonal: triu_op(g, diagonal=diagonal))


def _slices(g, lengths, dim, needs):
    """The parts of g that came from each tensor, None where no gradient is wanted."""
    parts, start = [], 0
    for n, need in zip(lengths, needs):
        parts.append(getitem_op(g, index=(ALL,) * dim + (slice(start, start + n), Ellipsis)) if need else None)
        start += n
    return parts


def _tensors(op, tensors):
    tensors = tuple(tensors)
    if not tensors or not all(isinstance(x, Tensor) for x in tensors):
        raise ArgumentError(f"{op}: expected a sequence of at least one Tensor, got "
                            f"({', '.join(type(x).__name__ for x in tensors)}). Give them in a list or tuple.")
    return tensors


def cat(tensors, dim=0):
    """The tensors one after the other along axis `dim`; an empty 1-d tensor is skipped, as in PyTorch.

    Raises: ShapeError if they differ in another axis; ArgumentError for no tensors.

    >>> import tinygrad_cnn as tg
    >>> cat((tg.tensor([[1, 2]]), tg.tensor([[3, 4], [5, 6]])))
    tensor([[1, 2],
            [3, 4],
            [5, 6]])
    """
    tensors = _tensors("cat", tensors)
    ranks = {x.array.ndim for x in tensors}
    if 0 in ranks:
        raise ShapeError(f"cat: tensor {[x.array.ndim for x in tensors].index(0)} is 0-d and has no axis to join "
                         "along. Use stack, or give it an axis with .reshape(1).")
    if len(ranks) > 1:
        tensors = tuple([x for x in tensors if x.array.shape != (0,)])
    return cat_op(*tensors, dim=normalize_dim("cat", dim, tensors[0].array.ndim))


concat = concatenate = cat


def stack(tensors, dim=0):
    """The tensors, of one shape, as the slices along a new axis at place `dim`.

    Raises: ShapeError if the shapes differ; ArgumentError for no tensors.

    >>> import tinygrad_cnn as tg
    >>> stack([tg.tensor([1, 2]), tg.tensor([3, 4])], 1)
    tensor([[1, 3],
            [2, 4]])
    """
    tensors = _tensors("stack", tensors)
    return stack_op(*tensors, dim=normalize_dim("stack", dim, tensors[0].array.ndim + 1))


def _with_axes(x, ndim, *, place):
    """x with axes of size 1 until it has `ndim`: at `place` of each in turn."""
    while x.array.ndim < ndim:
        x = unsqueeze_op(x, dim=place(x.array.ndim))
    return x


def _each(tensors, change):
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        return tuple([change(x) for x in tensors[0]])
    return change(tensors[0]) if len(tensors) == 1 else tuple([change(x) for x in tensors])


def atleast_1d(*tensors):
    """The tensors, 0-d ones with an axis."""
    return _each(tensors, lambda x: _with_axes(x, 1, place=lambda ndim: 0))


def atleast_2d(*tensors):
    """The tensors with axes of size 1 in front until they have two."""
    return _each(tensors, lambda x: _with_axes(x, 2, place=lambda ndim: 0))


def atleast_3d(*tensors):
    """The tensors with axes of size 1 until they have three: a vector becomes (1, n, 1), a matrix (m, n, 1)."""
    return _each(tensors, lambda x: _with_axes(x, 3, place=lambda ndim: 2 if ndim == 2 else 0))


def hstack(tensors):
    """The tensors joined side by side: along axis 1, vectors along axis 0."""
    tensors = atleast_1d(_tensors("hstack", tensors))
    return cat(tensors, 0 if tensors[0].array.ndim == 1 else 1)


def vstack(tensors):
    """The tensors joined one below the other, vectors as rows."""
    return cat(atleast_2d(_tensors("vstack", tensors)), 0)


def dstack(tensors):
    """The tensors joined along a third axis."""
    return cat(atleast_3d(_tensors("dstack", tensors)), 2)


def column_stack(tensors):
    """The tensors joined side by side, vectors as columns."""
    return cat([reshape_op(x, shape=(x.array.size, 1)) if x.array.ndim < 2 else x
                for x in _tensors("column_stack", tensors)], 1)


def flip(input, dims, *more):
    """The elements in reverse order along the axes `dims`: a copy.

    >>> import tinygrad_cnn as tg
    >>> flip(tg.tensor([[1, 2], [3, 4]]), 1)
    tensor([[2, 1],
            [4, 3]])
    """
    dims = (dims, *more) if more or not isinstance(dims, (tuple, list)) else tuple(dims)
    return flip_op(input, dims=normalize_dims("flip", dims, input.array.ndim) if dims else ())


def fliplr(input):
    """The columns in reverse order."""
    return flip(input, 1)


def flipud(input):
    """The rows in reverse order."""
    return flip(input, 0)


def roll(input, shifts, dims=None):
    """The elements moved on by `shifts` along `dims`, those that leave at the end entering at the start.

    Without `dims` the tensor is rolled as one long axis.
    Raises: ArgumentError for shifts and dims of two lengths.

    >>> import tinygrad_cnn as tg
    >>> roll(tg.tensor([1, 2, 3, 4]), 1)
    tensor([4, 1, 2, 3])
    """
    shifts = tuple([integer("roll", "shifts", s) for s in (shifts if isinstance(shifts, (tuple, list)) else (shifts,))])
    if dims is None and len(shifts) == 1:
        return reshape_op(roll_op(flatten(input), shifts=shifts, dims=(0,)), shape=input.array.shape)
    dims = tuple(dims) if isinstance(dims, (tuple, list)) else (dims,) if dims is not None else ()
    if len(shifts) != len(dims):
        raise ArgumentError(f"roll: {len(shifts)} shifts {shifts} but {len(dims)} dims {dims}. Give one shift an axis.")
    return roll_op(input, shifts=shifts, dims=tuple([existing_dim("roll", d, input.array.ndim) for d in dims]))


def rot90(input, k=1, dims=(0, 1)):
    """Turned by k quarter turns in the plane of two axes, from the first towards the second.

    >>> import tinygrad_cnn as tg
    >>> rot90(tg.tensor([[1, 2], [3, 4]]))
    tensor([[2, 4],
            [1, 3]])
    """
    first, second = normalize_dim("rot90", dims[0], input.array.ndim), normalize_dim("rot90", dims[1], input.array.ndim)
    if len(dims) != 2 or first == second:
        raise ArgumentError(f"rot90: dims={tuple(dims)} do not span a plane. Give two axes.")
    k = integer("rot90", "k", k) % 4
    if k == 0:
        return flip_op(input, dims=())
    if k == 2:
        return flip_op(input, dims=(first, second))
    return flip_op(transpose(input, first, second), dims=(first if k == 1 else second,))


def repeat(input, repeats, *more):
    """The whole tensor `repeats` times along each axis; further counts in front make new axes. A copy.

    Raises: ShapeError for fewer counts than axes.

    >>> import tinygrad_cnn as tg
    >>> repeat(tg.tensor([1, 2]), 2, 2)
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
    """
    counts = sizes("repeat", repeats, more, negative=False)
    if len(counts) < input.array.ndim:
        raise ShapeError(f"repeat: {len(counts)} counts {counts} for the {input.array.ndim} axes of shape "
                         f"{tuple(input.shape)}. Give one count an axis; tile fills in the front ones.")
    own = (1,) * (len(counts) - input.array.ndim) + input.array.shape
    apart = reshape_op(input, shape=tuple([m for n in own for m in (1, n)]))
    wide = expand_op(apart, shape=tuple([m for pair in zip(counts, own) for m in pair]))
    y = reshape_op(wide, shape=tuple([c * n for c, n in zip(counts, own)]))
    return y if y.source is None else y.clone()


def tile(input, dims, *more):
    """The whole tensor repeated along each axis; counts are matched from the last axis. A copy.

    >>> import tinygrad_cnn as tg
    >>> tile(tg.tensor([[1], [2]]), (2,))
    tensor([[1, 1],
            [2, 2]])
    """
    counts = sizes("tile", dims, more, negative=False)
    return repeat(input, (1,) * (input.array.ndim - len(counts)) + counts)


def tril(input, diagonal=0):
    """The lower triangle of a matrix (or of each in a batch), zeros above `diagonal`.

    >>> import tinygrad_cnn as tg
    >>> tril(tg.ones(2, 2))
    tensor([[1., 0.],
            [1., 1.]])
    """
    return tril_op(_matrices("tril", input), diagonal=integer("tril", "diagonal", diagonal))


def triu(input, diagonal=0):
    """The upper triangle of a matrix (or of each in a batch), zeros below `diagonal`."""
    return triu_op(_matrices("triu", input), diagonal=integer("triu", "diagonal", diagonal))


def _matrices(op, input):
    if input.array.ndim < 2:
        raise ShapeError(f"{op}: expected a matrix, got {input.array.ndim} dimensions (shape {tuple(input.shape)}). "
                         "Give at least 2 dimensions.")
    return input


def diag(input, diagonal=0):
    """The diagonal of a matrix (a copy), or a matrix with a vector on its diagonal.

    Raises: ShapeError for other ranks.

    >>> import tinygrad_cnn as tg
    >>> diag(tg.tensor([[1, 2], [3, 4]]), 1)
    tensor([2])
    """
    if input.array.ndim == 1:
        return diag_embed(input, diagonal)
    if input.array.ndim != 2:
        raise ShapeError(f"diag: expected a vector or a matrix, got {input.array.ndim} dimensions (shape "
                         f"{tuple(input.shape)}). Use diagonal or diag_embed for batches.")
    return diagonal_of(input, diagonal).clone()


def diagflat(input, offset=0):
    """A matrix with all elements of `input` on its diagonal."""
    return diag_embed(flatten(input), offset)


def meshgrid(*tensors, indexing="ij"):
    """The coordinates of a grid: for each vector a tensor of the grid's shape that varies along its own axis. Views.

    Args: indexing: "ij" (axis k belongs to vector k) or "xy" (the first two exchanged).
    Raises: ArgumentError for another indexing; ShapeError for tensors of more than 1 dimension.

    >>> import tinygrad_cnn as tg
    >>> meshgrid(tg.tensor([1, 2]), tg.tensor([3, 4]))
    (tensor([[1, 1],
            [2, 2]]), tensor([[3, 4],
            [3, 4]]))
    """
    tensors = _tensors("meshgrid",
                       tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors)
    if indexing not in ("ij", "xy"):
        raise ArgumentError(f"meshgrid: indexing={indexing!r} is not one. Use 'ij' or 'xy'.")
    if any(x.array.ndim > 1 for x in tensors):
        raise ShapeError(f"meshgrid: expected vectors, got shapes {', '.join(str(tuple(x.shape)) for x in tensors)}. "
                         "Flatten them first.")
    if indexing == "xy" and len(tensors) > 1:
        second, first, *rest = meshgrid(tensors[1], tensors[0], *tensors[2:])
        return tuple([first, second, *rest])
    shape = tuple([x.array.size for x in tensors])
    return tuple([expand_op(reshape_op(x, shape=(1,) * k + (-1,) + (1,) * (len(shape) - k - 1)), shape=shape)
                  for k, x in enumerate(tensors)])
