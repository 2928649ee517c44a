"""Records of the softmax family; the references take each row by itself."""
import numpy as np
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.records import Record, arrays, register, shapes
from tinygrad_cnn.autograd import OPS


@st.composite
def rows(draw, copies=1, low=-2.0):
    """Arrays of one shape and a dim of it."""
    shape = draw(shapes(1, 3))
    dim = draw(st.integers(-len(shape), len(shape) - 1))
    return tuple(draw(arrays(shape, low=low)) for _ in range(copies)), {"dim": dim}


def along(row, *xs, dim):
    """row(*vectors) for every vector along `dim`."""
    xs = [np.moveaxis(x, dim, -1) for x in xs]
    y = np.empty_like(xs[0])
    for place in np.ndindex(xs[0].shape[:-1]):
        y[place] = row(*(x[place] for x in xs))
    return np.moveaxis(y, -1, dim)


def softmax_row(x):
    return np.exp(x) / np.exp(x).sum()


def softmax_grad_row(g, p):
    """The gradient through the Jacobian written out: dp_i / dx_j = p_i ([i = j] - p_j)."""
    return (np.diag(p) - np.outer(p, p)) @ g


def log_softmax_grad_row(g, l):
    """dl_i / dx_j = [i = j] - exp(l_j)."""
    return (np.eye(len(l)) - np.exp(l)).T @ g


register(Record(
    "softmax", ops="softmax", function=tg.softmax, cases=rows(),
    reference=lambda x, dim: along(softmax_row, x, dim=dim),
    wrong=[(lambda: tg.softmax(tg.ones(2, 3), dim=2), tg.errors.TensorIndexError, r"softmax: dim=2 .* 2 dimensions"),
           (lambda: tg.softmax(tg.ones(2, 3)), tg.errors.ArgumentError, r"softmax: dim is not given .*\(2, 3\)"),
           (lambda: tg.softmax(tg.arange(3), dim=0), tg.errors.DTypeError,
            r"softmax: the input is .*int64.*\.float\(\)"),
           (lambda: tg.softmax(3.0, dim=0), tg.errors.DTypeError, "softmax: expected a Tensor, got float")]))
register(Record(
    "softmax_grad", ops="softmax_grad", function=lambda g, p, dim: OPS["softmax_grad"](g, p, dim=dim % g.ndim),
    cases=rows(2), reference=lambda g, p, dim: along(softmax_grad_row, g, p, dim=dim)))
register(Record(
    "log_softmax", ops="log_softmax", function=tg.log_softmax, cases=rows(),
    reference=lambda x, dim: along(lambda row: np.log(softmax_row(row)), x, dim=dim),
    wrong=[(lambda: tg.log_softmax(tg.ones(2, 3), dim=-3), tg.errors.TensorIndexError, "log_softmax: dim=-3")]))
register(Record(
    "log_softmax_grad", ops="log_softmax_grad", cases=rows(2),
    function=lambda g, l, dim: OPS["log_softmax_grad"](g, l, dim=dim % g.ndim),
    reference=lambda g, l, dim: along(log_softmax_grad_row, g, l, dim=dim)))
register(Record(
    "softmin", ops="softmax", function=tg.softmin, cases=rows(),
    reference=lambda x, dim: along(softmax_row, -x, dim=dim)))


@st.composite
def reductions(draw):
    shape = draw(shapes(0, 3))
    dims = draw(st.lists(st.integers(0, max(len(shape) - 1, 0)), unique=True, min_size=1, max_size=max(len(shape), 1)))
    dim = dims[0] if len(dims) == 1 and draw(st.booleans()) else tuple(dims)
    return (draw(arrays(shape)),), {"dim": dim, "keepdim": draw(st.booleans())}


def logsumexp(x, dim, keepdim):
    if not x.ndim:
        return x
    return np.log(np.exp(x).sum(axis=dim, keepdims=keepdim))


register(Record(
    "logsumexp", ops="logsumexp", function=tg.logsumexp, cases=reductions(), reference=logsumexp,
    wrong=[(lambda: tg.logsumexp(tg.ones(2), (0, 0)), tg.errors.ArgumentError, "logsumexp: .* twice"),
           (lambda: tg.logsumexp([1.0], 0), tg.errors.DTypeError, "logsumexp: expected a Tensor, got list")]))
