"""NumPy's npz: a zip of .npy members, written and read here member by member, never with pickle.

`numpy.savez` takes the names as keyword arguments, so an entry called `file` breaks it, and `numpy.load` believes a
member's header before it has seen its bytes, and unpacks a zip bomb; hence these few lines over `zipfile`.
"""
import math
import os
import re
import sys
import zipfile
import zlib

import numpy as np
from numpy.lib import format as npy

from ..errors import ArgumentError, DataError, DTypeError
from .file_bytes import elements

_SUFFIX = ".npy"
_ALWAYS_UNPACKED, _RATIO = 256 * 2**20, 100     # bytes; weights compress to no less than a half, zeros to a thousandth
_LONGEST_HEADER = 10_000
_FIELD = re.compile(r"'(descr|fortran_order|shape)': *"
                    r"('[<>|=]?(?:b1|[iu][1248]|f[248]|c8|c16)'|True|False|\([\d, ]{0,600}\))")
_HEADER = re.compile(rf"\{{ *(?:{_FIELD.pattern}[, ]*){{3}}\}}\s*")
_OBJECTS = re.compile(r"'[<>|=]?O\d?'")
_EPOCH = (1980, 1, 1, 0, 0, 0)              # one date for all members: equal weights give equal files
# What zipfile and numpy raise on damaged bytes; OSError when an offset in the zip points before its start.
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)


def check(arrays):
    """Refuse, before a file is made, what would not come back as it was."""
    for name, array in arrays.items():
        if array.dtype.name == "bfloat16":
            raise DTypeError(f"save: entry {name!r} is bfloat16, which the npz format has no name for. "
                             "Write a .safetensors file, or save x.float().")
        if leads_elsewhere(name):
            raise ArgumentError(f"save: the name {name!r} is a path that leads elsewhere, and an npz file is a zip of "
                                "paths. Rename the entry.")


def write(arrays, path):
    """Write arrays by name to the file `path`, uncompressed."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(name + _SUFFIX, _EPOCH), "w", force_zip64=True) as member:
                npy.write_array(member, array, allow_pickle=False)


def read(path, mapped=None):
    """The arrays by name in the file `path`.

    Args: mapped: not for this format, whose members may be compressed.
    Raises: DataError if the file is damaged, holds anything but arrays, or unpacks to suspiciously much; ArgumentError
    if it should be mapped.
    """
    if mapped:
        raise ArgumentError(f"load: {path.name!r} is an npz file, which cannot be mapped. Leave mmap out, or write a "
                            ".safetensors file.")
    with open(path, "rb") as file:                          # an OSError from here is the file system's own
        try:
            _refuse_pickle(file)
            with zipfile.ZipFile(file) as archive:
                members = archive.infolist()
                _require_sane(members, os.fstat(file.fileno()).st_size)
                return {info.filename.removesuffix(_SUFFIX): _member(archive, info) for info in members}
        except _DAMAGE as error:
            raise DataError(f"load: {path.name!r} is not a whole npz file of arrays ({error}). "
                            "Fetch or write it again.") from None


def _refuse_pickle(file):
    """A pickle starts with 0x80 and its protocol number, whatever the file is called."""
    start = file.read(2)
    file.seek(0)
    if len(start) == 2 and start[0] == 0x80 and start[1] <= 5:
        raise ValueError("it is a pickle under another name, and reading that could run code")


def _require_sane(members, size):
    """Refuse names that lead elsewhere or come twice, and a few bytes that would unpack to gigabytes."""
    names = set()
    for info in members:
        name = info.filename
        if not name.endswith(_SUFFIX):
            raise ValueError(f"member {name!r} is not an array")
        if leads_elsewhere(name):
            raise ValueError(f"member {name!r} has a path that leads elsewhere")
        if name in names:
            raise ValueError(f"member {name!r} is there twice")
        names.add(name)
    unpacked = sum(info.file_size for info in members)
    if unpacked > max(_ALWAYS_UNPACKED, _RATIO * size):
        raise ValueError(f"its {size} bytes would unpack to {unpacked}, more than {_RATIO} times as many. If that is "
                         "meant, write it again uncompressed with numpy.savez")


def leads_elsewhere(name):
    """Whether a member's name is a path out of the folder it would be unpacked to."""
    return name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name)


def _member(archive, info):
    """One array, after its header has been held against the number of bytes the member has."""
    name = info.filename
    with archive.open(info) as member:
        shape, fortran, dtype = _npy_header(name, member)
        wanted, there = math.prod(shape) * dtype.itemsize, info.file_size - member.tell()
        if wanted != there:
            raise ValueError(f"member {name!r} says shape {shape} of {dtype}, {wanted} bytes, but has {there}")
        raw = np.empty(wanted, np.uint8)
        filled = 0
        while filled < wanted and (count := member.readinto(raw[filled:])):
            filled += count
        if filled < wanted or member.read(1):
            raise ValueError(f"member {name!r} has {filled} bytes where {wanted} were promised")
    order = {">": "big", "<": "little"}.get(dtype.byteorder, sys.byteorder)
    flat = elements(raw, dtype.newbyteorder("="), order)
    return flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape)


def _npy_header(name, member):
    """(shape, fortran order, dtype) from a member's first bytes.

    numpy.lib.format would evaluate them as a Python expression; three patterns say as much.
    """
    version = npy.read_magic(member)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"member {name!r} has npy version {version}")
    length = int.from_bytes(member.read(2 if version == (1, 0) else 4), "little")
    if length > _LONGEST_HEADER:
        raise ValueError(f"member {name!r} has a header of {length} bytes, more than {_LONGEST_HEADER}")
    header = member.read(length).decode("latin-1")
    if _OBJECTS.search(header):
        raise ValueError(f"member {name!r} holds pickled Python objects, and reading those could run code")
    found = _HEADER.fullmatch(header) and {key: value for key, value in _FIELD.findall(header)}
    if not found or len(found) != 3:
        raise ValueError(f"member {name!r} has the header {header[:80]!r}, which is not of an array of numbers")
    shape = tuple(int(n) for n in re.findall(r"\d+", found["shape"]))
    if len(shape) > 32:
        raise ValueError(f"member {name!r} has {len(shape)} dimensions")
    return shape, found["fortran_order"] == "True", np.dtype(found["descr"].strip("'"))
