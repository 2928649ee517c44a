"""e^x in float32 by whichever of NumPy's functions is fastest on this processor.

With AVX-512 numpy.exp2 takes 0.21 ns a number, numpy.expm1 0.38, numpy.exp 0.5; without it the first two are the C
library's, number by number, and numpy.exp is the fastest.
"""
import math
from functools import cache

import numpy as np

LOG2_E = math.log2(math.e)


@cache
def _vectorized(name):
    """Whether NumPy's float32 function of this name uses instructions beyond those it asks of every processor."""
    try:
        from numpy.lib.introspect import opt_func_info
    except ImportError:                                 # a NumPy that does not tell
        return False
    found = opt_func_info(func_name=f"^{name}$", signature="float32").get(name, {})
    return any([not way["current"].startswith("baseline") for way in found.values()])


def fast_exp():
    """A function f and a number c with f(c x) = exp(x) for float32 arrays x.

    2^(x log2(e)) has a relative error of up to 4e-8 |x| from rounding the product: for terms of a sum, where digits
    far below the sum's own are lost anyway.
    """
    return (np.exp2, LOG2_E) if _vectorized("exp2") else (np.exp, 1.0)


def one_plus_exp(y):
    """y becomes 1 + exp(y), to full accuracy."""
    if y.itemsize == 4 and _vectorized("expm1"):
        np.expm1(y, out=y)
        y += 2
    else:
        np.exp(y, out=y)
        y += 1
