"""Resize, and RandomResizedCrop, which trains networks on ImageNet."""
import math
from enum import Enum

import numpy as np

from ...errors import ArgumentError
from ..draws import uniform
from .image import Transform, is_whole, pair
from .resample import resized

_ATTEMPTS = 10


class InterpolationMode(str, Enum):
    """Torchvision's names of the ways to resample; the plain strings do as well."""
    NEAREST = "nearest"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"


class Resize(Transform):
    """The whole image in another size.

    Args: size: (height, width), or one integer for the shorter side, the longer in proportion. interpolation:
    "nearest", "bilinear" or "bicubic". max_size: what the longer side may have, where size is one integer; the
    shorter then gets less. antialias: let every pixel count where the image gets smaller, as Pillow does.

    uint8 images agree with Pillow's to 2 of 255 (resample.py says more).

    >>> import tinygrad_cnn as tg
    >>> Resize(4)(tg.zeros(3, 8, 12)).shape
    tinygrad_cnn.Size([3, 4, 6])
    """

    def __init__(self, size, interpolation=InterpolationMode.BILINEAR, max_size=None, antialias=True):
        sizes = pair("Resize", "size", size)
        self.size = size if is_whole(size) else list(size) if len(size) == 1 else list(sizes)
        self.interpolation, self.max_size, self.antialias = mode_of("Resize", interpolation), max_size, antialias
        self._shorter = sizes[0] if is_whole(size) or len(size) == 1 else None
        if max_size is not None and (self._shorter is None or not is_whole(max_size) or max_size <= self._shorter):
            raise ArgumentError(f"Resize: max_size is {max_size!r} with size {size!r}. Give an integer larger than a "
                                "size that is one integer, or leave it out.")

    def apply(self, images, xp):
        height, width = self._new_size(*images.shape[2:])
        return resized(images, xp, height, width, self.interpolation, self.antialias)

    def _new_size(self, rows, columns):
        if self._shorter is None:
            return self.size
        short, long = min(rows, columns), max(rows, columns)
        new_short, new_long = self._shorter, int(self._shorter * long / short)
        if self.max_size is not None and new_long > self.max_size:
            new_short, new_long = int(self.max_size * new_short / new_long), self.max_size
        return (new_short, new_long) if rows <= columns else (new_long, new_short)


class RandomResizedCrop(Transform):
    """A random piece of the image, of random area and shape, brought to one size.

    Args: size: (height, width), or an integer for a square. scale: bounds of the piece's part of the area. ratio:
    bounds of its width / height, uniform in the logarithm. interpolation, antialias: as for Resize.

    A piece that does not fit is drawn again, ten times in all; then the largest one in the middle is taken.
    """

    def __init__(self, size, scale=(0.08, 1.0), ratio=(3 / 4, 4 / 3), interpolation=InterpolationMode.BILINEAR,
                 antialias=True):
        self.size = pair("RandomResizedCrop", "size", size)
        self.scale = bounds("RandomResizedCrop", "scale", scale)
        self.ratio = bounds("RandomResizedCrop", "ratio", ratio)
        self.interpolation, self.antialias = mode_of("RandomResizedCrop", interpolation), antialias

    def apply(self, images, xp):
        n, channels, rows, columns = images.shape
        found = xp.empty((n, channels, *self.size), images.dtype)
        for k, (top, left, height, width) in enumerate(self._boxes(n, rows, columns)):
            piece = images[k:k + 1, :, top:top + height, left:left + width]
            found[k] = resized(piece, xp, *self.size, self.interpolation, self.antialias)[0]
        return found

    def _boxes(self, n, rows, columns):
        """(top, left, height, width) for each image."""
        heights, widths, places = random_boxes(n, rows, columns, self.scale, self.ratio)
        fits = (heights <= rows) & (widths <= columns) & (heights > 0) & (widths > 0)
        for k in range(n):
            if fits[k].any():
                j = int(fits[k].argmax())
                height, width = int(heights[k, j]), int(widths[k, j])
                yield (int(places[k, j, 0] * (rows - height + 1)), int(places[k, j, 1] * (columns - width + 1)),
                       height, width)
            else:
                height, width = self._largest(rows, columns)
                yield (rows - height) // 2, (columns - width) // 2, height, width

    def _largest(self, rows, columns):
        narrowest, widest = self.ratio
        if columns / rows < narrowest:
            return max(1, min(rows, round(columns / narrowest))), columns
        if columns / rows > widest:
            return rows, max(1, min(columns, round(rows * widest)))
        return rows, columns


def random_boxes(n, rows, columns, scale, ratio):
    """Ten sizes of boxes for each of n images, area uniform and shape uniform in the logarithm, and places in [0, 1):
    heights (n, 10), widths (n, 10), places (n, 10, 2)."""
    draws = uniform(n, 4 * _ATTEMPTS).reshape(n, _ATTEMPTS, 4)
    area = rows * columns * (scale[0] + draws[..., 0] * (scale[1] - scale[0]))
    low, high = math.log(ratio[0]), math.log(ratio[1])
    shape = np.exp(low + draws[..., 1] * (high - low))
    return np.rint(np.sqrt(area / shape)), np.rint(np.sqrt(area * shape)), draws[..., 2:]


def bounds(name, option, values):
    """(low, high), if they are positive numbers in order; else ArgumentError."""
    found = tuple(values) if isinstance(values, (tuple, list)) else ()
    if len(found) != 2 or not all(isinstance(v, (int, float)) for v in found) or not 0 < found[0] <= found[1]:
        raise ArgumentError(f"{name}: {option} is {values!r}. Give two positive numbers, the smaller one first.")
    return found


def mode_of(name, interpolation):
    """The way to resample as a plain string."""
    try:
        return InterpolationMode(interpolation).value
    except ValueError:
        raise ArgumentError(f"{name}: interpolation is {interpolation!r}. Give one of "
                            f"{', '.join(repr(mode.value) for mode in InterpolationMode)}.") from None
