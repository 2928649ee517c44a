"""`xp`, the double of the module cupy: names and arguments from the manifest, arithmetic from NumPy.

Every function is made when first asked for: check the arguments against CuPy's, unwrap, call NumPy's function of that
name, wrap. The tables below say where CuPy's function is something else than NumPy's; `_SERVED` holds the few that are
written by hand.
"""
import inspect
import sys

import numpy as np

from . import manifest
from .array import StrictArray, here, poisoned, unwrap, wrap, wrap_new
from .indexing import as_strided, check_write, read, write
from .ledger import LEDGER
from .random import RANDOM
from .refusals import Refused, SilentlyWrong, refuse_name

# Functions whose result's size or whose checks depend on values: the host waits for them.
SYNCHRONISING = frozenset({
    "nonzero", "flatnonzero", "argwhere", "unique", "unique_all", "unique_counts", "unique_inverse", "unique_values",
    "compress", "extract", "place", "bincount", "histogram", "delete", "trim_zeros", "ravel_multi_index",
    "setdiff1d", "setxor1d", "intersect1d", "union1d", "asarray_chkfinite", "nanmin", "nanmax", "average"})
# Functions that keep the memory order of their argument; all others make C-contiguous arrays.
KEEPS_ORDER = frozenset({"array", "asarray", "asanyarray", "copy", "empty_like", "zeros_like", "ones_like", "full_like",
                         "require", "astype"})
# Functions that take lists and tuples of arrays, or Python sequences, in place of one array.
TAKES_SEQUENCES = frozenset({
    "array", "asarray", "asanyarray", "ascontiguousarray", "asfortranarray", "concatenate", "concat", "stack", "vstack",
    "hstack", "dstack", "column_stack", "full", "full_like", "shape", "ndim", "size", "result_type", "can_cast",
    "require", "isscalar", "lexsort", "select"})
# First parameters of the functions that want an array of the device there.
FIRST_ARRAYS = (("a",), ("x",), ("array",), ("arr",), ("ar",), ("m",))
# CuPy has no bfloat16 loop for these: the first group answers in float32, the second fails.
WIDENS_BFLOAT16 = frozenset({"where", "clip", "divmod", "tril", "triu"})
REFUSES_BFLOAT16 = frozenset({"sort", "argsort", "partition", "argpartition", "lexsort", "unique", "searchsorted",
                              "cumsum", "cumprod", "einsum", "histogram"})
# NumPy answers with a Python bool or int where CuPy gives a 0-d array.
ANSWERS_ON_DEVICE = frozenset({"allclose", "array_equal", "array_equiv", "count_nonzero"})
# Dtypes that the atomics behind ufunc.at know, by the kind of update.
_ATOMIC = {"add": "iIlLqQefd", "sub": "iI", "max": "iIlLqQfd", "min": "iIlLqQfd", "and": "iIlLqQ", "or": "iIlLqQ",
           "xor": "iIlLqQ"}


def is_bfloat16(value):
    return type(value) is StrictArray and value._a.dtype.name == "bfloat16"


def _all_bfloat16_values(args, kwargs):
    return any(is_bfloat16(value) for value in (*args, *kwargs.values()))


class Ufunc:
    """The double of a cupy.ufunc: calls, and the few methods CuPy has for some of them."""

    def __init__(self, name, entry, function):
        self.name, self.nin, self.nout = name, function.nin, function.nout
        self._entry, self._function = entry, function

    def __repr__(self):
        return f"<strict ufunc {self.name}>"

    def __call__(self, *args, **kwargs):
        if kwargs or len(args) > self.nin:
            return self._call_with_options(args, kwargs)
        for value in args:
            if type(value) is not StrictArray:
                self._check_operand(value)
        return wrap_new(self._function(*[here(value._a) if type(value) is StrictArray else value for value in args]))

    def _check_operand(self, value):
        if isinstance(value, np.ndarray) or not isinstance(value, (bool, int, float, complex, np.generic)):
            raise Refused(f"{self.name}: Unsupported type {type(value)}")

    def _call_with_options(self, args, kwargs):
        self._entry.check(f"cupy.{self.name}", args, kwargs)
        out = kwargs.pop("out", None)
        args, outs = args[:self.nin], args[self.nin:]
        outs = outs or (out if type(out) is tuple else () if out is None else (out,))
        for value in args:
            if type(value) is not StrictArray:
                self._check_operand(value)
        for target in outs:
            if type(target) is not StrictArray:
                raise Refused("Output arguments type must be cupy.ndarray")
            check_write(here(target._a))
        inputs = unwrap(args)
        if outs:
            shape = np.broadcast_shapes(*(np.shape(value) for value in inputs))
            if any(target.shape != shape for target in outs):
                raise ValueError("Out shape is mismatched")
            kwargs["out"] = tuple(target._a for target in outs)
        result = self._function(*inputs, **kwargs)
        if outs:
            return outs[0] if self.nout == 1 else outs
        return wrap_new(result) if self.nout == 1 else tuple(wrap_new(item) for item in result)

    def at(self, a, indices, b=None):
        kind = self._entry.scatter
        if kind is None:
            raise NotImplementedError(f"`cupy_{self.name}.at` is not supported yet")
        if a.dtype.char not in _ATOMIC[kind]:
            raise Refused(f"cupy.{self.name}.at does not support {a.dtype}")
        indices = unwrap(indices)
        read(here(a._a), indices)                             # refuses what would wrap round
        self._function.at(a._a, indices, unwrap(b))

    def reduce(self, array, axis=0, dtype=None, out=None, keepdims=False):
        name = {"add": "sum", "multiply": "prod"}.get(self.name)
        if name is None:
            raise NotImplementedError(f"`cupy_{self.name}.reduce` is not supported yet")
        return getattr(xp, name)(array, axis=axis, dtype=dtype, out=out, keepdims=keepdims)

    def accumulate(self, array, axis=0, dtype=None, out=None):
        name = {"add": "cumsum", "multiply": "cumprod"}.get(self.name)
        if name is None:
            raise NotImplementedError(f"`cupy_{self.name}.accumulate` is not supported yet")
        return getattr(xp, name)(array, axis=axis, dtype=dtype, out=out)

    def reduceat(self, array, indices, axis=0, dtype=None, out=None):
        if self.name != "add":
            raise NotImplementedError(f"`cupy_{self.name}.reduceat` is not supported yet")
        return wrap_new(np.add.reduceat(*unwrap((array, indices)), axis=axis, dtype=dtype))

    def outer(self, a, b, **kwargs):
        return self(a.reshape(a.shape + (1,) * b.ndim), b, **kwargs)


def _agreed_positions(entry, function):
    """How many arguments by position mean the same in NumPy and CuPy."""
    try:
        theirs = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return sys.maxsize
    for place, (ours, other) in enumerate(zip(entry.names, theirs)):
        if ours != other and (ours in theirs or other in entry.names):
            return place
    return sys.maxsize


def _function(section, name, entry, function):
    """NumPy's `function` behind CuPy's parameters."""
    path, agreed = f"{section}.{name}", _agreed_positions(entry, function)
    waits, keeps = name in SYNCHRONISING, name in KEEPS_ORDER or section != "cupy"
    wants_array = name not in TAKES_SEQUENCES and entry.names[:1] in FIRST_ARRAYS

    def call(*args, **kwargs):
        entry.check(path, args, kwargs)
        if len(args) > agreed:
            raise Refused(f"{path}: argument {agreed + 1} by position means {entry.names[agreed]!r} in CuPy and "
                          "something else in NumPy. Give it by keyword.")
        if wants_array and args and type(args[0]) is not StrictArray:
            raise Refused(f"{path}: the first argument must be an array of the device, not {type(args[0])}")
        if waits:
            LEDGER.synchronise(f"{name}()")
        if name in REFUSES_BFLOAT16 and _all_bfloat16_values(args, kwargs):
            raise Refused(f"{path}: CuPy 14.2.0 has no bfloat16 version")
        out = kwargs.get("out")
        if out is not None:
            check_write(here(out._a))
        result = function(*unwrap(args), **{key: unwrap(value) for key, value in kwargs.items()})
        if out is not None:
            return out
        if name in WIDENS_BFLOAT16 and _all_bfloat16_values(args, kwargs):
            result = result.astype(np.float32)
        if name in ANSWERS_ON_DEVICE:
            result = np.asarray(result)
        return _same_or_new(result, args, keeps)
    call.__name__ = name
    return call


def _same_or_new(result, args, keeps):
    """An argument that NumPy handed back, a view, or a new array, which is C-contiguous unless its order is kept."""
    if type(result) is not np.ndarray:
        return wrap(result)
    for value in args:
        if type(value) is StrictArray and value._a is result:
            return value
    return wrap(result) if keeps or result.base is not None else wrap_new(result)


class Namespace:
    """A module's double: attributes come from one section of the manifest, made when first asked for."""

    def __init__(self, section, numpy_module, served):
        self._section, self._numpy, self._served = section, numpy_module, served
        self._entries = manifest.load()[section]

    def __repr__(self):
        return f"<strict double of {self._section}>"

    def __dir__(self):
        return sorted({*self._entries, *self._served})

    def __getattr__(self, name):
        if name in self._served:
            thing = self._served[name]
        else:
            entry = self._entries.get(name)
            if entry is None:
                refuse_name(self._section, name)
            theirs = getattr(self._numpy, name, None) if self._numpy is not None else None
            thing = self._make(name, entry, theirs)
        setattr(self, name, thing)
        return thing

    def _make(self, name, entry, theirs):
        if entry.kind == "ufunc" and isinstance(theirs, np.ufunc):
            return Ufunc(name, entry, theirs)
        if entry.kind in ("function", "ufunc") and callable(theirs):
            return _function(self._section, name, entry, theirs)
        if entry.kind == "constant":
            return theirs
        if isinstance(theirs, type) and (issubclass(theirs, (np.generic, np.dtype)) or name in ("finfo", "iinfo")):
            return theirs
        raise AttributeError(f"{self._section} has {name!r}, NumPy's double has no stand-in for it")


def _empty(shape, dtype=float, order="C"):
    return wrap(poisoned(np.empty(shape, dtype, order)))


def _empty_like(prototype, dtype=None, order="K", subok=None, shape=None):
    return wrap(poisoned(np.empty_like(unwrap(prototype), dtype, order, shape=shape)))


def _upload(function):
    def call(a, dtype=None, order=None, **kwargs):
        kwargs.pop("blocking", None)
        if type(a) is StrictArray:
            result = function(a._a, dtype=dtype, order=order, **kwargs)
            if result is not a._a:
                here(a._a)
            return a if result is a._a else wrap(result)
        if type(a) in (list, tuple):
            if any(isinstance(item, np.ndarray) for item in a):
                LEDGER.uploads += 1
                return wrap(np.array([np.asarray(item) for item in a], dtype=dtype, order=order))
            a = unwrap(a)
        LEDGER.uploads += 1
        return wrap(np.array(a, dtype=dtype, order=order or "K"))
    return call


def _array(obj, dtype=None, copy=True, order="K", subok=False, ndmin=0, *, blocking=False):
    if type(obj) is not StrictArray:
        LEDGER.uploads += 1
    values = obj if isinstance(obj, np.ndarray) else unwrap(obj)
    return wrap(np.array(values, dtype=dtype, order=order, ndmin=ndmin, copy=True))


def _asnumpy(a, stream=None, order="C", out=None, *, blocking=True):
    if type(a) is StrictArray:
        return a.get(order=order, out=out)
    return np.asarray(a, order=order)


def _matmul(*args, out=None, **kwargs):
    manifest.load()["cupy"]["matmul"].check("cupy.matmul", args, kwargs)
    a, b = args
    if type(a) is not StrictArray or type(b) is not StrictArray:
        raise Refused(f"matmul: Unsupported types {type(a)}, {type(b)}")
    if max(a.ndim, b.ndim) > 2 and (is_bfloat16(a) or is_bfloat16(b)):
        raise Refused("matmul: CuPy 14.2.0 has no batched bfloat16 product")
    if out is None:
        result = np.matmul(here(a._a), here(b._a), **kwargs)
        return wrap_new(np.asarray(result, a.dtype) if is_bfloat16(a) and is_bfloat16(b) else result)
    check_write(here(out._a))
    np.matmul(here(a._a), here(b._a), out=out._a, **kwargs)
    return out


def _take(a, indices, axis=None, out=None):
    entry = manifest.load()["cupy"]["take"]
    try:
        return _function("cupy", "take", entry, np.take)(a, indices, axis=axis, **({} if out is None else {"out": out}))
    except IndexError as error:
        raise SilentlyWrong(f"take: {error}; CuPy would wrap the index round silently") from None


def _along_axis(name):
    entry, function = manifest.load()["cupy"][name], getattr(np, name)

    def call(*args, **kwargs):
        try:
            return _function("cupy", name, entry, function)(*args, **kwargs)
        except IndexError as error:
            if "out of bounds" not in str(error):
                raise
            raise SilentlyWrong(f"{name}: {error}; CuPy would wrap the index round silently") from None
    return call


def _put_along_axis(arr, indices, values, axis):
    arr_, index = unwrap(arr), unwrap(indices)
    if axis is None:
        write(arr_.reshape(-1), index.reshape(-1), unwrap(values))
        return
    axis = axis % arr_.ndim
    places = [np.arange(n).reshape([-1 if i == d else 1 for i in range(arr_.ndim)]) for d, n in enumerate(arr_.shape)]
    places[axis] = index
    write(arr_, tuple(places), unwrap(values))


def _sort(name):
    entry, function = manifest.load()["cupy"][name], getattr(np, name)

    def call(a, axis=-1, kind=None):
        if kind not in (None, "stable"):
            raise NotImplementedError(f"kind='{kind}' is not supported")
        return _function("cupy", name, entry, function)(a, axis=axis)
    return call


def _copyto(dst, src, casting="same_kind", where=None):
    check_write(here(dst._a))
    np.copyto(dst._a, unwrap(src), casting=casting, where=True if where is None else unwrap(where))


def _where(condition, x=None, y=None):
    if x is None or y is None:
        return xp.nonzero(condition)
    return _WHERE(condition, x, y)


def _repeat(a, repeats, axis=None):
    if type(repeats) in (StrictArray, list, tuple):
        LEDGER.synchronise("repeat() with an array of counts")
    return wrap_new(np.repeat(here(a._a), unwrap(repeats), axis))


class MemoryPool:
    """The double of CuPy's memory pool: what the ledger knows."""

    def used_bytes(self):
        return LEDGER.live_bytes

    def total_bytes(self):
        return LEDGER.peak_bytes

    def free_bytes(self):
        return LEDGER.peak_bytes - LEDGER.live_bytes

    def free_all_blocks(self, stream=None):
        LEDGER.peak_bytes = LEDGER.live_bytes


_POOL = MemoryPool()
_WHERE = _function("cupy", "where", manifest.load()["cupy"]["where"], np.where)
_STRIDES = Namespace("cupy.lib.stride_tricks", np.lib.stride_tricks,
                     {"as_strided": lambda x, shape=None, strides=None: wrap(as_strided(x._a, shape, strides))})


class _Lib:
    stride_tricks = _STRIDES


xp = Namespace("cupy", np, {
    "ndarray": StrictArray, "empty": _empty, "empty_like": _empty_like, "array": _array, "asarray": _upload(np.asarray),
    "asanyarray": _upload(np.asanyarray), "asnumpy": _asnumpy, "matmul": _matmul, "take": _take,
    "take_along_axis": _along_axis("take_along_axis"), "put_along_axis": _put_along_axis, "sort": _sort("sort"),
    "argsort": _sort("argsort"), "copyto": _copyto, "where": _where, "repeat": _repeat, "lib": _Lib, "random": RANDOM,
    "linalg": Namespace("cupy.linalg", np.linalg, {}), "fft": Namespace("cupy.fft", np.fft, {}),
    "get_default_memory_pool": lambda: _POOL})


def _scatter(name):
    return lambda a, slices, value: getattr(xp, name).at(a, slices, value)


cupyx = Namespace("cupyx", None, {"scatter_add": _scatter("add"), "scatter_max": _scatter("maximum"),
                                  "scatter_min": _scatter("minimum")})
