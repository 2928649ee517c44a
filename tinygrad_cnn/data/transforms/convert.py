"""From pixels to numbers for a model: uint8 in 0..255 to float in [0, 1], and to mean 0 and deviation 1."""
import numpy as np

from ... import dtypes
from ...errors import ArgumentError, DTypeError, ShapeError
from ...tensor import Tensor
from .image import Transform, as_image


class PILToTensor(Transform):
    """Pillow's image or an array (H, W, C) as a Tensor (C, H, W) of the same numbers; a Tensor stays as it is."""

    def apply(self, images, xp):
        return images


class ConvertImageDtype(Transform):
    """The image with another element type, its range carried over: uint8 0..255 is float 0..1.

    Args: dtype: tg.float32, another float type, or tg.uint8. From float to uint8 a value v in [0, 1] becomes
    floor(v * 255.999), as in torchvision; values outside are brought to the nearest bound.
    Raises: DTypeError for other types.
    """

    def __init__(self, dtype=dtypes.float32):
        self.dtype = dtypes.of(dtype)
        if not (self.dtype.is_floating_point or self.dtype is dtypes.uint8):
            raise DTypeError(f"ConvertImageDtype: dtype is {self.dtype}. Give tg.uint8 or a float type.")

    def apply(self, images, xp):
        if images.dtype == self.dtype.numpy:
            return images
        if self.dtype is dtypes.uint8:
            _require_pixels("ConvertImageDtype", images.dtype, "f")
            # 256 - 0.001: each of the 256 values has the same share of [0, 1], and 1.0 is 255
            return xp.clip(images * images.dtype.type(255.999), 0, 255).astype(np.uint8)
        if images.dtype == np.uint8:
            return unit_range(images, xp, self.dtype.numpy)
        _require_pixels("ConvertImageDtype", images.dtype, "f")
        return images.astype(self.dtype.numpy)


class ToTensor(Transform):
    """Pixels as float32 in [0, 1]: uint8 values are divided by 255, floats stay.

    Takes Pillow's images and arrays (H, W, C), as torchvision's does, and also uint8 Tensors, which the data sets give.

    >>> import tinygrad_cnn as tg
    >>> ToTensor()(tg.full((1, 1, 2), 51, dtype=tg.uint8))
    tensor([[[0.2000, 0.2000]]])
    """

    def apply(self, images, xp):
        if images.dtype == np.uint8:
            return unit_range(images, xp, np.float32)
        return images


class Normalize(Transform):
    """(image - mean) / std, channel by channel.

    Args: mean, std: one number for each channel, or one for all. inplace: write into the image itself.
    Raises: ArgumentError for a std of 0, DTypeError for integer pixels, ShapeError for another number of channels.

    >>> import tinygrad_cnn as tg
    >>> Normalize([0.5], [0.25])(tg.ones(1, 1, 2))
    tensor([[[2., 2.]]])
    """

    def __init__(self, mean, std, inplace=False):
        self.mean, self.std, self.inplace = _channels("mean", mean), _channels("std", std), bool(inplace)
        if len(self.mean) != len(self.std):
            raise ArgumentError(f"Normalize: mean has {len(self.mean)} numbers and std {len(self.std)}. "
                                "Give one of each for every channel.")
        if not all(self.std):
            raise ArgumentError(f"Normalize: std is {self.std}. Give numbers other than 0.")

    def __call__(self, image):
        if not self.inplace:
            return super().__call__(image)
        image = as_image(image, "Normalize")
        mean, std = (Tensor(column, image.device) for column in self._columns(image.array, image.device.xp))
        return image.sub_(mean).div_(std)

    def apply(self, images, xp):
        mean, std = self._columns(images, xp)
        found = images - mean
        found /= std
        return found

    def _columns(self, images, xp):
        """Mean and std as arrays (C or 1, 1, 1) for these images."""
        _require_pixels("Normalize", images.dtype, "f", "Put ToTensor() before it")
        if len(self.mean) not in (1, images.shape[-3]):
            raise ShapeError(f"Normalize: the image has {images.shape[-3]} channels but mean and std have "
                             f"{len(self.mean)} numbers. Give one for each channel.")
        return (xp.asarray(np.array(numbers, images.dtype).reshape(-1, 1, 1)) for numbers in (self.mean, self.std))


def unit_range(images, xp, dtype):
    """uint8 pixels as floats, divided by 255 (in float32 for the short types)."""
    wide = np.dtype(dtype) if np.dtype(dtype).itemsize > 2 else np.dtype(np.float32)
    found = images.astype(wide)
    found /= wide.type(255)
    return found.astype(dtype, copy=False)


def _channels(option, numbers):
    found = np.atleast_1d(np.asarray(getattr(numbers, "array", numbers), np.float64))
    if found.ndim != 1 or not found.size or not np.isfinite(found).all():
        raise ArgumentError(f"Normalize: {option} is {numbers!r}. Give a finite number for each channel.")
    return found.tolist()


def _require_pixels(name, dtype, kinds, cure="Convert it first"):
    if dtype.kind not in kinds and dtype.name != "bfloat16":
        raise DTypeError(f"{name}: the image is {dtype}, not float. {cure}.")
