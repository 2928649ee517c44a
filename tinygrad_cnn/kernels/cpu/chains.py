"""Chains of element-wise functions that NumPy computes inside the block of memory the result will have.

A ufunc that reads and writes one block in cache takes 0.05 to 0.08 ns a number; one that writes a new array 0.15. So a
chain is written as a function that fills a block `y` of the result, with as few scratch blocks beside it as it needs.
"""
from functools import wraps

import numpy as np

from ..generic.precision import is_narrow
from .blocks import each_block, flat_rows, in_blocks

FLOAT32 = np.dtype("float32")
FLOATS = (FLOAT32, np.dtype("float64"))


def chain(plain, spare=False, dtypes=FLOATS):
    """Make fill(y, the spare block, arrays..., attributes...) the kernel for NumPy of what `plain` computes.

    Args: plain: the shared kernel, for arrays of other dtypes and of several shapes. spare: whether fill wants a block
    of scratch. dtypes: those that fill can do; float16 and bfloat16 are computed in float32 and rounded once.
    """
    otherwise = in_blocks(plain)

    def kernel_of(fill):
        @wraps(plain)
        def run(device, *arrays, **attrs):
            x = arrays[0]
            dtype = FLOAT32 if is_narrow(x.dtype) else x.dtype
            if not x.size or dtype not in dtypes or any([a.shape != x.shape or a.dtype != x.dtype for a in arrays]):
                return otherwise(device, *arrays, **attrs)
            rows, restore = flat_rows(arrays)
            y = device.empty(x.size, x.dtype)

            def block(start, stop):
                scratch = [device.scratch("chain", (stop - start,), dtype)] if spare else []
                given = [row[start:stop].astype(dtype, copy=False) for row in rows]
                if dtype is x.dtype:
                    fill(y[start:stop], *scratch, *given, **attrs)
                    return
                wide = device.scratch("wide", (stop - start,), dtype)
                fill(wide, *scratch, *given, **attrs)
                y[start:stop] = wide

            each_block(device, block, x.size)
            return restore(y)
        return run
    return kernel_of
