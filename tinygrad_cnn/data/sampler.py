"""Samplers: iterables of indices (or of lists of indices) that say in which order a loader reads.

Each iteration draws anew. The numbers come from the given tg.Generator, or from the CPU's default one.
"""
import numpy as np

from ..errors import ArgumentError, ArgumentTypeError
from ..generator import default_generator


class Sampler:
    """Base class: gives `__iter__` over indices, and `__len__` where there is a length."""

    def __init__(self, data_source=None):
        self.data_source = data_source

    def __iter__(self):
        raise NotImplementedError(f"{type(self).__name__}: a sampler gives __iter__().")


class SequentialSampler(Sampler):
    """0, 1, 2, ... len(data_source) - 1.

    Raises: ArgumentTypeError if data_source has no length.
    """

    def __init__(self, data_source):
        super().__init__(data_source)
        _sized("SequentialSampler", "data_source", data_source)

    def __iter__(self):
        return iter(range(len(self.data_source)))

    def __len__(self):
        return len(self.data_source)


class RandomSampler(Sampler):
    """The indices of data_source in random order.

    Args: data_source: what has a length. replacement: draw each index independently. num_samples: how many indices to
    give (len(data_source) if not given; more than that goes through several shuffles). generator: a tg.Generator.
    Raises: ArgumentError if num_samples is not a positive integer.
    """

    def __init__(self, data_source, replacement=False, num_samples=None, generator=None):
        super().__init__(data_source)
        self.replacement, self._num_samples, self.generator = replacement, num_samples, generator
        if num_samples is not None:
            _positive("RandomSampler", "num_samples", num_samples)
        _sized("RandomSampler", "data_source", data_source)
        _flag("RandomSampler", "replacement", replacement)

    @property
    def num_samples(self):
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self):
        draw, size, left = _draw(self.generator), len(self.data_source), self.num_samples
        if left and not size:
            raise ArgumentError(f"RandomSampler: {left} samples wanted of an empty data set. Give one with samples.")
        if self.replacement:
            yield from draw.integers(size, size=left).tolist()
            return
        while left > 0:
            order = draw.permutation(size)[:left]
            left -= len(order)
            yield from order.tolist()

    def __len__(self):
        return self.num_samples


class SubsetRandomSampler(Sampler):
    """The given indices in random order.

    Args: indices: a sequence. generator: a tg.Generator.
    """

    def __init__(self, indices, generator=None):
        super().__init__()
        _sized("SubsetRandomSampler", "indices", indices)
        self.indices, self.generator = indices, generator

    def __iter__(self):
        for k in _draw(self.generator).permutation(len(self.indices)).tolist():
            yield self.indices[k]

    def __len__(self):
        return len(self.indices)


class WeightedRandomSampler(Sampler):
    """Indices drawn with probabilities in proportion to weights.

    Args: weights: N numbers of at least 0 that need not add up to 1. num_samples: how many to draw. replacement:
    whether an index may come again. generator: a tg.Generator.
    Raises: ArgumentError for a negative or infinite weight, for only zeros, or for more samples than positive weights
    without replacement.
    """

    def __init__(self, weights, num_samples, replacement=True, generator=None):
        super().__init__()
        _positive("WeightedRandomSampler", "num_samples", num_samples)
        self.weights = np.asarray(weights.tolist() if hasattr(weights, "tolist") else weights, dtype=np.float64)
        self.num_samples, self.replacement, self.generator = num_samples, replacement, generator
        allowed = np.isfinite(self.weights) & (self.weights >= 0)
        if self.weights.ndim != 1 or not allowed.all() or not self.weights.any():
            raise ArgumentError(f"WeightedRandomSampler: weights has shape {self.weights.shape}, and "
                                f"{self.weights.tolist()!r:.80} in it. Give a list of finite numbers of at least 0, "
                                "not all 0.")
        if not replacement and num_samples > np.count_nonzero(self.weights):
            raise ArgumentError(f"WeightedRandomSampler: {num_samples} samples wanted of "
                                f"{np.count_nonzero(self.weights)} positive weights without replacement. "
                                "Give replacement=True, or fewer samples.")

    def __iter__(self):
        chances = self.weights / self.weights.sum()
        yield from _draw(self.generator).choice(len(chances), self.num_samples, self.replacement, chances).tolist()

    def __len__(self):
        return self.num_samples


class BatchSampler(Sampler):
    """Lists of batch_size indices of another sampler.

    Args: sampler: an iterable of indices. batch_size. drop_last: leave out a last list that is shorter.
    Raises: ArgumentError if batch_size is not a positive integer.
    """

    def __init__(self, sampler, batch_size, drop_last):
        super().__init__()
        _positive("BatchSampler", "batch_size", batch_size)
        _flag("BatchSampler", "drop_last", drop_last)
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self):
        batch = []
        for index in self.sampler:
            batch.append(index)
            if len(batch) == self.batch_size:
                yield batch
                batch = []
        if batch and not self.drop_last:
            yield batch

    def __len__(self):
        size = len(self.sampler)
        return size // self.batch_size if self.drop_last else -(-size // self.batch_size)


def _draw(generator):
    return (generator or default_generator()).numpy


def _sized(name, option, value):
    if not hasattr(value, "__len__"):
        raise ArgumentTypeError(f"{name}: {option} is a {type(value).__name__}, which has no length. Give a sequence "
                                "or a data set with __len__().")


def _flag(name, option, value):
    if not isinstance(value, (bool, np.bool_)):
        raise ArgumentTypeError(f"{name}: {option} is {value!r}. Give True or False.")


def _positive(name, option, value):
    if not hasattr(value, "__index__") or isinstance(value, bool) or value <= 0:
        raise ArgumentError(f"{name}: {option} is {value!r}. Give a positive integer.")
