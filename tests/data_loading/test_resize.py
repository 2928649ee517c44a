"""Resize, RandomResizedCrop and the changes of colour, against Pillow, PyTorch and plain definitions."""
import colorsys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.real_data import cifar10
from tinygrad_cnn.data import transforms as T
from tinygrad_cnn.data.draws import draw_for
from tinygrad_cnn.data.transforms.resample import resized, taps
from tinygrad_cnn.data.transforms.resize import random_boxes

SIDES = st.integers(1, 40)
TORCHS_SIDES = st.integers(2, 40)           # PyTorch 2.13 takes the first of two rows for both if there is one column
MODES = pytest.mark.parametrize("mode", ["bilinear", "bicubic"])


def photo(rows, columns, seed=0):
    """uint8 (3, rows, columns), smooth with a little noise."""
    draw = np.random.default_rng(seed)
    y, x = np.mgrid[:rows, :columns]
    waves = [128 + 100 * np.sin(y / (3 + k) + x / (5 - k)) for k in range(3)]
    return np.clip(np.stack(waves) + draw.normal(0, 20, (3, rows, columns)), 0, 255).astype(np.uint8)


def pillows(pixels, height, width, mode):
    image = pytest.importorskip("PIL.Image", reason="needs Pillow: pip install 'tinygrad_cnn[images]'")
    way = {"nearest": image.NEAREST, "bilinear": image.BILINEAR, "bicubic": image.BICUBIC}[mode]
    found = image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0))).resize((width, height), way)
    return np.asarray(found).transpose(2, 0, 1)


def off(ours, theirs):
    """The largest difference of two uint8 images."""
    return int(np.abs(ours.astype(np.int64) - theirs.astype(np.int64)).max())


@given(rows=SIDES, columns=SIDES, height=SIDES, width=SIDES)
def test_bilinear_agrees_with_pillow_to_2_of_255(rows, columns, height, width):
    pixels = photo(rows, columns)
    found = resized(pixels[None], np, height, width)[0]
    assert off(found, pillows(pixels, height, width, "bilinear")) <= 2


@given(rows=SIDES, columns=SIDES, height=SIDES, width=SIDES)
def test_bicubic_agrees_with_pillows_columns_and_then_rows_to_2_of_255(rows, columns, height, width):
    pixels = photo(rows, columns)
    theirs = pillows(pillows(pixels, rows, width, "bicubic"), height, width, "bicubic")
    assert off(resized(pixels[None], np, height, width, "bicubic")[0], theirs) <= 2


@pytest.mark.parametrize("size", [224, 100, 400])
def test_a_photo_brought_to_the_size_of_a_network_agrees_with_pillow(size):
    pixels = photo(375, 500)
    for mode in ("bilinear", "bicubic"):
        found = T.Resize(size, mode)(tg.from_numpy(pixels)).numpy()
        assert off(found, pillows(pixels, *found.shape[1:], mode)) <= 1


@pytest.mark.parametrize("size", [(20, 30), (61, 17), (7, 7), (100, 150)])
def test_nearest_is_pillows(size):
    pixels = photo(41, 61)                                  # odd sides: no new centre falls on an old border
    assert np.array_equal(T.Resize(size, "nearest")(tg.from_numpy(pixels)).numpy(), pillows(pixels, *size, "nearest"))


@pytest.mark.oracle
@MODES
@pytest.mark.parametrize("antialias", [True, False], ids=["antialias", "plain"])
@given(rows=TORCHS_SIDES, columns=TORCHS_SIDES, height=SIDES, width=TORCHS_SIDES)
def test_floats_agree_with_pytorchs_interpolate(mode, antialias, rows, columns, height, width):
    torch = pytest.importorskip("torch", reason="needs PyTorch: pip install torch==2.13.0")
    x = photo(rows, columns)[None] / 255.0
    theirs = torch.nn.functional.interpolate(torch.tensor(x), size=(height, width), mode=mode, antialias=antialias,
                                             align_corners=False).numpy()
    assert np.abs(resized(x, np, height, width, mode, antialias) - theirs).max() < 1e-12
    short = resized(x.astype(np.float32), np, height, width, mode, antialias)
    assert short.dtype == np.float32 and np.abs(short - theirs).max() < 2e-6


@MODES
@pytest.mark.parametrize("antialias", [True, False])
@given(old=st.integers(1, 60), new=st.integers(1, 60))
def test_weights_add_up_to_1_lie_inside_and_move_forward(mode, antialias, old, new):
    firsts, weights = taps(old, new, mode, antialias)
    assert np.allclose(weights.sum(axis=1), 1)
    assert firsts.min() >= 0 and firsts.max() + weights.shape[1] <= old
    assert (np.diff(firsts) >= 0).all()


@MODES
@given(old=st.integers(1, 50), new=st.integers(1, 50), value=st.integers(0, 255))
def test_one_colour_stays_that_colour(mode, old, new, value):
    flat = np.full((1, 1, old, old), value, np.uint8)
    assert (resized(flat, np, new, new, mode) == value).all()


@pytest.mark.parametrize("shape, size, max_size, expected", [
    ((20, 30), 10, None, (10, 15)), ((30, 20), 10, None, (15, 10)), ((20, 31), 10, 12, (8, 12)),
    ((20, 20), 7, None, (7, 7)), ((20, 30), (5, 6), None, (5, 6)), ((20, 30), [10], None, (10, 15)),
])
def test_sizes_are_torchvisions(shape, size, max_size, expected):
    assert tuple(T.Resize(size, max_size=max_size)(tg.zeros(3, *shape)).shape[1:]) == expected


def test_interpolation_modes_go_by_torchvisions_names():
    x = tg.from_numpy(photo(9, 9))
    for mode in T.InterpolationMode:
        assert T.Resize(5, mode)(x).tolist() == T.Resize(5, mode.value)(x).tolist()


def test_boxes_have_the_areas_and_shapes_that_were_asked_for():
    heights, widths, _ = draw_for(1, range(500), random_boxes, 500, 400, 300, (0.2, 0.5), (0.5, 2.0))
    assert (heights * widths / 120_000 > 0.19).all() and (heights * widths / 120_000 < 0.51).all()
    assert (widths / heights > 0.49).all() and (widths / heights < 2.02).all()
    assert abs(np.log(widths / heights).mean()) < 0.05


@given(rows=SIDES, columns=SIDES, seed=st.integers(0, 999))
def test_a_random_resized_crop_is_a_piece_of_the_image(rows, columns, seed):
    """With scale and ratio 1 of a square it is the image itself; always it lies inside."""
    transform = T.RandomResizedCrop((rows, columns))
    for top, left, height, width in draw_for(seed, range(3), lambda: list(transform._boxes(3, rows, columns))):
        assert top >= 0 and left >= 0 and height >= 1 and width >= 1
        assert top + height <= rows and left + width <= columns
    pixels = tg.from_numpy(photo(rows, rows))
    assert T.RandomResizedCrop(rows, scale=(1.0, 1.0), ratio=(1.0, 1.0))(pixels).tolist() == pixels.tolist()


def test_a_crop_that_never_fits_is_the_largest_in_the_middle():
    x = tg.arange(40).reshape(1, 2, 20)
    found = T.RandomResizedCrop((2, 2), scale=(1.0, 1.0), ratio=(0.9, 1.0), interpolation="nearest")(x)
    assert found.tolist() == [[[9, 10], [29, 30]]]


def test_lighting_moves_every_pixel_of_an_image_along_the_principal_components():
    x = tg.rand(5000, 3, 2, 2)
    shift = (T.Lighting(0.1)(x) - x).numpy()
    assert np.abs(shift - shift[:, :, :1, :1]).max() < 1e-6
    light = T.Lighting()
    covariance = np.cov(shift[:, :, 0, 0].T)
    expected = 0.01 * (light.eigvec * light.eigval**2) @ light.eigvec.T
    assert np.abs(covariance - expected).max() < 0.06 * np.abs(expected).max()


def test_principal_colours_are_those_of_the_covariance():
    pixels = cifar10(train=False).data[:300]
    deviations, vectors = T.principal_colours(pixels)
    covariance = np.cov(pixels.numpy().transpose(1, 0, 2, 3).reshape(3, -1) / 255, bias=True)
    assert np.allclose((vectors * deviations**2) @ vectors.T, covariance)
    assert deviations[0] > deviations[1] > deviations[2] > 0
    assert np.abs(vectors[:, 0]).min() > 0.5                # the first component is brightness


@given(seed=st.integers(0, 99))
def test_random_erasing_paints_one_box_of_a_part_of_the_area(seed):
    x = tg.ones(4, 3, 40, 30)
    found = draw_for(seed, range(4), T.RandomErasing(p=1, value=(5, 6, 7)), x).numpy()
    for one in found:
        rows, columns = np.nonzero(one[0] != 1)
        box = one[:, rows.min():rows.max() + 1, columns.min():columns.max() + 1]
        assert (box == np.array([5, 6, 7]).reshape(3, 1, 1)).all() and box[0].size == len(rows)
        assert 0.01 < len(rows) / 1200 < 0.37


def test_random_erasing_in_place_and_with_noise():
    x = tg.zeros(3, 20, 20)
    assert T.RandomErasing(p=1, value="random", inplace=True)(x) is x
    changed = x.numpy()[x.numpy() != 0]
    assert changed.size and abs(changed.mean()) < 0.5 and 0.5 < changed.std() < 1.5
    assert T.RandomErasing(p=0)(tg.zeros(3, 20, 20)).abs().sum().item() == 0


@given(turn=st.floats(-0.5, 0.5), seed=st.integers(0, 99))
def test_a_turn_of_hue_is_that_of_colorsys(turn, seed):
    pixels = np.random.default_rng(seed).random((3, 2, 2))
    found = T.ColorJitter(hue=(turn, turn))(tg.from_numpy(pixels)).numpy()
    for row, column in np.ndindex(2, 2):
        hue, saturation, value = colorsys.rgb_to_hsv(*pixels[:, row, column])
        assert np.allclose(found[:, row, column], colorsys.hsv_to_rgb((hue + turn) % 1, saturation, value), atol=1e-9)


def test_brightness_contrast_and_saturation_follow_their_definitions():
    x = tg.from_numpy(np.random.default_rng(0).random((3, 6, 6)))
    grey_weights = (0.2989, 0.587, 0.114)
    pixels, grey = x.numpy(), np.tensordot(grey_weights, x.numpy(), 1)
    assert np.allclose(T.ColorJitter(brightness=(1.5, 1.5))(x).numpy(), np.clip(1.5 * pixels, 0, 1))
    assert np.allclose(T.ColorJitter(contrast=(0.3, 0.3))(x).numpy(), 0.3 * pixels + 0.7 * grey.mean())
    assert np.allclose(T.ColorJitter(saturation=(0.0, 0.0))(x).numpy(), grey)
    assert np.allclose(T.Grayscale(3)(x).numpy(), grey)
    assert T.ColorJitter()(x).tolist() == x.tolist()


def test_pixels_that_are_not_changed_stay_exact():
    x = tg.from_numpy(photo(8, 8))
    assert T.ColorJitter(brightness=(1.0, 1.0), hue=(0.0, 0.0))(x).tolist() == x.tolist()
    assert T.ColorJitter(hue=(0.0, 0.0), contrast=(0.999999, 1.0))(x).tolist() == x.tolist()
