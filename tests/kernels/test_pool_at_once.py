"""Max pools that take all taps at once give what the walk over the taps gives, and need no memory to speak of."""
import numpy as np
import pytest

from tinygrad_cnn.device import CPU
from tinygrad_cnn.geometry import pool_geometry
from tinygrad_cnn.kernels import generic
from tinygrad_cnn.kernels.cpu import pool, pool_at_once

INF, NAN = float("inf"), float("nan")
WINDOWS = [(2, 2, 0, 1), (3, 3, 0, 1), (3, 2, 1, 1), ((2, 3), (2, 3), 0, 1), (2, 3, 1, 1), (2, 2, 0, 2)]


def geometry(shape, kernel, stride, padding, dilation):
    return pool_geometry("max_pool", shape[2:], kernel, stride, padding, dilation, False)


def draw(shape, dtype="float32"):
    """Small whole numbers, so that many are equal; channels-last in memory."""
    n, c, *size = shape
    return np.random.default_rng(0).integers(-3, 4, (n, *size, c)).astype(dtype).transpose(0, 3, 1, 2)


@pytest.mark.parametrize("special", [None, NAN, INF, -INF], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int64"])
@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_values_taps_and_gradients_are_those_of_the_walk(window, dtype, special):
    shape = (5, 3, 12, 13)
    x, geom = draw(shape, dtype), geometry(shape, *window)
    assert pool_at_once.pays(geom, 3 * x.itemsize)
    if special is not None and x.dtype.kind == "f":
        x[1, :, 4:7, 3] = special
    found, expected = (room.max_pool(CPU, x, geom=geom, wants={"index"}) for room in (pool, generic))
    for ours, theirs in zip(found, expected):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(pool.max_pool(CPU, x, geom=geom)[0], expected[0])
    if x.dtype.kind == "f":
        g = draw((5, 3, *geom.output), dtype)
        if special is not None:
            g[2, 0] = special
        dx = [room.max_pool_dx(CPU, g, found[1], geom=geom) for room in (pool, generic)]
        np.testing.assert_array_equal(*dx)


def test_windows_that_overlap_often_are_walked_and_take_little_scratch_memory():
    shape = (2, 3, 128, 128)
    CPU.workers.release()
    pool.max_pool(CPU, draw(shape), geom=geometry(shape, 15, 1, 7, 1), wants={"index"})
    assert CPU.workers.scratch_bytes() <= 8 << 20
