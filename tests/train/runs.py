"""Small runs on the digits, and what is compared of them."""
import csv

import pytest

import tinygrad_cnn as tg

for _package in ("tqdm", "matplotlib"):
    pytest.importorskip(_package, reason="training needs the extra: pip install 'tinygrad_cnn[train]'")

TIMES = {"seconds", "images_per_second"}


def silent(line):
    """Takes a run's lines and shows none."""


def few_digits(settings, train):
    """The first 280 training digits, or the first 60 held out, in place of `open_data`."""
    from tinygrad_cnn.train.sources import open_data
    found, count = open_data(settings, train), 280 if train else 60
    found.data, found.targets = found.data[:count], found.targets[:count]
    return found


def weights(folder):
    """The bytes of the weights a run left, by name."""
    state = tg.load(folder / "weights.safetensors")
    return {name: (tuple(value.shape), value.numpy().tobytes()) for name, value in state.items()}


def measurements(folder):
    """The rows of metrics.csv without what a clock said."""
    with open(folder / "metrics.csv", newline="", encoding="utf-8") as file:
        return [{name: value for name, value in row.items() if name not in TIMES} for row in csv.DictReader(file)]
