"""What a transform takes for an image, and the base class that makes one function serve an image and a batch."""
import numpy as np

from ...device import CPU
from ...errors import ArgumentError, ArgumentTypeError, DTypeError, ShapeError
from ...tensor import Tensor


class Transform:
    """Base class: a transform gives `apply(images, xp)`, from an array (N, C, H, W) to another or to a tuple of them.

    `apply` never writes to its argument. `batched` says that it takes a whole batch as N images, each with its own
    random numbers (draws.uniform).
    """

    batched = True

    def __call__(self, image):
        """The transformed image: a Tensor (C, H, W), or (N, C, H, W) for a batch; some transforms give a tuple.

        Args: image: a Tensor (C, H, W) or (N, C, H, W), uint8 or float; or one image of Pillow's, or a uint8 array
        (H, W, C), which becomes a Tensor first.
        """
        image = as_image(image, type(self).__name__)
        single = image.array.ndim == 3
        found = self.apply(image.array[np.newaxis] if single else image.array, image.device.xp)
        if isinstance(found, tuple):
            return tuple(Tensor(part[0] if single else part, image.device) for part in found)
        return Tensor(found[0] if single else found, image.device)

    def __repr__(self):
        shown = ", ".join(f"{name}={value!r}" for name, value in vars(self).items() if not name.startswith("_"))
        return f"{type(self).__name__}({shown})"


def as_image(image, name):
    """The image as a Tensor (C, H, W) or (N, C, H, W).

    Raises: ArgumentTypeError for what is no image, ShapeError and DTypeError for what is none of these shapes or types.
    """
    if not isinstance(image, Tensor):
        return from_pixels(image, name)
    if image.array.ndim not in (3, 4):
        raise ShapeError(f"{name}: the image has shape {tuple(image.shape)}. "
                         "Give one image (C, H, W) or a batch (N, C, H, W).")
    return image


def from_pixels(image, name):
    """Pillow's image or an array (H, W) or (H, W, C) as a Tensor (C, H, W) that shares no memory with it."""
    if not isinstance(image, np.ndarray):
        if not (hasattr(image, "mode") and hasattr(image, "getbands")):
            raise ArgumentTypeError(f"{name}: the image is a {type(image).__name__}. Give a Tensor (C, H, W), an image "
                                    "of Pillow's, or an array (H, W, C).")
        image = np.asarray(image.convert("RGB") if image.mode in ("P", "CMYK", "YCbCr", "HSV", "LAB") else image)
    if image.ndim not in (2, 3):
        raise ShapeError(f"{name}: the array has shape {image.shape}. Give (H, W) or (H, W, C); "
                         "tg.from_numpy makes a Tensor of (C, H, W) or of a batch.")
    if image.dtype == np.bool_:
        image = image.astype(np.uint8) * np.uint8(255)
    if image.dtype.kind not in "uif" or image.dtype.name in ("uint16", "uint32", "uint64"):
        raise DTypeError(f"{name}: the array is {image.dtype}. Give uint8 or float32.")
    planes = image[np.newaxis] if image.ndim == 2 else image.transpose(2, 0, 1)
    return Tensor(np.array(planes, order="C"), CPU)


def pair(name, option, size):
    """A size as (height, width): an integer stands for a square.

    Raises: ArgumentError unless these are one or two positive integers.
    """
    sizes = tuple(size) if isinstance(size, (tuple, list)) else (size,)
    if len(sizes) not in (1, 2) or not all(is_whole(n) and n > 0 for n in sizes):
        raise ArgumentError(f"{name}: {option} is {size!r}. Give a positive integer, or two, (height, width).")
    return int(sizes[0]), int(sizes[-1])


def is_whole(value):
    """Whether it is an integer, and no bool."""
    return hasattr(value, "__index__") and not isinstance(value, bool)


def probability(name, p):
    """p, if it is a number from 0 to 1; else ArgumentError."""
    if isinstance(p, bool) or not isinstance(p, (int, float)) or not 0 <= p <= 1:
        raise ArgumentError(f"{name}: p is {p!r}. Give a number from 0 to 1.")
    return p
