"""equivariance: what a shift, a turn and a scaling of the image do to the output, measured; and warp, which does it."""
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn import nn
from tinygrad_cnn.errors import ArgumentError, ShapeError
from tinygrad_cnn.teach.equivariance import equivariance
from tinygrad_cnn.teach.warp import rotation, scaling, translation, warp


@pytest.fixture(autouse=True)
def in_float64():
    tg.set_default_dtype(tg.float64)
    yield
    tg.set_default_dtype(tg.float32)


def circular(**options):
    return nn.Conv2d(2, 3, 3, padding=1, padding_mode="circular", **options)


def test_convolution_is_equivariant_to_shifts_and_not_to_turns():
    found = equivariance(circular(), (1, 2, 12, 12))
    assert found.is_map and max(found.shift.values()) < 1e-12
    assert min(found.rotation.values()) > 0.05


def test_a_kernel_with_the_symmetry_of_the_turn_is_equivariant_to_it():
    conv = circular(bias=False)
    with tg.no_grad():
        conv.weight.copy_(sum(tg.rot90(conv.weight, k, (2, 3)) for k in range(4)) / 4)
    found = equivariance(conv, (2, 2, 9, 9))
    assert found.rotation[90] < 1e-12 and found.rotation[180] < 1e-12 < 0.01 < found.rotation[45]


@pytest.mark.parametrize("layer", [
    circular(stride=2), nn.Sequential(circular(), nn.MaxPool2d(2)), nn.Sequential(circular(), nn.AvgPool2d(2))],
    ids=["stride", "max pool", "mean pool"])
def test_strides_and_pooling_are_equivariant_to_multiples_of_their_step_only(layer):
    found = equivariance(layer.double(), (1, 2, 16, 16), angles=(), scales=())
    assert found.steps == (2, 2)
    assert max(found.shift[2], found.shift[4]) < 1e-12 < 0.05 < min(found.shift[1], found.shift[3])


def test_zero_padding_breaks_it():
    found = equivariance(nn.Conv2d(1, 1, 3, padding=1), (1, 1, 8, 8))
    assert min(found.shift.values()) > 0.01


def test_global_pooling_makes_invariance_of_equivariance():
    found = equivariance(nn.Sequential(circular(), nn.AdaptiveAvgPool2d(1), nn.Flatten()), (1, 2, 8, 8), lang="en")
    assert not found.is_map and max(found.shift.values()) < 1e-12
    assert "Invariance" in str(found)


def test_without_images_it_draws_some_for_the_first_convolution():
    found = equivariance(nn.Sequential(circular(stride=2)))
    assert found.steps == (2, 2) and found.shift[2] < 1e-12
    with pytest.raises(ArgumentError, match="equivariance: the model has no convolution.*Give images"):
        equivariance(nn.Linear(2, 2))


def test_a_function_will_do_and_pointwise_ones_are_equivariant_to_all_exact_motions():
    found = equivariance(lambda x: x.relu(), tg.randn(1, 1, 6, 6))
    assert max(found.shift.values()) == max(found.rotation[90], found.rotation[180]) == 0


def test_the_identity_is_equivariant_to_every_motion_interpolation_included():
    found = equivariance(lambda x: x, tg.randn(1, 1, 10, 10))
    assert all(error == 0 for kind in (found.shift, found.rotation, found.scale) for error in kind.values())


def test_the_printed_form():
    found = equivariance(lambda x: x[:, :, ::2, ::2], tg.arange(16.0).reshape(1, 1, 4, 4), shifts=(2,), angles=(),
                         scales=(), lang="en")
    assert str(found) == """\
Equivariance: does the map move with the image? The error |f(Tx) - T'f(x)| / |f(x)|

motion  amount  error
------  ------  -----
shift   2 px    0"""


def test_the_model_is_left_in_training_mode_with_its_statistics():
    model = nn.Sequential(circular(), nn.BatchNorm2d(3))
    equivariance(model, (1, 2, 8, 8))
    assert model.training and model[1].num_batches_tracked.item() == 0


@pytest.mark.parametrize("shape, message", [
    ((2, 8, 8), r"shape \(2, 8, 8\). Give \(N, C, H, W\)"), ((1, 2, 8, 6), "8x6 cannot be turned in place.*square")])
def test_images_that_cannot_be_moved_are_refused(shape, message):
    with pytest.raises(ArgumentError, match=f"equivariance: .*{message}"):
        equivariance(lambda x: x, tg.zeros(*shape))


def test_a_translation_by_whole_pixels_moves_them():
    x = tg.randn(2, 1, 5, 6)
    y = warp(x, translation(1, -2))
    assert tg.equal(y[:, :, 1:, :-2], x[:, :, :-1, 2:]) and not y[:, :, 0].any() and not y[..., -2:].any()


def test_a_quarter_turn_is_rot90():
    x = tg.randn(1, 1, 5, 5)
    assert tg.allclose(warp(x, rotation(90)), tg.rot90(x, 1, (2, 3)), rtol=0, atol=1e-9)


def test_a_scaling_makes_larger_and_its_inverse_smaller():
    x = tg.zeros(9, 9)
    x[3:6, 3:6] = 1
    assert warp(x, scaling(2)).sum() > 2 * x.sum() > 4 * warp(x, scaling(0.5)).sum()
    assert tg.equal(warp(x, scaling(1)), x)


def test_a_signal_is_no_image():
    with pytest.raises(ShapeError, match=r"warp: images have shape \(3,\)"):
        warp(tg.zeros(3), rotation(10))
