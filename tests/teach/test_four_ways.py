"""four_ways: one layer, four algorithms, the same numbers."""
import sys

import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.errors import ArgumentError, ShapeError
from tinygrad_cnn.teach.four_ways import four_ways
from tinygrad_cnn.testing import reference_conv


@pytest.mark.parametrize("kernel, padding", [(3, 0), (3, 1), (5, 2)])
def test_they_give_the_same_numbers_and_their_errors_are_those_against_float64(kernel, padding):
    x, w = tg.randn(2, 8, 10, 11), tg.randn(4, 8, kernel, kernel)
    found = four_ways(x, w, padding, repeats=2)
    geometry = tg.geometry.conv_geometry("conv2d", (10, 11), (kernel, kernel), 1, padding)
    exact = reference_conv.conv(x.numpy().astype(float), w.numpy().astype(float), geom=geometry)
    assert np.allclose(found.exact, exact, rtol=0, atol=1e-12)
    for way in found.ways:
        if not way.missing:
            assert way.output.shape == exact.shape and way.output.dtype == np.float32
            assert way.error == pytest.approx(np.abs(way.output - exact).max() / np.abs(exact).max(), rel=1e-6)
            assert way.error < 2e-5 and way.seconds > 0
    assert found["loops"].seconds > found["im2col"].seconds
    assert found.products == 2 * 4 * 8 * kernel ** 2 * geometry.output[0] * geometry.output[1]


@pytest.mark.oracle
def test_pytorch_is_the_fourth():
    way = four_ways((1, 4, 6, 6), (4, 4, 3, 3), repeats=2)["PyTorch"]
    assert way.missing is None and way.error < 1e-5


def test_without_pytorch_the_fourth_says_so(monkeypatch):
    monkeypatch.setattr(sys.modules["tinygrad_cnn.teach.four_ways"], "find_spec", lambda name: None)
    found = four_ways((1, 4, 6, 6), (4, 4, 3, 3), repeats=2, lang="en")
    assert found["PyTorch"].missing == "PyTorch is not installed" and found["PyTorch"].output is None
    assert "PyTorch is not installed" in str(found)


def test_the_table_has_a_line_for_each_way():
    lines = str(four_ways((1, 4, 6, 6), (4, 4, 3, 3), repeats=2, lang="en")).splitlines()
    assert " ".join(lines[:2]) == ("One convolution layer told four ways: (1, 4, 6, 6) * (4, 4, 3, 3) -> "
                                   "(1, 4, 6, 6), 5,184 multiply-adds")
    assert [line.split()[0] for line in lines[5:9]] == ["loops", "im2col", "Winograd", "PyTorch"]


def test_random_layers_are_the_same_every_time_and_leave_the_random_numbers_alone():
    before = tg.generator.default_generator().get_state()
    first, second = (four_ways((1, 4, 6, 6), (4, 4, 3, 3), repeats=2) for _ in range(2))
    assert np.array_equal(first.exact, second.exact)
    assert tg.generator.default_generator().get_state() == before


@pytest.mark.parametrize("x, w, error, message", [
    ((1, 3, 8, 8), (4, 2, 3, 3), ShapeError, r"images \(1, 3, 8, 8\) and weight \(4, 2, 3, 3\) do not fit.*same C"),
    ((1, 3, 8, 8), (4, 3, 2, 2), ArgumentError, r"the kernel is \(2, 2\).*3x3 and 5x5"),
    ((8, 64, 32, 32), (64, 64, 3, 3), ArgumentError, "products are too many for Python loops.*2,000,000"),
], ids=["channels", "kernel", "too large"])
def test_layers_that_cannot_be_told_in_all_ways_are_refused(x, w, error, message):
    with pytest.raises(error, match=f"four_ways: .*{message}"):
        four_ways(x, w)
