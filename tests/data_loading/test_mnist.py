"""MNIST and Fashion-MNIST, and the IDX format they are in."""
import gzip
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinygrad_cnn as tg
from tests.data_loading.archives import idx, write_mnist
from tinygrad_cnn.data import MNIST, DataLoader, FashionMNIST
from tinygrad_cnn.data import transforms as T
from tinygrad_cnn.data.idx import read_idx
from tinygrad_cnn.errors import ArgumentError, DataError

KINDS = {0x08: "uint8", 0x09: "int8", 0x0B: "int16", 0x0C: "int32", 0x0D: "float32", 0x0E: "float64"}
ARRAYS = st.sampled_from(sorted(KINDS)).flatmap(lambda kind: st.tuples(
    st.just(kind), hnp.arrays(KINDS[kind], hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4))))


@given(kind_and_array=ARRAYS, packed=st.booleans())
def test_idx_arrays_come_back_as_they_were(kind_and_array, packed, tmp_path_factory):
    kind, array = kind_and_array
    path = tmp_path_factory.mktemp("idx") / "array"
    content = idx(array, kind)
    path.write_bytes(gzip.compress(content) if packed else content)
    found = read_idx(path)
    assert found.dtype == array.dtype and found.shape == array.shape
    assert found.tobytes() == array.tobytes()


@pytest.mark.parametrize("content, message", [
    (b"", "begins with nothing"),
    (b"\0\0\x08", "begins with 00 00 08"),
    (b"PK\x03\x04 and so on", "begins with 50 4b 03 04"),
    (b"\0\0\x07\x01\0\0\0\0", "begins with 00 00 07 01"),
    (b"\0\0\x08\x00", "begins with 00 00 08 00"),
    (b"\0\0\x08\x03\0\0", "ends within the sizes"),
    (b"\0\0\x08\x01\0\0\0\x05abc", r"promises \(5,\) of uint8, 5 bytes, but has 3"),
    (b"\0\0\x08\x01\0\0\0\x02abc", r"2 bytes, but has more"),
    (b"\0\0\x0e\x03" + struct.pack(">3I", 2**31, 2**31, 2**31), "more than 536870912"),
], ids=["empty", "short", "zip", "type", "no dimensions", "sizes", "cut", "long", "huge"])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_what_is_no_whole_idx_file_is_refused_with_the_numbers(content, message, packed, tmp_path):
    path = tmp_path / "array.gz"
    path.write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(DataError, match=f"'array.gz' is not a whole IDX file: .*{message}"):
        read_idx(path)


@given(data=st.data())
def test_a_damaged_gzip_is_refused_or_reads_as_an_array(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("idx") / "array.gz"
    content = bytearray(gzip.compress(idx(np.arange(200, dtype=np.uint8))))
    if data.draw(st.booleans(), "cut"):
        del content[data.draw(st.integers(2, len(content) - 1), "length"):]
    else:
        content[data.draw(st.integers(0, len(content) - 1), "place")] = data.draw(st.integers(0, 255), "byte")
    path.write_bytes(content)
    try:
        found = read_idx(path)
    except DataError as error:
        assert "Fetch it again" in str(error)
    else:
        assert found.tolist() == list(range(200))           # a byte of the header that says nothing


def test_a_gzip_bomb_is_refused_by_what_its_header_promises(tmp_path):
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(idx(np.zeros(3, np.uint8)) + bytes(50_000_000), compresslevel=1))
    with pytest.raises(DataError, match="has more"):
        read_idx(path)


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize("where", ["", "MNIST/raw", "MNIST", "raw"])
def test_the_files_are_found_where_torchvision_and_others_put_them(where, packed, tmp_path):
    (images, labels), (test_images, _) = write_mnist(tmp_path / where, packed=packed)
    found = MNIST(tmp_path)
    assert np.array_equal(found.data.numpy(), images) and found.targets.tolist() == labels.tolist()
    assert np.array_equal(MNIST(tmp_path, train=False).data.numpy(), test_images)


def test_a_sample_has_one_channel(tmp_path):
    write_mnist(tmp_path)
    found = MNIST(tmp_path, transform=T.ToTensor())
    image, label = found[2]
    assert tuple(image.shape) == (1, 28, 28) and image.dtype is tg.float32 and label == 2
    images, labels = next(iter(DataLoader(found, 5)))
    assert tuple(images.shape) == (5, 1, 28, 28) and labels.tolist() == [0, 1, 2, 3, 4]
    assert images[2].tolist() == image.tolist()


def test_images_and_labels_of_different_numbers_are_refused(tmp_path):
    write_mnist(tmp_path, train=5)
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.zeros(4, np.uint8))))
    with pytest.raises(DataError, match="MNIST: 5 images but 4 labels"):
        MNIST(tmp_path)


def test_labels_in_place_of_images_are_refused(tmp_path):
    write_mnist(tmp_path)
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes((tmp_path / "train-labels-idx1-ubyte.gz").read_bytes())
    with pytest.raises(DataError, match=r"MNIST: the images are uint8 \(5,\)"):
        MNIST(tmp_path)


def test_where_nothing_is_found_the_message_says_what_to_fetch_and_where_to_put_it(tmp_path):
    with pytest.raises(DataError) as caught:
        FashionMNIST(tmp_path)
    text = str(caught.value)
    assert "fashion/train-images-idx3-ubyte.gz" in text and str(tmp_path / "FashionMNIST" / "raw") in text
    assert "apt install dataset-fashion-mnist" in text


def test_mnist_needs_a_root():
    with pytest.raises(ArgumentError, match="MNIST: root is None"):
        MNIST()


def test_debians_fashion_mnist_is_found_without_a_root():
    try:
        train, test = FashionMNIST(), FashionMNIST(train=False)
    except DataError as error:
        pytest.skip(f"needs Debian's dataset-fashion-mnist: {error}")
    assert tuple(train.data.shape) == (60_000, 28, 28) and tuple(test.data.shape) == (10_000, 28, 28)
    assert np.bincount(train.targets.numpy()).tolist() == [6000] * 10
    assert round(float(train.data.numpy().mean() / 255), 4) == 0.2860    # the mean that everybody quotes
