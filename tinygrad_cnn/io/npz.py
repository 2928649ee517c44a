"""NumPy's npz: a zip of .npy members, written and read here member by member, never with pickle.

`numpy.savez` takes the names as keyword arguments, so an entry called `file` breaks it, and `numpy.load` believes a
member's header before it has seen its bytes; hence these few lines over `zipfile` and `numpy.lib.format`.
"""
import math
import zipfile
import zlib

import numpy as np
from numpy.lib import format as npy

from ..errors import DataError, DTypeError

_SUFFIX = ".npy"
_EPOCH = (1980, 1, 1, 0, 0, 0)              # one date for all members: equal weights give equal files
# What zipfile and numpy raise on damaged bytes; OSError when an offset in the zip points before its start.
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)


def check(arrays):
    """Refuse, before a file is made, what would not come back as it was."""
    for name, array in arrays.items():
        if array.dtype.name == "bfloat16":
            raise DTypeError(f"save: entry {name!r} is bfloat16, which the npz format has no name for. "
                             "Write a .safetensors file, or save x.float().")


def write(arrays, path):
    """Write arrays by name to the file `path`, uncompressed."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(name + _SUFFIX, _EPOCH), "w", force_zip64=True) as member:
                npy.write_array(member, array, allow_pickle=False)


def read(path):
    """The arrays by name in the file `path`.

    Raises: DataError if the file is damaged or holds anything but arrays.
    """
    with open(path, "rb") as file:                          # an OSError from here is the file system's own
        try:
            _refuse_pickle(file)
            with zipfile.ZipFile(file) as archive:
                return {info.filename.removesuffix(_SUFFIX): _member(archive, info) for info in archive.infolist()}
        except _DAMAGE as error:
            raise DataError(f"load: {path.name!r} is not a whole npz file of arrays ({error}). "
                            "Fetch or write it again.") from None


def _refuse_pickle(file):
    """A pickle starts with 0x80 and its protocol number, whatever the file is called."""
    start = file.read(2)
    file.seek(0)
    if len(start) == 2 and start[0] == 0x80 and start[1] <= 5:
        raise ValueError("it is a pickle under another name, and reading that could run code")


def _member(archive, info):
    """One array, after its header has been held against the number of bytes the member has."""
    name = info.filename
    if not name.endswith(_SUFFIX):
        raise ValueError(f"member {name!r} is not an array")
    with archive.open(info) as member:
        version = npy.read_magic(member)
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"member {name!r} has npy version {version}")
        read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = read_header(member)
        if dtype.hasobject:
            raise ValueError(f"member {name!r} holds pickled Python objects, and reading those could run code")
        wanted, there = math.prod(shape) * dtype.itemsize, info.file_size - member.tell()
        if wanted != there:
            raise ValueError(f"member {name!r} says shape {shape} of {dtype}, {wanted} bytes, but has {there}")
        flat = np.frombuffer(bytearray(member.read()), dtype)
    return flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape)
