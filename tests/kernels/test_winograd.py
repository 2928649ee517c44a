"""Winograd's algorithm against plain sums in float64: paddings, strides, groups, volumes; and the switches."""
import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.backends import cpu
from tinygrad_cnn.device import CPU
from tinygrad_cnn.geometry import conv_geometry
from tinygrad_cnn.kernels.cpu import winograd_conv, winograd_volumes
from tinygrad_cnn.testing import reference_conv


def compare(n, c, o, size, kernel, groups=1, tolerance=3e-5, **options):
    """Forced Winograd in float32 against plain sums in float64, where the forced algorithm can do every part."""
    rng = np.random.default_rng(0)
    draw = [rng.standard_normal(s).astype("float32") for s in ((n, c, *size), (o, c // groups, *kernel), (o,))]
    geom = conv_geometry("conv", size, kernel, groups=groups, **options)
    x, w, bias, g = *draw, rng.standard_normal((n, o, *geom.output)).astype("float32")
    fast = {}
    with cpu.algorithm("winograd"):
        fast["conv"] = CPU.kernel("conv")(x, w, bias, geom=geom)
        fast["conv_dw"] = CPU.kernel("conv_dw")(g, x, geom=geom)
        if set(geom.stride) == {1}:
            fast["conv_dx"] = CPU.kernel("conv_dx")(g, w, geom=geom)
    x, w, bias, g = (a.astype("float64") for a in (x, w, bias, g))
    exact = {"conv": reference_conv.conv(x, w, bias, geom=geom), "conv_dw": reference_conv.conv_dw(g, x, geom=geom),
             "conv_dx": reference_conv.conv_dx(g, w, geom=geom)}
    for name, found in fast.items():
        assert found.dtype == np.float32
        assert np.abs(found - exact[name]).max() <= tolerance * max(np.abs(exact[name]).max(), 1e-30), name


@pytest.mark.parametrize("n, c, o, size, kernel, padding", [
    (2, 8, 8, (12, 12), 3, 1), (3, 9, 16, (11, 7), 3, 0), (1, 16, 8, (5, 6), 3, 2), (4, 64, 64, (8, 8), 3, 1),
    (2, 200, 200, (7, 7), 3, 1), (2, 8, 12, (13, 9), 5, 2), (3, 16, 16, (48, 44), 3, 1), (2, 8, 8, (6, 6), 5, 0),
    (2, 8, 8, (9, 10), 4, 1), (1, 8, 8, (3, 3), 3, 3), (5, 64, 64, (150, 61), 3, 1)])
def test_value_and_gradients_are_those_of_plain_sums_in_float64(n, c, o, size, kernel, padding):
    compare(n, c, o, size, (kernel, kernel), padding=padding)


@pytest.mark.parametrize("groups, c, o", [(2, 16, 24), (4, 16, 16), (32, 128, 128), (12, 12, 12), (6, 6, 12),
                                          (6, 12, 6)])
def test_groups_and_depthwise_kernels_are_those_of_plain_sums(groups, c, o):
    for kernel, padding in ((3, 1), (5, 2)):
        compare(3, c, o, (11, 8), (kernel, kernel), groups=groups, padding=padding)


@pytest.mark.parametrize("kernel, stride, padding", [
    ((7, 7), 2, 3), ((11, 11), 4, 2), ((5, 5), 2, 0), ((5, 3), (2, 1), 1), ((6, 8), (2, 3), 4), ((9, 9), 3, 5)])
def test_a_stride_is_taken_apart_into_phases(kernel, stride, padding):
    for size in ((23, 26), (40, 37)):
        compare(2, 3, 8, size, kernel, stride=stride, padding=padding)


@pytest.mark.parametrize("size, kernel, padding", [
    ((5, 7, 8), (3, 3, 3), 1), ((4, 6, 9), (2, 3, 3), 0), ((1, 9, 5), (1, 5, 5), 2), ((2, 5, 5), (4, 3, 3), 3),
    ((20, 14, 14), (3, 3, 3), 1)])
def test_volumes_are_those_of_plain_sums(size, kernel, padding):
    compare(2, 8, 12, size, kernel, padding=padding)


def test_an_empty_batch_has_a_zero_gradient():
    geom = conv_geometry("conv", (7, 7), (3, 3), padding=1)
    for channels in (16, 256):
        x = np.ones((0, channels, 7, 7), np.float32)
        assert CPU.kernel("conv")(x, np.ones((channels, channels, 3, 3), np.float32), None, geom=geom).shape == x.shape
        assert not CPU.kernel("conv_dw")(x, x, geom=geom).any()


@pytest.mark.parametrize("n, c, o, size, groups", [(8, 16, 16, (40, 40), 1), (8, 160, 160, (7, 7), 1),
                                                   (8, 64, 64, (30, 30), 64), (4, 8, 8, (9, 20, 20), 1)])
def test_the_bits_do_not_depend_on_when_threads_finish(n, c, o, size, groups):
    rng = np.random.default_rng(0)
    geom = conv_geometry("conv", size, (3,) * len(size), padding=1, groups=groups)
    shapes = ((n, c, *size), (n, o, *size), (o, c // groups, *geom.kernel))
    x, g, w = (rng.standard_normal(s, np.float32) for s in shapes)
    first = [CPU.kernel("conv")(x, w, None, geom=geom), CPU.kernel("conv_dw")(g, x, geom=geom)]
    for _ in range(3):
        np.testing.assert_array_equal(CPU.kernel("conv")(x, w, None, geom=geom), first[0])
        np.testing.assert_array_equal(CPU.kernel("conv_dw")(g, x, geom=geom), first[1])


def test_pieces_so_small_that_every_image_is_cut_give_the_same(monkeypatch):
    """Bands of one row of tiles, runs of a few slices, products by output channels and without them."""
    for module in (winograd_conv, winograd_volumes):
        monkeypatch.setattr(module, "PIECE_BYTES", 1000)
    monkeypatch.setattr(winograd_conv, "BATCH_BYTES", 1000)
    monkeypatch.setattr(winograd_conv, "WEIGHT_BYTES", 1000)
    compare(3, 8, 8, (17, 18), (3, 3), padding=1)
    compare(2, 3, 8, (33, 32), (7, 7), stride=2, padding=3)
    compare(3, 40, 48, (7, 7), (3, 3), padding=1)
    compare(2, 8, 8, (13, 9, 6), (3, 3, 3), padding=1)


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_an_infinity_stays_where_a_plain_sum_leaves_it(value):
    x, w = np.ones((1, 8, 12, 12), np.float32), np.ones((8, 8, 3, 3), np.float32)
    x[0, 0, 5, 5] = value
    y = tg.conv2d(tg.tensor(x), tg.tensor(w)).numpy()
    assert (~np.isfinite(y)).sum() == 8 * 9


def test_precise_forbids_it_and_a_forced_algorithm_is_used_or_refused():
    x, w = tg.randn(1, 16, 12, 12), tg.randn(16, 16, 3, 3)
    with cpu.precise():
        plain = tg.conv2d(x, w)
    with cpu.algorithm("blocks"):
        assert (tg.conv2d(x, w) == plain).all()
    assert not (tg.conv2d(x, w) == plain).all() and tg.allclose(tg.conv2d(x, w), plain, rtol=1e-3, atol=1e-3)
    with pytest.raises(tg.errors.ArgumentError, match="'winograd'.*Possible here: blocks"), cpu.algorithm("winograd"):
        tg.conv2d(x, w, stride=2)
    with pytest.raises(tg.errors.ArgumentError, match="'fft'.*blocks"), cpu.algorithm("fft"):
        pass
