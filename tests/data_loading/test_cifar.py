"""CIFAR-10 and CIFAR-100 in both published forms, as folders and archives, whole, small, damaged and hostile."""
import pickle
import tarfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.data_loading.archives import (
    add,
    batch_pickle,
    batch_pickle_of_python_2,
    cifar10_files,
    pixels,
    records,
    write_folder,
    write_tar,
)
from tests.real_data import cifar10
from tinygrad_cnn.data import CIFAR10, CIFAR100, DataLoader
from tinygrad_cnn.data import transforms as T
from tinygrad_cnn.errors import ArgumentTypeError, DataError

PLACES = {"bin": ("cifar-10-batches-bin", "cifar-10-binary.tar.gz"),
          "py": ("cifar-10-batches-py", "cifar-10-python.tar.gz")}


def put(root, form, packed, files):
    folder, archive = PLACES[form]
    if packed:
        write_tar(root / archive, folder, files)
    else:
        write_folder(root / folder, files)


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "archive"])
@pytest.mark.parametrize("form", ["bin", "py"])
def test_either_form_gives_the_images_and_labels_that_were_written(form, packed, tmp_path):
    files, train, test = cifar10_files(form)
    put(tmp_path, form, packed, files)
    for part, (images, labels) in ((True, train), (False, test)):
        found = CIFAR10(tmp_path, train=part)
        assert found.data.dtype is tg.uint8
        assert np.array_equal(found.data.numpy(), images)
        assert found.targets.tolist() == labels.tolist()


@pytest.mark.parametrize("form", ["bin", "py"])
def test_root_may_be_the_folder_or_the_archive_itself(form, tmp_path):
    files, train, _ = cifar10_files(form)
    for packed in (False, True):
        put(tmp_path, form, packed, files)
    for place in PLACES[form]:
        assert len(CIFAR10(tmp_path / place)) == len(train[0])


def test_a_sample_is_an_image_and_a_number_and_its_own_memory(tmp_path):
    files, (images, labels), _ = cifar10_files("bin")
    put(tmp_path, "bin", False, files)
    found = CIFAR10(tmp_path)
    image, label = found[3]
    assert tuple(image.shape) == (3, 32, 32) and type(label) is int and label == labels[3]
    image.fill_(0)
    assert np.array_equal(found.data.numpy(), images)


def test_a_batch_at_once_is_the_samples_one_by_one(tmp_path):
    files, _, _ = cifar10_files("bin")
    put(tmp_path, "bin", False, files)
    found = CIFAR10(tmp_path, transform=T.Compose([T.ToTensor(), T.Normalize([0.5] * 3, [0.25] * 3)]),
                    target_transform=lambda label: 9 - label)
    images, labels = found.take_batch([7, 2, 2])
    one_by_one = [found[k] for k in (7, 2, 2)]
    assert images.tolist() == [image.tolist() for image, _ in one_by_one]
    assert labels.tolist() == [label for _, label in one_by_one]


def test_a_function_of_one_image_as_transform_goes_through_the_loader(tmp_path):
    files, _, _ = cifar10_files("bin")
    put(tmp_path, "bin", False, files)
    batch, _ = next(iter(DataLoader(CIFAR10(tmp_path, transform=lambda image: image.float().mean()), 4)))
    assert batch.shape == (4,)


def test_cifar100_takes_the_fine_labels_of_both_forms(tmp_path):
    images = pixels(5)
    coarse, fine = [1, 2, 3, 4, 5], [99, 0, 50, 7, 7]
    write_folder(tmp_path / "a/cifar-100-binary", {"train.bin": records(images, coarse, fine),
                                                   "test.bin": records(images[:2], coarse[:2], fine[:2])})
    write_folder(tmp_path / "b/cifar-100-python", {name: batch_pickle(images, fine, "fine_labels")
                                                   for name in ("train", "test")})
    for root in ("a", "b"):
        found = CIFAR100(tmp_path / root)
        assert found.targets.tolist() == fine and np.array_equal(found.data.numpy(), images)
    assert len(CIFAR100(tmp_path / "a", train=False)) == 2
    assert found.classes[fine[0]] == "worm" and len(set(found.classes)) == 100


@given(count=st.integers(1, 6), seed=st.integers(0, 9), protocol=st.integers(1, 5))
def test_pickles_of_every_binary_protocol_come_back_as_they_were(count, seed, protocol, tmp_path_factory):
    images, labels = pixels(count, seed), np.random.default_rng(seed).integers(10, size=count)
    root = tmp_path_factory.mktemp("cifar")
    write_folder(root, {"test_batch": batch_pickle(images, labels, protocol=protocol)})
    found = CIFAR10(root, train=False)
    assert np.array_equal(found.data.numpy(), images) and found.targets.tolist() == labels.tolist()


def test_a_pickle_of_python_2_and_of_the_published_size_is_read(tmp_path):
    images, labels = pixels(10_000), np.arange(10_000) % 10
    content = batch_pickle_of_python_2(images, labels.tolist())
    write_folder(tmp_path, {"test_batch": content})
    assert pickle.loads(content, encoding="bytes")[b"data"].shape == (10_000, 3072)        # as its page says to read it
    found = CIFAR10(tmp_path, train=False)
    assert np.array_equal(found.data.numpy(), images) and found.targets.tolist() == labels.tolist()


def test_a_pickle_that_asks_for_code_is_refused_by_name_and_not_run(tmp_path):
    class Hostile:
        def __reduce__(self):
            return (open, (str(tmp_path / "written"), "w"))

    write_folder(tmp_path / "cifar-10-batches-py", {"test_batch": pickle.dumps({b"data": Hostile()})})
    with pytest.raises(DataError, match=r"CIFAR10: test_batch in .* _?io\.open.*not run"):
        CIFAR10(tmp_path, train=False)
    assert not (tmp_path / "written").exists()


@pytest.mark.parametrize("content, message", [
    ({b"labels": [1]}, "'data' is not a uint8 array"),
    ({b"data": np.zeros((1, 3072), np.float32), b"labels": [1]}, "'data' is not a uint8 array"),
    ({b"data": np.zeros((1, 3000), np.uint8), b"labels": [1]}, "'data' is not a uint8 array"),
    ({b"data": np.zeros((2, 3072), np.uint8), b"labels": [1]}, "'labels' are not 2 numbers below 10"),
    ({b"data": np.zeros((1, 3072), np.uint8), b"labels": [10]}, "'labels' are not 1 numbers below 10"),
    ([1, 2], "holds a list"),
], ids=["no data", "float", "narrow", "few labels", "label", "list"])
def test_a_pickle_of_something_else_is_refused(content, message, tmp_path):
    write_folder(tmp_path / "cifar-10-batches-py", {"test_batch": pickle.dumps(content)})
    with pytest.raises(DataError, match=message):
        CIFAR10(tmp_path, train=False)


@pytest.mark.parametrize("cut", [1, 3072, 3 * 3073 + 5])
def test_a_partial_record_is_refused_with_the_numbers(cut, tmp_path):
    content = records(pixels(4), [0, 1, 2, 3])
    write_folder(tmp_path / "cifar-10-batches-bin", {"test_batch.bin": content[:-cut]})
    with pytest.raises(DataError, match=rf"CIFAR10: test_batch.bin.*{len(content) - cut} bytes.*3073"):
        CIFAR10(tmp_path, train=False)


def test_an_empty_file_is_refused(tmp_path):
    write_folder(tmp_path / "cifar-10-batches-bin", {"test_batch.bin": b""})
    with pytest.raises(DataError, match="0 bytes"):
        CIFAR10(tmp_path, train=False)


def test_a_label_without_a_name_is_refused(tmp_path):
    write_folder(tmp_path / "cifar-10-batches-bin", {"test_batch.bin": records(pixels(2), [3, 10])})
    with pytest.raises(DataError, match="label 10, but only 10 classes"):
        CIFAR10(tmp_path, train=False)


def test_a_missing_batch_is_named(tmp_path):
    files, _, _ = cifar10_files("bin")
    del files["data_batch_3.bin"]
    put(tmp_path, "bin", False, files)
    with pytest.raises(DataError, match="data_batch_3.bin' is missing"):
        CIFAR10(tmp_path)
    (tmp_path / "packed").mkdir()
    put(tmp_path / "packed", "bin", True, files)
    with pytest.raises(DataError, match="has no data_batch_3.bin in it"):
        CIFAR10(tmp_path / "packed")


def test_where_nothing_is_found_the_message_says_what_to_fetch_and_where_to_put_it(tmp_path):
    with pytest.raises(DataError) as caught:
        CIFAR10(tmp_path)
    text = str(caught.value)
    assert "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz" in text
    assert "c32a1d4ab5d03f1284b67883e8d87530" in text and str(tmp_path) in text and "download=True" in text


def test_a_transform_that_cannot_be_called_is_refused(tmp_path):
    files, _, _ = cifar10_files("bin")
    put(tmp_path, "bin", False, files)
    with pytest.raises(ArgumentTypeError, match="CIFAR10: transform is a int"):
        CIFAR10(tmp_path, transform=3)


def hostile(path, *members):
    """An archive with these members before the files of the set."""
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for name, content, fields in members:
            add(archive, name, content, **fields)
        for name, content in cifar10_files("bin")[0].items():
            add(archive, f"cifar-10-batches-bin/{name}", content)


@pytest.mark.parametrize("name", ["../test_batch.bin", "/etc/test_batch.bin", "a/../../test_batch.bin", "..\\x"])
def test_an_archive_with_a_path_that_leads_elsewhere_is_refused(name, tmp_path):
    hostile(tmp_path / "cifar-10-binary.tar.gz", (name, b"x", {}))
    with pytest.raises(DataError, match="leads elsewhere"):
        CIFAR10(tmp_path, train=False)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE], ids=["symlink", "link", "fifo"])
def test_a_link_in_place_of_a_file_is_refused(kind, tmp_path):
    hostile(tmp_path / "cifar-10-binary.tar.gz",
            ("cifar-10-batches-bin/test_batch.bin", b"", {"type": kind, "linkname": "data_batch_1.bin"}))
    with pytest.raises(DataError, match="a link or a device"):
        CIFAR10(tmp_path, train=False)


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("tinygrad_cnn.data.tar_members._LARGEST_WHOLE", 1 << 20)
    hostile(tmp_path / "cifar-10-binary.tar.gz", ("zeros", bytes(1 << 21), {}))
    with pytest.raises(DataError, match="unpacks to more than 1048576 bytes"):
        CIFAR10(tmp_path, train=False)


def test_a_member_that_is_too_large_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("tinygrad_cnn.data.cifar._LARGEST", 1000)
    hostile(tmp_path / "cifar-10-binary.tar.gz")
    with pytest.raises(DataError, match="12292 bytes, more than 1000"):
        CIFAR10(tmp_path, train=False)


def test_an_archive_with_a_crowd_of_members_is_refused(tmp_path):
    hostile(tmp_path / "cifar-10-binary.tar.gz", *[(f"f{k}", b"", {}) for k in range(1001)])
    with pytest.raises(DataError, match="more than 1000 members"):
        CIFAR10(tmp_path, train=False)


@given(data=st.data())
def test_a_damaged_archive_is_refused_or_gives_whole_records(data, tmp_path_factory):
    root = tmp_path_factory.mktemp("damaged")
    path = root / "cifar-10-binary.tar.gz"
    hostile(path)
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans(), "cut"):
        del content[data.draw(st.integers(0, len(content) - 1), "length"):]
    else:
        for _ in range(data.draw(st.integers(1, 5), "changes")):
            content[data.draw(st.integers(0, len(content) - 1), "place")] = data.draw(st.integers(0, 255), "byte")
    path.write_bytes(content)
    try:
        found = CIFAR10(root, train=data.draw(st.booleans(), "train"))
    except DataError as error:
        assert "Fetch" in str(error)
    else:
        assert len(found.data) == len(found.targets) > 0


def test_the_real_set_has_the_published_numbers():
    train = cifar10(train=True)
    assert tuple(train.data.shape) == (50_000, 3, 32, 32)
    assert np.bincount(train.targets.numpy()).tolist() == [5000] * 10
    means = train.data.numpy().mean(axis=(0, 2, 3)) / 255
    assert np.allclose(means, [0.4914, 0.4822, 0.4465], atol=1e-4)      # the means that everybody quotes


def test_the_real_test_file_may_have_fewer_than_ten_thousand_records():
    test = cifar10(train=False)
    assert len(test) in (1_000, 10_000)
    assert sorted(set(test.targets.tolist())) == list(range(10))
