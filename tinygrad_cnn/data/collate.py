"""From a list of samples to a batch: tensors are stacked, containers are walked through."""
from collections.abc import Mapping, Sequence

import numpy as np

from .. import dtypes
from ..device import CPU
from ..errors import ArgumentError, ArgumentTypeError, DeviceError, ShapeError
from ..ops import stack
from ..tensor import Tensor


def default_collate(batch):
    """The samples of a list as one: Tensors and arrays get a new first dimension, numbers become a Tensor, dicts,
    tuples
    and lists are collated entry by entry (tuples become lists, named tuples stay), strings and bytes stay a list.

    Raises: ShapeError for samples of different shapes or lengths, ArgumentTypeError for what cannot be collated.

    >>> default_collate([(1, "a"), (2, "b")])
    [tensor([1, 2]), ['a', 'b']]
    """
    if not batch:
        raise ArgumentError("default_collate: the list of samples is empty. Give at least one.")
    first = batch[0]
    if isinstance(first, Tensor):
        return _stack(batch)
    if isinstance(first, (np.ndarray, np.generic)):
        _same_shape([np.shape(sample) for sample in batch])
        return _from_array(np.stack(batch))
    if isinstance(first, (bool, int)):
        return _from_array(np.array(batch, dtype=np.bool_ if isinstance(first, bool) else np.int64))
    if isinstance(first, float):
        return _from_array(np.array(batch, dtype=np.float64))
    if isinstance(first, (str, bytes)):
        return list(batch)
    if isinstance(first, Mapping):
        return {key: default_collate(_entries(batch, key)) for key in first}
    if isinstance(first, Sequence):
        return _collate_sequences(first, batch)
    raise ArgumentTypeError(f"default_collate: a sample holds a {type(first).__name__}. It knows tensors, arrays, "
                     "numbers, strings, dicts, tuples and lists; give the loader a collate_fn for anything else.")


def default_convert(sample):
    """One sample with its arrays as Tensors; what a loader with batch_size=None gives."""
    if isinstance(sample, (np.ndarray, np.generic)) and sample.dtype.kind in "biuf":
        return _from_array(np.asarray(sample))
    if isinstance(sample, Mapping):
        return {key: default_convert(value) for key, value in sample.items()}
    if isinstance(sample, tuple) and hasattr(sample, "_fields"):
        return type(sample)(*(default_convert(value) for value in sample))
    if isinstance(sample, (tuple, list)):
        return [default_convert(value) for value in sample]
    return sample


def _entries(batch, key):
    """What the dicts of a batch have under one key."""
    for k, sample in enumerate(batch):
        if key not in sample:
            raise ArgumentError(f"default_collate: sample {k} of the batch has the keys {list(sample)} but sample 0 "
                                f"has {key!r} too. Give samples with the same keys, or the loader a collate_fn.")
    return [sample[key] for sample in batch]


def _collate_sequences(first, batch):
    for k, sample in enumerate(batch):
        if len(sample) != len(first):
            raise ShapeError(f"default_collate: sample {k} of the batch has {len(sample)} entries but sample 0 has "
                             f"{len(first)}. Give samples of one length, or the loader a collate_fn.")
    columns = [default_collate(column) for column in zip(*batch)]
    return type(first)(*columns) if hasattr(first, "_fields") else columns


def _stack(tensors):
    _same_shape([t.array.shape for t in tensors])
    devices = {t.device for t in tensors}
    if len(devices) > 1:
        raise DeviceError(f"default_collate: samples of one batch lie on {sorted(map(str, devices))}. "
                          "Keep the data set on one device and move the batch.")
    if any(t.requires_grad for t in tensors):
        return stack(tensors)
    device = tensors[0].device
    return Tensor(device.xp.stack([t.array for t in tensors]), device)


def _same_shape(shapes):
    for k, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise ShapeError(f"default_collate: sample {k} of the batch has shape {tuple(shape)} but sample 0 has "
                             f"{tuple(shapes[0])}. Give samples of one shape, or the loader a collate_fn that pads.")


def _from_array(array):
    return Tensor(array.astype(dtypes.of(array.dtype).numpy, copy=False), CPU)
