"""`save` and `load`: a state dict under the format its file's name asks for.

Both turn tensors into NumPy arrays by name, {"conv.weight": (O, C, KH, KW), ...}, and leave the bytes to the module of
the format. What cannot be kept exactly (a number, a list, a complex array) is refused before anything is written.
"""
import os
import pathlib

import numpy as np

from .. import dtypes
from ..device import Device
from ..errors import ArgumentError, DataError, DTypeError
from ..tensor import Tensor
from . import npz, safetensors
from .atomic import atomic_write

_FORMATS = {".safetensors": safetensors, ".npz": npz}
_PICKLES = {".pt", ".pth", ".th", ".pkl", ".pickle", ".bin", ".ckpt"}


def save(obj, f):
    """Write a state dict to a file, `.safetensors` or `.npz` by its name; the file appears whole or not at all.

    Args: obj: a flat dict of names and tensors of any device (or NumPy arrays). f: the path.
    Raises: ArgumentError for another suffix, or an obj that is not such a dict; DTypeError for a tensor the format
    cannot hold; MissingExtraError if the format's package is not installed.

    >>> import tempfile, tinygrad_cnn as tg
    >>> path = os.path.join(tempfile.mkdtemp(), "weights.npz")
    >>> save({"weight": tg.ones(2, 3), "steps": tg.tensor(7)}, path)
    >>> load(path)["weight"].shape, load(path)["steps"].item()
    (tinygrad_cnn.Size([2, 3]), 7)
    """
    path, form = _format(f, "save")
    if not isinstance(obj, dict):
        raise ArgumentError(f"save: {type(obj).__name__} is not a state dict. Pass a dict of names and tensors, "
                            "such as model.state_dict().")
    arrays = {_name(name): _host_array(name, value) for name, value in obj.items()}
    form.check(arrays)
    with atomic_write(path) as part:
        form.write(arrays, part)


def load(f, map_location=None):
    """The state dict in a `.safetensors` or `.npz` file: a dict of names and tensors, none of which requires grad.

    Args: f: the path. map_location: the device to put the tensors on; the CPU if not given.
    Raises: FileNotFoundError if there is no such file; DataError if it is damaged or holds anything but arrays;
    ArgumentError for another suffix; MissingExtraError if the format's package is not installed.
    """
    path, form = _format(f, "load")
    if not path.is_file():
        raise FileNotFoundError(f"load: there is no file {str(path)!r}. "
                                f"Check the path; it was looked for from {os.getcwd()}.")
    cpu, arrays = Device("cpu"), form.read(path)
    tensors = {name: Tensor(_known(path, name, array), cpu) for name, array in arrays.items()}
    if map_location is None:
        return tensors
    return {name: tensor.to(map_location) for name, tensor in tensors.items()}


def _format(f, verb):
    """The path and the module for its suffix."""
    if not isinstance(f, (str, os.PathLike)):
        raise ArgumentError(f"{verb}: {type(f).__name__} is not a path. Pass the name of a .safetensors or .npz file.")
    path = pathlib.Path(f)
    suffix = path.suffix.lower()
    if suffix in _PICKLES:
        raise ArgumentError(f"{verb}: {path.name!r} has the suffix of a pickle, and a pickle can run code when it is "
                            "read. Use .safetensors or .npz.")
    if suffix not in _FORMATS:
        raise ArgumentError(f"{verb}: {path.name!r} does not say its format. Give the name the suffix "
                            f"{' or '.join(_FORMATS)}.")
    return path, _FORMATS[suffix]


def _name(name):
    if not isinstance(name, str) or not name:
        raise ArgumentError(f"save: {name!r} is not a name. The keys of a state dict are non-empty strings.")
    return name


def _host_array(name, value):
    """The NumPy array behind one entry, contiguous and in the machine's byte order."""
    if isinstance(value, Tensor):
        value = value.device.asnumpy(value.array)
    if not isinstance(value, np.ndarray):
        raise ArgumentError(f"save: entry {name!r} is {type(value).__name__}, and these files hold tensors only. "
                            "Make it one (tg.tensor(...)) or leave it out.")
    dtypes.of(value.dtype.newbyteorder("="))            # DTypeError for complex, objects, text
    return np.ascontiguousarray(value, value.dtype.newbyteorder("=")).reshape(value.shape)


def _known(path, name, array):
    """The array in the machine's byte order, if its element type is one of ours."""
    try:
        dtype = dtypes.of(array.dtype.newbyteorder("=")).numpy
    except DTypeError as error:
        raise DataError(f"load: {path.name!r} holds {name!r} as {array.dtype}. {error}") from None
    return np.ascontiguousarray(array, dtype).reshape(array.shape)
