"""Shape rules of convolutions and pools: the sizes, what is refused and in which words, and where the windows lie."""
import itertools
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_cnn.errors import ArgumentError, ShapeError
from tinygrad_cnn.geometry import (
    AdaptiveGeometry,
    ConvGeometry,
    adaptive_geometry,
    conv_geometry,
    conv_transpose_geometry,
    pool_geometry,
    unpool_size,
)
from tinygrad_cnn.kernels.generic.phases import phases

# ---- sizes ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("size, kernel, stride, padding, dilation, output", [
    (224, 7, 2, 3, 1, 112),                             # the stem of ResNet: the stride does not divide exactly
    (227, 11, 4, 0, 1, 55),                             # the first layer of the book's AlexNet
    (5, 3, 1, 1, 1, 5), (7, 3, 2, 0, 1, 3), (7, 3, 1, 2, 2, 7), (4, 4, 1, 0, 1, 1), (1, 1, 3, 0, 1, 1),
    (1, 3, 2, 2, 1, 2),
])
def test_conv_output_size_is_the_formula_s(size, kernel, stride, padding, dilation, output):
    assert (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1 == output
    assert conv_geometry("conv1d", (size,), (kernel,), stride, padding, dilation).output == (output,)


def test_axes_are_independent():
    geometry = conv_geometry("conv3d", (9, 8, 7), (3, 2, 1), (2, 1, 3), (1, 0, 2), (1, 3, 2))
    assert geometry.output == (5, 5, 4)
    assert geometry.before == (1, 0, 2)


@pytest.mark.parametrize("kernel, dilation, before", [(1, 1, 0), (2, 1, 0), (3, 1, 1), (4, 1, 1), (3, 2, 2), (2, 3, 1)])
def test_same_padding_keeps_the_size_with_the_larger_half_behind(kernel, dilation, before):
    geometry = conv_geometry("conv1d", (9,), (kernel,), 1, "same", dilation)
    assert geometry.output == (9,)
    assert geometry.before == (before,)


def test_valid_padding_is_none():
    assert conv_geometry("conv1d", (9,), (3,), 2, "valid") == conv_geometry("conv1d", (9,), (3,), 2, 0)


def test_a_list_and_a_single_number_in_a_tuple_are_taken_as_pytorch_takes_them():
    assert conv_geometry("conv2d", (5, 5), (3, 3), [2], [1, 1]) == conv_geometry("conv2d", (5, 5), (3, 3), 2, 1)


@pytest.mark.parametrize("size, kernel, stride, padding, ceil_mode, output", [
    (112, 3, 2, 1, False, 56), (112, 3, 2, 0, False, 55), (5, 2, 2, 1, False, 3), (5, 2, 2, 0, False, 2),
    (5, 2, 2, 0, True, 3), (6, 3, 3, 0, True, 2), (7, 3, 3, 0, True, 3),
    (4, 2, 3, 1, True, 2),                              # a third window would start at 5, behind the input: dropped
    (2, 1, 2, 0, True, 1),
])
def test_pool_output_size_follows_pytorch_s_rule_for_ceil_mode(size, kernel, stride, padding, ceil_mode, output):
    assert pool_geometry("max_pool1d", (size,), kernel, stride, padding, 1, ceil_mode).output == (output,)


def test_pool_stride_defaults_to_the_kernel():
    assert pool_geometry("max_pool2d", (8, 9), (2, 3)).stride == (2, 3)


def test_transposed_convolution_has_the_geometry_of_the_convolution_it_is_the_adjoint_of():
    geometry = conv_transpose_geometry("conv_transpose2d", (5, 4), (3, 2), 2, 1, (1, 0))
    assert geometry.size == (10, 6)
    assert geometry.output == (5, 4)


@given(st.integers(1, 9), st.integers(1, 4), st.integers(1, 3), st.integers(0, 2), st.integers(1, 3))
def test_transposed_convolution_gives_back_the_size_a_convolution_took(size, kernel, stride, padding, dilation):
    if size + 2 * padding < dilation * (kernel - 1) + 1:
        return
    forward = conv_geometry("conv1d", (size,), (kernel,), stride, padding, dilation)
    rest = (size + 2 * padding - dilation * (kernel - 1) - 1) % stride
    back = conv_transpose_geometry("conv_transpose1d", forward.output, (kernel,), stride, padding, rest, dilation)
    assert back == forward


@pytest.mark.parametrize("size, output", [(7, 3), (5, 5), (3, 7), (10, 1), (8, 4)])
def test_adaptive_windows_cover_the_input_from_floor_to_ceil(size, output):
    windows = AdaptiveGeometry((size,), (output,)).windows(0)
    assert windows == [(int(np.floor(i * size / output)), int(np.ceil((i + 1) * size / output))) for i in range(output)]
    assert windows[0][0] == 0 and windows[-1][1] == size


def test_an_adaptive_pool_whose_sizes_divide_is_an_ordinary_pool():
    assert adaptive_geometry("adaptive_avg_pool2d", (8, 9), (4, 3)).as_pool().kernel == (2, 3)
    assert adaptive_geometry("adaptive_avg_pool2d", (8, 9), (4, 4)).as_pool() is None


def test_none_keeps_an_axis_of_an_adaptive_pool():
    assert adaptive_geometry("adaptive_avg_pool2d", (8, 9), (None, 3)).output == (8, 3)


@pytest.mark.parametrize("include_padding, counts", [(True, (3, 3, 3, 2)), (False, (2, 3, 3, 1))])
def test_average_counts_leave_out_what_ceil_mode_adds(include_padding, counts):
    geometry = pool_geometry("avg_pool1d", (6,), 3, 2, 1, 1, ceil_mode=True)
    assert geometry.counts(include_padding) == (counts,)


def test_unpooling_gives_back_the_usual_size_or_the_one_asked_for():
    assert unpool_size("max_unpool2d", (2, 3), 2) == (4, 6)
    assert unpool_size("max_unpool2d", (2, 3), 2, output_size=(1, 1, 5, 7)) == (5, 7)


# ---- geometries as values -------------------------------------------------------------------------------------------

def test_a_geometry_is_made_once_and_hashes_by_its_numbers():
    first = conv_geometry("conv2d", (8, 8), (3, 3), 1, 1)
    assert conv_geometry("conv2d", (8, 8), (3, 3), 1, 1) is first
    assert conv_geometry("conv2d", (8, 8), (3, 3), (1, 1), "same") == first
    assert len({first, conv_geometry("conv2d", (8, 8), (3, 3), 1, "same")}) == 1


def test_a_geometry_survives_pickling():
    geometry = conv_geometry("conv2d", (8, 8), (3, 3), 2, 1, 1, 4)
    assert pickle.loads(pickle.dumps(geometry)) == geometry
    assert "stride=(2, 2)" in repr(geometry)


@given(st.data())
def test_phases_reach_every_input_position_once_and_through_every_tap_that_reads_it(data):
    size, kernel = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 5))
    stride, dilation = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    before, output = data.draw(st.integers(0, 4)), data.draw(st.integers(1, 6))
    geometry = ConvGeometry((size,), (kernel,), (stride,), (dilation,), (before,), (output,))
    expected = sorted((o * stride + t * dilation - before, t, o) for o in range(output) for t in range(kernel)
                      if 0 <= o * stride + t * dilation - before < size)
    found, reached = [], []
    for (places,), taps, sub in phases(geometry):
        positions = range(size)[places]
        reached += positions
        if taps is None:
            continue
        numbers = range(kernel)[taps[0]]
        assert len(numbers) == sub.kernel[0] and len(positions) == sub.output[0]
        for (i, position), (k, tap) in itertools.product(enumerate(positions), enumerate(numbers)):
            window = i + k * sub.dilation[0] - sub.before[0]
            if 0 <= window < output:
                found.append((position, tap, window))
    assert sorted(reached) == list(range(size))
    assert sorted(found) == expected


# ---- what is refused ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("call, error, message", [
    (lambda: conv_geometry("conv2d", (5, 5), (3, 7)), ShapeError,
     r"conv2d: no window fits along W: floor\(\(5 \+ 0 \+ 0 - 1\*\(7 - 1\) - 1\)/1\) \+ 1 = -1 .*Give a larger input"),
    (lambda: conv_geometry("conv1d", (5,), (0,)), ShapeError, r"conv1d: the kernel is empty \(kernel size \(0,\)\)"),
    (lambda: conv_geometry("conv2d", (5, 5), (3, 3), 0), ArgumentError,
     r"conv2d: stride=0 must be made of integers of at least 1, and 0 is not"),
    (lambda: conv_geometry("conv2d", (5, 5), (3, 3), (1, 2, 3)), ArgumentError,
     r"conv2d: stride=\(1, 2, 3\) has 3 numbers for 2 spatial axes. Give one number or 2"),
    (lambda: conv_geometry("conv2d", (5, 5), (3, 3), 1.0), ArgumentError, r"conv2d: stride=1.0 must be made of "
                                                                          r"integers"),
    (lambda: conv_geometry("conv2d", (5, 5), (3, 3), True), ArgumentError, r"conv2d: stride=True must be made of "
                                                                           r"integers"),
    (lambda: conv_geometry("conv2d", (5, 5), (3, 3), {1: 2}), ArgumentError, r"conv2d: stride=\{1: 2\} is not an "
                                                                             r"integer"),
    (lambda: conv_geometry("conv2d", (5, 5), (3, 3), 1, -1), ArgumentError, r"conv2d: padding=-1 .*at least 0"),
    (lambda: conv_geometry("conv2d", (5, 5), (3, 3), 1, "full"), ArgumentError, r"conv2d: padding='full' is not known. "
                                                                                r"Give 'same', 'valid'"),
    (lambda: conv_geometry("conv2d", (5, 5), (3, 3), 2, "same"), ArgumentError,
     r"conv2d: padding='same' needs stride 1 and stride is \(2, 2\)"),
    (lambda: conv_geometry("conv2d", (5, 5), (3, 3), 1, 0, 0), ArgumentError, r"conv2d: dilation=0"),
    (lambda: conv_geometry("conv2d", (5, 5), (3, 3), groups=0), ArgumentError, r"conv2d: groups=0 must be an integer "
                                                                               r"of at least 1"),
    (lambda: conv_transpose_geometry("conv_transpose1d", (4,), (3,), 2, 1, 2), ArgumentError,
     r"conv_transpose1d: output_padding \(2,\) is not smaller than stride \(2,\)"),
    (lambda: conv_transpose_geometry("conv_transpose1d", (1,), (1,), 1, 1), ShapeError,
     r"conv_transpose1d: the output is empty along L: \(1 - 1\)\*1 - 2\*1 \+ 1\*\(1 - 1\) \+ 0 \+ 1 = -1"),
    (lambda: pool_geometry("max_pool2d", (5, 5), 3, 2, 2), ArgumentError,
     r"max_pool2d: padding \(2, 2\) is more than half of the kernel \(3, 3\)"),
    (lambda: pool_geometry("max_pool2d", (2, 5), 3), ShapeError, r"max_pool2d: no window fits along H: floor\(\(2 \+ "
                                                                 r"2\*0 - 1\*\(3 - 1\) - 1\)/3\)"),
    (lambda: pool_geometry("avg_pool1d", (0,), 2, 1, 1), ShapeError, r"avg_pool1d: no window fits along L"),
    (lambda: adaptive_geometry("adaptive_avg_pool2d", (5, 5), (2, 2, 2)), ArgumentError, r"adaptive_avg_pool2d: "
                                                                                         r"output_size=\(2, 2, 2\) has "
                                                                                         r"3"),
    (lambda: adaptive_geometry("adaptive_avg_pool2d", (0, 5), 1), ShapeError, r"adaptive_avg_pool2d: the input is "
                                                                              r"empty"),
    (lambda: unpool_size("max_unpool1d", (2,), 2, output_size=9), ArgumentError, r"max_unpool1d: output_size \(9,\) is "
                                                                                 r"not within a stride"),
    (lambda: unpool_size("max_unpool1d", (1,), 2, 2, 1), ShapeError, r"max_unpool1d: the output is empty"),
])
def test_wrong_arguments_are_refused_with_the_numbers_and_the_cure(call, error, message):
    with pytest.raises(error, match=message):
        call()
