"""What a pickle may name: the short list of Python's and NumPy's own that hold numbers, and the refusal of the rest.

A name stands for a Maker (it may be called), a Marker (it may be an argument) or a plain value such as a dtype. The
functions behind the Makers check their arguments themselves; none runs anything of the file's.
"""
import math
import re
from collections import Counter, OrderedDict

import numpy as np

from ..errors import DataError

_ORDERS = ("<", ">", "=", "|")
_KEYS = (str, int, float, bool, bytes, type(None))
_ELEMENTS = re.compile(r"[|<>=]?([iu][1248]|f[248]|b1|\?)")


class Maker:
    """Something a pickle may call: `make(*arguments)`."""
    __slots__ = ("name", "make")

    def __init__(self, name, make):
        self.name, self.make = name, make


class Marker:
    """Something a pickle may only hand to a Maker: a class, by its name."""
    __slots__ = ("name",)

    def __init__(self, name):
        self.name = name


NDARRAY = Marker("numpy.ndarray")


def fill(mapping, pairs):
    """mapping[key] = value for [key, value, key, value, ...]; the keys are of types that hash in no time."""
    if len(pairs) % 2:
        raise ValueError("a key without a value")
    for key, value in zip(pairs[::2], pairs[1::2]):
        mapping[hashable(key)] = value
    return mapping


def hashable(key):
    """`key`, if a crowd of such keys cannot be made to collide or to take long."""
    if type(key) not in _KEYS or type(key) is int and key.bit_length() > 60:
        raise TypeError(f"a key or set member is {type(key).__name__} {key!r:.40}")
    return key


def _ordered_dict(pairs=()):
    """Python 2 hands over a list of [key, value]; later ones fill it item by item."""
    return fill(OrderedDict(), [entry for key, value in pairs for entry in (key, value)])


def _counter(counts=None):
    return fill(Counter(), [entry for pair in dict(counts or {}).items() for entry in pair])


def _members(kind):
    def make(members=()):
        return kind(map(hashable, members))
    return make


def _bytes(kind):
    """Python 3 writes empty bytes, and every bytearray, as calls in the older protocols."""
    def make(content=b"", encoding="latin-1"):
        return kind(content if type(content) is bytes else _encode(content, encoding))
    return make


def _encode(text, encoding="utf-8"):
    """How Python 3 writes bytes in protocols below 3."""
    if type(text) is not str or encoding not in ("latin1", "latin-1", "utf-8"):
        raise DataError(f"_codecs.encode is called with {type(text).__name__} and {encoding!r:.20}")
    return text.encode(encoding)


def _dtype(text, align=False, copy=False):
    if type(text) is not str or not _ELEMENTS.fullmatch(text):
        raise DataError(f"it holds a NumPy array of dtype {text!r:.40}, which is not of plain numbers. "
                        "Save it as numbers")
    return np.dtype(text, align=False, copy=True)           # a copy: set_state changes its byte order


def _reconstruct(kind, shape, code):
    """An array that set_state fills afterwards."""
    if kind is not NDARRAY or shape != (0,):
        raise DataError("numpy _reconstruct is called for something that is not an array")
    return np.ndarray((0,), np.int8)


def _scalar(dtype, raw):
    return _array(dtype, (), False, raw)[()]


def _frombuffer(raw, dtype, shape, order="C"):
    return _array(dtype, shape, order == "F", raw)


def _array(dtype, shape, fortran, raw):
    """A fresh array of the bytes in `raw`."""
    if type(raw) is str:                                    # a string of Python 2
        raw = raw.encode("latin-1")
    if not isinstance(dtype, np.dtype) or type(raw) not in (bytes, bytearray):
        raise DataError("an array of NumPy in it is not of plain numbers")
    if type(shape) is not tuple or len(shape) > 32 or not all(type(n) is int and n >= 0 for n in shape):
        raise DataError(f"an array of NumPy in it has the shape {shape!r:.60}")
    if math.prod(shape) * dtype.itemsize != len(raw):
        raise DataError(f"an array of NumPy in it has the shape {shape} of {dtype}, but {len(raw)} bytes")
    flat = np.frombuffer(raw, np.uint8).copy().view(dtype)
    return flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape)


def _fill_array(array, state):
    """What ndarray.__setstate__ does, for the array of _reconstruct."""
    _, shape, dtype, fortran, raw = state if len(state) == 5 else (1, *state)
    if array.shape != (0,):
        raise DataError("an array of NumPy in it is filled twice")
    found = _array(dtype, shape, bool(fortran), raw)
    array.__setstate__((1, found.shape, found.dtype, bool(fortran), found.tobytes("F" if fortran else "C")))


def _order_dtype(dtype, state):
    """What dtype.__setstate__ does, for the byte order alone."""
    order, fields = state[1], state[2:5]
    if order not in _ORDERS or any(field is not None for field in fields):
        raise DataError("a dtype of NumPy in it is not of plain numbers")
    dtype.__setstate__((3, order, None, None, None, -1, -1, 0))


def _numpy_names():
    found = {}
    for core in ("numpy.core", "numpy._core"):
        found[f"{core}.multiarray", "_reconstruct"] = Maker("numpy._reconstruct", _reconstruct)
        found[f"{core}.multiarray", "scalar"] = Maker("numpy.scalar", _scalar)
        found[f"{core}.numeric", "_frombuffer"] = Maker("numpy._frombuffer", _frombuffer)
    return {**found, ("numpy", "ndarray"): NDARRAY, ("numpy", "dtype"): Maker("numpy.dtype", _dtype)}


PLAIN = {
    ("collections", "OrderedDict"): Maker("collections.OrderedDict", _ordered_dict),
    ("collections", "Counter"): Maker("collections.Counter", _counter),
    ("_codecs", "encode"): Maker("_codecs.encode", _encode),
    **{(module, kind.__name__): Maker(kind.__name__, _members(kind))
       for module in ("builtins", "__builtin__") for kind in (set, frozenset)},
    **{(module, kind.__name__): Maker(kind.__name__, _bytes(kind))
       for module in ("builtins", "__builtin__") for kind in (bytes, bytearray)},
    **_numpy_names(),
}


class Names:
    """The names a plain pickle may use; torch_names.py adds PyTorch's."""

    allowed = PLAIN
    holds = "arrays, dicts, lists, tuples, sets, numbers and strings"
    cure = "Save plain arrays and numbers instead"

    def find(self, module, name):
        """What `module.name` stands for.

        Raises: DataError for anything that is not on the list; nothing is imported or run.
        """
        found = self.allowed.get((module, name))
        if found is None:
            raise DataError(f"it asks for {module[:80]}.{name[:80]}, which is not on the list of what may be built "
                            f"({self.holds}); it was not run. {self.cure}")
        return found

    def set_state(self, value, state):
        """Give a just made `value` its state.

        Raises: DataError if values of that kind take none, or not this one.
        """
        if type(value) is np.ndarray and type(state) is tuple:
            _fill_array(value, state)
        elif isinstance(value, np.dtype) and type(state) is tuple and len(state) >= 5:
            _order_dtype(value, state)
        elif type(value) is OrderedDict and type(state) is dict and list(state) == ["_metadata"]:
            value._metadata = state["_metadata"]            # a state dict's version numbers
        else:
            raise DataError(f"it gives a {type(value).__name__} a state of its own, which could be anything. "
                            f"{self.cure}")

    def persistent(self, identity):
        """What an object kept outside the pickle stands for; a plain pickle has none."""
        raise DataError("it points to data outside of the pickle, and there is none")
