"""Functions of nn.functional that are a few ops each: values known beforehand, and refusals."""
import math

import pytest

import tinygrad_cnn as tg
from tinygrad_cnn import errors
from tinygrad_cnn.nn import functional as F


def test_one_hot_has_a_one_at_each_class():
    assert F.one_hot(tg.tensor([1, 0])).tolist() == [[0, 1], [1, 0]]
    assert F.one_hot(tg.tensor(2), 4).tolist() == [0, 0, 1, 0]
    assert F.one_hot(tg.tensor([0]), 2).dtype == tg.int64


def test_interpolate_nearest_repeats_and_linear_draws_lines():
    x = tg.tensor([[[0.0, 2.0]]])
    assert F.interpolate(x, size=5).tolist() == [[[0.0, 0.0, 0.0, 2.0, 2.0]]]
    assert F.interpolate(x, size=3, mode="linear", align_corners=True).tolist() == [[[0.0, 1.0, 2.0]]]
    assert F.interpolate(x, scale_factor=2, mode="linear").tolist() == [[[0.0, 0.5, 1.5, 2.0]]]


def test_pixel_shuffle_and_unshuffle_are_inverses():
    x = tg.randn(2, 12, 3, 4)
    assert F.pixel_shuffle(x, 2).shape == (2, 3, 6, 8)
    assert bool((F.pixel_unshuffle(F.pixel_shuffle(x, 2), 2) == x).all())


def test_channel_shuffle_interleaves_groups():
    x = tg.arange(6.0).reshape(1, 6, 1)
    assert F.channel_shuffle(x, 2).flatten().tolist() == [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]


def test_shrinking_functions_and_glu():
    x = tg.tensor([-2.0, -0.3, 0.3, 2.0])
    assert F.hardshrink(x).tolist() == [-2.0, 0.0, 0.0, 2.0]
    assert F.softshrink(x).tolist() == [-1.5, 0.0, 0.0, 1.5]
    assert F.tanhshrink(x).tolist() == pytest.approx([v - math.tanh(v) for v in x.tolist()], abs=1e-6)
    assert F.glu(tg.tensor([2.0, 0.0])).tolist() == [1.0]


def test_rrelu_uses_the_middle_slope_in_evaluation_and_drawn_ones_in_training():
    x = tg.full((1000,), -1.0)
    assert F.rrelu(x).tolist() == pytest.approx([-(1 / 8 + 1 / 3) / 2] * 1000)
    y = F.rrelu(x, training=True)
    assert -1 / 3 <= float(y.min()) < -0.3 and -0.15 < float(y.max()) <= -1 / 8


def test_bilinear_is_the_sum_over_both_inputs():
    a, b, w = tg.randn(4, 2), tg.randn(4, 3), tg.randn(5, 2, 3)
    expected = (w[None] * a[:, None, :, None] * b[:, None, None, :]).sum((2, 3)) + 1.0
    assert tg.allclose(F.bilinear(a, b, w, tg.ones(5)), expected, atol=1e-5)


@pytest.mark.parametrize("call,error,message", [
    (lambda: F.interpolate(tg.ones(1, 1, 2), size=2, mode="cubic"), errors.ArgumentError,
     "mode is 'cubic'. Use one of"),
    (lambda: F.interpolate(tg.ones(1, 1, 2), size=2, mode="bilinear"), errors.ShapeError, "with 2 spatial axes"),
    (lambda: F.interpolate(tg.ones(1, 1, 2), size=2, align_corners=True), errors.ArgumentError,
     "Only the linear modes"),
    (lambda: F.interpolate(tg.ones(1, 1, 2)), errors.ArgumentError, "Give one of the two"),
    (lambda: F.interpolate(tg.ones(1, 1, 2), size=(2, 2)), errors.ArgumentError,
     r"size is \(2, 2\) for the 1 spatial axes"),
    (lambda: F.interpolate(tg.ones(1, 1, 2), scale_factor=0.1), errors.ShapeError, "leaves nothing"),
    (lambda: F.interpolate(tg.ones(1, 1, 2), size=2, mode="linear", antialias=True), errors.ArgumentError,
     "antialias=True is not offered"),
    (lambda: F.pixel_shuffle(tg.ones(1, 6, 2, 2), 2), errors.ShapeError, r"no multiple of 2\*2 channels"),
    (lambda: F.pixel_unshuffle(tg.ones(1, 6, 3, 2), 2), errors.ShapeError, "are not multiples of 2"),
    (lambda: F.channel_shuffle(tg.ones(1, 6, 2), 4), errors.ShapeError, "C a multiple of 4 groups"),
    (lambda: F.one_hot(tg.tensor([1.0])), errors.DTypeError, "one_hot: the classes are tinygrad_cnn.float32"),
    (lambda: F.one_hot(tg.tensor([3]), 2), errors.ArgumentError, "class 3 .* 2 classes"),
    (lambda: F.one_hot(tg.tensor([-1]), 2), errors.ArgumentError, "class -1"),
    (lambda: F.glu(tg.ones(3)), errors.ShapeError, r"glu: the input \(3,\) has 3 elements along axis 0"),
    (lambda: F.bilinear(tg.ones(2, 3), tg.ones(2, 3), tg.ones(1, 2, 3)), errors.ShapeError, "bilinear: input1"),
    (lambda: F.soft_margin_loss(tg.ones(1), tg.ones(1), reduction="avg"), errors.ArgumentError, "reduction is 'avg'"),
    (lambda: F.gaussian_nll_loss(tg.ones(2, 3), tg.ones(2, 3), tg.ones(4)), errors.ShapeError,
     r"var has shape \(4,\)")])
def test_functions_refuse_what_does_not_fit(call, error, message):
    with pytest.raises(error, match=message):
        call()
