"""`save` and `load`: a state dict under the format its file's name asks for, and PyTorch's files to read.

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
from . import npz, safetensors, torch_files
from .atomic import atomic_write

_FORMATS = {".safetensors": safetensors, ".npz": npz}
_PICKLES = {".pt", ".pth", ".th", ".pkl", ".pickle", ".bin", ".ckpt", ".tar"}    # ".tar": model_best.pth.tar


def save(obj, f):
    """Write a state dict to a file, `.safetensors` or `.npz` by its name; the file appears whole or not at all.

    Args: obj: a flat dict of names and tensors of any device (or NumPy arrays). f: the path.
    Raises: ArgumentError for another suffix, or an obj that is not such a dict; DTypeError for a tensor the format
    cannot hold.

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


def load(f, map_location=None, pickle_module=None, *, weights_only=True, mmap=None):
    """What a file holds: the state dict in a `.safetensors` or `.npz` file, or whatever torch.save put into its file.

    PyTorch's files (`.pt`, `.pth`, `.th`, `.bin`, `.ckpt`, `.pkl`, `.tar`) are read without PyTorch. Only tensors,
    dicts, lists, numbers, strings and NumPy arrays are built; a file that asks for anything else is refused by name,
    nothing of it is run. `tg.io.load_weights` finds the state dict in a checkpoint.

    Args: f: the path. map_location: the device to put the tensors on; the CPU if not given. weights_only: accepted; it
    changes nothing. mmap: whether to map the file into memory (copy-on-write, tensors are read when first used; the
    file must not be changed in place meanwhile); if not given, files of 256 MiB or more are mapped, not on Windows.
    Returns: a dict of names and tensors, none of which requires grad; of a torch file the object that was saved, its
    parameters as tensors that require grad.
    Raises: FileNotFoundError if there is no such file; DataError if it is damaged or holds anything else; ArgumentError
    for another suffix; MissingExtraError for bfloat16 without ml_dtypes.
    """
    path, form = _format(f, "load")
    if pickle_module is not None:
        raise ArgumentError("load: pickle_module is given, but pickles are read by a machine of this package's own. "
                            "Leave it out.")
    if map_location is not None and not isinstance(map_location, (str, Device)):
        raise ArgumentError(f"load: map_location is a {type(map_location).__name__}. Give the name of one device, such "
                            "as 'cpu'.")
    device = Device(map_location or "cpu")
    if not path.is_file():
        raise FileNotFoundError(f"load: there is no file {str(path)!r}. "
                                f"Check the path; it was looked for from {os.getcwd()}.")
    if form is torch_files:
        return torch_files.read(path, device, mmap)
    cpu, arrays = Device("cpu"), form.read(path, mmap)
    tensors = {name: Tensor(_known(path, name, array), cpu) for name, array in arrays.items()}
    if device is cpu:
        return tensors
    return {name: tensor.to(device) for name, tensor in tensors.items()}


def _format(f, verb):
    """The path and the module for its suffix."""
    if not isinstance(f, (str, os.PathLike)):
        raise ArgumentError(f"{verb}: {type(f).__name__} is not a path. Pass the name of a .safetensors or .npz file.")
    path = pathlib.Path(f)
    suffix = path.suffix.lower()
    if suffix in _PICKLES:
        if verb == "save":
            raise ArgumentError(f"save: {path.name!r} has the suffix of a pickle, and a pickle can run code when it is "
                                "read. Use .safetensors or .npz.")
        return path, torch_files
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
