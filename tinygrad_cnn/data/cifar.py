"""CIFAR-10 and CIFAR-100: 60,000 colour images of 32x32 pixels, in either of the two forms they are published in.

The binary form is records of one or two labels and 3,072 bytes, the planes R, G, B. The Python form is pickles, which
are read by a machine that can build numbers and containers only (io/pickles.py). Both are found as a folder or as the
.tar.gz, which is read where it lies, without unpacking it to the disk.

Source: A. Krizhevsky (2009), Learning multiple layers of features from tiny images; cs.toronto.edu/~kriz/cifar.html.
"""
import pathlib

import numpy as np

from ..errors import DataError
from ..io.pickles import read_pickle
from .cifar_names import CIFAR10_CLASSES, CIFAR100_CLASSES
from .download import Source, fetch
from .pictures import Pictures
from .tar_members import read_members

_PIXELS, _MOST_RECORDS = 3 * 32 * 32, 50_000
_LARGEST = 256 * 2**20                      # bytes of one member; the largest that is published has 155 MB


class _Cifar(Pictures):
    """What the two sets share; a subclass says where its files lie and what they are called."""

    def __init__(self, root, train=True, transform=None, target_transform=None, download=False):
        self.root, self.train = pathlib.Path(root), bool(train)
        if download and self._place() is None:
            fetch(self._source, self.root)
        place = self._place()
        if place is None:
            raise DataError(f"{type(self).__name__}: in {str(self.root)!r} there is none of "
                            f"{', '.join(self._folders + self._archives)}. {self._source.by_hand(self.root)}")
        images, labels = self._read(place)
        super().__init__(images, labels, self._class_names, transform, target_transform)

    def _place(self):
        """The folder or archive to read: in root, or root itself; None if there is none."""
        places = [self.root / name for name in self._folders + self._archives] + [self.root]
        return next((place for place in places if self._form(place) is not None), None)

    def _form(self, place):
        """The suffix of the files in a place, "" or ".bin"; None if there are none."""
        if place.is_file():
            return next((suffix for name, suffix in zip(self._archives, ("", ".bin")) if place.name == name), None)
        return next((suffix for suffix in ("", ".bin") if (place / f"{self._tested[0]}{suffix}").is_file()), None)

    def _read(self, place):
        suffix = self._form(place)
        names = [f"{name}{suffix}" for name in (self._trained if self.train else self._tested)]
        if place.is_file():
            found = read_members(place, names, _LARGEST)
        else:
            found = {name: _file(place / name) for name in names}
        parse = self._records if suffix else self._pickle
        parts = []
        for name in names:
            try:
                parts.append(parse(found[name]))
            except DataError as error:
                raise DataError(f"{type(self).__name__}: {name} in {place.name!r} cannot be read: "
                                f"{str(error).rstrip('.')}. Fetch it again.") from None
        images, labels = zip(*parts)
        return np.concatenate(images), np.concatenate(labels)

    def _records(self, data):
        """Images (N, 3, 32, 32) and labels (N,) of the binary form: the last label byte is the class."""
        width = self._label_bytes + _PIXELS
        count, left = divmod(len(data), width)
        if left or not count or count > _MOST_RECORDS:
            raise DataError(f"it has {len(data)} bytes, which is no whole number from 1 to {_MOST_RECORDS} of records "
                            f"of {width} bytes")
        records = np.frombuffer(data, np.uint8).reshape(count, width)
        return (records[:, self._label_bytes:].reshape(count, 3, 32, 32),
                records[:, self._label_bytes - 1].astype(np.int64))

    def _pickle(self, data):
        """Images (N, 3, 32, 32) and labels (N,) of the Python form: {"data": (N, 3072), self._label_key: [...]}."""
        found, _ = read_pickle(data)
        if not isinstance(found, dict):
            raise DataError(f"it holds a {type(found).__name__}, not a dict")
        found = {key.decode("latin-1") if isinstance(key, bytes) else key: value for key, value in found.items()}
        images, labels = found.get("data"), found.get(self._label_key)
        if (not isinstance(images, np.ndarray) or images.dtype != np.uint8 or images.ndim != 2
                or images.shape[1] != _PIXELS or not len(images)):
            raise DataError(f"its 'data' is not a uint8 array (N, {_PIXELS})")
        if (not isinstance(labels, list) or len(labels) != len(images)
                or not all(type(label) is int and 0 <= label < len(self._class_names) for label in labels)):
            raise DataError(f"its {self._label_key!r} are not {len(images)} numbers below {len(self._class_names)}")
        return images.reshape(-1, 3, 32, 32), np.array(labels, np.int64)


class CIFAR10(_Cifar):
    """CIFAR-10: sample i is (image, label), a uint8 Tensor (3, 32, 32) or what `transform` makes of it, and an int.

    Args: root: the folder that holds `cifar-10-batches-bin`, `cifar-10-batches-py`, `cifar-10-binary.tar.gz` or
    `cifar-10-python.tar.gz` (or one of these itself). train: the 50,000 training images, or the test images, of which
    the file may hold fewer than 10,000. transform: called with the image; transforms.ToTensor() makes float32 in
    [0, 1]. target_transform: called with the label. download: fetch the binary archive into root if nothing is there.
    Attributes: `data`, (N, 3, 32, 32) uint8; `targets`, (N,) int64; `classes`; `class_to_idx`; `root`; `train`.
    Raises: DataError if there are no such files, saying where to get them, or if one is damaged.
    """
    _folders = ["cifar-10-batches-py", "cifar-10-batches-bin"]
    _archives = ["cifar-10-python.tar.gz", "cifar-10-binary.tar.gz"]
    _trained, _tested = [f"data_batch_{k}" for k in range(1, 6)], ["test_batch"]
    _label_bytes, _label_key, _class_names = 1, "labels", CIFAR10_CLASSES
    _source = Source("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530",
                     170_052_171)


class CIFAR100(_Cifar):
    """CIFAR-100: as CIFAR10, with 100 classes of 600 images; the label is the fine one.

    Args: as for CIFAR10; root holds `cifar-100-binary`, `cifar-100-python`, or one of their .tar.gz archives.
    """
    _folders = ["cifar-100-python", "cifar-100-binary"]
    _archives = ["cifar-100-python.tar.gz", "cifar-100-binary.tar.gz"]
    _trained, _tested = ["train"], ["test"]
    _label_bytes, _label_key, _class_names = 2, "fine_labels", CIFAR100_CLASSES
    _source = Source("https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz", "03b5dce01913d631647c71ecec9e9cb8",
                     168_513_733)


def _file(path):
    try:
        if path.stat().st_size > _LARGEST:
            raise DataError(f"{path.name!r} has {path.stat().st_size} bytes, more than {_LARGEST}. Fetch it again.")
        return path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path.name!r} is missing in {str(path.parent)!r}. Fetch the set again.") from None
