"""Embedding: a learnt vector for each of a number of symbols, looked up by the symbol's number."""
from ..errors import ArgumentError, ShapeError
from ..ops.creation import empty
from . import functional as F
from . import init
from .arguments import whole
from .module import Module
from .parameter import Parameter

__all__ = ["Embedding"]


class Embedding(Module):
    """Rows of a table at integer positions: (*) -> (*, embedding_dim).

    Args: num_embeddings: rows of the table. embedding_dim: numbers in each. padding_idx: a row that starts as zeros and
    gets no gradient. max_norm, scale_grad_by_freq and sparse are not supported.
    State: weight (num_embeddings, embedding_dim), drawn from the standard normal distribution.

    >>> import tinygrad_cnn as tg
    >>> tg.nn.Embedding(10, 3)(tg.tensor([[1, 2, 4, 5]])).shape
    tinygrad_cnn.Size([1, 4, 3])
    """

    def __init__(self, num_embeddings, embedding_dim, padding_idx=None, max_norm=None, norm_type=2.0,
                 scale_grad_by_freq=False, sparse=False, _weight=None, _freeze=False, device=None, dtype=None):
        super().__init__()
        if max_norm is not None or scale_grad_by_freq or sparse:
            raise ArgumentError("Embedding: max_norm, scale_grad_by_freq and sparse are not supported. Leave them out.")
        self.num_embeddings = whole("Embedding", "num_embeddings", num_embeddings)
        self.embedding_dim = whole("Embedding", "embedding_dim", embedding_dim)
        if padding_idx is not None:
            padding_idx = whole("Embedding", "padding_idx", padding_idx, -self.num_embeddings)
            if padding_idx >= self.num_embeddings:
                raise ArgumentError(f"Embedding: padding_idx is {padding_idx} and there are {num_embeddings} rows. "
                                    f"Use {-self.num_embeddings} to {self.num_embeddings - 1}.")
            padding_idx %= self.num_embeddings
        self.padding_idx = padding_idx
        shape = (self.num_embeddings, self.embedding_dim)
        if _weight is not None and tuple(_weight.shape) != shape:
            raise ShapeError(f"Embedding: the given weight has shape {tuple(_weight.shape)}, and {shape} is asked for. "
                             "Make them agree.")
        given = empty(shape, device=device, dtype=dtype) if _weight is None else _weight
        self.weight = Parameter(given, requires_grad=not _freeze)
        if _weight is None:
            self.reset_parameters()

    def reset_parameters(self):
        """Draw the table anew; the row of padding_idx is zero."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            init.zeros_(self.weight.detach()[self.padding_idx])

    @classmethod
    def from_pretrained(cls, embeddings, freeze=True, padding_idx=None):
        """The Embedding with the table `embeddings` (rows, features), not trained if `freeze`.

        Raises: ShapeError if it is not a matrix.
        """
        if embeddings.ndim != 2:
            raise ShapeError(f"Embedding: the table has shape {tuple(embeddings.shape)}. "
                             "Give a matrix (rows, features).")
        return cls(*embeddings.shape, padding_idx=padding_idx, _weight=embeddings, _freeze=freeze)

    def forward(self, input):
        return F.embedding(input, self.weight, self.padding_idx)

    def extra_repr(self):
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"
