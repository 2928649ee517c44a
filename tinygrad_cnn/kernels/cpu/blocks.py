"""Chains of element-wise functions for NumPy, block by block, so that what lies between stays in cache; in threads.

A block is a run of a flat row of numbers in the order of memory. The result has the layout of the first input that
fills its memory (one that was expanded has none); inputs laid out otherwise are copied into that order.
"""
from functools import partial, wraps

import numpy as np

# 1 MB of float32. Two threads that call short ufuncs wait for each other's turn in Python: a GELU of 3 million numbers
# takes 8.9 ms on one thread; on two 11.2 in blocks of 64 kB, 6.1 of 256 kB, 5.2 of 1 MB, 5.8 of 4 MB.
BLOCK = 1 << 18
PARALLEL = 1 << 17          # numbers from which a parallel region pays for its 54 us


def in_blocks(kernel, threads=True):
    """The kernel for NumPy that does `kernel` block by block where its arrays are large and of one shape."""
    least = PARALLEL if threads else BLOCK

    @wraps(kernel)
    def run(device, *arrays, **attrs):
        x = arrays[0]
        if x.size <= least:
            return kernel(device, *arrays, **attrs)
        whole = [k for k, a in enumerate(arrays) if getattr(a, "ndim", 0)]
        if any([arrays[k].shape != x.shape for k in whole]):
            return kernel(device, *arrays, **attrs)
        rows, restore = flat_rows([arrays[k] for k in whole])
        y = device.empty(x.size, x.dtype)

        def block(start, stop):
            given = list(arrays)
            for k, row in zip(whole, rows):
                given[k] = row[start:stop]
            y[start:stop] = kernel(device, *given, **attrs)

        each_block(device, block, x.size, threads)
        return restore(y)
    return run


def each_block(device, block, size, threads=True):
    """Call block(start, stop) for the blocks of a row of `size` numbers, in threads where there is enough to do."""
    threads = threads and size > PARALLEL
    length = -(-size // 2) if threads and size <= 2 * BLOCK else BLOCK          # of a short row, a block a thread

    def some(start):
        block(start, min(start + length, size))

    if threads:
        device.share(some, range(0, size, length))
    else:
        for start in range(0, size, length):
            some(start)


in_blocks_alone = partial(in_blocks, threads=False)     # for chains so short that memory is the limit


def flat_rows(arrays):
    """Arrays of one shape as flat rows in the order of the first that fills its memory; what gives a row its shape."""
    x = arrays[0]
    for a in arrays:
        if 0 not in a.strides:
            x = a
            break
    if x.flags.c_contiguous:
        return [a.reshape(-1) for a in arrays], lambda row: row.reshape(x.shape)
    order = sorted(range(x.ndim), key=lambda axis: -abs(x.strides[axis]))
    back = tuple(np.argsort(order))
    shape = tuple([x.shape[axis] for axis in order])
    return [a.transpose(order).reshape(-1) for a in arrays], lambda row: row.reshape(shape).transpose(back)
