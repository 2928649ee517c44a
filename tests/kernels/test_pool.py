"""Pooling and fold kernels against loops, on the CPU and on the strict device."""
import itertools
import sys
from functools import partial

import numpy as np
import pytest

from tests.strict import strict_device
from tinygrad_cnn.device import CPU
from tinygrad_cnn.errors import TensorIndexError
from tinygrad_cnn.geometry import adaptive_geometry, conv_geometry, pool_geometry
from tinygrad_cnn.testing import reference_conv as reference

SIZES = {1: (7,), 2: (6, 7), 3: (4, 5, 3)}
INDEX = frozenset(["index"])
MEAN = dict(count_include_pad=True, divisor_override=None)


@pytest.fixture(params=["cpu", "strict"])
def device(request):
    return CPU if request.param == "cpu" else strict_device()


@pytest.fixture(params=["whole", "tiny blocks"], autouse=True)
def blocks(request, monkeypatch):
    """Every test once as it is and once with blocks so small that images are cut into rows."""
    if request.param == "tiny blocks":
        monkeypatch.setattr(sys.modules["tinygrad_cnn.kernels.generic.windows"], "BLOCK", 200)


def run(device, name, *arrays, **attrs):
    """A kernel's result, or tuple of results, as NumPy arrays."""
    with np.errstate(all="ignore"):                     # the engine silences kernels
        found = device.kernel(name)(*map(device.xp.asarray, arrays), **attrs)
    host = [None if a is None else device.asnumpy(a) for a in (found if isinstance(found, tuple) else (found,))]
    return tuple(host) if isinstance(found, tuple) else host[0]


def draw(shape):
    return np.random.default_rng(0).standard_normal(shape)


def grid(rank):
    """Geometries over stride, padding, dilation and ceil_mode; padding is at most half of the kernel."""
    kernel = (3, 2, 2)[:rank]
    for stride, padding, dilation, ceil_mode in itertools.product((1, 2, 3, None), (0, 1), (1, 2), (False, True)):
        size = SIZES[rank]
        if all(n + 2 * padding > dilation * (k - 1) for n, k in zip(size, kernel)):
            yield pool_geometry("pool", size, kernel, stride, padding, dilation, ceil_mode)


def same(a, b, **tolerance):
    np.testing.assert_allclose(a, b, **{"rtol": 1e-12, "atol": 1e-13, **tolerance})


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_max_pool_and_its_indices_are_the_loops(device, rank):
    x = draw((2, 3, *SIZES[rank])) - 5
    for geom in grid(rank):
        y, index = reference.max_pool_loops(x, geom=geom)
        same(run(device, "max_pool", x, geom=geom)[0], y)
        same(run(device, "max_pool", x, geom=geom, wants=INDEX)[0], y)
        inside = np.isfinite(y)
        np.testing.assert_array_equal(run(device, "max_pool_index", x, geom=geom)[inside], index[inside])


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_max_pool_gradients_go_to_the_position_that_won_and_come_back(device, rank):
    x, u = draw((2, 3, *SIZES[rank])) - 5, draw((2, 3, *SIZES[rank]))
    for geom in grid(rank):
        y, flat = reference.max_pool_loops(x, geom=geom)
        inside = np.isfinite(y)                         # with dilation a window may lie in the padding whole
        g = draw(y.shape)
        tap = run(device, "max_pool", x, geom=geom, wants=INDEX)[1]
        dx = np.zeros((6, x[0, 0].size))
        for row, positions, values, real in zip(dx, *(a.reshape(6, -1) for a in (flat, g, inside))):
            np.add.at(row, positions[real], values[real])
        same(run(device, "max_pool_dx", g, tap, geom=geom), dx.reshape(x.shape))
        gathered = np.take_along_axis(u.reshape(6, -1), flat.reshape(6, -1), 1).reshape(y.shape)
        same(run(device, "max_pool_gather", u, tap, geom=geom), np.where(inside, gathered, 0))


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_avg_pool_is_the_loops_and_its_gradient_the_adjoint(device, rank):
    x = draw((2, 3, *SIZES[rank]))
    for geom in grid(rank):
        if max(geom.dilation) > 1:
            continue
        for count_include_pad, divisor in ((True, None), (False, None), (True, 5)):
            attrs = dict(geom=geom, count_include_pad=count_include_pad, divisor_override=divisor)
            y = run(device, "avg_pool", x, **attrs)
            same(y, reference.avg_pool_loops(x, **attrs))
            g = draw(y.shape)
            same(np.sum(run(device, "avg_pool_dx", g, **attrs) * x), np.sum(g * y))


def test_a_window_of_negative_values_never_takes_the_padding(device):
    """Peers pad with zeros: all -1 pooled to 0."""
    geom = pool_geometry("max_pool2d", (4, 5), 3, 2, 1)
    assert (run(device, "max_pool", np.full((1, 1, 4, 5), -1.0), geom=geom)[0] == -1).all()


def test_of_equal_values_the_first_wins(device):
    geom = pool_geometry("max_pool2d", (4, 4), 2)
    assert (run(device, "max_pool", np.ones((1, 1, 4, 4)), geom=geom, wants=INDEX)[1] == 0).all()


@pytest.mark.parametrize("where, expected", [((0,), 0), ((3,), 3), ((1, 2), 2)])
def test_nan_wins_and_its_index_with_it(device, where, expected):
    x = np.array([5.0, -np.inf, 9.0, 1.0])
    x[list(where)] = np.nan
    y, tap = run(device, "max_pool", x.reshape(1, 1, 4), geom=pool_geometry("max_pool1d", (4,), 4), wants=INDEX)
    assert np.isnan(y).all() and tap.item() == expected


def test_a_window_of_minus_infinity_is_minus_infinity_at_its_first_place(device):
    geom = pool_geometry("max_pool1d", (4,), 2)
    y, tap = run(device, "max_pool", np.full((1, 1, 4), -np.inf), geom=geom, wants=INDEX)
    assert np.isneginf(y).all() and not tap.any()


@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_an_infinite_gradient_goes_to_its_own_position_only(device, bad):
    geom = pool_geometry("max_pool1d", (6,), 3, 1)
    _, tap = run(device, "max_pool", np.array([[[0.0, 5, 1, 2, 0, 9]]]), geom=geom, wants=INDEX)
    dx = run(device, "max_pool_dx", np.array([[[1.0, 1, 1, bad]]]), tap, geom=geom)
    np.testing.assert_array_equal(dx, [[[0, 2, 0, 1, 0, bad]]])


def test_integers_are_pooled(device):
    x = np.array([[[-7, -3, -9, -8, -1]]])
    y = run(device, "max_pool", x, geom=pool_geometry("max_pool1d", (5,), 2, 2, 1))[0]
    assert y.dtype == np.int64 and y.tolist() == [[[-7, -3, -1]]]


def test_more_taps_than_a_byte_can_number(device):
    x = np.arange(17.0 * 17).reshape(1, 1, 17, 17)
    geom = pool_geometry("max_pool2d", (17, 17), 17)
    _, tap = run(device, "max_pool", x, geom=geom, wants=INDEX)
    assert tap.dtype == np.uint16 and tap.item() == 288


@pytest.mark.parametrize("name", ["max_pool", "avg_pool", "adaptive_avg_pool"])
def test_float16_means_and_maxima_do_not_overflow(device, name):
    x = np.full((1, 2, 8), 60_000, np.float16)
    geom = adaptive_geometry("pool", (8,), (3,)) if name == "adaptive_avg_pool" else pool_geometry("pool", (8,), 4)
    y = run(device, name, x, geom=geom, **(MEAN if name == "avg_pool" else {}))
    y = y[0] if name == "max_pool" else y
    assert y.dtype == np.float16 and (y == 60_000).all()


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_adaptive_pools_are_the_loops(device, rank):
    x = draw((2, 3, *SIZES[rank]))
    for output in ((1, 1, 1), (3, 2, 2), (5, 6, 4), (9, 3, 3)):
        geom = adaptive_geometry("adaptive", SIZES[rank], output[:rank])
        same(run(device, "adaptive_avg_pool", x, geom=geom), reference.adaptive_loops(x, geom.output, np.mean))
        largest = reference.adaptive_loops(x, geom.output, np.max)
        y, index = run(device, "adaptive_max_pool", x, geom=geom, wants=INDEX)
        same(y, largest)
        same(np.take_along_axis(x.reshape(6, -1), index.reshape(6, -1), 1).reshape(y.shape), largest)
        g = draw(y.shape)
        mean = run(device, "adaptive_avg_pool", x, geom=geom)
        same(np.sum(run(device, "adaptive_avg_pool_dx", g, geom=geom) * x), np.sum(mean * g))


def test_adaptive_max_takes_the_first_of_equals_and_nan(device):
    geom = adaptive_geometry("adaptive", (3, 5), (2, 2))
    _, index = run(device, "adaptive_max_pool", np.zeros((1, 1, 3, 5)), geom=geom, wants=INDEX)
    assert index.tolist() == [[[[0, 2], [5, 7]]]]
    x = np.zeros((1, 1, 3, 5))
    x[0, 0, 1, 2] = np.nan
    y, index = run(device, "adaptive_max_pool", x, geom=geom, wants=INDEX)
    assert np.isnan(y).all() and (index == 7).all()


def test_scattering_adds_what_meets_and_gathering_reads_it_back(device):
    index = np.array([[[0, 3, 3]]])
    same(run(device, "spatial_scatter", np.array([[[1.0, 2, 4]]]), index, size=(2, 2)), [[[[1, 0], [0, 6]]]])
    same(run(device, "spatial_gather", np.array([[[[1.0, 2], [3, 4]]]]), index), [[[1, 4, 4]]])


def test_unpooling_puts_values_back_and_refuses_positions_outside_on_the_cpu(device):
    x, index = np.array([[[5.0, 6]], [[7, 8]]]), np.array([[[1, 3]], [[0, 2]]])
    same(run(device, "max_unpool", x, index, size=(4,)), [[[0, 5, 0, 6]], [[7, 0, 8, 0]]])
    if device.type == "cpu":                            # elsewhere looking would cost waiting for the device
        with pytest.raises(TensorIndexError, match=r"max_unpool: index has positions from 0 to 3, but .*\(3,\) has "
                                                   r"positions 0 to 2"):
            run(device, "max_unpool", x, index, size=(3,))


@pytest.mark.parametrize("numbers", [dict(), dict(stride=2, padding=1), dict(dilation=2),
                                     dict(stride=(1, 3), padding=(2, 0))])
def test_unfold_is_the_loops_and_fold_its_adjoint(device, numbers):
    geom = conv_geometry("unfold", (6, 7), (3, 2), **numbers)
    x = draw((2, 3, 6, 7))
    columns = run(device, "im2col", x, geom=geom)
    same(columns, reference.im2col_loops(x, geom=geom))
    c = draw(columns.shape)
    same(np.sum(run(device, "col2im", c, geom=geom) * x), np.sum(c * columns))


def test_an_empty_batch_gives_an_empty_result(device):
    x, geom = np.zeros((0, 3, 4, 4)), pool_geometry("pool", (4, 4), 2)
    y, tap = run(device, "max_pool", x, geom=geom, wants=INDEX)
    assert y.shape == tap.shape == (0, 3, 2, 2)
    assert run(device, "max_pool_dx", y, tap, geom=geom).shape == x.shape
    assert run(device, "avg_pool_dx", run(device, "avg_pool", x, geom=geom, **MEAN), geom=geom, **MEAN).shape == x.shape
    columns = run(device, "im2col", x, geom=conv_geometry("unfold", (4, 4), (2, 2)))
    assert columns.shape == (0, 12, 9)
    assert run(device, "col2im", columns, geom=conv_geometry("unfold", (4, 4), (2, 2))).shape == x.shape


def test_any_memory_order_gives_the_same_channels_last():
    x, geom = draw((2, 3, 6, 7)), pool_geometry("pool", (6, 7), 3, 2, 1)
    pools = (lambda a: CPU.kernel("max_pool")(a, geom=geom)[0], partial(CPU.kernel("avg_pool"), geom=geom, **MEAN))
    for order in (np.asfortranarray, lambda a: np.moveaxis(np.ascontiguousarray(np.moveaxis(a, 1, -1)), -1, 1)):
        for kernel in pools:
            same(kernel(order(x)), kernel(x))
            assert np.moveaxis(kernel(order(x)), 1, -1).flags.c_contiguous
