"""The safetensors format with NumPy alone: a length, a JSON header of names, types and places, the bytes.

The header is believed only as far as it can be checked: its length against the file, each tensor's place against its
shape and type, all places against each other (they fill the file, without gap or overlap).

Source: https://github.com/huggingface/safetensors#format
"""
import json
import math
import sys

from .. import dtypes
from ..errors import ArgumentError, DataError
from .file_bytes import FileBytes, elements

_TYPES = {"BOOL": "bool", "U8": "uint8", "I8": "int8", "I16": "int16", "I32": "int32", "I64": "int64",
          "F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64"}
_KINDS = {name: kind for kind, name in _TYPES.items()}
_METADATA = "__metadata__"
_LARGEST_HEADER = 16 * 2**20                # 150,000 tensors; read as JSON it may take twenty times as much memory
_ALIGNMENT = 8


def check(arrays):
    """Refuse, before a file is made, what could not be written."""
    if _METADATA in arrays:
        raise ArgumentError(f"save: the name {_METADATA!r} belongs to the safetensors format itself. Rename the entry, "
                            "or write a .npz file.")


def write(arrays, path):
    """Write contiguous arrays by name to the file `path`, the widest elements first so that all lie aligned."""
    header, position = {}, 0
    order = sorted(arrays, key=lambda name: (-arrays[name].itemsize, name))
    for name in order:
        array = arrays[name]
        header[name] = {"dtype": _KINDS[array.dtype.name], "shape": list(array.shape),
                        "data_offsets": [position, position + array.nbytes]}
        position += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % _ALIGNMENT)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little"))
        file.write(text)
        for name in order:
            array = arrays[name]
            if sys.byteorder == "big" and array.itemsize > 1:
                array = array.view(f"u{array.itemsize}").byteswap()
            file.write(array.reshape(-1).view("u1").data)


def read(path, mapped=None):
    """The arrays by name in the file `path`.

    Args: mapped: whether to map the file into memory; None does so from 256 MiB on.
    Raises: DataError if the file is damaged or has an element type we do not.
    """
    try:
        with FileBytes(path, mapped) as file:
            length = int.from_bytes(file.peek(0, 8), "little")
            if length > _LARGEST_HEADER:
                raise DataError(f"its header is said to have {length} bytes, more than {_LARGEST_HEADER}")
            entries = _header(file.peek(8, length))
            _require_filled(entries, file.size - 8 - length)
            return {name: elements(file.take(8 + length + start, stop - start), dtype).reshape(shape)
                    for name, (dtype, shape, start, stop) in entries.items()}
    except DataError as error:
        raise DataError(f"load: {path.name!r} is not a whole safetensors file ({error}). "
                        "Fetch or write it again.") from None


def _header(text):
    """name -> (NumPy dtype, shape, start, stop) from the JSON."""
    try:
        header = json.loads(text.decode("utf-8"), object_pairs_hook=_without_twins)
    except DataError:
        raise
    except (ValueError, RecursionError) as error:
        raise DataError(f"its header is no JSON: {error}") from None
    if not isinstance(header, dict):
        raise DataError("its header is not a JSON object")
    header.pop(_METADATA, None)
    return {name: _entry(name, entry) for name, entry in header.items()}


def _without_twins(pairs):
    found = dict(pairs)
    if len(found) < len(pairs):
        raise DataError("its header has a name twice")
    return found


def _entry(name, entry):
    try:
        kind, shape, (start, stop) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
    except (KeyError, TypeError, ValueError):
        raise DataError(f"the entry {name!r:.40} of its header is not a type, a shape and two offsets") from None
    if not isinstance(kind, str) or kind not in _TYPES:
        raise DataError(f"it holds {name!r:.40} as {kind!s:.40}, which this package has no element type for. "
                        f"It reads {', '.join(_TYPES)}")
    if len(shape) > 32 or not all(type(n) is int and 0 <= n < 2**62 for n in (*shape, start, stop)):
        raise DataError(f"{name!r:.40} has the shape {shape!s:.60} from byte {start!s:.30} to {stop!s:.30}")
    dtype = dtypes.of(_TYPES[kind]).numpy
    size = math.prod(shape) * dtype.itemsize
    if size != stop - start:
        raise DataError(f"{name!r:.40} says shape {shape} of {kind}, {size} bytes, but has {stop - start}")
    return dtype, shape, start, stop


def _require_filled(entries, size):
    """Refuse places that leave gaps, overlap or end elsewhere than the file."""
    position = 0
    for name, (_, _, start, stop) in sorted(entries.items(), key=lambda item: item[1][2:]):
        if start != position:
            raise DataError(f"{name!r:.40} begins at byte {start} where {position} should be: a gap or an overlap")
        position = stop
    if position != size:
        raise DataError(f"its header promises {position} bytes of data, {size} are there")
