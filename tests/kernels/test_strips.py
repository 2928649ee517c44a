"""Strips of neighbouring outputs: how they are cut, and that infinities stay where they belong."""
import numpy as np
import pytest

from tests.kernels.test_conv import Kernels, case, check, windows
from tinygrad_cnn.device import CPU
from tinygrad_cnn.geometry import conv_geometry
from tinygrad_cnn.kernels.cpu import conv_strips, products
from tinygrad_cnn.kernels.cpu.choice import algorithm
from tinygrad_cnn.kernels.cpu.copies import copy_runs
from tinygrad_cnn.testing import reference_conv


@pytest.mark.parametrize("width, features, q", [(28, 6, 7), (32, 16, 2), (32, 64, 1), (29, 6, 1), (5, 1, 5)])
def test_a_strip_divides_the_row_and_holds_few_features(width, features, q):
    geometry = conv_geometry("conv", (width, width), (3, 3), padding=1)
    found, wide = conv_strips.strips(geometry, features)
    assert found == q
    assert wide.output == (width, width // q) and wide.kernel == (3, q + 2)


@pytest.mark.parametrize("numbers", [
    dict(size=(9, 12), kernel=(3, 3), stride=(2, 3), padding=1), dict(size=(8, 16), kernel=(2, 3), dilation=(2, 2)),
    dict(size=(12,), kernel=(5,), padding=2), dict(size=(12,), kernel=(2,), stride=4),
    dict(size=(4, 6, 8), kernel=(3, 2, 3), padding=1), dict(size=(5, 13), kernel=(3, 3))])
def test_strips_agree_with_the_reference_also_cut_into_tiny_blocks_and_products(monkeypatch, numbers):
    for block, unpacked in ((1 << 20, 10 ** 6), (1000, 3000)):
        monkeypatch.setattr(windows, "BLOCK", block)
        monkeypatch.setattr(products, "UNPACKED", unpacked)
        with algorithm("strips"):
            check(Kernels(CPU), *case(channels=3, features=4, batch=3, **numbers))


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_an_infinity_reaches_the_windows_that_read_it_and_no_others(bad):
    x, w, bias, g, geom = case((8, 8), (3, 3), channels=2, features=4, padding=1, dtype="float32")
    x[0, 0, 4, 4] = g[1, 2, 3, 5] = bad
    with np.errstate(all="ignore"):
        for name, arrays in (("conv", (x, w)), ("conv_dx", (g, w)), ("conv_dw", (g, x))):
            given = (*arrays, None) if name == "conv" else arrays
            with algorithm("strips"):
                found = CPU.kernel(name)(*given, geom=geom)
            exact = getattr(reference_conv, name)(*arrays, geom=geom)
            np.testing.assert_array_equal(np.isfinite(found), np.isfinite(exact))
            np.testing.assert_allclose(found, exact, rtol=1e-4, atol=1e-4)


def test_output_in_places_that_do_not_lie_together_is_written():
    """The phases of a stride write every other pixel."""
    with algorithm("strips"):
        x, w, bias, _, geom = case((6, 8), (3, 3), channels=3, padding=1)
        whole = np.zeros((2, 6, 16, 8))
        conv_strips.correlate(CPU, np.moveaxis(x, 1, -1), w[None], geom, whole[:, :, ::2], bias)
    np.testing.assert_allclose(np.moveaxis(whole[:, :, ::2], -1, 1), reference_conv.conv(x, w, bias, geom=geom))
    assert not whole[:, :, 1::2].any()


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 2, 1, 3), (3, 1, 2, 0)])
def test_copied_runs_are_those_of_the_source(order):
    source = np.arange(120.0).reshape(2, 3, 4, 5).transpose(order)
    for shape in (source, source[:, 1:], source[..., ::2], source[:0]):
        target = np.zeros(shape.shape)
        copy_runs(CPU, target, shape)
        np.testing.assert_array_equal(target, shape)
