"""Data sets: what has a length and gives a sample for an index, or what is iterated over.

A data set may also have `take_batch(indices)`, which gives a whole collated batch at once (one index operation instead
of one a sample), or None where it cannot. The loader asks for it when it collates by default.
"""
from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

import numpy as np

from ..errors import ArgumentError, ArgumentTypeError, ShapeError, TensorIndexError
from ..generator import default_generator
from ..tensor import Tensor


class Dataset:
    """Base class of data sets with `__getitem__(index)` and `__len__()`."""

    def __getitem__(self, index):
        raise NotImplementedError(f"{type(self).__name__}: a data set gives __getitem__(index).")

    def __add__(self, other):
        return ConcatDataset([self, other])


class IterableDataset(Dataset):
    """Base class of data sets with `__iter__()` and no indices: streams.

    However many workers a loader has, one of them reads the stream, so no sample comes twice.
    """

    def __iter__(self):
        raise NotImplementedError(f"{type(self).__name__}: an iterable data set gives __iter__().")


class TensorDataset(Dataset):
    """Sample i is the tuple of the i-th rows of tensors.

    Args: tensors: each (N, ...).
    Raises: ArgumentError for no tensors, ArgumentTypeError for what is none, ShapeError for different lengths.

    >>> import tinygrad_cnn as tg
    >>> tg.data.TensorDataset(tg.arange(3), tg.arange(3) * 10)[1]
    (tensor(1), tensor(10))
    """

    def __init__(self, *tensors):
        if not tensors:
            raise ArgumentError("TensorDataset: no tensors given. Give at least one.")
        for k, t in enumerate(tensors):
            if not isinstance(t, Tensor):
                raise ArgumentTypeError(f"TensorDataset: argument {k} is a {type(t).__name__}. "
                                        "Give Tensors (tg.tensor, tg.from_numpy).")
            if not t.ndim:
                raise ShapeError(f"TensorDataset: tensor {k} has no dimensions. Give tensors of shape (samples, ...).")
        if len({t.shape[0] for t in tensors}) > 1:
            raise ShapeError(f"TensorDataset: the tensors have {[t.shape[0] for t in tensors]} rows. "
                             "Give tensors with the same number of rows.")
        self.tensors = tensors

    def __getitem__(self, index):
        return tuple(t[index] for t in self.tensors)

    def take_batch(self, indices):
        """The rows at `indices` (integers) of every tensor, a list of Tensors (len(indices), ...)."""
        return [take_rows(t, indices) for t in self.tensors]

    def __len__(self):
        return self.tensors[0].array.shape[0]


class Subset(Dataset):
    """The samples of `dataset` at `indices`.

    Raises: ArgumentTypeError if indices is no sequence.
    """

    def __init__(self, dataset, indices):
        if not hasattr(indices, "__getitem__"):
            raise ArgumentTypeError(f"Subset: indices is a {type(indices).__name__}. Give a list of integers.")
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index):
        if isinstance(index, list):
            return [self[i] for i in index]
        return self.dataset[self.indices[index]]

    def take_batch(self, indices):
        """The data set's batch at self.indices[i] for each i, if it can give one."""
        return take_batch(self.dataset, [self.indices[i] for i in indices])

    def __len__(self):
        return len(self.indices)


class ConcatDataset(Dataset):
    """The samples of several data sets, one after the other.

    Attributes: `datasets`, `cumulative_sizes`.
    Raises: ArgumentError for an empty list or a stream.
    """

    def __init__(self, datasets):
        self.datasets = list(datasets)
        if not self.datasets:
            raise ArgumentError("ConcatDataset: the list of data sets is empty. Give at least one.")
        for k, dataset in enumerate(self.datasets):
            if isinstance(dataset, IterableDataset):
                raise ArgumentError(f"ConcatDataset: data set {k} is an IterableDataset, which has no indices. "
                                    "Chain streams with itertools.chain in a data set of your own.")
        self.cumulative_sizes = list(accumulate(len(dataset) for dataset in self.datasets))

    def __getitem__(self, index):
        size = len(self)
        if not -size <= index < size:
            raise TensorIndexError(f"ConcatDataset: index {index} of {size} samples. "
                                   f"Indices go from {-size} to {size - 1}.")
        index %= size
        k = bisect_right(self.cumulative_sizes, index)
        return self.datasets[k][index - (self.cumulative_sizes[k - 1] if k else 0)]

    def __len__(self):
        return self.cumulative_sizes[-1]


def random_split(dataset, lengths, generator=None):
    """The data set's samples, shuffled once and dealt to Subsets.

    Args: dataset. lengths: a list of sizes whose sum is len(dataset), or of parts whose sum is 1 (what rounding leaves
    over goes to the first subsets, one each). generator: a tg.Generator; the default one if not given.
    Returns: a list of Subsets.
    Raises: ArgumentError if the lengths do not add up.

    >>> import tinygrad_cnn as tg
    >>> [len(part) for part in random_split(tg.data.TensorDataset(tg.arange(10)), [0.75, 0.25])]
    [8, 2]
    """
    if not isinstance(lengths, Iterable):
        raise ArgumentTypeError(f"random_split: lengths is a {type(lengths).__name__}. "
                                "Give a list of sizes, or of parts.")
    lengths = list(lengths)
    size = len(dataset)
    if any(n < 0 for n in lengths):
        raise ArgumentError(f"random_split: lengths is {lengths}. Sizes and parts are not negative.")
    if abs(sum(lengths) - 1) < 1e-9 and sum(lengths) <= 1 + 1e-9 and not (size == 1 and sum(lengths) == 1
                                                                          and all(isinstance(n, int) for n in lengths)):
        lengths = _parts(lengths, size)
    if sum(lengths) != size or not all(hasattr(n, "__index__") for n in lengths):
        raise ArgumentError(f"random_split: lengths {lengths} add up to {sum(lengths)} but the data set has {size} "
                            "samples. Give sizes that add up to it, or parts that add up to 1.")
    order = (generator or default_generator()).numpy.permutation(size).tolist()
    stops = list(accumulate(lengths))
    return [Subset(dataset, order[stop - length:stop]) for length, stop in zip(lengths, stops)]


def _parts(parts, size):
    lengths = [int(size * part) for part in parts]
    for k in range(size - sum(lengths)):
        lengths[k % len(lengths)] += 1
    return lengths


def take_batch(dataset, indices):
    """The collated batch at `indices` in one go, or None if the data set gives samples only one by one.

    A class that redefines `__getitem__` without `take_batch` means its own samples: then this is None too.
    """
    for cls in type(dataset).__mro__:
        if "take_batch" in vars(cls):
            return dataset.take_batch(indices)
        if "__getitem__" in vars(cls) or "__getitems__" in vars(cls):
            return None
    return None


def take_rows(t, indices):
    """Rows `indices` (a sequence of integers) of tensor t, (N, ...) -> (len(indices), ...).

    Raises: TensorIndexError for an index outside t.
    """
    rows = np.asarray(indices, dtype=np.int64)
    size = t.array.shape[0]
    if rows.size and not -size <= rows.min() <= rows.max() < size:
        wrong = int(rows.max() if rows.max() >= size else rows.min())
        raise TensorIndexError(f"take_rows: index {wrong} of {size} samples. Indices go from {-size} to {size - 1}.")
    if t.requires_grad:
        return t[rows.tolist()]
    xp = t.device.xp
    return Tensor(xp.take(t.array, xp.asarray(rows), 0), t.device)
