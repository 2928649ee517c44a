"""The double of cupy.random: `default_rng` and the methods CuPy's Generator has (no normal, no permutation, no choice).

The numbers are NumPy's, so a seed gives another stream here than on a GPU.
"""
import numpy as np

from . import manifest
from .array import StrictArray, wrap
from .refusals import Refused, refuse_name


class StrictGenerator:
    """The double of cupy.random.Generator, over a NumPy generator."""

    def __init__(self, seed=None):
        self._numpy = np.random.default_rng(seed)

    def __getattr__(self, name):
        entry = manifest.load()["cupy.random.Generator"].get(name)
        if entry is None:
            refuse_name("cupy.random.Generator", name)
        function = getattr(self._numpy, name)

        def call(*args, **kwargs):
            entry.check(f"cupy.random.Generator.{name}", args, kwargs)
            return wrap(np.asarray(function(*args, **kwargs)))
        return call

    def random(self, size=None, dtype=np.float64, out=None):
        """Numbers in [0, 1); dtypes other than float64 are drawn in float32 and cast."""
        drawn = np.dtype(dtype if np.dtype(dtype) == np.float64 else np.float32)
        return self._drawn("random", size, dtype, drawn, out)

    def standard_normal(self, size=None, dtype=np.float64, out=None):
        if np.dtype(dtype).char not in "fd":
            raise Refused(f"Unsupported dtype {np.dtype(dtype).name} for standard_normal")
        return self._drawn("standard_normal", size, dtype, np.dtype(dtype), out)

    def uniform(self, low=0.0, high=1.0, size=None, dtype=np.float64):
        values = self._numpy.uniform(low, high, size)
        return wrap(np.asarray(values, dtype=dtype))

    def integers(self, low, high=None, size=None, dtype=np.int64, endpoint=False):
        if type(low) is StrictArray or type(high) is StrictArray:
            raise Refused("integers: low and high must be integers of the host")
        return wrap(np.asarray(self._numpy.integers(low, high, size, dtype, endpoint)))

    def _drawn(self, name, size, dtype, drawn, out):
        if out is not None:
            if type(out) is not StrictArray or out.dtype != np.dtype(dtype) or not out._a.flags.c_contiguous:
                raise Refused(f"{name}: out must be a C-contiguous {np.dtype(dtype)} array of the device")
            getattr(self._numpy, name)(out=out._a, dtype=drawn)
            return out
        return wrap(np.asarray(getattr(self._numpy, name)(size, drawn)).astype(dtype, copy=False))


class _Random:
    """cupy.random: the Generator interface; the older functions are in CuPy but not in this double."""
    Generator = StrictGenerator

    @staticmethod
    def default_rng(seed=None):
        return StrictGenerator(seed)

    def __getattr__(self, name):
        if name not in manifest.load()["cupy.random"]:
            refuse_name("cupy.random", name)
        raise AttributeError(f"cupy.random has {name!r}; use default_rng(seed), which the double has too")


RANDOM = _Random()
