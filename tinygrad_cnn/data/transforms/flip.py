"""Mirrored images, each with its own toss of a coin."""
import numpy as np

from ..draws import uniform
from .image import Transform, probability


class _RandomFlip(Transform):
    def __init__(self, p=0.5):
        self.p = probability(type(self).__name__, p)

    def apply(self, images, xp):
        chosen = np.flatnonzero(uniform(len(images), 1)[:, 0] < self.p)
        if not len(chosen):
            return images
        if xp is not np:
            chosen = xp.asarray(chosen)
        found = images.copy()
        found[chosen] = self.mirrored(images[chosen])
        return found


class RandomHorizontalFlip(_RandomFlip):
    """Left and right change places with probability p.

    >>> import tinygrad_cnn as tg
    >>> RandomHorizontalFlip(p=1)(tg.tensor([[[1, 2, 3]]]))
    tensor([[[3, 2, 1]]])
    """

    @staticmethod
    def mirrored(images):
        """(N, C, H, W), columns from right to left."""
        return images[..., ::-1]


class RandomVerticalFlip(_RandomFlip):
    """Top and bottom change places with probability p."""

    @staticmethod
    def mirrored(images):
        """(N, C, H, W), rows from bottom to top."""
        return images[..., ::-1, :]
