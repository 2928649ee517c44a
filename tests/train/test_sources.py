"""Where images come from: every set arrives normalised, in the model's size, and only training images are changed."""
import gzip

import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.errors import ArgumentError, DataError
from tinygrad_cnn.train import TrainSettings
from tinygrad_cnn.train.sources import channels_of, class_names, image_side, open_data, picture_transform


def idx(array):
    """The bytes of an IDX file of uint8."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


@pytest.fixture
def mnist(tmp_path):
    """A folder with 20 training images of white, and 10 of black to test."""
    for part, value, count in (("train", 255, 20), ("t10k", 0, 10)):
        images = np.full((count, 28, 28), value)
        (tmp_path / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
        (tmp_path / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.arange(count) % 10)))
    return tmp_path


@pytest.fixture
def folder(tmp_path):
    """train/ and val/ with two classes of three pictures of 40x30 pixels."""
    image = pytest.importorskip("PIL.Image", reason="pictures need Pillow: pip install 'tinygrad_cnn[images]'")
    for part in ("train", "val"):
        for name in ("cat", "dog"):
            (tmp_path / part / name).mkdir(parents=True)
            for k in range(3):
                image.fromarray(np.full((30, 40, 3), 40 * k, np.uint8)).save(tmp_path / part / name / f"{k}.png")
    return tmp_path


def test_mnist_is_normalised_by_its_mean_and_deviation(mnist):
    settings = TrainSettings(data="mnist", data_dir=str(mnist))
    white, _ = open_data(settings, True)[0]
    black, _ = open_data(settings, False)[0]
    assert white.shape == (1, 28, 28)
    np.testing.assert_allclose(white.numpy(), (1 - 0.1307) / 0.3081, rtol=1e-5)
    np.testing.assert_allclose(black.numpy(), -0.1307 / 0.3081, rtol=1e-5)


def test_images_get_the_size_that_was_asked_for(mnist):
    settings = TrainSettings(model="lenet5", data="mnist", data_dir=str(mnist), image_size=32)
    assert open_data(settings, True)[0][0].shape == (1, 32, 32)
    assert image_side(settings) == 32


@pytest.mark.parametrize("augment", ["none", "crop-flip", "imagenet"])
def test_a_folder_of_pictures_arrives_in_the_models_size(augment, folder):
    settings = TrainSettings(model="resnet20", data="imagefolder", data_dir=str(folder), augment=augment)
    for train in (True, False):
        found = open_data(settings, train)
        assert len(found) == 6
        assert found[0][0].shape == (3, 32, 32)
    assert class_names(settings) == ["cat", "dog"]


def test_training_images_are_changed_at_random_and_test_images_are_not(folder):
    image = pytest.importorskip("PIL.Image", reason="pictures need Pillow: pip install 'tinygrad_cnn[images]'")
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    for part in ("train", "val"):
        image.fromarray(noise).save(folder / part / "cat" / "0.png")
    settings = TrainSettings(model="resnet20", data="imagefolder", data_dir=str(folder), augment="crop-flip")
    training, tested = open_data(settings, True), open_data(settings, False)
    assert any((training[0][0] != training[0][0]).any() for _ in range(5))
    assert (tested[0][0] == tested[0][0]).all()


def test_a_folder_without_its_halves_says_how_to_arrange_it(tmp_path):
    with pytest.raises(DataError, match=r"has no folder 'train'\. Put a folder of images for each class into train/"):
        open_data(TrainSettings(model="resnet20", data="imagefolder", data_dir=str(tmp_path)), True)


@pytest.mark.parametrize("name", ["mnist", "cifar10", "cifar100"])
def test_a_set_in_files_wants_its_folder(name):
    with pytest.raises(ArgumentError, match=f"{name} lies in files, but no folder is given. Give --data-dir FOLDER, "
                                            "and --download"):
        open_data(TrainSettings(data=name), True)


@pytest.mark.parametrize("name, classes, channels", [("digits", 10, 1), ("mnist", 10, 1), ("fashion-mnist", 10, 1),
                                                     ("cifar10", 10, 3), ("cifar100", 100, 3)])
def test_names_and_channels_are_known_without_the_files(name, classes, channels):
    settings = TrainSettings(data=name)
    assert len(class_names(settings)) == classes
    assert channels_of(settings) == channels


def test_a_picture_of_any_size_becomes_the_models_input():
    picture = tg.full((3, 50, 70), 255, dtype=tg.uint8)
    assert picture_transform(TrainSettings(data="cifar10"))(picture).shape == (3, 32, 32)
    digit = picture_transform(TrainSettings(data="digits"))(picture)
    assert digit.shape == (1, 8, 8)
    np.testing.assert_allclose(digit.numpy(), 1, rtol=1e-3)
