"""Images moved, turned and scaled by homogeneous matrices, as in section 24.1.5 of the book.

Each new pixel asks where it comes from (the inverse matrix) and mixes the four pixels around that place. Coordinates
are rows and columns from the middle of the image.
"""
import math

import numpy as np

from ..errors import ShapeError
from ..ops import arange, meshgrid, zeros_like

__all__ = ["rotation", "scaling", "translation", "warp"]


def translation(rows, columns):
    """The matrix that moves an image down and to the right, in pixels."""
    return np.array([[1.0, 0, rows], [0, 1, columns], [0, 0, 1]])


def rotation(degrees):
    """The matrix that turns an image counter-clockwise."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def scaling(factor):
    """The matrix that makes an image larger by a factor."""
    return np.diag([factor, factor, 1.0])


def warp(images, matrix):
    """Images moved about their middle by a homogeneous matrix (3, 3); what comes from outside is 0.

    Args: images: (..., H, W), floating point. Returns: the same shape.
    Raises: ShapeError for fewer than two axes.

    >>> import tinygrad_cnn as tg
    >>> warp(tg.tensor([[1., 2.], [3., 4.]]), translation(0, 1))
    tensor([[0., 1.],
            [0., 3.]])
    """
    if images.ndim < 2:
        raise ShapeError(f"warp: images have shape {tuple(images.shape)}. Give (..., H, W).")
    H, W = images.shape[-2:]
    flat = images.reshape(*images.shape[:-2], H * W)
    grid = meshgrid(arange(float(H), dtype=images.dtype, device=images.device),
                    arange(float(W), dtype=images.dtype, device=images.device), indexing="ij")
    middle = (H - 1) / 2, (W - 1) / 2
    i, j = (axis.flatten() - m for axis, m in zip(grid, middle))
    back = np.linalg.inv(np.asarray(matrix, float)).round(12)       # so that whole pixels stay whole
    i, j = (float(a) * i + float(b) * j + (float(c) + m) for (a, b, c), m in zip(back[:2], middle))
    result = zeros_like(flat)
    for down in (0, 1):
        for right in (0, 1):
            p, q = i.floor() + down, j.floor() + right
            share = (1 - (i - p).abs()) * (1 - (j - q).abs())
            inside = (p >= 0) & (p < H) & (q >= 0) & (q < W)
            place = (p.clamp(0, H - 1) * W + q.clamp(0, W - 1)).long()
            result = result + flat[..., place] * (share * inside)
    return result.reshape(images.shape)
