"""From a checkpoint to a state dict: finding it among the other things, and its keys as the model has them.

Training scripts save their weights in many wrappings: {"epoch": 200, "state_dict": {"module.conv1.weight": ...}}. These
functions take the wrapping off, each one step, each saying what it did not find.
"""
from collections import OrderedDict
from collections.abc import Mapping

import numpy as np

from ..errors import ArgumentError, DataError
from ..ops.creation import as_tensor
from ..tensor import Tensor
from .files import load

_KEYS = ("state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights", "params")


def load_weights(f, key=None, prefix="module.", map_location=None, *, mmap=None):
    """The state dict in a file of weights or a checkpoint, ready for `load_state_dict`.

    Args: f: the path. key: where the state dict lies, such as "ema" or "teacher.model"; found by itself if not given.
    prefix: taken off the keys where they have it (DataParallel puts "module." there); "" for none. map_location, mmap:
    as for `load`.
    Returns: an OrderedDict of names and tensors, none of which requires grad.
    Raises: as `load`, and DataError if there is no state dict at that key, or none or several where none is given.

    >>> import os, tempfile, tinygrad_cnn as tg
    >>> path = os.path.join(tempfile.mkdtemp(), "weights.npz")
    >>> tg.save({"module.weight": tg.ones(2)}, path)
    >>> dict(load_weights(path))
    {'weight': tensor([1., 1.])}
    """
    state = find_state_dict(load(f, map_location, mmap=mmap), key)
    return strip_prefix(state, prefix) if prefix else state


def find_state_dict(checkpoint, key=None):
    """The state dict in a checkpoint: a flat dict of names and tensors, maybe inside dicts.

    Args: checkpoint: what `load` gave. key: the path to it with dots, such as "ema" or "teacher.model"; if not given,
    the checkpoint itself, or what lies at one of the usual keys ("state_dict", "model", ...), or the only state dict.
    Returns: an OrderedDict of names and Tensors without grad; NumPy arrays become Tensors.
    Raises: DataError if there is none or more than one, naming what is there.

    >>> import tinygrad_cnn as tg
    >>> list(find_state_dict({"epoch": 3, "state_dict": {"weight": tg.ones(2)}}))
    ['weight']
    """
    if not isinstance(checkpoint, Mapping):
        raise DataError(f"find_state_dict: the checkpoint is a {type(checkpoint).__name__}, not a dict. Pass what "
                        "tg.load gave for a file of weights.")
    if key is not None:
        return _tensors(_at(checkpoint, key), key)
    while not _is_state_dict(checkpoint):
        inner = {name: value for name, value in checkpoint.items() if isinstance(value, Mapping)}
        usual = [name for name in _KEYS if name in inner]
        found = usual or [name for name, value in inner.items() if _is_state_dict(value)]
        if not found or not usual and len(found) > 1:
            raise DataError(f"find_state_dict: the checkpoint has {len(found) or 'no'} state dicts at the keys "
                            f"{', '.join(map(repr, found or list(checkpoint)[:20]))}. Say which with key=.")
        checkpoint = inner[found[0]]
    return _tensors(checkpoint, key)


def strip_prefix(state_dict, prefix="module."):
    """A state dict whose keys begin no longer with `prefix`; keys that do not begin with it stay.

    PyTorch's DataParallel and DistributedDataParallel put "module." before every key.
    Returns: a new OrderedDict with the same values.
    Raises: ArgumentError if two keys become one.

    >>> list(strip_prefix({"module.weight": 1, "module.bias": 2}))
    ['weight', 'bias']
    """
    stripped = OrderedDict((key.removeprefix(prefix), value) for key, value in state_dict.items())
    if len(stripped) < len(state_dict):
        twice = sorted(key for key in state_dict if key.startswith(prefix) and key.removeprefix(prefix) in state_dict)
        raise ArgumentError(f"strip_prefix: {', '.join(twice)} stand in the state dict with and without {prefix!r}. "
                            "Take one set of them out first.")
    metadata = getattr(state_dict, "_metadata", None)
    if metadata is not None:
        bare = prefix.rstrip(".")
        stripped._metadata = OrderedDict((path.removeprefix(prefix) if path != bare else "", version)
                                         for path, version in metadata.items() if path or bare not in metadata)
    return stripped


def _is_state_dict(value):
    """Whether it is a dict of names whose values are tensors, all of them."""
    return (isinstance(value, Mapping) and bool(value) and all(type(name) is str for name in value)
            and all(isinstance(entry, (Tensor, np.ndarray, np.generic)) for entry in value.values()))


def _at(checkpoint, key):
    found = checkpoint
    for part in key.split("."):
        if not isinstance(found, Mapping) or part not in found:
            there = ", ".join(map(repr, list(found)[:20])) if isinstance(found, Mapping) else type(found).__name__
            raise DataError(f"find_state_dict: there is no {key!r} in the checkpoint; it has {there}. "
                            "Give another key.")
        found = found[part]
    return found


def _tensors(state, key):
    """The state dict with every entry a Tensor that does not require grad."""
    if not _is_state_dict(state):
        wrong = [name for name, value in state.items() if not isinstance(value, (Tensor, np.ndarray, np.generic))
                 ] if isinstance(state, Mapping) else []
        raise DataError(f"find_state_dict: what lies at {key!r} is no state dict"
                        + (f"; {', '.join(map(repr, wrong[:5]))} are no tensors" if wrong else "")
                        + ". Give the key of a dict of names and tensors.")
    found = OrderedDict((name, value.detach() if isinstance(value, Tensor) else as_tensor(value))
                        for name, value in state.items())
    if hasattr(state, "_metadata"):
        found._metadata = state._metadata
    return found
