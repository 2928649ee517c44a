"""MNIST and Fashion-MNIST: 70,000 grey images of 28x28 pixels, in IDX files as published.

Source: Y. LeCun, L. Bottou, Y. Bengio and P. Haffner (1998), Gradient-based learning applied to document recognition;
H. Xiao, K. Rasul and R. Vollgraf (2017), Fashion-MNIST, arXiv:1708.07747.
"""
import pathlib

import numpy as np

from ..errors import ArgumentError, DataError
from .download import Source, fetch
from .idx import read_idx
from .pictures import Pictures

_PARTS = {True: ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
          False: ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")}


def _sources(address, sizes_and_sums):
    names = [name for part in _PARTS.values() for name in part]
    return {name: Source(f"{address}/{name}.gz", md5, size) for name, (size, md5) in zip(names, sizes_and_sums)}


class MNIST(Pictures):
    """MNIST's handwritten digits: sample i is (image, label), a uint8 Tensor (1, 28, 28) or what `transform` makes of
    it, and an int from 0 to 9.

    Args: root: the folder with the four IDX files, packed (.gz) or not, or one that has them in MNIST/raw, MNIST or
    raw. train: the 60,000 training images, or the 10,000 test images. transform: called with the image;
    transforms.ToTensor() makes float32 in [0, 1]. target_transform: called with the label. download: fetch what is
    missing into root/MNIST/raw.
    Attributes: `data`, (N, 28, 28) uint8; `targets`, (N,) int64; `classes`; `class_to_idx`; `root`; `train`.
    Raises: DataError if there are no such files, saying where to get them, or if one is damaged.
    """
    _class_names = ["0 - zero", "1 - one", "2 - two", "3 - three", "4 - four", "5 - five", "6 - six", "7 - seven",
                    "8 - eight", "9 - nine"]
    _installed, _package = None, ""         # where a package of the system puts the files, and how to get it
    _sources = _sources("https://ossci-datasets.s3.amazonaws.com/mnist", [
        (9_912_422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"), (28_881, "d53e105ee54ea40749a09fcbcd1e9432"),
        (1_648_877, "9fb629c4189551a2d022fa330f9573f3"), (4_542, "ec29112dd5afa0611ce80d1b7f02629c")])

    def __init__(self, root=None, train=True, transform=None, target_transform=None, download=False):
        name = type(self).__name__
        if root is None and self._installed is None:
            raise ArgumentError(f"{name}: root is None. Give the folder of its files.")
        self.root, self.train = pathlib.Path(root if root is not None else self._installed), bool(train)
        images, labels = (self._file(part, download and root is not None) for part in _PARTS[self.train])
        images, labels = read_idx(images), read_idx(labels)
        if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (28, 28) or not len(images):
            raise DataError(f"{name}: the images are {images.dtype} {images.shape}, not uint8 (N, 28, 28). "
                            "Fetch the files again.")
        if labels.dtype != np.uint8 or labels.ndim != 1:
            raise DataError(f"{name}: the labels are {labels.dtype} {labels.shape}, not uint8 (N,). "
                            "Fetch the files again.")
        super().__init__(images, labels, self._class_names, transform, target_transform)

    def _file(self, part, download):
        """The path of one of the files, downloaded if that is wanted."""
        name = type(self).__name__
        for folder in (self.root, self.root / name / "raw", self.root / name, self.root / "raw"):
            for path in (folder / part, folder / f"{part}.gz", folder / part.replace("-idx", ".idx")):
                if path.is_file():
                    return path
        if download:
            return fetch(self._sources[part], self.root / name / "raw")
        cure = self._sources[part].by_hand(self.root / name / "raw")
        raise DataError(f"{name}: in {str(self.root)!r} there is no {part} and no {part}.gz. {cure}{self._package}")



class FashionMNIST(MNIST):
    """Fashion-MNIST's pieces of clothing: as MNIST, with other pictures.

    Args: root: as for MNIST; None is where Debian's package dataset-fashion-mnist puts the files,
    /usr/share/datasets/fashion-mnist.
    """
    _class_names = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
                    "Ankle boot"]
    _installed = "/usr/share/datasets/fashion-mnist"
    _package = " On Debian: apt install dataset-fashion-mnist, and leave root out."
    _sources = _sources("https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion", [
        (26_421_880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"), (29_515, "25c81989df183df01b3e8a0aad5dffbe"),
        (4_422_102, "bef4ecab320f06d8554ea6380940ec79"), (5_148, "bb300cfdad3c16e7a12a480ee83cd310")])
