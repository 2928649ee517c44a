"""Rows of M numbers, each row with numbers of its own, for NumPy: softmax, layer norm, losses on classes.

The one idea: a ufunc of (R, M) with (R, 1) starts anew at every row, for M = 64 at 4 Gelem/s. A product of matrices
lays the rows' own numbers out at 12 Gelem/s (with an inner axis of 2; of 1, BLAS takes another way and does 0.9), and
then the ufunc runs along all rows at once at 8 to 11. Sums of rows are products with ones (16), largest values
`maximum.reduceat` (2.3, where `max(axis=1)` does 1.1).
A block of rows goes through its chain while it is in cache. Each row is computed alone, so results do not depend on the
number of threads.
"""
from math import isfinite

import numpy as np

BLOCK = 3 << 17             # most numbers in a block: 1.5 MB of float32, so that calls are few and long
PARALLEL = 1 << 16          # numbers from which a parallel region pays for its 54 us
NARROW = 128                # numbers in a row up to which two are laid out at once: 0.6 of the time for 56
LONG = 1 << 11              # numbers in a row from which ufuncs need no such help


class Along:
    """A vector (M,) that lies along every row, times a number of the row's own, plus a constant (M,)."""

    def __init__(self, values, constant=None):
        self.values, width = values, len(values)
        self.long = width >= LONG                       # too long to be laid out
        if self.long:
            return
        self.patterns = np.zeros((2, width), values.dtype)
        self.patterns[0], self.patterns[1] = values, 0 if constant is None else constant
        self.pairs = None
        if width <= NARROW and constant is None:
            self.pairs = np.zeros((2, 2 * width), values.dtype)
            self.pairs[0, :width] = self.pairs[1, width:] = values

    def part(self, columns):
        """The part of a slice of columns."""
        return self if columns.stop - columns.start == len(self.values) else Along(self.values[columns])

    def times(self, numbers, out):
        """numbers (R,) times the vector, into `out` (R, M), contiguous."""
        if self.pairs is not None and len(numbers) % 2 == 0 and isfinite(numbers @ numbers):
            np.matmul(numbers.reshape(-1, 2), self.pairs, out=out.reshape(len(numbers) // 2, self.pairs.shape[1]))
            return out                                  # two rows at once: NaN times 0 would reach the other one
        columns = np.ones((len(numbers), 2), out.dtype)
        columns[:, 0] = numbers
        return np.matmul(columns, self.patterns, out=out)

    def scale(self, v, numbers, out):
        """v times numbers (R,) times the vector, into `out`, which is not v."""
        if self.long:
            return np.multiply(np.multiply(v, self.values, out=out), numbers[:, None], out=out)
        return np.multiply(self.times(numbers, out), v, out=out)

    def by_row(self, function, v, numbers, room, out=None):
        """function(v, numbers (R,)) into `out`, or `room`, where numbers are laid out, not in v; the vector is ones."""
        laid = numbers[:, None] if self.long else self.times(numbers, room)
        return function(v, laid, out=room if out is None else out)


def largest(v):
    """The largest number of each row, NaN if one is: (R, M), contiguous, -> (R,)."""
    return np.maximum.reduceat(v.reshape(-1), np.arange(0, v.size, v.shape[1]))


def pieces(numbers):
    """Into how many blocks so many numbers are cut: as many for each of two threads."""
    return -(-numbers // (2 * BLOCK)) * 2 if numbers >= PARALLEL else 1


def block_rows(count, width):
    """How many of `count` rows of `width` numbers make a block: an even number."""
    return -(-count // (2 * pieces(count * width))) * 2 or 2


def in_blocks(device, block, count, width):
    """Call block(start, stop) for runs of `count` rows of `width` numbers, on the device's threads."""
    size = block_rows(count, width)

    device.share(lambda start: block(start, min(start + size, count)), range(0, count, size))
