"""Files: state dicts to and from `.safetensors` and `.npz`, and writes that are whole or not there at all.

A state dict is a flat dict of names and tensors. Both formats hold arrays and nothing else, so a file can be wrong
but cannot run code; pickles are refused.
"""
from .atomic import atomic_write
from .files import load, save

__all__ = ["atomic_write", "load", "save"]
