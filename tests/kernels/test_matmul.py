"""Large products are cut along their longest axis for threads: the same numbers as NumPy's, in any layout."""
import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.kernels.cpu.matmul import ALONE, PARALLEL

SHAPES = {"alone": ((64, 70), (70, 80)), "rows": ((900, 80), (80, 70)), "columns": ((70, 80), (80, 900)),
          "stack": ((90, 40, 50), (90, 50, 30)), "rows in a stack": ((2, 900, 60), (2, 60, 50)),
          "one matrix for a stack": ((90, 40, 50), (1, 50, 30)), "a stack for one matrix": ((40, 50), (90, 50, 30)),
          "two stacks": ((3, 1, 200, 60), (5, 60, 200)), "vector": ((900, 700), (700,))}


def product(shapes, dtype, order):
    rng = np.random.default_rng(0)
    a, b = (order(rng.standard_normal(shape)).astype(dtype, order="K") for shape in SHAPES[shapes])
    return tg.from_numpy(a) @ tg.from_numpy(b), a.astype(np.float64) @ b.astype(np.float64)


def transposed_in_memory(a):
    return np.ascontiguousarray(a.swapaxes(0, -1)).swapaxes(0, -1)


@pytest.mark.parametrize("shapes", SHAPES)
@pytest.mark.parametrize("dtype, rtol", [("float64", 1e-12), ("float32", 1e-4)], ids=["float64", "float32"])
@pytest.mark.parametrize("order", [np.ascontiguousarray, transposed_in_memory], ids=["C", "transposed"])
def test_a_product_of_any_shape_and_layout_is_numpy_s(shapes, dtype, rtol, order):
    found, exact = product(shapes, dtype, order)
    np.testing.assert_allclose(found.numpy(), exact, rtol=rtol, atol=rtol * 10)
    assert found.dtype is getattr(tg, dtype)
    again, _ = product(shapes, dtype, order)
    np.testing.assert_array_equal(again.numpy(), found.numpy())


def test_the_shapes_above_reach_every_way_of_cutting():
    counts = {name: np.prod(np.broadcast_shapes(a[:-2], b[:-2])) * a[-2] * a[-1] * b[-1]
              for name, (a, b) in SHAPES.items() if name != "vector"}
    assert ALONE < counts.pop("alone") < PARALLEL
    assert min(counts.values()) >= PARALLEL


def test_whole_numbers_are_multiplied_exactly_in_threads_too():
    a = np.arange(250 * 130).reshape(250, 130) % 97
    b = np.arange(130 * 140).reshape(130, 140) % 89
    assert a.size * b.shape[1] >= PARALLEL
    np.testing.assert_array_equal((tg.from_numpy(a) @ tg.from_numpy(b)).numpy(), a @ b)
