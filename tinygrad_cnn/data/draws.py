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

_STEP, _PLACE_STEP = 0x9E3779B97F4A7C15, 0xD1342543DE82EF95     # odd: every place has a key of its own
_FIRST, _SECOND, _MASK = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, (1 << 64) - 1
_ONE = 2.0 ** -53
_current = ContextVar("tinygrad_cnn samples", default=None)


class Draws:
    """The streams of some samples, side by side.

    Args: seed: an integer, the epoch's. places: the samples' places in the epoch, integers. stage: 0, or another number
    for a second set of streams that has nothing to do with the first.
    """
    __slots__ = ("_keys", "_used")

    def __init__(self, seed, places, stage=0):
        self._open(_mixed(seed + stage * _STEP & _MASK), places)

    def _open(self, start, places):
        self._used = 0
        if len(places) == 1:                    # plain integers: 5 us a call where arrays of one take 50
            self._keys = [_mixed(start + places[0] * _PLACE_STEP & _MASK)]
        else:
            self._keys = _mixed(np.asarray(places, np.uint64) * _PLACE_STEP + start)

    def __len__(self):
        return len(self._keys)

    def uniform(self, count):
        """The next `count` numbers of each stream, float64 (samples, count) in [0, 1)."""
        numbers = range(self._used + 1, self._used + count + 1)
        self._used += count
        if isinstance(self._keys, list):
            key, = self._keys
            bits = np.array([[_mixed(key + k * _STEP & _MASK) for k in numbers]], np.uint64)
        else:
            bits = _mixed(self._keys[:, np.newaxis] + np.asarray(numbers, np.uint64) * _STEP)
        return (bits >> 11) * _ONE

    def split(self, count):
        """One sample's stream as `count` streams: for a sample that is several images."""
        below = Draws.__new__(Draws)
        below._open(_mixed(int(self._keys[0]) + self._used * _STEP & _MASK), range(count))
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
    """SplitMix64's finaliser of an integer below 2**64 or a uint64 array: every bit goes into every bit."""
    bits = (bits ^ (bits >> 30)) * _FIRST & _MASK
    bits = (bits ^ (bits >> 27)) * _SECOND & _MASK
    return bits ^ (bits >> 31)
