"""What a mask selects: filling it, reading it, writing it, and the positions where it is true.

A mask is a tensor of bools, broadcast against the tensor it is laid over. The number of elements it selects is known
only when it has been looked at: on a GPU that waits for the result.
"""
from ..autograd import Op
from ..errors import DTypeError, ShapeError
from ..tensor import Tensor
from .gather import refuse_other_dtype
from .index import index_put_op, masked_select_op
from .shape import broadcast_shapes, expand_op, reshape_op
from .slices import getitem_op

__all__ = ["argwhere", "masked_fill", "masked_scatter", "masked_select", "nonzero"]

fill_where = Op("fill_where", "x mask value", promote=None)
fill_where.rules(x=lambda g, mask: fill_where(g, mask, 0.0),
                 value=lambda g, mask: fill_where(g, ~mask, 0.0))


def _refuse_no_mask(op, mask):
    if not isinstance(mask, Tensor) or mask.array.dtype.kind != "b":
        kind = mask.dtype if isinstance(mask, Tensor) else type(mask).__name__
        raise DTypeError(f"{op}: a mask is a tensor of bools, not {kind}. Make one by a comparison, or with .bool().")


def _broadcast(input, mask):
    shape = tuple(broadcast_shapes(input.array.shape, mask.array.shape))
    return [x if x.array.shape == shape else expand_op(x, shape=shape) for x in (input, mask)]


def masked_fill(input, mask, value):
    """`input` with one number (or a 0-d tensor) where `mask` is true; the two are broadcast.

    Raises: DTypeError for a mask that is not bool; ShapeError for a value of more dimensions.

    >>> import tinygrad_cnn as tg
    >>> masked_fill(tg.ones(2), tg.tensor([True, False]), 5)
    tensor([5., 1.])
    """
    _refuse_no_mask("masked_fill", mask)
    if isinstance(value, Tensor) and value.array.ndim:
        raise ShapeError(f"masked_fill: expected a number or a 0-d tensor, got shape {tuple(value.shape)}. Use "
                         "where(...) for more.")
    return fill_where(input, mask, value)


def masked_select(input, mask):
    """The elements where `mask` is true, as a vector; the two are broadcast.

    >>> import tinygrad_cnn as tg
    >>> masked_select(tg.tensor([1, 2, 3]), tg.tensor([True, False, True]))
    tensor([1, 3])
    """
    _refuse_no_mask("masked_select", mask)
    input, mask = _broadcast(input, mask)
    return masked_select_op(input, mask)


def masked_scatter(input, mask, source):
    """`input` with the elements of `source`, in order, where `mask` is true.

    Raises: ShapeError if there are fewer than places.
    """
    _refuse_no_mask("masked_scatter", mask)
    refuse_other_dtype("masked_scatter", input, source)
    input, mask = _broadcast(input, mask)
    places = _places(reshape_op(mask, shape=(mask.array.size,)))
    if source.array.size < places.array.size:
        raise ShapeError(f"masked_scatter: the mask is true at {places.array.size} places but the source has "
                         f"{source.array.size} elements. Give at least as many.")
    values = getitem_op(reshape_op(source, shape=(source.array.size,)), index=(slice(0, places.array.size), Ellipsis))
    flat = index_put_op(reshape_op(input, shape=(input.array.size,)), values, places, dims=(0,))
    return reshape_op(flat, shape=mask.array.shape)


def _places(mask):
    """The positions where a vector is true."""
    return Tensor(mask.device.xp.nonzero(mask.array)[0], mask.device)


def nonzero(input, *, as_tuple=False):
    """The positions of the elements that are not zero: (count, dimensions), or with `as_tuple` one vector an axis.

    On a GPU this waits for the result: its shape depends on the values.

    >>> import tinygrad_cnn as tg
    >>> nonzero(tg.tensor([[0, 1], [2, 0]]))
    tensor([[0, 1],
            [1, 0]])
    """
    xp, array = input.device.xp, input.array
    found = xp.nonzero(array if array.ndim else array.reshape(1))
    if as_tuple:
        return tuple([Tensor(a, input.device) for a in found])
    return Tensor(xp.stack(found, axis=1)[:, :array.ndim], input.device)


def argwhere(input):
    """The positions of the elements that are not zero, one a row."""
    return nonzero(input)
