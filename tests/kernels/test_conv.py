"""Convolution kernels against their readable twins: those of the CPU, the shared ones, and on the strict device."""
import itertools
import sys
from functools import partial

import numpy as np
import pytest

from tests.strict import strict_device
from tinygrad_cnn.device import CPU
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.geometry import conv_geometry
from tinygrad_cnn.kernels.cpu.choice import ALGORITHMS, precise
from tinygrad_cnn.kernels.cpu.choice import algorithm as forced_algorithm
from tinygrad_cnn.kernels.cpu.conv import algorithm, algorithm_dx
from tinygrad_cnn.testing import reference_conv

# The package gives the kernels of these names.
shared_conv, windows = (sys.modules[f"tinygrad_cnn.kernels.generic.{name}"] for name in ("conv", "windows"))
PADDINGS = (0, 1, 2, "same", "valid")
RANKS = {1: (7,), 2: (6, 7), 3: (4, 3, 5)}
KERNELS = {1: (3,), 2: (2, 3), 3: (2, 1, 3)}


class Kernels:
    """conv, conv_dx and conv_dw of one place, taking and giving NumPy arrays."""

    def __init__(self, device, room=None):
        for name in ("conv", "conv_dx", "conv_dw"):
            function = partial(getattr(room, name), device) if room else device.kernel(name)
            setattr(self, name, partial(self.call, device, function))

    @staticmethod
    def call(device, function, *arrays, geom):
        with np.errstate(all="ignore"):                 # the engine silences kernels
            return device.asnumpy(function(*(a if a is None else device.xp.asarray(a) for a in arrays), geom=geom))


@pytest.fixture(params=["cpu", "shared", "strict"])
def kernels(request):
    return {"cpu": lambda: Kernels(CPU), "shared": lambda: Kernels(CPU, shared_conv),
            "strict": lambda: Kernels(strict_device())}[request.param]()


@pytest.fixture
def tiny_blocks(monkeypatch):
    """Blocks so small that every case is cut into several, inside images too."""
    monkeypatch.setattr(windows, "BLOCK", 400)


def case(size, kernel, channels=4, features=8, batch=2, dtype="float64", **geometry):
    """x, w, bias, g and the geometry of one convolution."""
    geom = conv_geometry("conv", size, kernel, **geometry)
    draw = np.random.default_rng(0).standard_normal
    shapes = ((batch, channels, *size), (features, channels // geom.groups, *kernel), (features,),
              (batch, features, *geom.output))
    return (*(draw(shape).astype(dtype) for shape in shapes), geom)


def all_three(kernels, x, w, bias, g, geom):
    return kernels.conv(x, w, bias, geom=geom), kernels.conv_dx(g, w, geom=geom), kernels.conv_dw(g, x, geom=geom)


def check(kernels, x, w, bias, g, geom, tolerance=1e-11):
    close = partial(np.testing.assert_allclose, rtol=tolerance, atol=tolerance)
    close(kernels.conv(x, w, bias, geom=geom), reference_conv.conv(x, w, bias, geom=geom))
    close(kernels.conv(x, w, None, geom=geom), reference_conv.conv(x, w, geom=geom))
    close(kernels.conv_dx(g, w, geom=geom), reference_conv.conv_dx(g, w, geom=geom))
    close(kernels.conv_dw(g, x, geom=geom), reference_conv.conv_dw(g, x, geom=geom))


EVERY_ALGORITHM = [dict(channels=3), dict(channels=8), dict(channels=8, groups=8), dict(channels=8, groups=2),
                   dict(channels=8, kernel=(1, 1))]


def grid(rank, stride):
    """Every padding, dilation and number of groups of the promised grid."""
    for padding, dilation, groups in itertools.product(PADDINGS, (1, 2), (1, 2, 4)):
        if padding != "same" or stride == 1:
            yield case(RANKS[rank], KERNELS[rank], stride=stride, padding=padding, dilation=dilation, groups=groups)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_every_padding_dilation_and_grouping_agrees_with_the_einsum_reference(kernels, rank, stride):
    for numbers in grid(rank, stride):
        check(kernels, *numbers)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_the_einsum_reference_agrees_with_loops(rank):
    size, kernel = {1: (5,), 2: (4, 3), 3: (3, 2, 3)}[rank], (2,) * rank
    for stride, dilation, groups in ((1, 1, 1), (2, 1, 2), (1, 2, 1), (3, 1, 4)):
        x, w, bias, g, geom = case(size, kernel, stride=stride, padding=1, dilation=dilation, groups=groups)
        y = reference_conv.conv_loops(x, w, bias, geom=geom)
        np.testing.assert_allclose(reference_conv.conv(x, w, bias, geom=geom), y, rtol=1e-12, atol=1e-12)
        linear = np.sum(g * (y - bias.reshape(-1, *(1,) * rank)))        # one number, three ways
        np.testing.assert_allclose(np.sum(x * reference_conv.conv_dx(g, w, geom=geom)), linear)
        np.testing.assert_allclose(np.sum(w * reference_conv.conv_dw(g, x, geom=geom)), linear)


@pytest.mark.parametrize("numbers", [
    dict(size=(9, 8), kernel=(3, 3), stride=2, padding=1),
    dict(size=(9, 8), kernel=(3, 2), channels=1, features=3, padding=1),
    dict(size=(11, 7), kernel=(4, 3), channels=3, stride=(3, 2), padding=2, dilation=(1, 2)),
    dict(size=(7, 6), kernel=(3, 3), channels=6, features=6, groups=6, padding=1),
    dict(size=(5, 4, 6), kernel=(2, 3, 2), channels=2),
    dict(size=(6, 6), kernel=(1, 1), channels=8), dict(size=(9,), kernel=(3,), channels=40, features=40, groups=20),
    dict(size=(5, 4, 6), kernel=(2, 2, 3), channels=3, stride=(2, 1, 2), padding=1)])
def test_work_cut_into_tiny_blocks_gives_the_same(tiny_blocks, numbers):
    for kernels in (Kernels(CPU), Kernels(CPU, shared_conv)):
        check(kernels, *case(batch=3, **numbers))


def test_many_channels_on_a_small_image_are_cut_by_channels(monkeypatch):
    monkeypatch.setattr(windows, "BLOCK", 40_000)
    check(Kernels(CPU), *case((3, 3), (3, 3), channels=128, features=16, padding=1))


def test_grouped_and_strided_input_gradient_is_right(kernels):
    """A peer's was wrong by 500 % for groups and stride together."""
    for groups, stride in itertools.product((2, 4, 8), (2, 3)):
        check(kernels, *case((9, 7), (3, 2), channels=8, features=16, groups=groups, stride=stride, padding=1))


def test_groups_of_one_feature_keep_their_bias(kernels):
    """The batched product was seen through a view whose copy took the bias."""
    for groups in (2, 4):
        check(kernels, *case((4,), (2,), channels=8, features=groups, groups=groups, padding="same"))


def test_a_stride_that_does_not_divide_exactly_is_taken(kernels):
    """A peer refuses the stem of ResNet: 224, kernel 7, stride 2, padding 3."""
    check(kernels, *case((14, 13), (7, 7), channels=3, stride=2, padding=3))


def test_a_stride_larger_than_the_kernel_leaves_positions_without_gradient(kernels):
    x, w, bias, g, geom = case((7,), (2,), stride=3)
    assert not kernels.conv_dx(g, w, geom=geom)[:, :, 2::3].any()


@pytest.mark.parametrize("numbers", [dict(), dict(groups=2), dict(groups=4, features=4), dict(channels=3),
                                     dict(kernel=(1, 1))])
def test_an_empty_batch_gives_empty_and_zero(kernels, numbers):
    check(kernels, *case(**{"size": (4, 4), "kernel": (2, 2), "batch": 0, **numbers}))


@pytest.mark.parametrize("numbers", EVERY_ALGORITHM)
def test_any_memory_order_gives_the_same_and_inputs_are_left_alone(numbers):
    x, w, bias, g, geom = case(**{"size": (6, 5), "kernel": (3, 2), "stride": 2, **numbers})
    kernels = Kernels(CPU)
    plain = all_three(kernels, x, w, bias, g, geom)
    for order in (lambda a: np.moveaxis(np.ascontiguousarray(np.moveaxis(a, 1, -1)), -1, 1),
                  lambda a: np.repeat(a, 2, -1)[..., ::2], np.asfortranarray):
        x2, w2, g2 = order(x), order(w), order(g)
        kept = [a.copy() for a in (x2, w2, bias, g2)]
        found = all_three(kernels, x2, w2, bias, g2, geom)
        for a, b in zip(found, plain):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)
        for a, b in zip((x2, w2, bias, g2), kept):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_an_algorithm_forced_on_any_geometry_it_claims_gives_the_same(name):
    claimed = 0
    for rank, groups, channels, kernel, stride in itertools.product((1, 2, 3), (1, 4, 8), (8, 16), (2, 3, 5), (1, 2)):
        x, w, bias, g, geom = case((9, 7, 6)[:rank], (kernel,) * rank, channels, 8, dtype="float32", padding=1,
                                   groups=groups, stride=stride)
        for kernel_name, arrays in (("conv", (x, w, bias)), ("conv_dx", (g, w)), ("conv_dw", (g, x))):
            try:
                with forced_algorithm(name):
                    found = CPU.kernel(kernel_name)(*arrays, geom=geom)
            except ArgumentError:
                continue
            claimed += 1
            exact = getattr(reference_conv, kernel_name)(*(a.astype("float64") for a in arrays), geom=geom)
            np.testing.assert_allclose(found, exact, rtol=0, atol=3e-5 * np.abs(exact).max())
    assert claimed > 20


def test_activations_are_channels_last_in_memory_and_weight_gradients_as_weights():
    x, w, bias, g, geom = case((6, 5), (3, 3), padding=1)
    for y in (CPU.kernel("conv")(x, w, bias, geom=geom), CPU.kernel("conv_dx")(g, w, geom=geom)):
        assert np.moveaxis(y, 1, -1).flags.c_contiguous
    assert CPU.kernel("conv_dw")(g, x, geom=geom).flags.c_contiguous


@pytest.mark.parametrize("numbers", EVERY_ALGORITHM)
def test_float32_stays_float32_and_float16_is_float32_rounded_once(kernels, numbers):
    with precise():
        x, w, bias, g, geom = case(**{"size": (6, 5), "kernel": (3, 3), "dtype": "float16", **numbers})
        for name, arrays in (("conv", (x, w, bias)), ("conv_dx", (g, w)), ("conv_dw", (g, x))):
            half, single = (getattr(kernels, name)(*(a.astype(t) for a in arrays), geom=geom)
                            for t in ("float16", "float32"))
            assert half.dtype == np.float16 and single.dtype == np.float32
            np.testing.assert_array_equal(half, single.astype(np.float16))


def test_a_float16_sum_does_not_overflow_on_its_way():
    x, w = np.full((1, 2, 1, 1), 60_000, np.float16), np.array([[[[1]], [[-1]]]], np.float16)
    assert CPU.kernel("conv")(x, w, None, geom=conv_geometry("conv", (1, 1), (1, 1))).item() == 0


@pytest.mark.parametrize("bad", [np.inf, np.nan])
@pytest.mark.parametrize("groups, channels", [(4, 8), (8, 8), (2, 64)])
def test_infinity_in_one_group_does_not_reach_another(kernels, bad, groups, channels):
    x, w, bias, g, geom = case((4, 4), (3, 3), channels=channels, features=channels, padding=1, groups=groups)
    x[0, 0, 0, 0] = g[0, 0, 0, 0] = bad
    wide = channels // groups
    assert np.isfinite(kernels.conv(x, w, bias, geom=geom)[:, wide:]).all()
    assert np.isfinite(kernels.conv_dx(g, w, geom=geom)[:, wide:]).all()
    assert np.isfinite(kernels.conv_dw(g, x, geom=geom)[wide:]).all()


def test_a_result_does_not_depend_on_when_threads_finish():
    x, w, bias, g, geom = case((40, 40), (3, 3), channels=16, features=16, batch=8, dtype="float32", padding=1)
    first = CPU.kernel("conv_dw")(g, x, geom=geom)
    for _ in range(5):
        np.testing.assert_array_equal(CPU.kernel("conv_dw")(g, x, geom=geom), first)


@pytest.mark.parametrize("channels, features, groups, kernel, name, name_dx", [
    (64, 64, 1, (3, 3), "winograd", "phases"), (64, 64, 1, (2, 2), "blocks", "phases"),
    (1, 64, 1, (5, 5), "strips", "strips"),
    (3, 64, 1, (3, 3), "strips", "strips"), (3, 64, 1, (7, 7), "strips", "strips"),
    (3, 3, 1, (1, 1), "blocks", "phases"), (128, 128, 128, (3, 3), "winograd", "phases"),
    (128, 128, 32, (3, 3), "winograd", "phases"), (96, 256, 2, (5, 5), "winograd", "phases"),
    (128, 128, 128, (2, 2), "depthwise", "phases"), (128, 128, 32, (2, 2), "merged", "phases"),
    (96, 256, 2, (3, 2), "blocks", "phases"), (64, 64, 1, (3, 3, 3), "winograd", "phases")])
def test_the_rule_says_which_algorithm_takes_a_geometry(channels, features, groups, kernel, name, name_dx):
    geom = conv_geometry("conv", (28,) * len(kernel), kernel, groups=groups)
    assert algorithm(groups, channels // groups, features // groups, geom, np.dtype("float32")) == name
    assert algorithm_dx(groups, channels // groups, features, geom) == name_dx


@pytest.mark.parametrize("channels, kernel, stride, name", [
    (3, 7, 2, "strips"), (3, 5, 2, "strips"), (4, 5, 2, "winograd"), (3, 11, 4, "winograd"), (64, 3, 2, "blocks")])
def test_the_rule_counts_the_channels_of_a_stride_s_phases(channels, kernel, stride, name):
    geom = conv_geometry("conv", (112, 112), (kernel, kernel), stride=stride)
    assert algorithm(1, channels, 64, geom, np.dtype("float32")) == name
