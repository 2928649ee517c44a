"""The cut into blocks and the padded patches that convolution and pooling kernels work on."""
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_cnn.device import CPU
from tinygrad_cnn.geometry import ConvGeometry, conv_geometry, pool_geometry
from tinygrad_cnn.kernels.generic.windows import (
    Block,
    channels_first,
    channels_last,
    cut,
    image_groups,
    patch,
    tap_views,
)


@st.composite
def geometries(draw):
    """Any geometry, also with windows that start inside the input or wholly in the padding."""
    rank = draw(st.integers(1, 3))
    size, kernel, stride, dilation, output = (
        tuple(draw(st.integers(1, high)) for _ in range(rank)) for high in (5, 3, 3, 2, 4))
    before = tuple(draw(st.integers(-2, 3)) for _ in range(rank))
    return ConvGeometry(size, kernel, stride, dilation, before, output)


@given(geometries(), st.integers(0, 5), st.sampled_from([1, 40, 300, 100_000]))
def test_blocks_hold_every_window_of_every_image_once(geometry, count, budget):
    seen = np.zeros((count, *geometry.output), int)
    for block in cut(count, geometry, 10, budget):
        seen[(block.images, *block.where)] += 1
        windows = (block.images.stop - block.images.start) * np.prod(block.number)
        assert windows * 10 <= budget or windows == 1
    assert (seen == 1).all()


@given(geometries(), st.sampled_from([30, 100_000]), st.booleans())
def test_taps_of_a_block_read_what_the_formula_says(geometry, budget, strided):
    x = np.random.default_rng(0).standard_normal((2, *geometry.size, 2 if strided else 1, 3))[..., 0, :]
    for block in cut(2, geometry, 10, budget):
        taps = tap_views(CPU, patch(CPU, x[block.images], block, -7, x.dtype), geometry, block.number)
        for tap in np.ndindex(*geometry.kernel):
            for place in np.ndindex(*block.number):
                at = tuple((w.start + p) * s + t * d - b for w, p, s, t, d, b in zip(
                    block.where, place, geometry.stride, tap, geometry.dilation, geometry.before))
                inside = all(0 <= i < n for i, n in zip(at, geometry.size))
                expected = x[(block.images, *at)] if inside else -7
                np.testing.assert_array_equal(taps[tap][(slice(None), *place)], np.broadcast_to(expected, taps[tap][
                    (slice(None), *place)].shape))


def test_a_patch_without_padding_is_a_view():
    geometry = conv_geometry("conv", (6, 6), (3, 3))
    x = np.ones((2, 6, 6, 4))
    block = Block(geometry, slice(0, 2), (slice(1, 3), slice(0, 4)))
    assert np.shares_memory(patch(CPU, x, block, 0, x.dtype), x)
    assert not np.shares_memory(patch(CPU, x, block, 0, np.dtype("float32")), x)


def test_a_cut_is_worked_out_once():
    geometry = pool_geometry("pool", (8, 8), 2)
    assert cut(3, geometry, 10, 1000) is cut(3, geometry, 10, 1000)


@pytest.mark.parametrize("count, image_bytes, expected", [(8, 1000, 1), (8, 100_000, 2), (1, 10**9, 1), (0, 5, 0),
                                                          (7, 10**6, 4)])
def test_images_are_taken_together_while_they_fit_and_shared_when_worth_it(count, image_bytes, expected):
    groups = image_groups(count, image_bytes, 2_000_000)
    assert len(groups) == expected
    assert sum(g.stop - g.start for g in groups) == count


@pytest.mark.parametrize("ndim", [3, 4, 5])
def test_channels_go_last_and_come_back(ndim):
    x = np.zeros((2, 3, 4, 5, 6)[:ndim])
    assert channels_last(x).shape == (2, *(4, 5, 6)[:ndim - 2], 3)
    assert channels_first(channels_last(x)).strides == x.strides


@pytest.mark.parametrize("numbers", [dict(kernel=(3, 3), padding=1), dict(kernel=(3, 3), stride=2),
                                     dict(kernel=(5, 5), groups=16), dict(kernel=(3, 3), padding=1, groups=64)])
def test_work_memory_is_bounded_a_thread(numbers):
    """All windows together would take 58 MB at 3x3."""
    geom = conv_geometry("conv", (56, 56), **numbers)
    x = np.zeros((8, 56, 56, 64), np.float32).transpose(0, 3, 1, 2)
    w = np.zeros((64, 64 // geom.groups, *geom.kernel), np.float32)
    g = np.zeros((8, *geom.output, 64), np.float32).transpose(0, 3, 1, 2)
    CPU.workers.release()
    for name, arrays in (("conv", (x, w, None)), ("conv_dx", (g, w)), ("conv_dw", (g, x))):
        tracemalloc.start()
        result = CPU.kernel(name)(*arrays, geom=geom)
        peak = tracemalloc.get_traced_memory()[1] - result.nbytes
        tracemalloc.stop()
        assert peak < 8_000_000 * CPU.workers.num_threads
