"""Random numbers for samples: each sample has a stream of its own, a function of the epoch's seed and its place in it.

A transform asks for numbers by the image, so it does not matter which thread reads a batch, how large the batch is, or
whether its images are transformed one by one or all at once: sample 17 of an epoch is cut and flipped the same way.
Number k of a stream is a hash of (seed, place, k), so a whole batch's numbers are one array expression.

Source: the hash is SplitMix64's, G. Steele, D. Lea and C. Flood (2014), Fast splittable pseudorandom number generators.
"""
import math
from contextvars import ContextVar

import numpy as np

from ..generator import default_generator

_STEP, _PLACE_STEP = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1342543DE82EF95)     # odd: every place has its own key
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_ONE = 2.0 ** -53
_current = ContextVar("tinygrad_cnn samples", default=None)


class Draws:
    """The streams of some samples, side by side.

    Args: seed: an integer, the epoch's. places: the samples' places in the epoch, integers. stage: 0, or another number
    for a second set of streams that has nothing to do with the first.
    """
    __slots__ = ("_keys", "_used")

    def __init__(self, seed, places, stage=0):
        start = _mixed(np.array([seed % (1 << 64)], np.uint64) + np.array([stage], np.uint64) * _STEP)
        self._keys = _mixed(start + np.asarray(places, np.int64).astype(np.uint64) * _PLACE_STEP)
        self._used = 0

    def __len__(self):
        return len(self._keys)

    def uniform(self, count):
        """The next `count` numbers of each stream, float64 (samples, count) in [0, 1)."""
        numbers = np.arange(self._used + 1, self._used + count + 1, dtype=np.uint64)
        self._used += count
        bits = _mixed(self._keys[:, np.newaxis] + numbers * _STEP)
        return (bits >> np.uint64(11)).astype(np.float64) * _ONE

    def split(self, count):
        """One sample's stream as `count` streams: for a sample that is several images."""
        below = Draws(0, range(count))
        below._keys = _mixed(below._keys + self._keys[:1] + np.array([self._used], np.uint64) * _STEP)
        self._used += 1
        return below


def draw_for(seed, places, function, *args, stage=0):
    """function(*args), with the streams of these samples under everything random that it does."""
    token = _current.set(Draws(seed, places, stage))
    try:
        return function(*args)
    finally:
        _current.reset(token)


def uniform(samples, count):
    """`count` random numbers in [0, 1) for each of `samples` images, float64 (samples, count).

    In a loader they come from the streams of the samples that are being read; elsewhere they follow the CPU's default
    generator (`tg.manual_seed`).

    >>> import tinygrad_cnn as tg
    >>> _ = tg.manual_seed(0)
    >>> uniform(2, 3).shape
    (2, 3)
    """
    draws = _current.get()
    if draws is None:
        draws = Draws(int(default_generator().numpy.integers(1 << 63)), range(samples))
    elif len(draws) != samples:
        draws = draws.split(samples)
    return draws.uniform(count)


def normal(samples, count):
    """As `uniform`, of the normal distribution with mean 0 and deviation 1 (Box and Muller, 1958)."""
    numbers = uniform(samples, 2 * count)
    radius = np.sqrt(-2.0 * np.log1p(-numbers[:, :count]))
    return radius * np.cos(2.0 * math.pi * numbers[:, count:])


def _mixed(bits):
    """SplitMix64's finaliser: uint64 array -> uint64 array, every bit of the one in every bit of the other."""
    bits = (bits ^ (bits >> np.uint64(30))) * _FIRST
    bits = (bits ^ (bits >> np.uint64(27))) * _SECOND
    return bits ^ (bits >> np.uint64(31))
