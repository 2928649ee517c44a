"""Softmax and what belongs to it: probabilities that sum to 1 along one axis, their logarithms, and the log of the sum.

The one idea: with p = softmax(x), dp_i = p_i (dx_i - sum_j p_j dx_j). The Jacobian is symmetric, so the gradient is the
same map applied to the incoming gradient. The gradients are ops of their own, in terms of the output.

Shapes: any; sums run along `dim`.
"""
from .. import dtypes
from ..autograd import Op
from ..errors import ArgumentError, DTypeError
from ..tensor import Tensor
from .convert import to
from .dims import normalize_dim, normalize_dims
from .elementwise import exp, mul, neg, sub
from .reduce import sum
from .shape import reshape

__all__ = ["log_softmax", "logsumexp", "softmax", "softmin"]

# dx = p (g - sum g p)
softmax_op = Op("softmax", "x", attrs="dim", promote=None).rules(
    x=lambda g, y, dim: softmax_grad(g, y, dim=dim))
# With r = p (g - sum g p) and an incoming u: sum u r = sum u p g - (sum u p)(sum g p), differentiated by g and by p.
softmax_grad = Op("softmax_grad", "g p", attrs="dim", promote=None).rules(
    g=lambda u, p, dim: softmax_grad(u, p, dim=dim),
    p=lambda u, g, p, dim: sub(sub(mul(u, g), mul(g, _total(mul(u, p), dim))), mul(u, _total(mul(g, p), dim))))

# l = x - log sum exp(x): dx = g - p sum g, with p = exp(l)
log_softmax_op = Op("log_softmax", "x", attrs="dim", promote=None).rules(
    x=lambda g, y, dim: log_softmax_grad(g, y, dim=dim))
log_softmax_grad = Op("log_softmax_grad", "g l", attrs="dim", promote=None).rules(
    g=lambda u, l, dim: sub(u, _total(mul(u, exp(l)), dim)),
    l=lambda u, g, l, dim: neg(mul(mul(u, exp(l)), _total(g, dim))))

# d log sum exp(x) = softmax(x) dx = exp(x - y) dx
logsumexp_op = Op("logsumexp", "x", attrs="dims keepdim", promote="float").rules(
    x=lambda g, x, y, dims, keepdim: mul(_kept(g, x, dims), exp(sub(x, _kept(y, x, dims)))))


def _total(x, dim):
    return sum(x, dim, keepdim=True)


def _kept(y, x, dims):
    """y with the axes it was reduced over put back with size 1."""
    shape = tuple(1 if axis in dims else n for axis, n in enumerate(x.shape))
    return y if y.shape == shape else reshape(y, shape)


def softmax(input, dim=None, dtype=None):
    """exp(input) / sum exp(input) along `dim`: numbers from 0 to 1 that sum to 1. Shape of the input.

    A row of -inf, or with inf in it, gives nan, as in PyTorch.
    Args: dtype: the floating-point DType to convert the input to first.
    Raises: ArgumentError without `dim`; DTypeError for integers without `dtype`; TensorIndexError for a wrong `dim`.

    >>> import tinygrad_cnn as tg
    >>> softmax(tg.tensor([0.0, 0.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    x, dim = _prepared("softmax", input, dim, dtype)
    return softmax_op(x, dim=dim)


def log_softmax(input, dim=None, dtype=None):
    """log(softmax(input)) along `dim`, without taking the logarithm of a number that underflowed. Shape of the input.

    Args and Raises: as `softmax`.

    >>> import tinygrad_cnn as tg
    >>> log_softmax(tg.tensor([0.0, 0.0]), dim=0)
    tensor([-0.6931, -0.6931])
    """
    x, dim = _prepared("log_softmax", input, dim, dtype)
    return log_softmax_op(x, dim=dim)


def softmin(input, dim=None, dtype=None):
    """softmax(-input) along `dim`. Shape of the input; Args and Raises as `softmax`."""
    x, dim = _prepared("softmin", input, dim, dtype)
    return softmax_op(neg(x), dim=dim)


def logsumexp(input, dim, keepdim=False):
    """log sum exp(input) over one or several axes, without overflow.

    Args: dim: a number or a tuple of them. keepdim: keep those axes with size 1.
    Returns: the input's shape without those axes; integers give the default dtype. No numbers give -inf.
    Raises: TensorIndexError, ArgumentError for a wrong `dim`.

    >>> import tinygrad_cnn as tg
    >>> logsumexp(tg.tensor([100.0, 100.0]), 0)
    tensor(100.6931)
    """
    if not isinstance(input, Tensor):
        raise DTypeError(f"logsumexp: expected a Tensor, got {type(input).__name__}. Make one with tg.tensor(...).")
    return logsumexp_op(input, dims=normalize_dims("logsumexp", dim, input.ndim), keepdim=bool(keepdim))


def _prepared(op, x, dim, dtype):
    """The input as a floating-point Tensor and `dim` as a number from 0."""
    if not isinstance(x, Tensor):
        raise DTypeError(f"{op}: expected a Tensor, got {type(x).__name__}. Make one with tg.tensor(...).")
    if dim is None:
        raise ArgumentError(f"{op}: dim is not given (input {tuple(x.shape)}). Say along which axis the sum is 1; for "
                            "(N, C) that is dim=1.")
    if dtype is not None:
        x = to(x, dtypes.of(dtype))
    if not x.dtype.is_floating_point:
        raise DTypeError(f"{op}: the input is {x.dtype}; probabilities need a floating-point dtype. "
                         "Convert it with .float(), or pass dtype=.")
    dim = normalize_dim(op, dim, x.ndim)
    return x, dim if x.ndim else None                   # the one number of a 0-d tensor is its row
