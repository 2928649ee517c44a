"""conv_matrix: the same numbers as conv and conv_transpose, exactly."""
import pytest
from hypothesis import given

import tinygrad_cnn as tg
from tinygrad_cnn.errors import ArgumentError, ArgumentTypeError, ShapeError
from tinygrad_cnn.nn import functional as F
from tinygrad_cnn.teach.conv_matrix import conv_matrix
from tinygrad_cnn.testing import conv_cases

CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSE = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


def whole(array):
    """Small whole numbers, for which every order of summation gives the same."""
    return tg.tensor((array * 4).round())


@given(case=conv_cases())
def test_the_product_is_the_convolution_to_the_last_bit(case):
    x, w, _, options = case
    x, w = whole(x[:1]), whole(w)
    y = CONV[x.ndim - 2](x, w, **options)
    T = conv_matrix(w, x.shape[1:], **options)
    assert tg.equal((T @ x.flatten()).reshape(y.shape), y)


@given(case=conv_cases(max_extra=0))
def test_its_transpose_is_the_transposed_convolution_to_the_last_bit(case):
    x, w, _, options = case
    x, w = whole(x[:1]), whole(w)
    y = CONV[x.ndim - 2](x, w, **options)
    T = conv_matrix(w, x.shape[1:], **options)
    least = [(o - 1) * s - 2 * p + d * (k - 1) + 1 for o, s, p, d, k in
             zip(y.shape[2:], options["stride"], options["padding"], options["dilation"], w.shape[2:])]
    extra = tuple(n - m for n, m in zip(x.shape[2:], least))
    back = TRANSPOSE[x.ndim - 2](y, w, output_padding=extra, **options)
    assert tg.equal((T.T @ y.flatten()).reshape(x.shape), back)


def test_example_24_2_by_a_matrix():
    X = tg.tensor([[3., 2, 0, 1], [0, 2, 1, 2], [2, 0, 0, 3], [2, 3, 1, 2]])
    W = tg.tensor([[2., 1, 2], [0, 0, 3], [0, 0, 2]])
    T = conv_matrix(W, (4, 4))
    assert T.shape == (4, 16)
    assert (T @ X.flatten()).tolist() == [11, 18, 6, 22]
    assert T[0].tolist() == [2, 1, 2, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 0, 0]


def test_the_gradient_of_the_weight_goes_through_it():
    x, w = tg.randn(1, 2, 5, 5, dtype=tg.float64), tg.randn(3, 2, 3, 3, dtype=tg.float64, requires_grad=True)
    (by_matrix,) = tg.autograd.grad((conv_matrix(w, (2, 5, 5)) @ x.flatten()).sin().sum(), w)
    (by_conv,) = tg.autograd.grad(F.conv2d(x, w).sin().sum(), w)
    assert tg.allclose(by_matrix, by_conv, rtol=0, atol=1e-12)


def test_one_channel_may_be_left_out():
    w = tg.randn(2, 1, 3, 3)
    assert tg.equal(conv_matrix(w, (5, 6)), conv_matrix(w, (1, 5, 6)))


@pytest.mark.parametrize("weight, shape, options, error, message", [
    ((2, 3, 3, 3), (4, 5, 5), {}, ShapeError, r"4 channels but weight \(2, 3, 3, 3\) expects 3.*Make shape\[0\]"),
    ((3, 1, 3, 3), (2, 5, 5), {"groups": 2}, ShapeError, r"weight.shape\[0\] a multiple of groups"),
    ((3,), (5,), {}, ShapeError, r"weight \(3,\) and shape \(5,\) do not fit"),
    ((1, 1, 3, 3), (1, 2, 2), {}, ShapeError, "conv_matrix: no window fits"),
    ((8, 8, 3, 3), (8, 64, 64), {}, ArgumentError, "30752 x 32768, 1,007,681,536 numbers.*smaller shape"),
], ids=["channels", "groups", "ranks", "no window", "too large"])
def test_what_does_not_fit_is_refused_with_the_numbers(weight, shape, options, error, message):
    with pytest.raises(error, match=message):
        conv_matrix(tg.zeros(*weight), shape, **options)


@pytest.mark.parametrize("weight, shape", [(3, (3, 3)), (tg.ones(3, 3), 5)], ids=["weight", "shape"])
def test_what_is_no_tensor_or_no_shape_is_refused(weight, shape):
    with pytest.raises(ArgumentTypeError, match="conv_matrix: weight is .*Give a Tensor and the shape"):
        conv_matrix(weight, shape)
