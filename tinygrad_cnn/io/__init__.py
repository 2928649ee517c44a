"""Files: state dicts as `.safetensors` and `.npz`, PyTorch's files to read, and writes that are whole or not there.

A state dict is a flat dict of names and tensors. A file can be wrong but cannot run code: the first two formats hold
arrays and nothing else, and PyTorch's pickles are read by a machine that can build numbers and containers only.
"""
from .atomic import atomic_write
from .files import load, save
from .weights import find_state_dict, load_weights, strip_prefix

__all__ = ["atomic_write", "find_state_dict", "load", "load_weights", "save", "strip_prefix"]
