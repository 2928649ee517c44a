"""Embedding: rows of a matrix at integer positions. The gradient adds up, for each row, what was read from it.

Shapes: weight (rows, features), input (*S) -> (*S, features).
"""
from ..autograd import Op
from ..errors import ArgumentError, ShapeError, TensorIndexError
from .gather import refuse_no_integers
from .index import index_sum
from .index_plan import check_range
from .masked import fill_where
from .shape import reshape_op

__all__ = []                                            # torch.nn.functional's

embedding_op = Op("embedding", "weight index", attrs="padding_idx", promote=None)
embedding_op.rules(weight=lambda g, index, weight_shape, padding_idx:
                   index_sum(_without_padding(g, index, padding_idx), index, dims=(0,), shape=weight_shape))


def _without_padding(g, index, padding_idx):
    """g, zero for the positions that are padding."""
    if padding_idx is None:
        return g
    mask = index == padding_idx
    return fill_where(g, reshape_op(mask, shape=(*mask.array.shape, *(1,) * (g.array.ndim - mask.array.ndim))), 0.0)


def embedding(input, weight, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False):
    """The rows of `weight` at the positions in `input`: (*S) -> (*S, embedding_dim).

    Args: padding_idx: a row that gets no gradient. max_norm, scale_grad_by_freq and sparse are not supported.
    Raises: DTypeError, ShapeError, or TensorIndexError (on the CPU) for positions that do not fit.

    >>> import tinygrad_cnn as tg
    >>> embedding(tg.tensor([1, 0]), tg.tensor([[1., 2.], [3., 4.]]))
    tensor([[3., 4.],
            [1., 2.]])
    """
    if max_norm is not None or scale_grad_by_freq or sparse:
        raise ArgumentError("embedding: max_norm, scale_grad_by_freq and sparse are not supported. Leave them out.")
    refuse_no_integers("embedding", input)
    if weight.array.ndim != 2:
        raise ShapeError(f"embedding: weight has shape {tuple(weight.shape)}. Make it a matrix (rows, features).")
    rows = weight.array.shape[0]
    check_range("embedding", input.array, rows, 0, weight.array.shape, negative=False)
    if padding_idx is not None:
        if not -rows <= padding_idx < rows:
            raise TensorIndexError(f"embedding: padding_idx={padding_idx} is out of range for {rows} rows. Use {-rows} "
                                   f"to {rows - 1}.")
        padding_idx %= rows
    return embedding_op(weight, input, padding_idx=padding_idx)
