"""Rows of M numbers, each row with numbers of its own, for NumPy: softmax, layer norm, losses on classes.

The one idea: a ufunc of (R, M) with (R, 1) starts anew at every row, for M = 64 at 4 Gelem/s. A product of matrices
lays the rows' own numbers out at 12 Gelem/s (with an inner axis of 2; of 1, BLAS takes another way and does 0.9), and
then the ufunc runs along all rows at once at 11. Sums of rows are products with ones (10), largest values
`maximum.reduceat` (2.3, where `max(axis=1)` does 1.1).
A block of rows goes through its chain while it is in cache. Each row is computed alone, so results do not depend on the
number of threads.
"""
import numpy as np

BLOCK = 1 << 17             # numbers in a block: 512 kB of float32; half of that takes 1.1 to 1.2 times as long
LONG = 1 << 11              # numbers in a row from which ufuncs need no such help


def laid_out(device, name, numbers, along):
    """numbers (R,) times along (M,), as (R, M) in scratch memory of that name."""
    out = device.scratch(name, (len(numbers), len(along)), along.dtype)
    columns, patterns = np.zeros((2, len(numbers)), along.dtype), np.zeros((2, len(along)), along.dtype)
    columns[0], patterns[0] = numbers, along
    return np.matmul(columns.T, patterns, out=out)


def largest(v):
    """The largest number of each row, NaN if one is: (R, M), contiguous, -> (R,)."""
    return np.maximum.reduceat(v.reshape(-1), np.arange(0, v.size, v.shape[1]))


def block_rows(width):
    """How many rows of `width` numbers make a block."""
    return max(1, BLOCK // max(1, width))


def in_blocks(device, block, count, width):
    """Call block(start, stop) for runs of `count` rows of `width` numbers, on the device's threads."""
    size = block_rows(width)

    def part(start, stop):
        for k in range(start, stop):
            block(k * size, min(count, k * size + size))

    device.share(part, -(-count // size))
