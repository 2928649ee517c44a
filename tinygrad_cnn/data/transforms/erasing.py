"""Random erasing: a box of the image is painted over, so that a network cannot rely on one part.

Source: Z. Zhong, L. Zheng, G. Kang, S. Li and Y. Yang (2017), Random erasing data augmentation, arXiv:1708.04896.
"""
import numpy as np

from ...errors import ArgumentError, DTypeError, ShapeError
from ..draws import uniform
from .image import Transform, as_image, probability
from .resize import bounds, random_boxes


class RandomErasing(Transform):
    """A box of random place, area and shape is painted over, with probability p.

    Args: p. scale: bounds of the box's part of the area. ratio: bounds of its height / width. value: one number, a
    tuple of one a channel, or "random" for normal noise, one number a pixel. inplace: write into the image itself.

    A box that does not fit is drawn again, ten times in all; then the image stays as it is.
    """

    def __init__(self, p=0.5, scale=(0.02, 0.33), ratio=(0.3, 3.3), value=0, inplace=False):
        self.p = probability("RandomErasing", p)
        self.scale, self.ratio = bounds("RandomErasing", "scale", scale), bounds("RandomErasing", "ratio", ratio)
        if self.scale[1] > 1:
            raise ArgumentError(f"RandomErasing: scale is {scale!r}. Give parts of the area, at most 1.")
        if isinstance(value, str) and value != "random":
            raise ArgumentError(f"RandomErasing: value is {value!r}. Give a number, one a channel, or 'random'.")
        self.value, self.inplace = value, bool(inplace)

    def __call__(self, image):
        found = super().__call__(image)
        if not self.inplace:
            return found
        return as_image(image, "RandomErasing").copy_(found)

    def apply(self, images, xp):
        n, channels, rows, columns = images.shape
        chosen, seeds = uniform(n, 2).T
        # the boxes' "widths" are its heights: this ratio is height / width
        widths, heights, places = random_boxes(n, rows, columns, self.scale, self.ratio)
        fits = (heights < rows) & (widths < columns)
        found = images.copy()
        for k in np.flatnonzero((chosen < self.p) & fits.any(axis=1)):
            j = int(fits[k].argmax())
            height, width = int(heights[k, j]), int(widths[k, j])
            top = int(places[k, j, 0] * (rows - height + 1))
            left = int(places[k, j, 1] * (columns - width + 1))
            found[k, :, top:top + height, left:left + width] = self._paint((channels, height, width), seeds[k],
                                                                          images.dtype, xp)
        return found

    def _paint(self, shape, seed, dtype, xp):
        """What is put there, for a box of this shape: a number or an array that fits it."""
        if isinstance(self.value, str):
            if dtype == np.uint8:
                raise DTypeError("RandomErasing: value is 'random', normal noise, but the image is uint8. "
                                 "Put ToTensor() and Normalize() before it.")
            return xp.asarray(np.random.default_rng(int(seed * 2**53)).standard_normal(shape).astype(dtype))
        if not isinstance(self.value, (tuple, list)):
            return self.value
        if len(self.value) not in (1, shape[0]):
            raise ShapeError(f"RandomErasing: value has {len(self.value)} numbers but the image {shape[0]} channels. "
                             "Give one number, or one for each channel.")
        return xp.asarray(np.array(self.value, dtype).reshape(-1, 1, 1))
