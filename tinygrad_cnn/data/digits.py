"""The handwritten digits that ship with the package: 1,797 images of 8x8 pixels, UCI optdigits.

The file is digits/optdigits.npz; digits/SOURCE.txt says where it comes from and under which licence. The split is
fixed: of each class, in the file's order, every fifth image is held out.
"""
from pathlib import Path

import numpy as np

from ..device import CPU
from ..errors import DataError
from ..tensor import Tensor
from .dataset import Dataset, take_rows

_FILE = Path(__file__).parent / "digits" / "optdigits.npz"


class Digits(Dataset):
    """Sample i is (image, label): a float32 Tensor (1, 8, 8) with values k/16 in [0, 1], and an int from 0 to 9.

    Args: train: the 1,442 training images, or the 355 held-out ones. transform: called with the image.
    target_transform: called with the label.
    Attributes: `data`, (N, 1, 8, 8) float32; `targets`, (N,) int64; `classes`, the names "0" to "9".
    Raises: DataError if the package's file is damaged.
    Source: E. Alpaydin and C. Kaynak (1998), Cascading classifiers, Kybernetika 34; UCI Machine Learning Repository.

    >>> image, label = Digits()[0]
    >>> tuple(image.shape), label
    ((1, 8, 8), 0)
    """
    classes = tuple("0123456789")

    def __init__(self, train=True, transform=None, target_transform=None):
        images, labels = _read()
        rows = np.flatnonzero(held_out(labels) != bool(train))
        self.train, self.transform, self.target_transform = bool(train), transform, target_transform
        self.data = Tensor(images[rows, np.newaxis].astype(np.float32) / np.float32(16), CPU)
        self.targets = Tensor(labels[rows].astype(np.int64), CPU)

    def __getitem__(self, index):
        image, label = self.data[index], int(self.targets.array[index])
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            label = self.target_transform(label)
        return image, label

    def take_batch(self, indices):
        """[images (len(indices), 1, 8, 8), labels (len(indices),)], or None if there are transforms."""
        if self.transform is not None or self.target_transform is not None:
            return None
        return [take_rows(self.data, indices), take_rows(self.targets, indices)]

    def __len__(self):
        return len(self.targets.array)

    def __repr__(self):
        return f"Digits(train={self.train}): {len(self)} images of 1x8x8, 10 classes"


def held_out(labels):
    """Which images are held out, of each class the 5th, 10th, 15th, ...: labels (N,) -> bool (N,)."""
    place = np.empty(len(labels), np.int64)
    for label in range(10):
        rows = np.flatnonzero(labels == label)
        place[rows] = np.arange(len(rows))
    return place % 5 == 4


def _read():
    """Images (1797, 8, 8) and labels (1797,), both uint8."""
    try:
        with np.load(_FILE, allow_pickle=False) as file:
            images, labels = file["images"], file["labels"]
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"Digits: the package's file {_FILE.name} cannot be read ({error}). "
                        "Install the package again.") from error
    if images.shape != (1797, 8, 8) or labels.shape != (1797,) or images.max() > 16 or labels.max() > 9:
        raise DataError(f"Digits: the package's file {_FILE.name} holds images {images.shape} and labels "
                        f"{labels.shape} instead of (1797, 8, 8) and (1797,). Install the package again.")
    return images, labels
