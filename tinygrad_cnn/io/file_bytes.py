"""The bytes of a file as arrays: read into memory, or mapped, so that only what is used is read.

A mapping is copy-on-write: writing into a tensor changes memory, never the file. The file must not be cut short or
written in place while tensors lie in it (replacing it by another is safe: `tg.save` does that).
"""
import mmap
import os
import sys

import numpy as np

from ..errors import DataError

MAPPED_FROM = 256 * 2**20                   # below this a plain read is about as fast


class FileBytes:
    """The bytes of the file `path`.

    Args: mapped: whether to map the file; None does so from 256 MiB on, where a mapped file can be replaced (not on
    Windows).
    Attributes: `size`, in bytes; `mapped`; `file`, the open file.
    """

    def __init__(self, path, mapped=None):
        self.file = open(path, "rb")                        # noqa: SIM115 - closed by __exit__
        self.size = os.fstat(self.file.fileno()).st_size
        self.mapped = self.size >= MAPPED_FROM and os.name != "nt" if mapped is None else bool(mapped)
        self._left = self.size                              # overlapping pieces cannot multiply a file in memory
        self._whole = None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.file.close()

    def peek(self, offset, count):
        """The `count` (few) bytes from `offset` on.

        Raises: DataError if they are not all there.
        """
        if offset < 0 or offset + count > self.size:
            raise DataError(f"it ends too early: bytes {offset} to {offset + count} are wanted, it has {self.size}")
        self.file.seek(offset)
        return self.file.read(count)

    def buffer(self):
        """All bytes, mapped for reading: what is sliced is read."""
        return mmap.mmap(self.file.fileno(), 0, access=mmap.ACCESS_READ) if self.size else b""

    def take(self, offset, count):
        """The `count` bytes from `offset` on as a writable uint8 array.

        Raises: DataError if they are not all there, or if more bytes are taken than the file has.
        """
        if offset < 0 or count < 0 or offset + count > self.size:
            raise DataError(f"bytes {offset} to {offset + count} are promised, the file has {self.size}")
        self._left -= count
        if self._left < 0:
            raise DataError(f"its parts overlap: together they are larger than the file's {self.size} bytes")
        if not count:
            return np.empty(0, np.uint8)
        if self.mapped:
            if self._whole is None:
                self._whole = np.frombuffer(mmap.mmap(self.file.fileno(), 0, access=mmap.ACCESS_COPY), np.uint8)
            return self._whole[offset:offset + count]
        found = np.empty(count, np.uint8)
        self.file.seek(offset)
        if self.file.readinto(found) != count:
            raise DataError("the file became shorter while it was read")
        return found


def elements(raw, dtype, order="little"):
    """A uint8 array of a file's bytes as elements of the NumPy dtype `dtype`, in the machine's byte order.

    Shares the memory of `raw` where order and alignment allow.
    Raises: DataError for a length that is not whole, or a bool that is neither 0 nor 1.
    """
    width = dtype.itemsize
    if raw.size % width:
        raise DataError(f"{raw.size} bytes are no whole number of {dtype} elements, {width} bytes each")
    if dtype == np.bool_ and (raw > 1).any():
        raise DataError("a bool in it is neither 0 nor 1")
    if raw.ctypes.data % width:
        raw = raw.copy()
    if width > 1 and order != sys.byteorder:
        part = width // 2 if dtype.kind == "c" else width   # a complex number is two, each in its order
        raw = raw.view(f"u{part}").byteswap().view(np.uint8)
    return raw.view(dtype)
