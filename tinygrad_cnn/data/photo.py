"""One picture file as a Tensor, read by Pillow (the extra `images`)."""
import os
import struct

import numpy as np

from ..device import CPU
from ..errors import ArgumentTypeError, DataError, MissingExtraError
from ..tensor import Tensor

# What Pillow raises on files that are damaged or no pictures.
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, ArithmeticError, struct.error)
_DEEP = {"I", "I;16", "I;16B", "I;16L", "I;16N"}            # grey, 16 bits


def load_image(path, upright=True):
    """The picture in a file as a uint8 Tensor (3, H, W), red, green and blue.

    Grey pictures get three equal planes, 16 bits become 8, transparency is dropped, of a moving picture the first frame
    is taken.

    Args: path. upright: turn the picture as its EXIF orientation says, as viewers show it; cameras held sideways store
    it unturned. (torchvision's loader does not turn it.)
    Raises: FileNotFoundError; DataError for what is no picture, is damaged, or has more than PIL.Image.MAX_IMAGE_PIXELS
    pixels (89 million); MissingExtraError without Pillow.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise ArgumentTypeError(f"load_image: {type(path).__name__} is not a path. Give the name of a picture file.")
    image, ops = _pillow()
    name = os.path.basename(path)
    if not os.path.isfile(path):
        raise FileNotFoundError(f"load_image: there is no file {os.fspath(path)!r}. Check the path.")
    try:
        with image.open(path) as picture:
            limit = image.MAX_IMAGE_PIXELS                  # up to twice as many Pillow only warns
            if limit is not None and picture.width * picture.height > limit:
                raise image.DecompressionBombError(f"{picture.width} x {picture.height} pixels, more than {limit}")
            if upright:
                picture = ops.exif_transpose(picture)
            pixels = _pixels(picture)
    except image.DecompressionBombError as error:
        raise DataError(f"load_image: {name!r} is too large ({error}). Make it smaller with another program.") from None
    except _DAMAGE as error:
        raise DataError(f"load_image: {name!r} cannot be read as a picture ({error}). "
                        "Check that it is whole, and of a kind that Pillow knows.") from None
    return Tensor(np.ascontiguousarray(pixels.transpose(2, 0, 1)), CPU)


def _pixels(picture):
    """uint8 (H, W, 3)."""
    if picture.mode in _DEEP:
        grey = np.asarray(picture).astype(np.int64)
        if grey.min() < 0 or grey.max() > 65535:
            raise ValueError(f"its values reach from {grey.min()} to {grey.max()}, beyond 16 bits")
        return np.repeat((grey // 257).astype(np.uint8)[:, :, np.newaxis], 3, axis=2)
    if picture.mode == "F":
        raise ValueError("its pixels are floats, of which nobody says what white is")
    return np.asarray(picture.convert("RGB"))


def _pillow():
    try:
        from PIL import Image, ImageOps
    except ImportError:
        raise MissingExtraError("load_image: reading pictures needs Pillow. "
                                "Install it with: pip install 'tinygrad_cnn[images]'") from None
    return Image, ImageOps
