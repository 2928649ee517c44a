"""Where a run's images come from: the data sets by name, with the transforms that bring their pixels to the model.

Every set gives images (C, H, W) as float32, normalised channel by channel; training images may be changed at random
before that. The test half is never changed at random.
"""
import pathlib
from typing import NamedTuple

from .. import data
from ..data import transforms
from ..errors import ArgumentError, DataError
from ..generator import Generator
from ..nn.models import input_shape
from .settings import DATA

_TEST_IMAGES = 512                              # at a time
_IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class _Set(NamedTuple):
    """How a set is opened: its class, mean and std of its channels (None: as the set gives them), side in pixels
    (None: it varies)."""

    cls: str
    normal: tuple
    side: int


_SETS = dict(zip(DATA, (
    _Set("Digits", None, 8),
    _Set("MNIST", ((0.1307,), (0.3081,)), 28),
    _Set("FashionMNIST", ((0.2860,), (0.3530,)), 28),
    _Set("CIFAR10", _IMAGENET, 32),
    _Set("CIFAR100", _IMAGENET, 32),
    _Set("ImageFolder", _IMAGENET, None),
)))


def open_data(settings, train):
    """The training or the test half of the data set that the settings name, with its transform.

    Args: settings: a `TrainSettings` (model, data, data_dir, download, image_size, augment). train: which half.
    Returns: a data set whose images are float32 (C, H, W); it has `classes`.
    Raises: ArgumentError for a folder that is not given or not wanted; DataError if the files are not there.
    """
    entry = _SETS[settings.data]
    size = image_side(settings)
    changes = _augmentation(settings, size) if train else []
    if not changes:
        changes = _fitting(settings, entry, size)
    if entry.normal is not None:
        changes = [*changes, transforms.ToTensor(), transforms.Normalize(*entry.normal)]
    transform = transforms.Compose(changes) if changes else None
    if settings.data == "digits":
        return data.Digits(train=train, transform=transform)
    folder = _folder(settings)
    if settings.data == "imagefolder":
        return _image_folder(folder, train, transform)
    return getattr(data, entry.cls)(folder, train=train, transform=transform, download=settings.download)


def image_side(settings):
    """The height and width of the images that a run with these settings gives its model."""
    return settings.image_size or _SETS[settings.data].side or input_shape(settings.model)[-1]


def test_batches(data_set, settings, device, numbers=None):
    """Pairs (images, labels) on a device, the data set's samples in their order.

    Args: numbers: the model's number for each class of the data set, as `label_numbers` finds them; None: the same.
    """
    size = min(_TEST_IMAGES, 4 * settings.batch_size)
    batches = data.DataLoader(data_set, size, num_workers=settings.workers, generator=Generator())
    if numbers is not None:
        batches = ((images, numbers[labels]) for images, labels in batches)
    return on_device(batches, device)


def on_device(batches, device):
    """The pairs (images, labels) of an iterable, moved to a device one by one."""
    for images, labels in batches:
        yield images.to(device), labels.to(device)


def class_names(settings):
    """The names of the classes of the data set that the settings name; only an image folder is looked at for that.

    Those of an image folder are the folders of its training half, or of the other if that is not there.
    """
    if settings.data == "imagefolder":
        return list(open_data(settings, (pathlib.Path(_folder(settings)) / "train").is_dir()).classes)
    cls = getattr(data, _SETS[settings.data].cls)
    return list(cls.classes if settings.data == "digits" else cls._class_names)


def channels_of(settings):
    """The number of channels of the data set's images."""
    normal = _SETS[settings.data].normal
    return 1 if normal is None else len(normal[0])


def picture_transform(settings):
    """From one picture (3, H, W) of any size to the model's input (C, h, w), as the set's test images are treated."""
    entry, size = _SETS[settings.data], image_side(settings)
    changes = [transforms.Grayscale()] if channels_of(settings) == 1 else []
    changes += _shrinking(size) if entry.side is None else [transforms.Resize(size), transforms.CenterCrop(size)]
    changes.append(transforms.ToTensor())
    if entry.normal is not None:
        changes.append(transforms.Normalize(*entry.normal))
    return transforms.Compose(changes)


def _shrinking(size):
    """The shorter side to 8/7 of the size (224: 256), then the middle. Source: Krizhevsky et al. 2012."""
    return [transforms.Resize(round(size * 8 / 7)), transforms.CenterCrop(size)]


def _fitting(settings, entry, size):
    """What makes an image as large as the model wants it, where it is not already."""
    if size == entry.side:
        return []
    return _shrinking(size) if entry.side is None else [transforms.Resize((size, size))]


def _augmentation(settings, size):
    entry = _SETS[settings.data]
    if settings.augment == "crop-flip":             # He et al. 2016, section 4.2: 4 pixels of 32 on each side
        return [*_fitting(settings, entry, size), transforms.RandomCrop(size, padding=max(1, size // 8)),
                transforms.RandomHorizontalFlip()]
    if settings.augment == "imagenet":
        return [transforms.RandomResizedCrop(size), transforms.RandomHorizontalFlip()]
    return []


def _folder(settings):
    if settings.data_dir is None and settings.data != "fashion-mnist":      # for which a system's package may have it
        raise ArgumentError(f"data: {settings.data} lies in files, but no folder is given. Give --data-dir FOLDER"
                            f"{', and --download to fetch it there' if settings.data != 'imagefolder' else ''}.")
    return settings.data_dir


def _image_folder(folder, train, transform):
    """ImageFolder of folder/train or of folder/val (or test)."""
    root = pathlib.Path(folder)
    names = ("train",) if train else ("val", "test")
    for name in names:
        if (root / name).is_dir():
            return data.ImageFolder(root / name, transform=transform)
    raise DataError(f"data: {str(root)!r} has no folder {' or '.join(map(repr, names))}. Put a folder of images for "
                    "each class into train/ and into val/.")
