"""Pools of large windows that tile the input: the same bits of the winner, and the plain twin's sums."""
import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.geometry import pool_geometry
from tinygrad_cnn.kernels import generic
from tinygrad_cnn.kernels.cpu import pool as tiled

CPU = tg.device("cpu")
INDEX = frozenset(["index"])
SIZES = [((32,), (16,)), ((6, 4), (2, 2)), ((9, 6), (3, 3)), ((12, 8), (4, 4)), ((8, 30), (2, 10)),
         ((16, 34), (16, 17)), ((4, 6, 8), (2, 3, 4))]


def case(size, kernel, dtype="float32", seed=0, last=True):
    """x (N, C, *size) of few different values, so that there are ties, channels-last in memory; and the geometry."""
    values = np.random.default_rng(seed).integers(-9, 9, (3, *size, 5)).astype(dtype)
    x = np.moveaxis(values, -1, 1)
    geom = pool_geometry("test", size, kernel, kernel, 0, 1, False)
    return x if last else np.ascontiguousarray(x), geom


def same_pool(x, geom):
    """max_pool and its index, and max_pool_dx, are the plain twin's to the bit."""
    found, expected = (room.max_pool(CPU, x, geom=geom, wants=INDEX) for room in (tiled, generic))
    g = np.random.default_rng(1).standard_normal(found[0].shape).astype("float32")
    found += (tiled.max_pool_dx(CPU, g, found[1], geom=geom), tiled.max_pool(CPU, x, geom=geom)[0])
    expected += (generic.max_pool_dx(CPU, g, expected[1], geom=geom), expected[0])
    for a, b in zip(found, expected):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("last", [True, False], ids=["channels-last", "channels-first"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int32", "uint8"])
@pytest.mark.parametrize(("size", "kernel"), SIZES, ids=str)
def test_the_largest_of_a_tile_is_the_first_of_equals(size, kernel, dtype, last):
    same_pool(*case(size, kernel, dtype, last=last))


@pytest.mark.parametrize("place", [(0, 0), (5, 3), (11, 7)], ids=str)
def test_nan_wins_its_tile(place):
    x, geom = case((12, 8), (4, 4))
    x[1, 2][place] = np.nan
    x[1, 2, 6, 6] = np.nan
    same_pool(x, geom)


def test_a_tile_of_minus_infinity_takes_its_first_position():
    x, geom = case((12, 8), (4, 4))
    x[0] = -np.inf
    x[1, :, :5] = np.inf
    same_pool(x, geom)


@pytest.mark.parametrize("divisor", [None, 3])
@pytest.mark.parametrize(("size", "kernel"), SIZES, ids=str)
def test_the_average_of_a_tile_and_its_gradient_agree_with_the_plain_twin(size, kernel, divisor):
    x, geom = case(size, kernel, "float64")
    options = {"geom": geom, "count_include_pad": True, "divisor_override": divisor}
    y = tiled.avg_pool(CPU, x, **options)
    np.testing.assert_allclose(y, generic.avg_pool(CPU, x, **options), rtol=1e-14)
    g = np.random.default_rng(1).standard_normal(y.shape)
    np.testing.assert_array_equal(tiled.avg_pool_dx(CPU, g, **options), generic.avg_pool_dx(CPU, g, **options))


def test_no_images_have_no_pools_and_no_gradient():
    x, geom = case((12, 8), (4, 4))
    y, index = tiled.max_pool(CPU, x[:0], geom=geom, wants=INDEX)
    assert y.shape == index.shape == (0, 5, 3, 2)
    assert tiled.max_pool_dx(CPU, y, index, geom=geom).shape == (0, 5, 12, 8)
