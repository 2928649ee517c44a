"""Records of pools, adaptive pools and unpooling."""
import numpy as np
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.records import Record, arrays, register
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError, TensorIndexError
from tinygrad_cnn.geometry import pool_geometry
from tinygrad_cnn.testing import reference_conv as reference
from tinygrad_cnn.testing.strategies import pool_cases

MAX_POOL = {3: tg.max_pool1d, 4: tg.max_pool2d, 5: tg.max_pool3d}
AVG_POOL = {3: tg.avg_pool1d, 4: tg.avg_pool2d, 5: tg.avg_pool3d}
LP_POOL = {3: tg.lp_pool1d, 4: tg.lp_pool2d, 5: tg.lp_pool3d}
ADAPTIVE_AVG = {3: tg.adaptive_avg_pool1d, 4: tg.adaptive_avg_pool2d, 5: tg.adaptive_avg_pool3d}
ADAPTIVE_MAX = {3: tg.adaptive_max_pool1d, 4: tg.adaptive_max_pool2d, 5: tg.adaptive_max_pool3d}
UNPOOL = {3: tg.max_unpool1d, 4: tg.max_unpool2d, 5: tg.max_unpool3d}


@st.composite
def pools(draw, averages=False):
    x, options = draw(pool_cases(max_extra=2))
    if averages:
        options["count_include_pad"] = draw(st.booleans())
        if x.ndim > 3:
            options["divisor_override"] = draw(st.sampled_from([None, None, 3, -2]))
    return (x,), options


def geometry(x, *, kernel_size, stride, padding=0, ceil_mode):
    return pool_geometry("pool", x.shape[2:], kernel_size, stride, padding, 1, ceil_mode)


def avg_pool(x, *, count_include_pad, divisor_override=None, **options):
    return reference.avg_pool_loops(x, geom=geometry(x, **options), count_include_pad=count_include_pad,
                                    divisor_override=divisor_override)


register(Record(
    "max_pool", ops="max_pool max_pool_dx max_pool_gather", cases=pools(),
    function=lambda x, **options: MAX_POOL[x.ndim](x, **options),
    reference=lambda x, **options: reference.max_pool_loops(x, geom=geometry(x, **options))[0], wrong=[
        (lambda: tg.max_pool2d(tg.ones(4, 4), 2), ShapeError, r"max_pool2d: input has 2 dimensions \(4, 4\) but must "
                                                              r"be \(N, C, H, W\)"),
        (lambda: tg.max_pool2d(tg.ones(1, 1, 4, 4), 5), ShapeError, r"max_pool2d: no window fits along H: floor\(\(4 "
                                                                    r"\+ 2\*0 - 1\*\(5 - 1\) - 1\)/5\) \+ 1 = 0"),
        (lambda: tg.max_pool2d(tg.ones(1, 1, 4, 4), 2, padding=2), ArgumentError, r"max_pool2d: padding \(2, 2\) is "
                                                                                  r"more than half of the kernel"),
        (lambda: tg.max_pool1d(tg.ones(1, 1, 4), (2, 2)), ArgumentError, r"max_pool1d: kernel_size=\(2, 2\) has 2 "
                                                                         r"numbers for 1 spatial axes"),
        (lambda: tg.max_pool3d(tg.ones(1, 1, 4, 4, 4), 0), ArgumentError, r"max_pool3d: kernel_size=0 .*at least 1"),
        (lambda: tg.max_pool1d(tg.ones(1, 1, 4).bool(), 2), DTypeError, r"max_pool1d: input is tinygrad_cnn.bool"),
        (lambda: tg.max_pool1d(np.ones((1, 1, 4)), 2), DTypeError, r"max_pool1d: input must be a Tensor, got "
                                                                   r"ndarray")]))
register(Record(
    "max_pool with indices", ops="max_pool max_pool_index", cases=pools(),
    function=lambda x, **options: MAX_POOL[x.ndim](x, **options, return_indices=True),
    reference=lambda x, **options: reference.max_pool_loops(x, geom=geometry(x, **options))))
register(Record(
    "avg_pool", ops="avg_pool avg_pool_dx", cases=pools(averages=True), reference=avg_pool,
    function=lambda x, **options: AVG_POOL[x.ndim](x, **options), wrong=[
        (lambda: tg.avg_pool2d(tg.ones(1, 4, 4).long(), 2), DTypeError, r"avg_pool2d: input is tinygrad_cnn.int64 but "
                                                                        r"must be floating point"),
        (lambda: tg.avg_pool2d(tg.ones(1, 4, 4), 2, divisor_override=0), ArgumentError, r"avg_pool2d: "
                                                                                        r"divisor_override=0 must be "
                                                                                        r"an integer other than 0"),
        (lambda: tg.avg_pool1d(tg.ones(1, 4), 2, 0), ArgumentError, r"avg_pool1d: stride=0")]))


@st.composite
def positive_pools(draw):
    x, options = draw(pool_cases(max_extra=2))
    del options["padding"]
    size = tuple(max(n, k) for n, k in zip(x.shape[2:], options["kernel_size"]))
    options["norm_type"] = draw(st.sampled_from([1, 2, 3, 2.5]))
    return (draw(arrays((*x.shape[:2], *size), low=0.5)),), options


register(Record(
    "lp_pool", ops="avg_pool", cases=positive_pools(), function=lambda x, **options: LP_POOL[x.ndim](x, **options),
    reference=lambda x, norm_type, **options: (reference.avg_pool_loops(x ** norm_type, geom=geometry(x, **options))
                                               * np.prod(options["kernel_size"])) ** (1 / norm_type), wrong=[
        (lambda: tg.lp_pool2d(tg.ones(1, 4, 4), 0, 2), ArgumentError, r"lp_pool2d: norm_type=0 must be a positive "
                                                                      r"number"),
        (lambda: tg.lp_pool1d(tg.ones(1, 4), 2, 5), ShapeError, r"lp_pool1d: no window fits"),
        (lambda: tg.lp_pool3d(tg.ones(1, 4, 4, 4).int(), 2, 2), DTypeError, r"lp_pool3d: input is "
                                                                            r"tinygrad_cnn.int32")]))


@st.composite
def adaptive(draw):
    rank = draw(st.integers(1, 3))
    size, output = (tuple(draw(st.integers(1, 5 if rank < 3 else 3)) for _ in range(rank)) for _ in range(2))
    return (draw(arrays((draw(st.integers(1, 2)), 2, *size), distinct=True)),), {"output_size": output}


def adaptive_largest(x, *, output_size):
    """The value and the position of each window's largest element."""
    y = reference.adaptive_loops(x, output_size, np.max)
    flat = x.reshape(*x.shape[:2], -1)
    index = np.zeros(y.shape, np.int64)
    for place in np.ndindex(*y.shape):
        index[place] = np.flatnonzero(flat[place[:2]] == y[place])[0]
    return y, index


register(Record(
    "adaptive_avg_pool", ops="adaptive_avg_pool adaptive_avg_pool_dx", cases=adaptive(),
    function=lambda x, **options: ADAPTIVE_AVG[x.ndim](x, **options),
    reference=lambda x, output_size: reference.adaptive_loops(x, output_size, np.mean), wrong=[
        (lambda: tg.adaptive_avg_pool2d(tg.ones(1, 4, 4), -1), ArgumentError, r"adaptive_avg_pool2d: output_size=\(-1, "
                                                                              r"-1\) .*at least 0"),
        (lambda: tg.adaptive_avg_pool2d(tg.ones(1, 4, 0), 1), ShapeError, r"adaptive_avg_pool2d: the input is empty "
                                                                          r"\(spatial size \(4, 0\)\)"),
        (lambda: tg.adaptive_avg_pool1d(tg.ones(1, 4).long(), 1), DTypeError, r"adaptive_avg_pool1d: input is "
                                                                              r"tinygrad_cnn.int64"),
        (lambda: tg.adaptive_avg_pool3d(tg.ones(1, 4), 1), ShapeError, r"adaptive_avg_pool3d: input has 2 "
                                                                       r"dimensions")]))
register(Record(
    "adaptive_max_pool", ops="adaptive_max_pool adaptive_max_pool_index spatial_gather spatial_scatter",
    function=lambda x, **options: ADAPTIVE_MAX[x.ndim](x, **options, return_indices=True),
    cases=adaptive(), reference=adaptive_largest, wrong=[
        (lambda: tg.adaptive_max_pool2d(tg.ones(1, 4, 4), (2, 2, 2)), ArgumentError, r"adaptive_max_pool2d: "
                                                                                     r"output_size=\(2, 2, 2\) has 3 "
                                                                                     r"numbers"),
        (lambda: tg.adaptive_max_pool1d(tg.ones(1, 4).bool(), 1), DTypeError, r"adaptive_max_pool1d: input is "
                                                                              r"tinygrad_cnn.bool")]))


@st.composite
def unpoolings(draw):
    """Values and distinct positions, so that nothing is written twice."""
    rank = draw(st.integers(1, 3))
    size = tuple(draw(st.integers(1, 3 if rank < 3 else 2)) for _ in range(rank))
    shape, places = (draw(st.integers(1, 2)), draw(st.integers(1, 2)), *size), int(np.prod(size)) * 2**rank
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    index = np.array([rng.permutation(places)[:np.prod(size)] for _ in range(shape[0] * shape[1])]).reshape(shape)
    return (draw(arrays(shape)), index), {"kernel_size": 2}


def unpool(x, index, *, kernel_size):
    y = np.zeros((*x.shape[:2], *(kernel_size * n for n in x.shape[2:])))
    flat = y.reshape(*y.shape[:2], -1)
    for place in np.ndindex(*x.shape):
        flat[(*place[:2], index[place])] = x[place]
    return y


register(Record(
    "max_unpool", ops="max_unpool spatial_gather spatial_scatter", cases=unpoolings(), reference=unpool,
    function=lambda x, index, **options: UNPOOL[x.ndim](x, index, **options), wrong=[
        (lambda: tg.max_unpool1d(tg.ones(1, 1, 2), tg.tensor([[[0, 4]]]), 2), TensorIndexError,
         r"max_unpool: index has positions from 0 to 4, but an output of spatial size \(4,\) has positions 0 to 3"),
        (lambda: tg.max_unpool1d(tg.ones(1, 1, 2), tg.tensor([[[0.0, 1]]]), 2), DTypeError, r"max_unpool1d: indices "
                                                                                            r"are tinygrad_cnn.float32 "
                                                                                            r"but must be int64"),
        (lambda: tg.max_unpool2d(tg.ones(1, 1, 2, 2), tg.tensor([[[0, 1]]]), 2), ShapeError, r"max_unpool2d: input has "
                                                                                             r"shape \(1, 1, 2, 2\) "
                                                                                             r"but indices \(1, 1, "
                                                                                             r"2\)"),
        (lambda: tg.max_unpool1d(tg.ones(1, 1, 2), tg.tensor([[[0, 1]]]), 2, output_size=(9,)), ArgumentError,
         r"max_unpool1d: output_size \(9,\) is not within")]))
