"""Transforms that move, mirror and convert pixels, on one image and on a batch."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.strict import strict_device
from tinygrad_cnn.data import transforms as T
from tinygrad_cnn.data.draws import draw_for
from tinygrad_cnn.errors import ArgumentError, ArgumentTypeError, DTypeError, ShapeError

SIZES = st.integers(1, 9)


def image(*shape, seed=0, dtype="uint8"):
    found = np.random.default_rng(seed).integers(256, size=shape).astype(np.uint8)
    return tg.from_numpy(found if dtype == "uint8" else (found / 255).astype(dtype))


def transforms_of(size):
    return {
        "Pad": T.Pad((1, 2, 3, 0)), "CenterCrop": T.CenterCrop(size), "Resize": T.Resize(size),
        "RandomCrop": T.RandomCrop(size, padding=size), "RandomResizedCrop": T.RandomResizedCrop(size),
        "RandomHorizontalFlip": T.RandomHorizontalFlip(), "RandomVerticalFlip": T.RandomVerticalFlip(),
        "RandomErasing": T.RandomErasing(0.8), "ColorJitter": T.ColorJitter(0.3, 0.3, 0.3, 0.2),
        "Grayscale": T.Grayscale(3), "ToTensor": T.ToTensor(), "PILToTensor": T.PILToTensor(),
        "ConvertImageDtype": T.ConvertImageDtype(tg.float64), "TenCrop": T.TenCrop(1), "FiveCrop": T.FiveCrop(1),
        "Normalize": T.Compose([T.ToTensor(), T.Normalize([0.1, 0.2, 0.3], [0.4, 0.5, 0.6])]),
        "Lighting": T.Compose([T.ToTensor(), T.Lighting()]),
    }


def parts(found):
    return [part.numpy() for part in (found if isinstance(found, tuple) else (found,))]


@pytest.mark.parametrize("name", transforms_of(1))
@given(n=st.integers(1, 4), rows=SIZES, columns=SIZES, size=SIZES)
def test_a_batch_is_its_images_one_by_one_and_nothing_is_written_to(name, n, rows, columns, size):
    transform, batch = transforms_of(size)[name], image(n, 3, rows, columns)
    before = batch.numpy().copy()
    together = parts(draw_for(5, range(n), transform, batch))
    single = [parts(draw_for(5, [k], transform, batch[k])) for k in range(n)]
    for k, part in enumerate(together):
        assert np.array_equal(part, np.stack([one[k] for one in single]))
    assert np.array_equal(batch.numpy(), before)


@pytest.mark.parametrize("name", transforms_of(1))
def test_every_transform_can_be_read(name):
    transform = transforms_of(3)[name]
    assert (type(transform).__name__ + "(") in repr(transform)


@given(rows=SIZES, columns=SIZES, height=SIZES, width=SIZES, padding=st.integers(0, 3),
       mode=st.sampled_from(["constant", "edge", "symmetric"]), seed=st.integers(0, 99))
def test_a_random_crop_is_a_window_of_the_padded_image(rows, columns, height, width, padding, mode, seed):
    x = image(2, 3, rows, columns, seed=seed)
    padding = min(padding, rows, columns)
    border = ((0, 0), (0, 0), (padding, padding), (padding, padding))
    padded = np.pad(x.numpy(), border, mode, **({"constant_values": 7} if mode == "constant" else {}))
    crop = T.RandomCrop((height, width), padding=padding, fill=7, padding_mode=mode)
    if height > padded.shape[2] or width > padded.shape[3]:
        with pytest.raises(ShapeError, match=rf"RandomCrop: size is \({height}, {width}\) but the image is "
                                             rf"{padded.shape[2]} x {padded.shape[3]} with its padding"):
            crop(x)
        return
    found = crop(x).numpy()
    windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(2, 3))
    for k in range(2):
        assert (windows[k].transpose(1, 2, 0, 3, 4) == found[k]).all(axis=(2, 3, 4)).any()


def test_every_place_of_a_random_crop_comes_up_as_often():
    x = tg.arange(25).reshape(1, 5, 5).expand(9000, 1, 5, 5)
    corners = T.RandomCrop(3)(x).numpy()[:, 0, 0, 0]
    places, counts = np.unique(corners, return_counts=True)
    assert places.tolist() == [0, 1, 2, 5, 6, 7, 10, 11, 12]
    assert ((counts - 1000) ** 2 / 1000).sum() < 32         # 8 degrees of freedom: 99.99 %


def test_a_small_image_is_padded_where_that_is_wanted():
    found = T.RandomCrop(4, pad_if_needed=True, fill=(1, 2, 3))(image(3, 2, 6))
    assert tuple(found.shape) == (3, 4, 4)
    assert {int(v) for v in found.numpy()[2, 0]} | {int(v) for v in found.numpy()[2, 3]} >= {3}


def test_negative_padding_cuts_off():
    x = image(1, 4, 5)
    assert T.Pad((-1, 1, -2, -1))(x).tolist() == np.pad(x.numpy()[:, :3, 1:3], ((0, 0), (1, 0), (0, 0))).tolist()


def test_the_middle_of_a_smaller_image_has_a_border_of_zeros():
    assert T.CenterCrop(4)(tg.ones(1, 2, 2)).tolist() == [[[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]]


def test_half_of_the_images_are_mirrored_and_each_of_them_wholly():
    x = tg.arange(6).reshape(1, 2, 3).expand(4000, 1, 2, 3)
    for transform, mirrored in ((T.RandomHorizontalFlip(), [[2, 1, 0], [5, 4, 3]]),
                                (T.RandomVerticalFlip(), [[3, 4, 5], [0, 1, 2]])):
        found = transform(x).numpy()[:, 0]
        changed = (found == mirrored).all(axis=(1, 2))
        assert (changed | (found == [[0, 1, 2], [3, 4, 5]]).all(axis=(1, 2))).all()
        assert abs(changed.mean() - 0.5) < 0.04


def test_five_crops_are_the_corners_and_the_middle_and_ten_their_mirror_images():
    x = tg.arange(25).reshape(1, 5, 5)
    five, ten = T.FiveCrop(2)(x), T.TenCrop(2)(x)
    assert [crop[0, 0, 0].item() for crop in five] == [0, 3, 15, 18, 12]
    assert [crop[0].tolist() for crop in ten[5:]] == [crop[0].tolist() for crop in T.FiveCrop(2)(x.flip(2))]
    assert T.TenCrop(2, vertical_flip=True)(x)[5][0].tolist() == [[20, 21], [15, 16]]


@pytest.mark.parametrize("make", [
    lambda pixels: pixels, lambda pixels: pixels[:, :, :1], lambda pixels: pixels[:, :, 0],
    lambda pixels: pytest.importorskip("PIL.Image", reason="needs Pillow").fromarray(pixels),
    lambda pixels: pytest.importorskip("PIL.Image", reason="needs Pillow").fromarray(pixels).convert("L"),
], ids=["HWC", "HW1", "HW", "Pillow", "grey"])
def test_to_tensor_takes_what_torchvisions_does(make):
    pixels = np.random.default_rng(0).integers(256, size=(4, 5, 3)).astype(np.uint8)
    source = make(pixels)
    array = np.asarray(source)
    expected = (array[:, :, None] if array.ndim == 2 else array).transpose(2, 0, 1).astype(np.float32) / np.float32(255)
    found = T.ToTensor()(source)
    assert found.dtype is tg.float32 and np.array_equal(found.numpy(), expected)
    assert T.PILToTensor()(source).dtype is tg.uint8


def test_pixels_go_to_floats_and_back_unchanged():
    every = tg.from_numpy(np.arange(256, dtype=np.uint8).reshape(1, 16, 16))
    for dtype in (tg.float32, tg.float64):
        there = T.ConvertImageDtype(dtype)(every)
        assert there.dtype is dtype and there.numpy()[0, 15, 15] == 1
        assert T.ConvertImageDtype(tg.uint8)(there).tolist() == every.tolist()
    assert T.ConvertImageDtype(tg.float16)(every).dtype is tg.float16


def test_normalize_in_place_changes_the_image_itself():
    x = image(3, 4, 4, dtype="float32")
    expected = T.Normalize([0.5], [0.2])(x).tolist()
    assert T.Normalize([0.5], [0.2], inplace=True)(x) is x and x.tolist() == expected


@pytest.mark.parametrize("call, error, message", [
    (lambda: T.Normalize([0.5], [0.0]), ArgumentError, "std is"),
    (lambda: T.Normalize([0.5, 0.1], [1.0]), ArgumentError, "mean has 2 numbers and std 1"),
    (lambda: T.Normalize([0.5] * 4, [1] * 4)(image(3, 2, 2, dtype="float32")), ShapeError, "3 channels but .* 4"),
    (lambda: T.Normalize([0.5], [1])(image(3, 2, 2)), DTypeError, r"uint8, not float. Put ToTensor\(\)"),
    (lambda: T.Lighting()(image(3, 2, 2)), DTypeError, r"Put ToTensor\(\)"),
    (lambda: T.Lighting()(image(1, 2, 2, dtype="float32")), ShapeError, "1 channels"),
    (lambda: T.RandomErasing(1, value="random")(image(3, 9, 9)), DTypeError, "uint8"),
    (lambda: T.RandomErasing(value="noise"), ArgumentError, "value is 'noise'"),
    (lambda: T.RandomErasing(scale=(0.1, 2)), ArgumentError, "at most 1"),
    (lambda: T.RandomCrop(0), ArgumentError, "size is 0"),
    (lambda: T.RandomCrop((1, 2, 3)), ArgumentError, "size is"),
    (lambda: T.RandomCrop(3, padding=(1, 2, 3)), ArgumentError, r"padding is \(1, 2, 3\)"),
    (lambda: T.RandomCrop(3, padding_mode="wrap"), ArgumentError, "constant, edge, reflect, symmetric"),
    (lambda: T.Pad(3, padding_mode="reflect")(image(1, 3, 3)), ShapeError, "cannot be mirrored .* 3 x 3"),
    (lambda: T.Pad(1, fill=(1, 2))(image(3, 3, 3)), ShapeError, "fill has 2 numbers but the image 3 channels"),
    (lambda: T.RandomHorizontalFlip(1.5), ArgumentError, "RandomHorizontalFlip: p is 1.5"),
    (lambda: T.FiveCrop(4)(image(3, 3, 3)), ShapeError, r"FiveCrop: size is \(4, 4\) but the image is 3 x 3"),
    (lambda: T.Grayscale(2), ArgumentError, "Give 1 or 3"),
    (lambda: T.Grayscale()(image(2, 3, 3)), ShapeError, "2 channels"),
    (lambda: T.ColorJitter(hue=0.6), ArgumentError, "hue is 0.6"),
    (lambda: T.ColorJitter(brightness=-1), ArgumentError, "brightness is -1"),
    (lambda: T.Resize(4, "lanczos"), ArgumentError, "interpolation is 'lanczos'"),
    (lambda: T.Resize((4, 4), max_size=9), ArgumentError, "max_size is 9"),
    (lambda: T.RandomResizedCrop(4, scale=(1.0, 0.1)), ArgumentError, "scale is"),
    (lambda: T.ToTensor()("a.png"), ArgumentTypeError, "ToTensor: the image is a str"),
    (lambda: T.ToTensor()(np.zeros((2, 3, 4, 5), np.uint8)), ShapeError, r"shape \(2, 3, 4, 5\)"),
    (lambda: T.ToTensor()(np.zeros((3, 4), np.uint16)), DTypeError, "the array is uint16"),
    (lambda: T.CenterCrop(2)(tg.zeros(4)), ShapeError, r"CenterCrop: the image has shape \(4,\)"),
    (lambda: T.Compose([3]), ArgumentTypeError, "transform 0 is a int"),
    (lambda: T.Lambda("x"), ArgumentTypeError, "a str cannot be called"),
], ids=lambda value: None if callable(value) else str(value)[:30])
def test_what_cannot_be_right_is_refused_with_the_numbers_and_the_cure(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("name", transforms_of(1))
def test_transforms_run_where_the_images_are(name):
    transform, batch = transforms_of(6)[name], image(3, 3, 9, 8)
    here = parts(draw_for(5, range(3), transform, batch))
    there = draw_for(5, range(3), transform, batch.to(device=strict_device()))
    for mine, other in zip(here, there if isinstance(there, tuple) else (there,)):
        assert other.device is strict_device() and str(other.dtype).endswith(str(mine.dtype))
        assert np.allclose(mine, other.tolist(), atol=1e-6)
