"""List the data sets, look into one, or download it."""
import argparse

from .exit_codes import DONE

_SETS = {
    "digits": "1,797 handwritten digits of 8x8 pixels, in the package itself",
    "mnist": "70,000 handwritten digits of 28x28 pixels",
    "fashion-mnist": "70,000 pieces of clothing of 28x28 pixels; Debian has them as dataset-fashion-mnist",
    "cifar10": "60,000 colour pictures of 32x32 pixels, 10 classes",
    "cifar100": "the same, 100 classes",
    "imagefolder": "your own pictures: train/CLASS/*.jpg and val/CLASS/*.jpg",
}


def add_arguments(parser):
    """Declare the arguments of `data`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("name", nargs="?", choices=tuple(_SETS), metavar="NAME", help="look into this one; without it, list them all")
    add("--data-dir", metavar="FOLDER", help="folder of its files")
    add("--download", action="store_true", help="fetch it into that folder if it is not there")


def run(arguments):
    """Print the list, or what is in one data set; returns 0."""
    if arguments.name is None:
        for name, text in _SETS.items():
            print(f"{name:<14} {text}")
        return DONE
    from ..train.settings import TrainSettings
    from ..train.sources import open_data
    settings = TrainSettings(data=arguments.name, data_dir=arguments.data_dir, download=arguments.download)
    for title, train in (("Training images", True), ("Held-out images", False)):
        print(title)
        for line in contents(open_data(settings, train)):
            print(f"  {line}")
    return DONE


def contents(data_set):
    """Lines on a data set: how many images of what size, and how many of each class."""
    import numpy as np
    labels = np.asarray(getattr(data_set.targets, "array", data_set.targets))
    shape = "x".join(map(str, data_set[0][0].shape))
    yield f"{len(data_set)} images, {shape} as the model gets them, {len(data_set.classes)} classes"
    width = max(map(len, data_set.classes))
    for name, count in zip(data_set.classes, np.bincount(labels, minlength=len(data_set.classes))):
        yield f"{name:<{width}}  {count}"
