"""The safetensors format: a JSON header of names, types and shapes, then the bytes.

Source: the format and its reader are the package `safetensors` (https://github.com/huggingface/safetensors); here are
only the doors to it, with our errors.
"""
from .. import dtypes
from ..errors import DataError, MissingExtraError

_TYPES = {"BOOL": "bool", "U8": "uint8", "I8": "int8", "I16": "int16", "I32": "int32", "I64": "int64",
          "F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64"}


def check(arrays):
    """Refuse, before a file is made, what could not be written."""
    _package()
    if "__metadata__" in arrays:
        raise DataError("save: the name '__metadata__' belongs to the safetensors format itself. Rename the entry, "
                        "or write a .npz file.")


def write(arrays, path):
    """Write contiguous arrays by name to the file `path`."""
    _package()
    from safetensors.numpy import save_file
    save_file(arrays, str(path))


def read(path):
    """The arrays by name in the file `path`.

    Raises: DataError if the file is damaged or has an element type we do not.
    """
    package = _package()
    try:
        with package.safe_open(str(path), framework="numpy") as file:
            names = sorted(file.keys())
            for name in names:
                _require_type(path, name, file.get_slice(name).get_dtype())
            return {name: file.get_tensor(name) for name in names}
    except package.SafetensorError as error:
        raise DataError(f"load: {path.name!r} is not a whole safetensors file ({error}). "
                        "Fetch or write it again.") from None


def _require_type(path, name, kind):
    """The NumPy dtype of a kind such as "F32", or the error for one we have not, or for bfloat16 without ml_dtypes."""
    if kind not in _TYPES:
        raise DataError(f"load: {path.name!r} holds {name!r} as {kind}, which this package has no element type for. "
                        f"It reads {', '.join(_TYPES)}.")
    return dtypes.of(_TYPES[kind]).numpy


def _package():
    """The package safetensors, or the error that says how to get it."""
    try:
        import safetensors
    except ImportError:
        raise MissingExtraError("safetensors: the package that reads and writes this format is not installed. "
                                "Run: pip install 'tinygrad_cnn[train]', or use a .npz file.") from None
    return safetensors
