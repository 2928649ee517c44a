"""The digits that ship with the package."""
import hashlib
from pathlib import Path

import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.data import DataLoader, Digits, digits
from tinygrad_cnn.errors import DataError

FOLDER = Path(digits.__file__).parent / "digits"


def test_the_file_is_small_and_its_source_and_licence_stand_beside_it():
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 100_000
    text = (FOLDER / "SOURCE.txt").read_text(encoding="utf-8")
    assert "CC BY 4.0" in text
    assert "E. Alpaydin and C. Kaynak" in text


def test_the_split_has_1442_and_355_images():
    assert (len(Digits(train=True)), len(Digits(train=False))) == (1442, 355)


def test_the_split_is_a_fifth_of_each_class():
    train, held_out = (np.bincount(Digits(train=train).targets.numpy(), minlength=10) for train in (True, False))
    np.testing.assert_array_equal(held_out, (train + held_out) // 5)


def test_no_held_out_image_is_among_the_training_images():
    train, held_out = ({image.tobytes() for image in Digits(train=train).data.numpy()} for train in (True, False))
    assert len(train) + len(held_out) == 1797
    assert not train & held_out


def test_the_split_is_the_same_every_time():
    first = Digits(train=False)
    tg.manual_seed(1)
    np.testing.assert_array_equal(first.data.numpy(), Digits(train=False).data.numpy())
    assert first.targets.tolist()[:12] == [5, 0, 9, 8, 7, 1, 2, 6, 3, 4, 0, 2]


def test_a_sample_is_an_image_in_zero_to_one_and_a_label():
    image, label = Digits()[0]
    assert (image.dtype, tuple(image.shape), type(label), label) == (tg.float32, (1, 8, 8), int, 0)
    data = Digits().data.numpy()
    assert (data.min(), data.max()) == (0.0, 1.0)
    np.testing.assert_array_equal(data * 16, np.rint(data * 16))


@pytest.mark.parametrize("train", [True, False])
def test_batches_taken_at_once_are_those_taken_one_by_one(train):
    dataset = Digits(train)
    images, labels = next(iter(DataLoader(dataset, 9)))
    assert (images.dtype, labels.dtype) == (tg.float32, tg.int64)
    for k in range(9):
        assert images[k].tolist() == dataset[k][0].tolist()
        assert labels[k].item() == dataset[k][1]


def test_transforms_see_the_image_and_the_label():
    dataset = Digits(transform=lambda image: 1 - image, target_transform=str)
    images, labels = next(iter(DataLoader(dataset, 2)))
    np.testing.assert_array_equal(images.numpy(), 1 - Digits().data.numpy()[:2])
    assert labels == ["0", "1"]


def test_a_damaged_file_says_so(tmp_path, monkeypatch):
    np.savez(tmp_path / "optdigits.npz", images=np.zeros((2, 8, 8), np.uint8), labels=np.zeros(2, np.uint8))
    monkeypatch.setattr(digits, "_FILE", tmp_path / "optdigits.npz")
    with pytest.raises(DataError, match=r"Digits: .* holds images \(2, 8, 8\) .*Install the package again"):
        Digits()


def test_a_missing_file_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(digits, "_FILE", tmp_path / "optdigits.npz")
    with pytest.raises(DataError, match=r"Digits: .* cannot be read .*Install the package again"):
        Digits()


def test_the_images_are_those_of_scikit_learn_in_its_order():
    images, labels = digits._read()
    found = hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()
    # sklearn.datasets.load_digits() of scikit-learn 1.9.1: images, then target, as uint8
    assert found == "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"


def test_the_loader_and_the_data_sets_have_pytorchs_address_too():
    assert tg.utils.data.DataLoader is tg.data.DataLoader
    assert set(tg.utils.data.__all__) == set(tg.data.__all__)
