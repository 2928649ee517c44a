"""Products of matrices: `matmul` of every rank, `linear`, and what is made of them.

With one operand fixed, each of the products a b (matmul), a b^T (matmul_t) and a^T b (linear_dw) is linear in the
other, so they are each other's rules. `linear` keeps PyTorch's weight layout (out, in): x w^T needs no copy, and the
gradient g^T x comes out in that layout too.
Shapes: (..., M, K) x (..., K, N) -> (..., M, N); a vector stands for a row on the left and a column on the right.
"""
from ..autograd import Op
from ..errors import ArgumentError, DTypeError, ShapeError
from ..tensor import Size, Tensor
from .arithmetic import mul, sub
from .dims import normalize_dim
from .reduce import sum as sum_
from .shape import reshape_op, squeeze_op, t_op, unsqueeze_op
from .slices import diagonal

__all__ = ["addmm", "addmv", "addr", "baddbmm", "bmm", "cross", "dot", "inner", "kron", "matmul", "mm", "mv", "outer",
           "trace", "vdot"]

NUMBERS = (int, float, bool)


def _misfit(a, b):
    """What is wrong with the shapes of a and b, for matmul."""
    if not getattr(a, "ndim", 0) or not getattr(b, "ndim", 0):
        return (f"expected tensors of at least 1 dimension, got shapes {getattr(a, 'shape', ())} and "
                f"{getattr(b, 'shape', ())}. Use * to multiply by a number.")
    inner, axis = b.shape[-2 if b.ndim > 1 else -1], "first" if b.ndim < 3 else "second to last"
    if a.shape[-1] != inner:
        return (f"the last axis of the first tensor has size {a.shape[-1]} but the {axis} of the second has {inner} "
                f"(shapes {a.shape} and {b.shape}). They are summed over together and must be equal.")
    return (f"the batch axes {a.shape[:-2]} and {b.shape[:-2]} cannot be broadcast together (shapes {a.shape} and "
            f"{b.shape}). Sizes must be equal or 1, counted from the last batch axis.")


def _linear_misfit(x, w, bias):
    if w.ndim != 2 or not x.ndim:
        return (f"expected input (..., in_features) and weight (out_features, in_features), got shapes {x.shape} and "
                f"{w.shape}. Reshape them.")
    if x.shape[-1] != w.shape[1]:
        return (f"input has {x.shape[-1]} features but weight expects {w.shape[1]} (input {x.shape}, weight "
                f"{w.shape}). Make the last size of the input equal weight.shape[1].")
    return (f"bias has shape {bias.shape} but there are {w.shape[0]} output features (weight {w.shape}). "
            f"Give a bias of shape ({w.shape[0]},).")


matmul_op = Op("matmul", "a b", promote="same", diagnose=_misfit)
linear_op = Op("linear", "x w bias", promote="same", diagnose=_linear_misfit)
linear_dw = Op("linear_dw", "g x", promote="same")
matmul_t = Op("matmul_t", "a b", promote="same")

linear_op.rules(x=lambda g, w: matmul_op(g, w), w=lambda g, x: linear_dw(g, x), bias=lambda g: g)
linear_dw.rules(g=lambda v, x: matmul_t(x, v), x=lambda v, g: matmul_op(g, v))
matmul_t.rules(a=lambda g, b: matmul_op(g, b), b=lambda g, a: linear_dw(g, a))
matmul_op.rules(a=lambda g, b: _matmul_da(g, b), b=lambda g, a, b_shape: _matmul_db(g, a, len(b_shape)))


def _matmul_da(g, b):
    """g b^T; the engine sums over broadcast axes. If a is a vector, g has one axis less than b."""
    rank = b.array.ndim
    if rank == 1:
        return mul(unsqueeze_op(g, dim=g.array.ndim), b)
    if g.array.ndim < rank:
        return squeeze_op(matmul_op(b, unsqueeze_op(g, dim=g.array.ndim)), dims=(rank - 1,))
    return matmul_t(g, b) if rank == 2 else matmul_op(g, t_op(b))


def _matmul_db(g, a, rank):
    """a^T g, for b of that rank."""
    if rank == 1:
        if a.array.ndim == 1:
            return mul(g, a)
        return squeeze_op(matmul_op(t_op(a), unsqueeze_op(g, dim=g.array.ndim)), dims=(a.array.ndim - 1,))
    if a.array.ndim == 1:
        return mul(unsqueeze_op(a, dim=1), unsqueeze_op(g, dim=g.array.ndim - 1))
    return linear_dw(a, g) if rank == 2 else matmul_op(t_op(a), g)


def matmul(input, other):
    """The matrix product over the last two axes, the axes before them broadcast; vectors give vectors, or a number.

    Raises: ShapeError for sizes that do not fit; DTypeError for two dtypes.

    >>> import tinygrad_cnn as tg
    >>> matmul(tg.tensor([[1., 2.], [3., 4.]]), tg.tensor([1., 1.]))
    tensor([3., 7.])
    """
    if type(other) in NUMBERS or type(input) in NUMBERS:
        raise ShapeError(f"matmul: {_misfit(input, other)}")
    return matmul_op(input, other)


def linear(input, weight, bias=None):
    """input weight^T + bias: a layer of out_features weighted sums.

    Args: input (..., in_features), weight (out_features, in_features), bias (out_features) or None.
    Raises: ShapeError for sizes that do not fit; DTypeError for two dtypes.

    >>> import tinygrad_cnn as tg
    >>> linear(tg.tensor([1., 2.]), tg.tensor([[1., 0.], [1., 1.]]), tg.tensor([10., 20.]))
    tensor([11., 23.])
    """
    if not (isinstance(input, Tensor) and isinstance(weight, Tensor)):
        raise DTypeError(f"linear: input is {type(input).__name__} and weight {type(weight).__name__}, but both must "
                         "be Tensors. Make one with tg.tensor(...).")
    if weight.array.ndim == 1:
        y = matmul_op(input, weight)
        return y if bias is None else y + bias
    if weight.array.ndim != 2 or not input.array.ndim:
        raise ShapeError(f"linear: {_linear_misfit(input.array, weight.array, bias)}")
    return linear_op(input, weight, bias)


def _ranks(op, *wanted):
    """Refuse tensors of other numbers of dimensions: pairs (tensor, dimensions)."""
    for k, (x, ndim) in enumerate(wanted):
        if x.array.ndim != ndim:
            raise ShapeError(f"{op}: tensor {k + 1} has {x.array.ndim} dimensions but {ndim} are expected (shapes "
                             f"{' and '.join(str(tuple(x.shape)) for x, _ in wanted)}). Use matmul for other ranks.")


def mm(input, mat2):
    """The product of two matrices: (M, K) x (K, N) -> (M, N)."""
    _ranks("mm", (input, 2), (mat2, 2))
    return matmul_op(input, mat2)


def bmm(input, mat2):
    """The products of two batches of matrices: (B, M, K) x (B, K, N) -> (B, M, N); nothing is broadcast."""
    _ranks("bmm", (input, 3), (mat2, 3))
    if input.array.shape[0] != mat2.array.shape[0]:
        raise ShapeError(f"bmm: the batches have sizes {input.array.shape[0]} and {mat2.array.shape[0]} (shapes "
                         f"{tuple(input.shape)} and {tuple(mat2.shape)}). They must be equal; matmul broadcasts.")
    return matmul_op(input, mat2)


def mv(input, vec):
    """A matrix times a vector: (M, K) x (K) -> (M)."""
    _ranks("mv", (input, 2), (vec, 1))
    return matmul_op(input, vec)


def dot(input, tensor):
    """The inner product of two vectors: a 0-d tensor.

    >>> import tinygrad_cnn as tg
    >>> dot(tg.tensor([1, 2]), tg.tensor([3, 4]))
    tensor(11)
    """
    _ranks("dot", (input, 1), (tensor, 1))
    return matmul_op(input, tensor)


vdot = dot


def inner(input, other):
    """The products of every last-axis vector of one tensor with every one of the other, or with a number."""
    if not input.array.ndim or not other.array.ndim:
        return mul(input, other)
    if input.array.shape[-1] != other.array.shape[-1]:
        raise ShapeError(f"inner: the last axes have sizes {input.array.shape[-1]} and {other.array.shape[-1]} (shapes "
                         f"{tuple(input.shape)} and {tuple(other.shape)}). They must be equal.")
    *rest, k = other.array.shape
    y = linear_op(input, other if len(rest) == 1 else reshape_op(other, shape=(Size(rest).numel(), k)), None)
    return y if len(rest) == 1 else reshape_op(y, shape=(*input.array.shape[:-1], *rest))


def outer(input, vec2):
    """Every product of an element of one vector with one of the other: (M) x (N) -> (M, N)."""
    _ranks("outer", (input, 1), (vec2, 1))
    return mul(unsqueeze_op(input, dim=1), vec2)


def addmm(input, mat1, mat2, *, beta=1, alpha=1):
    """beta input + alpha (mat1 mat2)."""
    return _plus(input, mm(mat1, mat2), beta, alpha)


def addmv(input, mat, vec, *, beta=1, alpha=1):
    """beta input + alpha (mat vec)."""
    return _plus(input, mv(mat, vec), beta, alpha)


def addr(input, vec1, vec2, *, beta=1, alpha=1):
    """beta input + alpha (the outer product of vec1 and vec2)."""
    return _plus(input, outer(vec1, vec2), beta, alpha)


def baddbmm(input, batch1, batch2, *, beta=1, alpha=1):
    """beta input + alpha (the products of two batches of matrices)."""
    return _plus(input, bmm(batch1, batch2), beta, alpha)


def _plus(input, product, beta, alpha):
    product = product if alpha == 1 else mul(product, alpha)
    if beta == 0:
        return product                                  # NaN in input is ignored, as in PyTorch
    return (input if beta == 1 else mul(input, beta)) + product


def kron(input, other):
    """The Kronecker product: every element of `input` times the whole of `other`; axes are matched from the last.

    >>> import tinygrad_cnn as tg
    >>> kron(tg.tensor([1, 10]), tg.tensor([1, 2]))
    tensor([ 1,  2, 10, 20])
    """
    ndim = max(input.array.ndim, other.array.ndim)
    a, b = (tuple([1] * (ndim - x.array.ndim)) + x.array.shape for x in (input, other))
    left = reshape_op(input, shape=tuple([n for size in a for n in (size, 1)]))
    right = reshape_op(other, shape=tuple([n for size in b for n in (1, size)]))
    return reshape_op(mul(left, right), shape=tuple([m * n for m, n in zip(a, b)]))


def trace(input):
    """The sum of the diagonal of a matrix."""
    if input.array.ndim != 2:
        raise ShapeError(f"trace: expected a matrix, got {input.array.ndim} dimensions (shape {tuple(input.shape)}). "
                         "Use diagonal(...).sum(-1) for a batch.")
    return sum_(diagonal(input))


def cross(input, other, dim=None):
    """The vector product along an axis of size 3: `dim`, or the first such axis.

    >>> import tinygrad_cnn as tg
    >>> cross(tg.tensor([1, 0, 0]), tg.tensor([0, 1, 0]))
    tensor([0, 0, 1])
    """
    from .join import roll
    shape = input.array.shape
    if dim is None and 3 in shape:
        dim = shape.index(3)
    dim = normalize_dim("cross", dim, len(shape)) if dim is not None else None
    if dim is None or shape[dim] != 3 or other.array.ndim != len(shape) or other.array.shape[dim] != 3:
        raise ArgumentError(f"cross: both tensors need an axis of size 3 to multiply along (shapes {shape} and "
                            f"{tuple(other.shape)}, dim={dim}). Give tensors of equal rank and that axis.")
    return sub(mul(roll(input, -1, dim), roll(other, -2, dim)), mul(roll(input, -2, dim), roll(other, -1, dim)))
