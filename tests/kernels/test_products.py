"""Products cut into pieces of rows: any number of rows gives what one product gives."""
import numpy as np
import pytest

from tinygrad_cnn.device import CPU
from tinygrad_cnn.kernels.cpu import products


@pytest.mark.parametrize("count", [0, 1, 31, 32, 33, 64, 65, 127, 128, 200])
def test_rows_in_pieces_give_the_whole_product(monkeypatch, count):
    monkeypatch.setattr(products, "UNPACKED", 32 * 12)
    draw = np.random.default_rng(0).standard_normal
    matrix = draw((2, 3, 4))
    rows = draw((2, count, 5))[..., :3]                 # rows with gaps
    for a, b in ((rows[0], matrix[0]), (rows, matrix), (rows[0], np.asfortranarray(matrix[0]))):
        out = np.full((*a.shape[:-1], 7), np.nan)
        products.multiply_in_pieces(a, b, out[..., :4])
        np.testing.assert_allclose(out[..., :4], a @ b)
        assert np.isnan(out[..., 4:]).all()


@pytest.mark.parametrize("count", [0, 1, 31, 64, 65])
@pytest.mark.parametrize("width", [1, 4, 5, 9])
def test_sums_in_parts_give_the_whole_product(monkeypatch, count, width):
    monkeypatch.setattr(products, "SUMMED", 4)
    draw = np.random.default_rng(0).standard_normal
    rows, matrix, out = draw((count, width + 2))[:, :width], draw((width, 4)), np.full((count, 7), np.nan)
    products.multiply_rows(CPU, rows, matrix, out[:, :4])
    np.testing.assert_allclose(out[:, :4], rows @ matrix)
    assert np.isnan(out[:, 4:]).all()


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 128, 129, 300])
def test_columns_in_pieces_give_the_whole_product(monkeypatch, count):
    monkeypatch.setattr(products, "UNPACKED", 64 * 12)
    draw = np.random.default_rng(0).standard_normal
    a, b, out = draw((count, 3)), draw((count, 4)), np.full((3, 4), np.nan)
    products.multiply_columns(CPU, a, b, out)
    np.testing.assert_allclose(out, a.T @ b, atol=1e-12)


def test_a_matrix_of_no_numbers_gives_nothing_or_zeros():
    out = np.full((5, 2), np.nan)
    products.multiply_rows(CPU, np.zeros((5, 0)), np.zeros((0, 2)), out)
    assert not out.any()
    products.multiply_columns(CPU, np.zeros((5, 0)), np.zeros((5, 2)), np.zeros((0, 2)))


def test_long_sums_of_pieces_are_formed_in_parts():
    draw = np.random.default_rng(0)
    a, b = draw.standard_normal((3000, 768), "float32"), draw.standard_normal((768, 64), "float32")
    exact = a.astype("float64") @ b.astype("float64")
    ours, at_once = (np.empty(exact.shape, "float32") for _ in range(2))
    products.multiply_rows(CPU, a, b, ours)
    products.multiply_in_pieces(a, b, at_once)
    errors = [np.linalg.norm(found - exact) / np.linalg.norm(exact) for found in (ours, at_once)]
    assert errors[0] <= min(3e-7, errors[1])            # one after the other: 5e-7
