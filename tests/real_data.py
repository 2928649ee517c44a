"""Where the tests find real data: `../shared/data`, or the folder in the environment variable TINYGRAD_CNN_DATA."""
import os
import pathlib

import pytest

import tinygrad_cnn as tg

ROOT = pathlib.Path(os.environ.get("TINYGRAD_CNN_DATA")
                    or pathlib.Path(__file__).resolve().parents[2] / "shared" / "data")


def real_file(name):
    """The path of a file of real data; where it is absent, the test is skipped and says so."""
    path = ROOT / name
    if not path.is_file():
        pytest.skip(f"needs {name} in {ROOT}: set TINYGRAD_CNN_DATA to the folder that has it")
    return path


def cifar10(train, transform=None):
    """CIFAR-10, of which the test file there has 1,000 images."""
    return tg.data.CIFAR10(real_file("cifar-10-binary.tar.gz").parent, train, transform)
