"""Reading a pickle without running it: the machine's result, held against what a file of numbers may hold.

A pickle may share objects, so a few bytes can describe a tree with more leaves than there are atoms, or a list inside
itself. Whoever walks through the result (a printout, a copy, JSON) would never come back; such results are refused.
"""
from collections import Counter, OrderedDict

import numpy as np

from ..dtypes import DType
from ..errors import DataError
from ..tensor import Size, Tensor
from .pickle_machine import PickleMachine
from .pickle_names import Names

_DEPTH, _UNFOLDED = 64, 20_000_000
_LEAVES = frozenset({str, int, float, bool, bytes, bytearray, type(None), np.ndarray, DType, Tensor})
_DICTS, _ROWS = frozenset({dict, OrderedDict, Counter}), frozenset({list, tuple, Size, set, frozenset})


def read_pickle(data, names=None, position=0):
    """The value of the pickle at byte `position` of `data`, and the position behind it.

    Args: data: bytes or a mapped file. names: the list of what it may name; plain Python and NumPy if not given.
    Returns: (value, position), the value made of dicts, lists, tuples, sets, strings, numbers, NumPy arrays and what
    `names` makes.
    Raises: DataError if it is damaged, names anything else, or would take too much time or memory.

    >>> import pickle
    >>> read_pickle(pickle.dumps({"labels": [3, 1], "name": "batch"}))
    ({'labels': [3, 1], 'name': 'batch'}, 48)
    """
    machine = PickleMachine(data, names or Names(), position)
    value = machine.run()
    _require_plain(value)
    return value, machine.position


def _require_plain(root):
    """Refuse, in the result of a pickle, what is no value, what contains itself, and what is too deep or too large."""
    sizes, open_ones, waiting = {}, set(), [(root, None)]   # sizes: id -> (levels, leaves when unfolded)
    while waiting:
        value, inner = waiting.pop()
        key = id(value)
        if inner is None:
            if key in sizes or not _is_container(value):
                continue
            if key in open_ones:
                raise DataError("a container in it contains itself")
            inner = [child for child in _children(value) if type(child) not in _LEAVES and _is_container(child)]
            if inner:
                open_ones.add(key)
                waiting.append((value, inner))
                waiting += [(child, None) for child in inner]
                continue
        open_ones.discard(key)
        below = [sizes[id(child)] for child in inner]
        levels = 1 + max((level for level, _ in below), default=0)
        leaves = len(value) + sum(count for _, count in below)
        if levels > _DEPTH or leaves > _UNFOLDED:
            raise DataError(f"its containers lie {levels} deep and unfold to {leaves} values. No file of weights "
                            f"needs more than {_DEPTH} and {_UNFOLDED}")
        sizes[key] = levels, leaves


def _is_container(value):
    if type(value) in _DICTS or type(value) in _ROWS:
        return True
    if type(value) not in _LEAVES and not isinstance(value, (np.generic, np.dtype, Tensor)):
        raise DataError(f"it holds {getattr(value, 'name', type(value).__name__)} itself where a value should be")
    return False


def _children(value):
    """What a container holds; the keys of dicts are plain already."""
    if type(value) in _ROWS:
        return value
    metadata = getattr(value, "_metadata", None)
    return [*value.values()] if metadata is None else [*value.values(), metadata]
