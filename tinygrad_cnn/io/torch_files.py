"""PyTorch's files read with NumPy alone: the zip container of torch.save, the legacy one before it, and plain pickles.

Zip (since PyTorch 1.6): NAME/data.pkl describes the objects, NAME/data/KEY holds each storage, nothing is compressed.
Legacy: four pickles one after the other (a magic number, a version, the machine, the objects), a list of the keys, then
each storage's length and bytes. Either way the pickle is read by a machine that knows tensors, containers and numbers
only (pickle_machine.py).
"""
import struct
import zipfile
import zlib

import numpy as np

from ..device import CPU
from ..errors import DataError
from ..tensor import Tensor
from .file_bytes import FileBytes, elements
from .npz import leads_elsewhere
from .pickle_machine import PickleMachine
from .pickles import read_pickle
from .torch_names import Storage, TorchNames

_MAGIC, _VERSION = 0x1950A86A20F9469CFC6C, 1001
_LOCAL_HEADER = 30                          # bytes of a zip member's header before its name
_OTHER_FILES = (
    (b"\x89HDF", "an HDF5 file. Convert it with the tool that wrote it"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself. Run: git lfs pull"),
    (b"\x1f\x8b", "a gzip file. Unpack it first"),
    (b"PK\x05\x06", "an empty zip file. Fetch or write it again"),
)
_WEB_PAGE = (b"<!doctype", b"<html")


def read(path, device=CPU, mapped=None):
    """What torch.save put into the file `path`, with Tensors on `device`.

    Args: mapped: whether to map the storages into memory; None does so from 256 MiB on. In legacy files they lie at odd
    places, so that most are copied all the same.
    Returns: the dict, list or Tensor that was saved. Parameters come as tensors that require grad, devices as names,
    NumPy arrays as themselves.
    Raises: DataError if the file is damaged, asks for more than such objects, or is no torch file at all.
    """
    try:
        with FileBytes(path, mapped) as file:
            start = file.peek(0, min(512, file.size))
            if start[:4] == b"PK\x03\x04":
                return _read_zip(file, device)
            _refuse_others(start)
            return _read_legacy(file, device)
    except DataError as error:
        raise DataError(f"load: {path.name!r} is not a file of weights that can be read: {str(error).rstrip('.')}."
                        ) from None


def _refuse_others(start):
    for magic, what in _OTHER_FILES:
        if start.startswith(magic):
            raise DataError(f"it is {what}")
    if start.lstrip()[:9].lower().startswith(_WEB_PAGE):
        raise DataError("it is a web page, perhaps of a download that failed. Fetch it again")
    if start[257:262] == b"ustar":
        raise DataError("it is a tar file of PyTorch before 0.1.10. Load and save it once with a newer PyTorch")
    if not start or start[0] != 0x80:
        raise DataError("it is neither a zip file nor a pickle. Fetch or write it again")


class _Members:
    """The members of a zip file, none of them compressed, by name."""

    def __init__(self, file):
        self._file = file
        try:
            with zipfile.ZipFile(file.file) as archive:
                entries = archive.infolist()
        except (zipfile.BadZipFile, ArithmeticError, LookupError, NotImplementedError, ValueError,
                struct.error) as error:
            raise DataError(f"its zip directory is damaged ({error}). Fetch it again") from None
        self.entries = {}
        for entry in entries:
            name = entry.filename
            if name in self.entries:
                raise DataError(f"its zip directory has {name!r} twice")
            if leads_elsewhere(name):
                raise DataError(f"its zip directory has {name!r}, a path that leads elsewhere")
            if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
                raise DataError(f"its member {name!r} is compressed or encrypted, which torch.save never does. "
                                "Load and save it once in PyTorch")
            if entry.file_size != entry.compress_size:
                raise DataError(f"its member {name!r} has two sizes, {entry.file_size} and {entry.compress_size}")
            self.entries[name] = entry

    def take(self, name, count=None):
        """The bytes of a member as a uint8 array, checked against its checksum unless the file is mapped."""
        entry = self.entries.get(name)
        if entry is None:
            raise DataError(f"its member {name!r} is missing")
        if count is not None and entry.file_size != count:
            raise DataError(f"its member {name!r} has {entry.file_size} bytes where {count} should be")
        header = self._file.peek(entry.header_offset, _LOCAL_HEADER)
        if header[:4] != b"PK\x03\x04":
            raise DataError(f"its member {name!r} is not where the zip directory says")
        name_length, extra_length = struct.unpack("<HH", header[26:30])
        found = self._file.take(entry.header_offset + _LOCAL_HEADER + name_length + extra_length, entry.file_size)
        # PyTorch can be told to leave checksums out; then they are 0
        if entry.CRC and not self._file.mapped and zlib.crc32(found) != entry.CRC:
            raise DataError(f"the checksum of its member {name!r} is wrong. Fetch it again")
        return found


def _read_zip(file, device):
    members = _Members(file)
    pickles = [name for name in members.entries if name.count("/") == 1 and name.endswith("/data.pkl")]
    if len(pickles) != 1:
        numpy_file = any(name.endswith(".npy") for name in members.entries)
        raise DataError("it is an npz file. Give it the suffix .npz" if numpy_file else
                        "it is a zip file, but has no data.pkl of torch.save in it")
    top = pickles[0].removesuffix("data.pkl")
    if f"{top}constants.pkl" in members.entries:
        raise DataError("it is a TorchScript archive, which holds code. In PyTorch, save the weights alone: "
                        "torch.save(torch.jit.load(path).state_dict(), new_path)")
    order = "little"
    if f"{top}byteorder" in members.entries:
        order = bytes(members.take(f"{top}byteorder")).decode("latin-1")
        if order not in ("little", "big"):
            raise DataError(f"its byte order is {order!r:.20}")

    def open_storage(key, dtype, size):
        raw = members.take(f"{top}data/{key}", size * (1 if dtype is None else dtype.itemsize))
        return Storage(dtype, size, lambda wanted: elements(raw, wanted, order))
    value, _ = read_pickle(bytes(members.take(pickles[0])), TorchNames(open_storage, device))
    return value


def _read_legacy(file, device):
    """Four pickles, the keys, the storages; or one plain pickle.

    The storages come last, so the objects are read twice: first to find out where they end, then with their content.
    """
    data = file.buffer()
    try:
        first, position = read_pickle(data, TorchNames(_Nowhere))
        if first != _MAGIC:
            if position != len(data):
                raise DataError(f"it is a pickle, but {len(data) - position} bytes follow it")
            return first
        version, position = read_pickle(data, position=position)
        if version != _VERSION:
            raise DataError(f"its version is {version!r:.20}, not {_VERSION}")
        _, position = read_pickle(data, position=position)  # of the machine that wrote it; the bytes are little-endian
        names = TorchNames(_Nowhere)
        machine = PickleMachine(data, names, position)
        machine.run()
        keys, after = read_pickle(data, position=machine.position)
        places = _places(file, keys, names.storages, after)

        def open_storage(key, dtype, size):
            raw = file.take(places[key], size * (1 if dtype is None else dtype.itemsize))
            return Storage(dtype, size, lambda wanted: elements(raw, wanted))
        return read_pickle(data, TorchNames(open_storage, device), position)[0]
    finally:
        if len(data):
            data.close()


def _places(file, keys, storages, position):
    """Where each storage begins: key -> byte. Before its elements stands their number, in 8 bytes."""
    if type(keys) is not list or not all(type(key) is str for key in keys) or set(keys) < set(storages):
        raise DataError("its list of storages is damaged")
    places = {}
    for key in keys:
        if key not in storages or key in places:
            raise DataError(f"its list of storages has {key!r:.40}, which no tensor uses, or has it twice")
        storage = storages[key]
        count, = struct.unpack("<q", file.peek(position, 8))
        if count != storage.size:
            raise DataError(f"storage {key!r} in it has {count} elements where {storage.size} should be")
        places[key] = position + 8
        position += 8 + count * (1 if storage.dtype is None else storage.dtype.itemsize)
        if position > file.size:
            raise DataError(f"it ends in the middle of storage {key!r}: {position - file.size} bytes are missing")
    return places


class _Nowhere(Storage):
    """A storage while the objects are read for the first time: its tensors are empty."""

    def __init__(self, key, dtype, size):
        super().__init__(dtype, size, None)

    def window(self, dtype, offset, size, stride, device):
        return Tensor(np.empty(0, dtype), CPU)
