"""Brightness, contrast, saturation and hue changed at random, and grey images."""
import numpy as np

from ...errors import ArgumentError, ShapeError
from ..draws import uniform
from .image import Transform

_GREY = (0.2989, 0.587, 0.114)              # the eye's weights of red, green and blue (ITU-R 601)


class Grayscale(Transform):
    """The image in grey, as one plane or as three equal ones.

    Args: num_output_channels: 1 or 3.
    """

    def __init__(self, num_output_channels=1):
        if num_output_channels not in (1, 3):
            raise ArgumentError(f"Grayscale: num_output_channels is {num_output_channels!r}. Give 1 or 3.")
        self.num_output_channels = num_output_channels

    def apply(self, images, xp):
        plane = images if images.shape[1] == 1 else _as(_grey("Grayscale", images, xp), images.dtype, xp)
        return xp.repeat(plane, self.num_output_channels, axis=1)


class ColorJitter(Transform):
    """Brightness, contrast, saturation and hue changed by random factors, in random order.

    Args: brightness, contrast, saturation: a number v for factors from max(0, 1 - v) to 1 + v, or (low, high). hue: a
    number v of at most 0.5 for turns of the colour circle from -v to v, or (low, high).
    The image has 3 channels (1 where only brightness and contrast change), uint8 or float in [0, 1]; results are
    brought back into that range.
    """

    def __init__(self, brightness=0, contrast=0, saturation=0, hue=0):
        self.brightness = _range("brightness", brightness)
        self.contrast = _range("contrast", contrast)
        self.saturation = _range("saturation", saturation)
        self.hue = _range("hue", hue, 0.0, 0.5)

    def apply(self, images, xp):
        n = len(images)
        draws = uniform(n, 8)
        order = draws[:, 4:].argsort(axis=1)                # (N, 4): which change comes first, second, ...
        work = images.astype(np.float64 if images.dtype == np.float64 else np.float32)
        if images.dtype == np.uint8:
            work /= 255
        steps = ((self.brightness, _brighter), (self.contrast, _contrasted), (self.saturation, _saturated),
                 (self.hue, _turned))
        for place in range(4):
            for k, (limits, change) in enumerate(steps):
                rows = np.flatnonzero(order[:, place] == k)
                if limits is None or not len(rows):
                    continue
                low, high = limits
                factors = (low + draws[rows, k] * (high - low)).astype(work.dtype)
                rows = xp.asarray(rows)
                work[rows] = xp.clip(change(work[rows], xp.asarray(factors)[:, None, None, None], xp), 0, 1)
        return _as(work * 255, images.dtype, xp) if images.dtype == np.uint8 else work.astype(images.dtype, copy=False)


def _brighter(images, factor, xp):
    return images * factor


def _contrasted(images, factor, xp):
    mean = (images if images.shape[1] == 1 else _grey("ColorJitter", images, xp)).mean(axis=(1, 2, 3), keepdims=True)
    return images * factor + mean * (1 - factor)


def _saturated(images, factor, xp):
    return images * factor + _grey("ColorJitter", images, xp) * (1 - factor)


def _turned(images, turn, xp):
    """The hue of each pixel moved round the colour circle, at the same brightness (value) and chroma."""
    _require_colours("ColorJitter", images)
    value, least = images.max(axis=1, keepdims=True), images.min(axis=1, keepdims=True)
    chroma = value - least
    safe = xp.where(chroma > 0, chroma, 1)
    red, green, blue = images[:, 0:1], images[:, 1:2], images[:, 2:3]
    hue = xp.where(value == red, (green - blue) / safe,
                   xp.where(value == green, 2 + (blue - red) / safe, 4 + (red - green) / safe))    # in sixths of a turn
    hue = hue + 6 * turn
    # A colour falls off from its own sixth: red is value for hues within 1 of 0, green of 2, blue of 4.
    parts = [xp.clip(2 - xp.abs((hue - centre + 3) % 6 - 3), 0, 1) for centre in (0, 2, 4)]
    return least + chroma * xp.concatenate(parts, axis=1)


def _grey(name, images, xp):
    """(N, 3, H, W) -> (N, 1, H, W), float."""
    _require_colours(name, images)
    work = images if images.dtype.kind == "f" else images.astype(np.float32)
    red, green, blue = (work[:, k:k + 1] * work.dtype.type(weight) for k, weight in enumerate(_GREY))
    return red + green + blue


def _as(values, dtype, xp):
    if dtype != np.uint8:
        return values
    return xp.clip(xp.floor(values + values.dtype.type(0.5)), 0, 255).astype(np.uint8)


def _require_colours(name, images):
    if images.shape[1] != 3:
        raise ShapeError(f"{name}: the image has {images.shape[1]} channels. Give red, green and blue.")


def _range(name, value, centre=1.0, most=None):
    """(low, high) of the factor; None where it does nothing."""
    pair = isinstance(value, (tuple, list))
    if pair:
        low, high = value if len(value) == 2 else (1, 0)
    elif isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise ArgumentError(f"ColorJitter: {name} is {value!r}. Give a number of at least 0, or (low, high).")
    else:
        low, high = centre - value, centre + value
        low = low if most is not None else max(0.0, low)
    if low > high or most is None and low < 0 or most is not None and not -most <= low <= high <= most:
        raise ArgumentError(f"ColorJitter: {name} is {value!r}. Give (low, high) "
                            + (f"within -{most} and {most}." if most is not None else "from 0 on."))
    return None if low == high == centre else (low, high)
