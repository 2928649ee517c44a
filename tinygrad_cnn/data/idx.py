"""IDX, the format of MNIST: two zero bytes, an element type, the number of dimensions, their sizes, the elements.

Source: Y. LeCun's description of the MNIST files; all numbers are big-endian.
"""
import gzip
import math
import struct
import zlib

import numpy as np

from ..errors import DataError

_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_LARGEST = 512 * 2**20                      # bytes; MNIST's largest file has 47 MB
_GZIP = b"\x1f\x8b"


def read_idx(path):
    """The array in an IDX file, plain or packed by gzip, in the machine's byte order.

    Raises: DataError if it is damaged, cut short, longer than it says, or promises more than 512 MiB.
    """
    try:
        with open(path, "rb") as file:
            packed = file.read(2) == _GZIP
        with (gzip.open if packed else open)(path, "rb") as file:
            return _parse(file)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path.name!r} is not a whole gzip file ({error}). Fetch it again.") from None
    except DataError as error:
        raise DataError(f"{path.name!r} is not a whole IDX file: {error}. Fetch it again.") from None


def _parse(file):
    start = file.read(4)
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in _TYPES or not start[3]:
        raise DataError(f"it begins with {start.hex(' ') or 'nothing'}, not with 00 00, a type and a number of "
                        "dimensions")
    sizes = file.read(4 * start[3])
    if len(sizes) < 4 * start[3]:
        raise DataError("it ends within the sizes of its dimensions")
    shape, dtype = struct.unpack(f">{start[3]}I", sizes), np.dtype(_TYPES[start[2]])
    size = math.prod(shape) * dtype.itemsize
    if size > _LARGEST:
        raise DataError(f"it promises {shape} of {dtype.name}, {size} bytes, more than {_LARGEST}")
    content = file.read(size + 1)
    if len(content) != size:
        raise DataError(f"it promises {shape} of {dtype.name}, {size} bytes, but has "
                        f"{'more' if len(content) > size else len(content)}")
    return np.frombuffer(content, dtype).reshape(shape).astype(dtype.newbyteorder("="))
