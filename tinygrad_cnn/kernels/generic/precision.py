"""Sixteen-bit arithmetic: computed in float32, rounded once.

A chain of functions rounded at every step loses what float16 (11 bits) and bfloat16 (8 bits) have; sums overflow.
"""
from functools import wraps


def is_narrow(dtype):
    """Whether `dtype` is float16 or bfloat16 (the latter is of no kind NumPy knows)."""
    return dtype.itemsize == 2 and dtype.kind not in "iu"


def in_float32(kernel):
    """The kernel, with float16 and bfloat16 arrays taken to float32 and the result rounded back to their dtype."""
    @wraps(kernel)
    def run(device, *arrays, **attrs):
        for x in arrays:
            if hasattr(x, "dtype") and is_narrow(x.dtype):
                wide = [a.astype("float32") if hasattr(a, "dtype") and is_narrow(a.dtype) else a for a in arrays]
                return kernel(device, *wide, **attrs).astype(x.dtype)
        return kernel(device, *arrays, **attrs)
    return run
