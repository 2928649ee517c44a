"""Folders of files as data sets, and single pictures."""
import os
import struct
import sys

import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.data import DataLoader, DatasetFolder, ImageFolder, load_image
from tinygrad_cnn.data import transforms as T
from tinygrad_cnn.errors import ArgumentError, ArgumentTypeError, DataError, MissingExtraError

Image = pytest.importorskip("PIL.Image", reason="needs Pillow: pip install 'tinygrad_cnn[images]'")


def picture(height=6, width=9, channels=3, seed=0):
    shape = (height, width, channels) if channels > 1 else (height, width)
    return np.random.default_rng(seed).integers(256, size=shape).astype(np.uint8)


@pytest.fixture
def folder(tmp_path):
    for k, name in enumerate(["dog/b.png", "dog/a.PNG", "cat/deep/c.png", "cat/z.txt"]):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".txt":
            path.write_text("no picture", encoding="utf-8")
        else:
            Image.fromarray(picture(seed=k)).save(path, "PNG")
    return tmp_path


def test_classes_are_the_folders_in_alphabetical_order_and_samples_their_pictures(folder):
    found = ImageFolder(folder)
    assert found.classes == ["cat", "dog"] and found.class_to_idx == {"cat": 0, "dog": 1}
    assert [(os.path.relpath(path, folder), k) for path, k in found.samples] == [
        (os.path.join("cat", "deep", "c.png"), 0), (os.path.join("dog", "a.PNG"), 1), (os.path.join("dog", "b.png"), 1)]
    assert found.targets == [0, 1, 1] and found.imgs is found.samples
    image, label = found[0]
    assert label == 0 and np.array_equal(image.numpy(), picture(seed=2).transpose(2, 0, 1))


def test_a_loader_reads_a_folder_through_transforms(folder):
    found = ImageFolder(folder, T.Compose([T.Resize(4), T.CenterCrop(4), T.ToTensor()]))
    images, labels = next(iter(DataLoader(found, 3, num_workers=2)))
    assert tuple(images.shape) == (3, 3, 4, 4) and images.dtype is tg.float32 and labels.tolist() == [0, 1, 1]


def test_any_files_can_be_samples(folder):
    found = DatasetFolder(folder, loader=os.path.basename, is_valid_file=lambda path: "z" in os.path.basename(path),
                          target_transform=str, allow_empty=True)
    assert list(found[k] for k in range(len(found))) == [("z.txt", "0")]


def test_a_class_without_files_is_refused_unless_that_is_meant(folder):
    (folder / "bird").mkdir()
    with pytest.raises(DataError, match="no files with the endings .jpg.* in 'bird'"):
        ImageFolder(folder)
    assert ImageFolder(folder, allow_empty=True).classes == ["bird", "cat", "dog"]


def test_a_folder_without_folders_and_no_folder_are_refused(tmp_path):
    with pytest.raises(DataError, match="has no folders in it"):
        ImageFolder(tmp_path)
    with pytest.raises(DataError, match="there is no folder"):
        ImageFolder(tmp_path / "nowhere")


def test_extensions_or_a_function_say_which_files_to_take(folder):
    for extensions, function in ((None, None), (".png", bool)):
        with pytest.raises(ArgumentError, match="Give exactly one"):
            DatasetFolder(folder, load_image, extensions, is_valid_file=function)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_that_lead_in_a_circle_end(folder):
    (folder / "cat" / "again").symlink_to(folder / "cat")
    assert len(ImageFolder(folder)) == 3


@pytest.mark.parametrize("mode, planes", [("L", 1), ("RGBA", 4), ("1", 1), ("P", 1)])
def test_pictures_of_every_mode_become_red_green_and_blue(mode, planes, tmp_path):
    source = Image.fromarray(picture(channels=planes)).convert(mode)
    source.save(tmp_path / "a.png")
    found = load_image(tmp_path / "a.png")
    assert found.dtype is tg.uint8 and tuple(found.shape) == (3, 6, 9)
    assert np.array_equal(found.numpy(), np.asarray(source.convert("RGB")).transpose(2, 0, 1))


def test_sixteen_bits_become_eight_and_are_not_cut_off(tmp_path):
    deep = np.array([[0, 257, 32768, 65535]], np.uint16)
    Image.fromarray(deep).save(tmp_path / "a.png")
    assert load_image(tmp_path / "a.png").tolist() == [[[0, 1, 127, 255]]] * 3


def test_a_picture_is_turned_as_its_exif_orientation_says(tmp_path):
    pixels = np.zeros((4, 8, 3), np.uint8)
    pixels[0, 0] = 255
    exif = Image.Exif()
    exif[0x0112] = 6                                        # the camera was held a quarter turn to the left
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    assert tuple(load_image(tmp_path / "a.png").shape) == (3, 8, 4)
    assert load_image(tmp_path / "a.png")[0, 0, 3].item() == 255
    assert tuple(load_image(tmp_path / "a.png", upright=False).shape) == (3, 4, 8)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP"])
def test_a_picture_that_is_cut_short_is_refused_by_name(kind, tmp_path):
    path = tmp_path / "whole"
    Image.fromarray(picture(64, 64)).save(path, kind)
    (tmp_path / "cut").write_bytes(path.read_bytes()[:path.stat().st_size // 2])
    with pytest.raises(DataError, match="load_image: 'cut' cannot be read as a picture"):
        load_image(tmp_path / "cut")


@pytest.mark.parametrize("content", [b"", b"no picture at all", b"\x89PNG\r\n\x1a\n" + bytes(50)])
def test_what_is_no_picture_is_refused(content, tmp_path):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(DataError, match="'a.png' cannot be read as a picture"):
        load_image(tmp_path / "a.png")


@pytest.mark.filterwarnings("ignore:Image size:PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [30_000, 10_000])
def test_a_picture_that_promises_too_many_pixels_is_refused(side, tmp_path):
    path = tmp_path / "a.bmp"
    Image.fromarray(picture(2, 2)).save(path)
    content = bytearray(path.read_bytes())
    content[18:26] = struct.pack("<ii", side, side)
    path.write_bytes(content)
    with pytest.raises(DataError, match="'a.bmp' is too large"):
        load_image(path)


def test_a_missing_file_and_what_is_no_path_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="load_image: there is no file"):
        load_image(tmp_path / "a.png")
    with pytest.raises(ArgumentTypeError, match="ndarray is not a path"):
        load_image(picture())


def test_without_pillow_the_way_to_install_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'tinygrad_cnn\[images\]'"):
        load_image(tmp_path / "a.png")
