"""Rows of M numbers, each row with numbers of its own, for NumPy: softmax, layer norm, losses on classes.

The one idea: a ufunc of (R, M) with (R, 1) starts anew at every row, for M = 64 at 4 Gelem/s. A product of matrices
lays the rows' own numbers out at 12 Gelem/s (with an inner axis of 2; of 1, BLAS takes another way and does 0.9), and
then the ufunc runs along all rows at once at 11. Sums of rows are products with ones (10), largest values
`maximum.reduceat` (2.3, where `max(axis=1)` does 1.1).
A block of rows goes through its chain while it is in cache. Each row is computed alone, so results do not depend on the
number of threads.
"""
import numpy as np

BLOCK = 1 << 16             # numbers in a block: 256 kB of float32


def laid_out(device, name, numbers, along):
    """numbers[0] (R,) times along[0] (M,), and if there are two, plus the second product: (R, M) in scratch `name`."""
    dtype = along[0].dtype
    columns, patterns = np.zeros((len(numbers[0]), 2), dtype), np.zeros((2, len(along[0])), dtype)
    for k, (column, pattern) in enumerate(zip(numbers, along)):
        columns[:, k], patterns[k] = column, pattern
    out = device.scratch(name, (len(columns), patterns.shape[1]), dtype)
    return np.matmul(columns, patterns, out=out)


def largest(v):
    """The largest number of each row, NaN if one is: (R, M), contiguous, -> (R,)."""
    return np.maximum.reduceat(v.reshape(-1), np.arange(0, v.size, v.shape[1]))


def in_blocks(device, block, count, width):
    """Call block(start, stop) for runs of `count` rows of `width` numbers, on the device's threads."""
    size = max(1, BLOCK // max(1, width))

    def part(start, stop):
        for k in range(start, stop):
            block(k * size, min(count, k * size + size))

    device.parallel(part, -(-count // size))
