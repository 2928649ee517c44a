"""Random numbers for NumPy where its generator has something better, and the checks a GPU would have to wait for."""
import numpy as np

from ...errors import ArgumentError
from ..generic import random as generic
from .blocks import in_blocks


def draw_mask(device, stream, shape, p):
    """Bools that are True with probability 1 - p (to 2^-32).

    Raw bits against a threshold take 1.3 ns a number, `stream.random(dtype=float32)` 3.3.
    """
    n = 1
    for length in shape:
        n *= length
    bits = stream.bit_generator.random_raw((n + 1) // 2).view(np.uint32)[:n].reshape(shape)
    threshold = round(p * 2.0 ** 32)
    return bits >= np.uint32(threshold) if threshold < 1 << 32 else np.zeros(shape, np.bool_)


@in_blocks
def masked_scale(device, x, mask, scale):
    """x scale where the mask is True, else 0, in x's memory order."""
    y = np.multiply(x, mask, out=np.empty_like(x), casting="unsafe")
    if scale != 1:
        y *= scale
    return y


def draw_permutation(device, stream, n, dtype):
    """The numbers from 0 to n - 1 in random order."""
    return stream.permutation(n).astype(dtype, copy=False)


def draw_bernoulli(device, stream, p, shape, dtype):
    """As in kernels/generic/random.py. Raises: ArgumentError for a probability outside [0, 1]."""
    if isinstance(p, np.ndarray) and p.size and not (p.min() >= 0 and p.max() <= 1):
        raise ArgumentError(f"bernoulli: {p[~((p >= 0) & (p <= 1))][0]} is no probability. Give numbers from 0 to 1.")
    return generic.draw_bernoulli(device, stream, p, shape, dtype)


def draw_categories(device, stream, weights, count, replacement):
    """As in kernels/generic/random.py. Raises: ArgumentError for rows that `count` classes cannot be drawn from."""
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise ArgumentError("multinomial: there are weights that are negative, infinite or NaN. "
                            "Give finite numbers of at least 0.")
    least = 1 if replacement else count
    positive = np.count_nonzero(weights, axis=-1)
    if (positive < least).any():
        row = int(np.argmax(positive < least))
        raise ArgumentError(f"multinomial: row {row} has {int(positive[row])} weights greater than 0, but {least} "
                            f"classes are to be drawn from it{'' if replacement else ' without replacement'}.")
    return generic.draw_categories(device, stream, weights, count, replacement)
