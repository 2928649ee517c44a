"""Rows in blocks: softmax and layer norm are those of the plain kernels, and no row knows of another."""
import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.kernels import cpu, generic
from tinygrad_cnn.kernels.cpu.rows import Along, block_rows
from tinygrad_cnn.ops.normalization import Form

CPU = tg.device("cpu")
SHAPES = [(300, 56), (301, 57), (70, 128), (9, 3000), (130, 9000), (5, 40000), (3, 500_000)]  # short, long, in tiles
SOFTMAX = [("softmax", "softmax_grad"), ("log_softmax", "log_softmax_grad")]


@pytest.fixture(autouse=True)
def silent():
    """Kernels run where NumPy does not warn."""
    with np.errstate(all="ignore"):
        yield


def along_rows(shape):
    return Form(shape, (1,), shape[1:], shape[1:], False)


def normal(shape, count=1, dtype="float64"):
    return np.random.default_rng(0).standard_normal((count, *shape)).astype(dtype)


def layer_norm(room, x, g, w, b, eps=1e-5):
    """y, mean, rstd, dx, dweight, dbias."""
    form = along_rows(x.shape)
    y, mean, rstd = room.layer_norm(CPU, x, w, b, form, eps)
    return y, mean, rstd, *room.norm_grad(CPU, g, x, w, mean, rstd, form, eps, True)


@pytest.mark.parametrize("affine", [True, False], ids=["affine", "plain"])
@pytest.mark.parametrize("offset", [0, 50])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_layer_norm_in_tiles_agrees_with_its_plain_twin(shape, offset, affine):
    x, g = normal(shape, 2)
    x += offset
    w, b = normal(shape[1:], 2) if affine else (None, None)
    for ours, theirs in zip(layer_norm(cpu, x, g, w, b), layer_norm(generic, x, g, w, b)):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_number_of_threads_changes_no_bit_of_layer_norm(shape):
    x, g = normal(shape, 2, "float32")
    w, b = normal(shape[1:], 2, "float32")
    before, found = CPU.workers.num_threads, []
    try:
        for count in (1, 2, 3):
            CPU.workers.set_num_threads(count)
            found.append(layer_norm(cpu, x, g, w, b))
    finally:
        CPU.workers.set_num_threads(before)
    for other in found[1:]:
        assert all((a == b).all() for a, b in zip(found[0], other))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf], ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_row_that_is_no_number_leaves_the_others_alone(shape, bad):
    x, g = normal(shape, 2, "float32")
    w, b = normal(shape[1:], 2, "float32")
    clean = layer_norm(cpu, x, g, w, b)
    x[2, 5] = bad
    found = layer_norm(cpu, x, g, w, b)
    assert np.isnan(found[0][2]).all() and np.isnan(found[3][2]).all()
    for ours, theirs in zip(found[:4], clean):
        np.testing.assert_allclose(np.delete(ours, 2, axis=0), np.delete(theirs, 2, axis=0), rtol=1e-4, atol=1e-5)


def test_a_row_of_equal_numbers_is_normalised_to_the_bias():
    x = np.full((300, 56), 3.0, "float32")
    w, b = normal((56,), 2, "float32")
    assert (layer_norm(cpu, x, x, w, b)[0] == b).all()


def test_squares_too_large_for_float32_are_left_infinite_as_by_the_plain_twin():
    x = normal((300, 56), dtype="float32")[0]
    x[7] *= np.float32(1e25)
    ours, theirs = (layer_norm(room, x, x[::-1].copy(), None, None)[:3] for room in (cpu, generic))
    for a, b in zip(ours, theirs):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_rows_whose_squares_vanish_are_infinite_as_by_the_plain_twin_where_eps_is_0():
    x = normal((300, 56), dtype="float32")[0] * np.float32(1e-25)
    ours, theirs = (layer_norm(room, x, x, None, None, eps=0)[0] for room in (cpu, generic))
    assert np.isinf(theirs).all()
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.oracle
@pytest.mark.parametrize("offset", [0, 0.95, 1.9, 1000])
@pytest.mark.parametrize("shape", [(2000, 56), (300, 1000), (80, 5000), (20, 40000)], ids=str)
def test_layer_norm_in_float32_is_at_most_3_times_as_far_off_as_pytorch_s(shape, offset):
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    x, g = normal(shape, 2, "float32")
    x += np.float32(offset)
    w, b = normal(shape[1:], 2, "float32")

    def run(m, dtype):
        x_, w_, b_, g_ = (m.tensor(a.astype(dtype)) for a in (x, w, b, g))
        for a in (x_, w_, b_):
            a.requires_grad_()
        y = m.nn.functional.layer_norm(x_, shape[1:], w_, b_)
        y.backward(g_)
        return [a.detach().numpy() for a in (y, x_.grad, w_.grad, b_.grad)]

    for ours, theirs, exact in zip(run(tg, "float32"), run(torch, "float32"), run(torch, "float64")):
        off, allowed = (np.sqrt(np.mean((a - exact) ** 2)) for a in (ours, theirs))
        assert off <= 3 * allowed


@pytest.mark.parametrize("shape", [(3, 8192), (3, 65536), (2, 393216)], ids=str)
def test_a_long_row_is_summed_as_exactly_as_a_short_one(shape):
    x = normal(shape, dtype="float32")[0] + np.float32(0.9)
    wide = x.astype("float64")
    _, mean, rstd = cpu.layer_norm(CPU, x, None, None, along_rows(shape), 1e-5)
    np.testing.assert_allclose(mean, wide.mean(axis=1, keepdims=True), rtol=4e-7)
    np.testing.assert_allclose(rstd, 1 / np.sqrt(wide.var(axis=1, keepdims=True) + 1e-5), rtol=4e-7)


@pytest.mark.parametrize("names", SOFTMAX, ids=lambda names: names[0])
@pytest.mark.parametrize("scale", [1, 40, 400])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_softmax_in_blocks_agrees_with_its_plain_twin(shape, scale, names):
    x, g = normal(shape, 2)
    x *= scale
    found = []
    for room in (cpu, generic):
        forward, backward = (getattr(room, name) for name in names)
        y = forward(CPU, x, dim=1)
        found.append((y, backward(CPU, g, y, dim=1)))
    for ours, theirs in zip(*found):                    # a gradient is a difference of numbers of about 1
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("level", [-1000, -90, -5, 0, 60, 90, 1000])
def test_softmax_keeps_its_digits_wherever_its_row_lies(level):
    x = normal((300, 56), dtype="float32")[0] + np.float32(level)
    exact = generic.softmax(CPU, x.astype("float64"), dim=1)
    np.testing.assert_allclose(cpu.softmax(CPU, x, dim=1), exact, rtol=2e-6)


def test_softmax_keeps_the_digits_of_the_smallest_probabilities():
    x = normal((300, 56), dtype="float32")[0]
    x[:, 0] = -80
    exact = generic.softmax(CPU, x.astype("float64"), dim=1)
    np.testing.assert_allclose(cpu.softmax(CPU, x, dim=1), exact, rtol=2e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf], ids=str)
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_a_row_without_a_softmax_leaves_the_others_alone(name, bad):
    x = normal((300, 56), dtype="float32")[0]
    kernel = getattr(cpu, name)
    clean = kernel(CPU, x, dim=1)
    x[2] = bad
    found = kernel(CPU, x, dim=1)
    assert np.isnan(found[2]).all()
    np.testing.assert_allclose(np.delete(found, 2, axis=0), np.delete(clean, 2, axis=0), rtol=2e-6)


@pytest.mark.parametrize("width", [1, 56, 128, 129, 2047])
@pytest.mark.parametrize("count", [1, 6, 7])
def test_numbers_laid_out_along_rows_are_the_outer_product(count, width):
    (numbers,), (values, constant) = normal((count,)), normal((width,), 2)
    out = np.empty((count, width))
    np.testing.assert_allclose(Along(values).times(numbers, out), np.outer(numbers, values), rtol=1e-15)
    found = Along(values, constant).times(numbers, out)
    np.testing.assert_allclose(found, np.outer(numbers, values) + constant, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("count", "width"), [(57344, 56), (50176, 64), (3, 5), (1, 10**6), (10**6, 1)], ids=str)
def test_blocks_of_rows_are_even_and_cover_them(count, width):
    rows = block_rows(count, width)
    blocks = -(-count // rows)
    assert rows % 2 == 0 and (blocks % 2 == 0 or count * width < 1 << 17 or count < 4)
