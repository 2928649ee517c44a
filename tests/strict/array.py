"""`StrictArray`: the double of cupy.ndarray, a NumPy array inside a wrapper that refuses what CuPy refuses.

It does not inherit from ndarray: a subclass leaks through np.asarray, memoryview and `plain[...] = x`, whatever it
overrides. Operators and methods take device arrays and scalars only; results are new StrictArrays, 0-d ones instead of
NumPy scalars, and C-contiguous, since CuPy's ufuncs and reductions never keep their input's memory order.
"""
import builtins
from weakref import WeakValueDictionary

import numpy as np

from . import manifest
from .indexing import check_write, owner, read, write
from .ledger import LEDGER
from .refusals import Refused, refuse_conversion, refuse_host_array, refuse_name

SCALARS = (builtins.bool, int, float, complex, np.generic)
# dtype characters CuPy has no type for: objects, strings, bytes, times, long doubles.
FOREIGN_DTYPES = frozenset("OSUMmgG")


# The wrapper of each NumPy array that has one, by id: a wrapper keeps its array, so the id is its own while it lives.
_LIVE = WeakValueDictionary()


def wrap(value):
    """Give the device its type: NumPy arrays and scalars become StrictArrays, also inside tuples and lists."""
    kind = type(value)
    if kind is np.ndarray:
        if value.dtype.char in FOREIGN_DTYPES:
            raise Refused(f"Unsupported dtype {value.dtype}")
        LEDGER.track(value)
        array = object.__new__(StrictArray)
        array._a = value
        _LIVE[id(value)] = array
        return array
    if kind is tuple or kind is list:
        return kind(wrap(item) for item in value)
    if isinstance(value, np.generic):
        return wrap(np.asarray(value))
    if isinstance(value, tuple):                        # the named tuples of unique, svd, ...
        return tuple(wrap(item) for item in value)
    return value


def wrap_new(value):
    """`wrap` for what ufuncs and reductions return: in CuPy always in C order."""
    if type(value) is np.ndarray and not value.flags.c_contiguous:
        value = np.ascontiguousarray(value)
    return wrap(value)


def gpu(array):
    """The GPU that the memory of a NumPy array inside a StrictArray lies on."""
    return LEDGER.gpu(owner(array))


def here(array):
    """The NumPy array inside a StrictArray; refuses one of another GPU than the current."""
    if LEDGER.several and gpu(array) != LEDGER.current:
        raise Refused(f"Array device must be same as the current device: array device = {gpu(array)} while current = "
                      f"{LEDGER.current}")
    return array


def _made_from(array, result):
    """`result`, which was made from `array`; refuses if it is a copy and `array` lies on another GPU."""
    if owner(result) is not owner(array):
        here(array)
    return result


def unwrap(value):
    """The NumPy arrays inside; refuses any that do not come from this device."""
    kind = type(value)
    if kind is StrictArray:
        return here(value._a)
    if kind is tuple or kind is list:
        return kind([unwrap(item) for item in value])
    if isinstance(value, np.ndarray):
        refuse_host_array(value)
    return value


def _operand(value):
    if type(value) is StrictArray:
        return here(value._a)
    if isinstance(value, SCALARS):
        return value
    if isinstance(value, np.ndarray):
        refuse_host_array(value)
    return NotImplemented


class StrictArray:
    """An array of the strict device. Made by the functions of `tests.strict.xp`, never directly."""
    __slots__ = ("_a", "__weakref__")
    __array_ufunc__ = None
    __array_priority__ = 100
    __hash__ = None

    def __new__(cls, shape, dtype=float, order="C"):
        return wrap(poisoned(np.empty(shape, dtype, order)))

    def __array__(self, *args, **kwargs):
        refuse_conversion()

    def __array_function__(self, function, types, args, kwargs):
        refuse_conversion()

    def __getattr__(self, name):
        known = manifest.load()["cupy.ndarray"]
        if name not in known or name.startswith("__"):
            refuse_name("cupy.ndarray", name)
        raise AttributeError(f"cupy.ndarray has {name!r}; its double has no stand-in for it")

    dtype = property(lambda self: self._a.dtype)
    shape = property(lambda self: self._a.shape)
    strides = property(lambda self: self._a.strides)
    ndim = property(lambda self: self._a.ndim)
    size = property(lambda self: self._a.size)
    nbytes = property(lambda self: self._a.nbytes)
    itemsize = property(lambda self: self._a.itemsize)
    flags = property(lambda self: Flags(self._a))
    T = property(lambda self: wrap(self._a.T))
    mT = property(lambda self: wrap(self._a.mT))

    @property
    def base(self):
        """The StrictArray whose memory this one sees, None for one that owns its memory."""
        base = self._a.base
        if not isinstance(base, np.ndarray):
            return None
        live = _LIVE.get(id(base))                      # CuPy gives the very array, not another of its memory
        return wrap(base) if live is None else live

    # To the host: each of these waits for the GPU.
    def get(self, stream=None, order="C", out=None, blocking=True):
        LEDGER.synchronise("get()")
        if out is not None:
            out[...] = self._a
            return out
        return np.array(self._a, order=order)

    def item(self):
        LEDGER.synchronise("item()")
        return self._a.item()

    def tolist(self):
        LEDGER.synchronise("tolist()")
        return self._a.tolist()

    def tobytes(self, order="C"):
        LEDGER.synchronise("tobytes()")
        return self._a.tobytes(order)

    def __float__(self):
        LEDGER.synchronise("float()")
        return float(self._a)

    def __int__(self):
        LEDGER.synchronise("int()")
        return int(self._a)

    def __bool__(self):
        LEDGER.synchronise("bool()")
        return bool(self._a)

    def __complex__(self):
        LEDGER.synchronise("complex()")
        return complex(self._a)

    def __repr__(self):
        return f"strict {self._a!r}"

    def __format__(self, specification):
        LEDGER.synchronise("format()")
        return format(self._a, specification)

    def __len__(self):
        return len(self._a)

    def __iter__(self):
        return iter([self[i] for i in range(len(self._a))])

    def __copy__(self):
        return self.copy()

    def __deepcopy__(self, memo):
        return self.copy()

    def __reduce__(self):
        LEDGER.synchronise("pickle")
        return _unpickle, (self._a,)

    def __getitem__(self, index):
        return wrap(_made_from(self._a, read(self._a, unwrap(index))))

    def __setitem__(self, index, value):
        value = _operand(value)
        if value is NotImplemented:
            raise Refused(f"Unsupported type {type(value)}")
        write(here(self._a), unwrap(index), value)

    def set(self, array, stream=None):
        """Copy a NumPy array of this shape and dtype to the device."""
        if array.shape != self.shape or array.dtype != self.dtype:
            raise Refused(f"set: shape or dtype mismatch: {array.shape} {array.dtype}, not {self.shape} {self.dtype}")
        LEDGER.uploads += 1
        self._a[...] = array

    def copy(self, order="C"):
        return wrap(np.array(self._a, order=order))

    def fill(self, value):
        check_write(here(self._a))
        self._a.fill(unwrap(value))

    def astype(self, dtype, order="K", casting=None, subok=None, copy=True):
        result = self._a.astype(dtype, order=order, casting=casting or "unsafe", copy=copy)
        return self if result is self._a else wrap(_made_from(self._a, result))

    def ravel(self, order="C"):
        return wrap(_made_from(self._a, self._a.ravel(order)))

    def reshape(self, *shape, order="C", copy=None):
        return wrap(_made_from(self._a, self._a.reshape(*shape, order=order)))

    def sort(self, axis=-1, kind=None):
        if kind not in (None, "stable"):
            raise NotImplementedError(f"kind='{kind}' is not supported")
        if not self._a.flags.c_contiguous:
            raise NotImplementedError("Sorting non-contiguous array is not supported.")
        here(self._a).sort(axis=axis, kind="stable")

    def clip(self, min=None, max=None, out=None):
        from .namespace import xp
        return xp.clip(self, min, max, out=out)


def _unpickle(array):
    LEDGER.uploads += 1
    return wrap(array.copy())


class Flags:
    """The flags CuPy has: c_contiguous, f_contiguous, owndata; not writeable."""
    __slots__ = ("c_contiguous", "f_contiguous", "owndata")

    def __init__(self, array):
        flags = array.flags
        self.c_contiguous, self.f_contiguous, self.owndata = flags.c_contiguous, flags.f_contiguous, array.base is None

    fnc = property(lambda self: self.f_contiguous and not self.c_contiguous)
    forc = property(lambda self: self.f_contiguous or self.c_contiguous)

    def __getitem__(self, name):
        if name not in ("C_CONTIGUOUS", "F_CONTIGUOUS", "OWNDATA"):
            raise KeyError(f"{name} is no flag of cupy.ndarray")
        return getattr(self, name.lower())


def poisoned(array):
    """Fill fresh memory with what nobody can use by accident: NaN, a large odd integer, True."""
    if array.dtype.kind in "fcV":                       # V: ml_dtypes' bfloat16
        array.fill(np.nan)
    elif array.dtype.kind in "iu":
        array.fill(np.iinfo(array.dtype).max - 12)
    else:
        array.fill(True)
    return array


def _binary(function):
    def forward(self, other):
        other = _operand(other)
        return NotImplemented if other is NotImplemented else wrap_new(function(here(self._a), other))

    def reflected(self, other):
        other = _operand(other)
        return NotImplemented if other is NotImplemented else wrap_new(function(other, here(self._a)))

    def in_place(self, other):
        other = _operand(other)
        if other is NotImplemented:
            return NotImplemented
        check_write(here(self._a))
        function(self._a, other, out=self._a)
        return self
    return forward, reflected, in_place


def _unary(function):
    return lambda self: wrap_new(function(here(self._a)))


# Methods that are their namesake in `xp` with the array put first, so that its rules hold for them too.
FROM_NAMESPACE = ("all", "any", "argmax", "argmin", "argpartition", "argsort", "cumprod", "cumsum", "dot", "max",
                  "mean", "min", "nonzero", "prod", "repeat", "round", "searchsorted", "std", "sum", "take", "trace",
                  "var")
VIEWS = ("swapaxes", "squeeze", "transpose", "view", "diagonal", "flatten", "conj", "conjugate", "byteswap")


def _method(name, entry):
    """A method named in the manifest, by NumPy's of the same name, with CuPy's parameters only."""
    function = getattr(np.ndarray, name)

    def direct(self, *args, **kwargs):
        made = function(self._a, *unwrap(args), **{key: unwrap(value) for key, value in kwargs.items()})
        return wrap(_made_from(self._a, made))

    def by_namespace(self, *args, **kwargs):
        from .namespace import xp
        return getattr(xp, name)(self, *args, **kwargs)

    call = direct if name in VIEWS else by_namespace

    def method(self, *args, **kwargs):
        entry.check(f"cupy.ndarray.{name}", args, kwargs)
        return call(self, *args, **kwargs)
    method.__name__ = name
    return method


def _build_operators():
    names = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.true_divide,
             "floordiv": np.floor_divide, "mod": np.remainder, "pow": np.power, "and": np.bitwise_and,
             "or": np.bitwise_or, "xor": np.bitwise_xor, "lshift": np.left_shift, "rshift": np.right_shift}
    for name, function in names.items():
        forward, reflected, in_place = _binary(function)
        setattr(StrictArray, f"__{name}__", forward)
        setattr(StrictArray, f"__r{name}__", reflected)
        setattr(StrictArray, f"__i{name}__", in_place)
    for name, function in {"lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal,
                           "eq": np.equal, "ne": np.not_equal}.items():
        setattr(StrictArray, f"__{name}__", _binary(function)[0])
    for name, function in {"neg": np.negative, "pos": np.positive, "abs": np.absolute, "invert": np.invert}.items():
        setattr(StrictArray, f"__{name}__", _unary(function))


def _matmul(a, b):
    from .namespace import xp
    return xp.matmul(a, b) if type(a) is type(b) is StrictArray else NotImplemented


def _build_methods():
    entries = manifest.load()["cupy.ndarray"]
    for name in FROM_NAMESPACE + VIEWS:
        setattr(StrictArray, name, _method(name, entries[name]))
    StrictArray.__matmul__ = _matmul
    StrictArray.__rmatmul__ = lambda self, other: _matmul(other, self)


_build_operators()
_build_methods()
