"""hypothesis strategies that draw valid inputs by building them, not by filtering.

A convolution case draws stride, kernel, dilation, groups and padding first and then an input large enough for them.
"""
try:
    import hypothesis.strategies as st
except ImportError:
    from ..errors import MissingExtraError
    raise MissingExtraError("testing.strategies: the package hypothesis is not installed. Run: "
                            "pip install 'tinygrad_cnn[test]'") from None
import numpy as np

from ..device import CPU
from ..dtypes import of
from ..tensor import Tensor

__all__ = ["arrays", "broadcastable_shapes", "conv_cases", "pool_cases", "shapes", "tensors"]


def shapes(min_dims=0, max_dims=3, min_side=1, max_side=4):
    """Shapes as tuples."""
    return st.lists(st.integers(min_side, max_side), min_size=min_dims, max_size=max_dims).map(tuple)


@st.composite
def arrays(draw, shape=shapes(), low=-2.0, high=2.0, away_from=(), gap=0.1, distinct=False, dtype="float64"):
    """NumPy arrays with values in [low, high].

    Args: shape: a tuple or a strategy of them. away_from: values that none comes nearer to than `gap`: kinks.
        distinct: no two values nearer than gap / size of the array: no ties.
    """
    shape = draw(shape) if isinstance(shape, st.SearchStrategy) else tuple(shape)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = int(np.prod(shape))
    if distinct:
        values = (rng.permutation(size) + rng.uniform(0.25, 0.75, size)) / max(size, 1) * (high - low) + low
    else:
        values = rng.uniform(low, high, size)
    for kink in away_from:
        near = np.abs(values - kink) < gap
        values = np.where(near, kink + np.where(values < kink, -gap, gap) * (1 + np.abs(values - kink) / gap), values)
    return values.reshape(shape).astype(dtype)


@st.composite
def tensors(draw, shape=shapes(), dtype="float64", requires_grad=True, **values):
    """Tensors for `gradcheck`: float64 and requiring grad unless said otherwise; `values` as for `arrays`."""
    array = draw(arrays(shape, dtype=of(dtype).numpy, **values))
    x = Tensor(array, CPU)
    return x.requires_grad_() if requires_grad else x


@st.composite
def broadcastable_shapes(draw, count=2, max_dims=3, max_side=4):
    """Tuples of `count` shapes that broadcast together."""
    full = draw(shapes(0, max_dims, 1, max_side))
    result = []
    for _ in range(count):
        kept = draw(st.integers(0, len(full)))
        tail = full[len(full) - kept:]
        result.append(tuple(n if draw(st.booleans()) else 1 for n in tail))
    return tuple(result)


@st.composite
def conv_cases(draw, rank=None, max_kernel=3, max_stride=3, max_dilation=2, max_padding=2, max_extra=3):
    """Valid convolutions: (input, weight, bias or None, dict of stride, padding, dilation, groups), NumPy float64.

    Args: rank: number of spatial axes (1 to 3; drawn if None). Shapes: input (N, C, *spatial), weight (O, C / groups,
        *kernel).
    """
    rank = draw(st.integers(1, 3)) if rank is None else rank
    side = st.integers(1, max_kernel if rank < 3 else min(max_kernel, 2))
    kernel = tuple(draw(side) for _ in range(rank))
    stride = tuple(draw(st.integers(1, max_stride)) for _ in range(rank))
    dilation = tuple(draw(st.integers(1, max_dilation)) for _ in range(rank))
    padding = tuple(draw(st.integers(0, max_padding)) for _ in range(rank))
    groups = draw(st.integers(1, 3))
    n, c, o = draw(st.integers(1, 2)), groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    spatial = tuple(max(1, d * (k - 1) + 1 - 2 * p) + draw(st.integers(0, max_extra))
                    for k, d, p in zip(kernel, dilation, padding))
    x = draw(arrays((n, c, *spatial)))
    w = draw(arrays((o, c // groups, *kernel)))
    b = draw(st.none() | arrays((o,)))
    return x, w, b, {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}


@st.composite
def pool_cases(draw, rank=None, max_kernel=3, max_stride=3, max_dilation=1, max_extra=3):
    """Valid poolings of an input without ties: (input, dict of kernel_size, stride, padding, ceil_mode[, dilation])."""
    rank = draw(st.integers(1, 3)) if rank is None else rank
    kernel = tuple(draw(st.integers(1, max_kernel)) for _ in range(rank))
    stride = tuple(draw(st.integers(1, max_stride)) for _ in range(rank))
    dilation = tuple(draw(st.integers(1, max_dilation)) for _ in range(rank))
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    spatial = tuple(max(1, d * (k - 1) + 1 - 2 * p) + draw(st.integers(0, max_extra))
                    for k, d, p in zip(kernel, dilation, padding))
    x = draw(arrays((draw(st.integers(1, 2)), draw(st.integers(1, 2)), *spatial), distinct=True))
    options = {"kernel_size": kernel, "stride": stride, "padding": padding, "ceil_mode": draw(st.booleans())}
    if max_dilation > 1:
        options["dilation"] = dilation
    return x, options
