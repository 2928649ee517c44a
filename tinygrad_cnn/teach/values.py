"""The numbers of one array at one moment, as a tape keeps them: all of them up to a limit, a summary above it.

A Value is a copy: what is written into the tensor later does not change it. Its JSON form is a plain object,
{"shape", "dtype", "data"} with nested lists, or {"shape", "dtype", "summary"}; the numbers that JSON does not have are
the strings "NaN", "Infinity" and "-Infinity".
"""
import math

import numpy as np

from ..errors import DataError

LIMIT = 1024                                            # elements kept whole, unless the recorder is told otherwise
_KINDS = {"bfloat16": "float32"}                        # NumPy has no such type: float32 holds each of its numbers
_DTYPES = ("float16", "float32", "float64", "bfloat16", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32",
           "uint64", "bool")
SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_SUMMARY = ("min", "max", "mean", "norm", "nan", "inf")


class Value:
    """The numbers of one array.

    shape: tuple. dtype: its name. array: a NumPy copy, or None above the limit. summary: a dict of floats, None below
    it: `min`, `max`, `mean` and `norm` (Euclidean) of the finite elements, and the counts `nan` and `inf`.
    """
    __slots__ = ("shape", "dtype", "array", "summary")

    def __init__(self, shape, dtype, array=None, summary=None):
        self.shape, self.dtype, self.array, self.summary = tuple(shape), dtype, array, summary

    @classmethod
    def of(cls, tensor, limit=LIMIT):
        """The value of a Tensor now, copied to the host."""
        dtype = tensor.array.dtype.name
        array = tensor.device.asnumpy(tensor.array)
        if dtype in _KINDS:
            array = array.astype(_KINDS[dtype])
        if array.size <= limit:
            return cls(array.shape, dtype, array.copy(order="C"))
        return cls(array.shape, dtype, None, summary_of(array))

    @property
    def size(self):
        return math.prod(self.shape)

    def key(self):
        """Something hashable that equal values, and only these, have in common."""
        held = tuple(map(repr, self.summary.values())) if self.array is None else self.array.tobytes()
        return self.shape, self.dtype, held

    def to_json(self):
        """This value as an object of lists, numbers and strings."""
        form = {"shape": list(self.shape), "dtype": self.dtype}
        if self.array is None:
            form["summary"] = {name: written(self.summary[name]) for name in _SUMMARY}
        else:
            form["data"] = written(self.array.tolist())
        return form

    @classmethod
    def from_json(cls, form, where):
        """The value written as `form`. Raises: DataError, naming `where`, if it is none."""
        if not isinstance(form, dict) or not is_shape(form.get("shape")) or form.get("dtype") not in _DTYPES:
            raise DataError(f"{where}: a value needs a shape (a list of sizes) and a dtype (one of "
                            f"{', '.join(_DTYPES)}). Write tapes with tape.save().")
        shape, dtype = tuple(form["shape"]), form["dtype"]
        summary = form.get("summary")
        if summary is not None:
            if not isinstance(summary, dict) or set(summary) != set(_SUMMARY):
                raise DataError(f"{where}: a summary has the numbers {', '.join(_SUMMARY)}. "
                                "Write tapes with tape.save().")
            read = {name: _read(summary[name], where) for name in _SUMMARY}
            counts = {name: read[name] for name in ("nan", "inf")}
            if any(type(count) is not int or count < 0 for count in counts.values()):
                raise DataError(f"{where}: nan and inf are counts of elements. Write tapes with tape.save().")
            return cls(shape, dtype, None, {**{name: float(number) for name, number in read.items()}, **counts})
        numbers = []
        _collect(form.get("data"), shape, numbers, where)
        return cls(shape, dtype, _array(numbers, _KINDS.get(dtype, dtype), where).reshape(shape))


def summary_of(array):
    """Least, greatest, mean and norm of the finite elements of a host array, and the counts of the others."""
    finite = array[np.isfinite(array)].astype(np.float64)
    found = {"min": finite.min(), "max": finite.max(), "mean": finite.mean(), "norm": math.sqrt((finite ** 2).sum())} \
        if finite.size else dict.fromkeys(("min", "max", "mean", "norm"), math.nan)
    nans = int(np.isnan(array).sum())
    found = {name: float(number) for name, number in found.items()}
    return {**found, "nan": nans, "inf": array.size - finite.size - nans}


def written(numbers):
    """Nested lists of numbers with strings in place of those that JSON lacks."""
    if isinstance(numbers, list):
        return [written(n) for n in numbers]
    if isinstance(numbers, float) and not math.isfinite(numbers):
        return "NaN" if math.isnan(numbers) else "Infinity" if numbers > 0 else "-Infinity"
    return numbers


def _read(number, where):
    if isinstance(number, str) and number in SPECIAL:
        return SPECIAL[number]
    if not isinstance(number, (int, float)):
        raise DataError(f"{where}: {type(number).__name__} in the place of a number. Write tapes with tape.save().")
    return number


def _collect(data, shape, numbers, where):
    """Put the elements of nested lists of the given shape into `numbers`, in order."""
    if not shape:
        numbers.append(_read(data, where))
        return
    if not isinstance(data, list) or len(data) != shape[0]:
        raise DataError(f"{where}: the data do not have the shape {list(shape)} they claim. "
                        "Write tapes with tape.save().")
    for part in data:
        _collect(part, shape[1:], numbers, where)


def _array(numbers, dtype, where):
    wanted = {"b": bool, "f": (int, float)}.get(np.dtype(dtype).kind, int)
    if not all(isinstance(number, wanted) and (wanted is bool or not isinstance(number, bool)) for number in numbers):
        raise DataError(f"{where}: a number is none of {dtype}. Write tapes with tape.save().")
    try:
        with np.errstate(over="raise"):
            return np.array(numbers, dtype=object).astype(dtype)
    except (OverflowError, FloatingPointError) as error:
        raise DataError(f"{where}: a number does not fit into {dtype} ({error}).") from None


def is_shape(form):
    """Whether a JSON value is a list of sizes."""
    return isinstance(form, list) and len(form) <= 64 and all(type(n) is int and n >= 0 for n in form)
