"""Images of another size: each new pixel is a weighted sum of old ones, along the columns and then along the rows.

The weights of one axis are a band matrix (new size, old size). With antialias the kernel is widened by the factor of
reduction, so that every old pixel counts (Pillow's way); without, only the nearest two or four do. The band is applied
in blocks of new pixels, each a matrix product with the old pixels it needs.

Source: bilinear and bicubic kernels as in R. Keys (1981), Cubic convolution interpolation for digital image processing;
pixel centres lie at k + 1/2.
"""
from functools import lru_cache

import numpy as np

_BLOCK = 32                                 # new pixels a product: 12 Mpixel to 256 take 80 ms, in one product 290 ms


def resized(images, xp, height, width, mode="bilinear", antialias=True):
    """(N, C, H, W) -> (N, C, height, width), of the same element type; uint8 is rounded after either axis.

    "bilinear" agrees with Pillow to 2 of 255; so does "bicubic" where Pillow too begins with the columns (some releases
    begin with the rows of some sizes, and the rounding in between falls differently). Floats agree with PyTorch's
    interpolate to rounding. "nearest" takes the pixel whose area has the new one's centre, of two that
    share it the second, as PyTorch's "nearest-exact" and, but for such ties, Pillow.
    """
    if images.shape[2:] == (height, width):
        return images
    if mode == "nearest":
        rows, columns = (np.minimum(np.floor((np.arange(new) + 0.5) * old / new).astype(np.int64), old - 1)
                         for new, old in ((height, images.shape[2]), (width, images.shape[3])))
        return images[:, :, xp.asarray(rows)[:, None], xp.asarray(columns)]
    if images.shape[3] != width:
        images = _along(images, xp, width, 3, mode, antialias)
    if images.shape[2] != height:
        images = _along(images, xp, height, 2, mode, antialias)
    return images


def _along(images, xp, size, axis, mode, antialias):
    """One axis resampled."""
    firsts, weights = taps(images.shape[axis], size, mode, bool(antialias))
    work = np.dtype(np.float64) if images.dtype == np.float64 else np.dtype(np.float32)
    shape = list(images.shape)
    shape[axis] = size
    found = xp.empty(shape, images.dtype)
    for start in range(0, size, _BLOCK):
        stop = min(start + _BLOCK, size)
        first, last = int(firsts[start]), int(firsts[stop - 1]) + weights.shape[1]
        band = np.zeros((stop - start, last - first), work)
        for k in range(start, stop):
            at = firsts[k] - first
            band[k - start, at:at + weights.shape[1]] = weights[k]
        band = xp.asarray(band)
        if axis == 3:
            part = images[:, :, :, first:last].astype(work, copy=False) @ band.T
            found[:, :, :, start:stop] = _rounded(part, xp, images.dtype)
        else:
            part = band @ images[:, :, first:last].astype(work, copy=False)
            found[:, :, start:stop] = _rounded(part, xp, images.dtype)
    return found


def _rounded(values, xp, dtype):
    if dtype != np.uint8:
        return values
    return xp.clip(xp.floor(values + values.dtype.type(0.5)), 0, 255)


@lru_cache(64)
def taps(old, new, mode, antialias):
    """Which old pixels make each new one: the first's index (new,), non-decreasing, and weights (new, taps), float64.

    Rows of weights add up to 1.
    """
    scale = old / new
    stretch = max(scale, 1.0) if antialias else 1.0
    radius = (1.0 if mode == "bilinear" else 2.0) * stretch
    centres = (np.arange(new) + 0.5) * scale                # in units of old pixels, from the border
    count = min(int(np.ceil(radius)) * 2 + 1, old)
    places = np.floor(centres - radius + 0.5).astype(np.int64)[:, None] + np.arange(int(np.ceil(radius)) * 2 + 1)
    distance = (places + 0.5 - centres[:, None]) / stretch
    weights = _triangle(distance) if mode == "bilinear" else _cubic(distance, -0.5 if antialias else -0.75)
    if antialias:
        weights[(places < 0) | (places >= old)] = 0.0       # what lies outside does not count
    firsts = np.clip(places[:, 0], 0, old - count)
    kept = np.zeros((new, count))
    inside = np.clip(places, 0, old - 1) - firsts[:, None]  # without antialias the border's pixel stands for those
    for k in range(places.shape[1]):
        at = np.clip(inside[:, k], 0, count - 1)
        kept[np.arange(new), at] += weights[:, k]
    return firsts, kept / kept.sum(axis=1, keepdims=True)


def _triangle(x):
    return np.maximum(1.0 - np.abs(x), 0.0)


def _cubic(x, a):
    x = np.abs(x)
    near, far = ((a + 2) * x - (a + 3)) * x * x + 1, (((x - 5) * x + 8) * x - 4) * a
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))
