"""Element types and the rules that combine them.

A `DType` names one element type and knows the NumPy dtype behind it. Promotion follows PyTorch: operands fall into
three ranks (tensors with dimensions, 0-d tensors, Python scalars), and a lower rank changes the result only by a
higher kind (bool < integer < floating point).
"""
import numpy as np

from .errors import DTypeError, MissingExtraError

__all__ = ["DType", "bfloat16", "bool", "can_cast", "double", "finfo", "float", "float16", "float32", "float64",
           "get_default_dtype", "half", "iinfo", "int", "int16", "int32", "int64", "int8", "long", "promote_types",
           "set_default_dtype", "short", "uint8"]

_PY_BOOL, _PY_INT, _PY_FLOAT = bool, int, float
BOOL, INTEGER, FLOATING = 0, 1, 2


class DType:
    """One element type.

    Attributes: `name`, `itemsize` in bytes, `kind` (0 bool, 1 integer, 2 floating point), `is_floating_point`,
    `is_signed`, and `numpy`, the NumPy dtype (for bfloat16 the one of ml_dtypes, imported when first asked for).
    """
    __slots__ = ("name", "itemsize", "kind", "_numpy")
    is_complex = False

    def __init__(self, name, itemsize, kind):
        self.name, self.itemsize, self.kind = name, itemsize, kind
        self._numpy = None if name == "bfloat16" else np.dtype(name)

    @property
    def numpy(self):
        if self._numpy is None:
            self._numpy = np.dtype(_ml_dtypes().bfloat16)
            _BY_NUMPY[self._numpy] = self
        return self._numpy

    @property
    def is_floating_point(self):
        return self.kind == FLOATING

    @property
    def is_signed(self):
        return self.name not in ("uint8", "bool")

    def __repr__(self):
        return f"tinygrad_cnn.{self.name}"

    def __reduce__(self):
        return (of, (self.name,))

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self


def _ml_dtypes():
    try:
        import ml_dtypes
    except ImportError:
        raise MissingExtraError("bfloat16: NumPy has no bfloat16 of its own, and the package ml_dtypes is not "
                                "installed. Run: pip install 'tinygrad_cnn[bfloat16]'") from None
    return ml_dtypes


float16 = half = DType("float16", 2, FLOATING)
bfloat16 = DType("bfloat16", 2, FLOATING)
float32 = float = DType("float32", 4, FLOATING)
float64 = double = DType("float64", 8, FLOATING)
int8 = DType("int8", 1, INTEGER)
int16 = short = DType("int16", 2, INTEGER)
int32 = int = DType("int32", 4, INTEGER)
int64 = long = DType("int64", 8, INTEGER)
uint8 = DType("uint8", 1, INTEGER)
bool = DType("bool", 1, BOOL)

ALL = (float16, bfloat16, float32, float64, int8, int16, int32, int64, uint8, bool)
_BY_NAME = {d.name: d for d in ALL}
_BY_NUMPY = {d.numpy: d for d in ALL if d is not bfloat16}
_BY_PYTHON = {_PY_FLOAT: float64, _PY_INT: int64, _PY_BOOL: bool}
_default = float32


def of(dtype):
    """The `DType` for a DType, a NumPy dtype or scalar type, a name, or Python's float, int or bool.

    Raises: DTypeError if there is no such element type here.

    >>> of("float32"), of(np.int64), of(bool)
    (tinygrad_cnn.float32, tinygrad_cnn.int64, tinygrad_cnn.bool)
    """
    if type(dtype) is DType:
        return dtype
    try:
        return _BY_NUMPY[dtype]
    except (KeyError, TypeError):
        pass
    if type(dtype) is str and dtype in _BY_NAME:
        return _BY_NAME[dtype]
    if type(dtype) is type and dtype in _BY_PYTHON:
        return _BY_PYTHON[dtype]
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = None
    if found is not None and found.name in _BY_NAME and found.isnative:
        return _BY_NUMPY.get(found) or of(_BY_NAME[found.name].numpy)
    raise DTypeError(f"dtype: {dtype!r} is not an element type of this package. "
                     f"Use one of {', '.join(_BY_NAME)}.")


def get_default_dtype():
    """The floating-point DType that `tensor([1.0])`, `zeros(3)` and integer-to-float ops give; float32 at first."""
    return _default


def set_default_dtype(dtype):
    """Make `dtype` (a floating-point DType) the default.

    Raises: DTypeError if it is not floating point.
    """
    global _default
    dtype = of(dtype)
    if not dtype.is_floating_point:
        raise DTypeError(f"set_default_dtype: {dtype} is not floating point. "
                         "Use float16, bfloat16, float32 or float64.")
    _default = dtype
    result_dtype.cache.clear()


def _same_rank(a, b):
    """The DType two operands of one rank promote to; PyTorch's table, where integers never widen a float."""
    if a is b:
        return a
    if a.kind != b.kind:
        return a if a.kind > b.kind else b
    if a.kind == FLOATING:
        if a.itemsize == b.itemsize:                    # float16 with bfloat16
            return float32
        return a if a.itemsize > b.itemsize else b
    return of(np.promote_types(a.numpy, b.numpy))


def promote_types(type1, type2):
    """The DType that tensors of two DTypes promote to.

    >>> promote_types(int64, float16)
    tinygrad_cnn.float16
    """
    return _same_rank(of(type1), of(type2))


def _fold(dtypes):
    result = None
    for d in dtypes:
        result = d if result is None else _same_rank(result, d)
    return result


class _ResultDType:
    """`result_dtype(ranks)` with its answers remembered: the table is small and asked for at every mixed op."""

    def __init__(self):
        self.cache = {}

    def __call__(self, dimensioned, zero_dim, scalar_kind):
        """DType of an op on tensors with dimensions, 0-d tensors (tuples of NumPy dtypes) and Python scalars (the
        highest kind among them, or -1)."""
        key = (dimensioned, zero_dim, scalar_kind)
        try:
            return self.cache[key]
        except KeyError:
            pass
        result = _fold(map(of, dimensioned))
        lower = _fold(map(of, zero_dim))
        if lower is not None and (result is None or lower.kind > result.kind):
            result = lower
        if result is None or scalar_kind > result.kind:
            result = (bool, int64, _default)[scalar_kind]
        self.cache[key] = result
        return result


result_dtype = _ResultDType()


def scalar_kind(value):
    """0, 1 or 2 for a Python or NumPy bool, integer or floating-point number; None for anything else."""
    if isinstance(value, (_PY_BOOL, np.bool_)):
        return BOOL
    if isinstance(value, (_PY_INT, np.integer)):
        return INTEGER
    if isinstance(value, (_PY_FLOAT, np.floating)):
        return FLOATING
    return None


def can_cast(from_, to):
    """Whether a tensor of one DType may be written into one of another: not a fraction into integers, nor into bools.

    >>> can_cast(int32, float16), can_cast(float32, int32)
    (True, False)
    """
    return of(from_).kind <= of(to).kind


class finfo:
    """Limits of a floating-point DType (the default one if not given), as Python numbers.

    Attributes: `bits`, `eps`, `max`, `min`, `tiny` and `smallest_normal` (the same), `resolution`, `dtype` (its name).
    Raises: DTypeError for a DType that is not floating point.

    >>> finfo(float16)
    finfo(resolution=0.001, min=-65504, max=65504, eps=0.000976562, smallest_normal=6.10352e-05, tiny=6.10352e-05,
    dtype=float16)
    """

    def __init__(self, dtype=None):
        dtype = of(dtype or _default)
        if not dtype.is_floating_point:
            raise DTypeError(f"finfo: {dtype} is not floating point. Use tg.iinfo for integers.")
        found = _ml_dtypes().finfo(dtype.numpy) if dtype is bfloat16 else np.finfo(dtype.numpy)
        self.bits, self.dtype = found.bits, dtype.name
        self.resolution = 10.0 ** -found.precision
        for name in ("eps", "max", "min", "tiny", "smallest_normal"):
            setattr(self, name, _PY_FLOAT(getattr(found, name)))

    def __repr__(self):
        return (f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g}, "
                f"smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, dtype={self.dtype})")


def iinfo(dtype):
    """Limits of an integer DType: `max`, `min`, `bits`.

    Raises: DTypeError for a DType that is not an integer type.
    """
    dtype = of(dtype)
    if dtype.kind != INTEGER:
        raise DTypeError(f"iinfo: {dtype} is not an integer type. Use tg.finfo for floating point.")
    return np.iinfo(dtype.numpy)
