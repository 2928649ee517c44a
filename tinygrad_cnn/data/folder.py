"""A data set that is a folder: root/CLASS/.../FILE, one folder for each class."""
import os

from ..errors import ArgumentError, ArgumentTypeError, DataError
from .dataset import Dataset
from .photo import load_image

IMG_EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


class DatasetFolder(Dataset):
    """Sample i is (what `loader` reads from the file, the number of its class).

    Args: root: the folder whose folders are the classes; files in folders below them count too. loader: a function of a
    path. extensions: the endings of the files to take, such as (".png",). transform: called with what was read.
    target_transform: called with the class's number. is_valid_file: a function of a path that says whether to take
    it, instead of extensions. allow_empty: whether a class may have no files.
    Attributes: `classes`, names in alphabetical order; `class_to_idx`; `samples`, a list of (path, class number), in
    the order of the names; `targets`, the class numbers.
    Raises: DataError if root is not there, has no folders, or a class has no file; ArgumentError unless exactly one of
    extensions and is_valid_file is given.
    """

    def __init__(self, root, loader, extensions=None, transform=None, target_transform=None, is_valid_file=None,
                 allow_empty=False):
        name = type(self).__name__
        if (extensions is None) == (is_valid_file is None):
            raise ArgumentError(f"{name}: extensions is {extensions!r} and is_valid_file {is_valid_file!r}. "
                                "Give exactly one of them.")
        if not callable(loader):
            raise ArgumentTypeError(f"{name}: loader is a {type(loader).__name__}. Give a function of a path.")
        self.root, self.loader = os.fspath(root), loader
        self.extensions = None if extensions is None else _endings(extensions)
        self.transform, self.target_transform = transform, target_transform
        self.classes, self.class_to_idx = self.find_classes(self.root)
        self.samples = self.make_dataset(self.root, self.class_to_idx, self.extensions, is_valid_file, allow_empty)
        self.targets = [target for _, target in self.samples]

    def find_classes(self, directory):
        """(names of the classes, name -> number) of a folder; redefine it to group the folders otherwise."""
        if not os.path.isdir(directory):
            raise DataError(f"{type(self).__name__}: there is no folder {directory!r}. Check root.")
        classes = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir())
        if not classes:
            raise DataError(f"{type(self).__name__}: {directory!r} has no folders in it. "
                            "Give the folder that holds one folder for each class.")
        return classes, {name: k for k, name in enumerate(classes)}

    @staticmethod
    def make_dataset(directory, class_to_idx, extensions=None, is_valid_file=None, allow_empty=False):
        """The list of (path, class number); as in torchvision, in the order of the names."""
        valid = is_valid_file or (lambda path: path.lower().endswith(extensions))
        samples, empty = [], []
        for name in sorted(class_to_idx):
            found = [(path, class_to_idx[name]) for path in _files(os.path.join(directory, name)) if valid(path)]
            samples += found
            if not found:
                empty.append(name)
        if empty and not allow_empty:
            wanted = f" with the endings {', '.join(extensions)}" if extensions else ""
            raise DataError(f"DatasetFolder: there are no files{wanted} in {', '.join(map(repr, empty[:10]))} of "
                            f"{directory!r}. Give allow_empty=True if that is meant.")
        return samples

    def __getitem__(self, index):
        path, target = self.samples[index]
        sample = self.loader(path)
        if self.transform is not None:
            sample = self.transform(sample)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return sample, target

    def __len__(self):
        return len(self.samples)

    def __repr__(self):
        return f"{type(self).__name__}({self.root!r}): {len(self)} files, {len(self.classes)} classes"


class ImageFolder(DatasetFolder):
    """Pictures in folders, root/CLASS/PICTURE.jpg: sample i is (uint8 Tensor (3, H, W), the number of its class).

    Args: as for DatasetFolder; loader is `load_image` if not given, and pictures are files with a usual ending.
    Attributes: also `imgs`, another name of `samples`.
    """

    def __init__(self, root, transform=None, target_transform=None, loader=load_image, is_valid_file=None,
                 allow_empty=False):
        super().__init__(root, loader, IMG_EXTENSIONS if is_valid_file is None else None, transform, target_transform,
                         is_valid_file, allow_empty)
        self.imgs = self.samples


def _files(folder):
    """The paths of all files below a folder, folders and names in order; links that lead in a circle are left."""
    seen = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders.sort()
        for name in sorted(names):
            yield os.path.join(place, name)


def _endings(extensions):
    endings = (extensions,) if isinstance(extensions, str) else tuple(extensions)
    if not endings or not all(isinstance(ending, str) and ending for ending in endings):
        raise ArgumentError(f"DatasetFolder: extensions is {extensions!r}. Give endings such as ('.png', '.jpg').")
    return tuple(ending.lower() for ending in endings)
