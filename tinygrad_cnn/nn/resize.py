"""Functions of nn.functional that change the resolution: interpolate and the shuffles.

The one idea: along each axis an output position is a weighted sum of input positions. 'nearest' takes one position, a
selection; the linear modes take two, a product with a matrix (output, input) that is made once for each set of sizes.
"""
import math
from functools import lru_cache

import numpy as np

from ..errors import ArgumentError, ShapeError
from ..ops.adaptive import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from ..ops.creation import tensor
from ..ops.spatial import require_tensor

__all__ = ["INTERPOLATIONS", "channel_shuffle", "interpolate", "pixel_shuffle", "pixel_unshuffle", "upsample"]

INTERPOLATIONS = ("nearest", "nearest-exact", "linear", "bilinear", "trilinear", "area")
_LINEAR = {"linear": 1, "bilinear": 2, "trilinear": 3}
_AREA = {1: adaptive_avg_pool1d, 2: adaptive_avg_pool2d, 3: adaptive_avg_pool3d}


def interpolate(input, size=None, scale_factor=None, mode="nearest", align_corners=None, recompute_scale_factor=None,
                antialias=False):
    """Resize the spatial axes: (N, C, *spatial) -> (N, C, *size).

    Args: size: the output's, or scale_factor (size is then floor(input's * factor)): a number or one for each axis.
    mode: 'nearest', 'nearest-exact', 'area', or 'linear', 'bilinear', 'trilinear' for 1, 2, 3 axes.
    align_corners: in the linear modes, whether the first and last cells keep their values.
    recompute_scale_factor: take the scale from the sizes and not from scale_factor.
    Raises: ArgumentError for settings that do not go together, ShapeError for a wrong number of axes.

    >>> import tinygrad_cnn as tg
    >>> interpolate(tg.tensor([[[1.0, 2.0]]]), scale_factor=2)
    tensor([[[1., 1., 2., 2.]]])
    """
    require_tensor("interpolate", "input", input)
    axes = input.ndim - 2
    if mode not in INTERPOLATIONS:
        raise ArgumentError(f"interpolate: mode is {mode!r}. Use one of {', '.join(map(repr, INTERPOLATIONS))}.")
    if axes not in (1, 2, 3) or _LINEAR.get(mode, axes) != axes:
        raise ShapeError(f"interpolate: mode {mode!r} and an input of shape {tuple(input.shape)} do not fit. Give an "
                         f"input (N, C, *spatial) with {_LINEAR.get(mode, '1 to 3')} spatial axes.")
    if align_corners is not None and mode not in _LINEAR:
        raise ArgumentError(f"interpolate: align_corners is {align_corners} and mode is {mode!r}. "
                            "Only the linear modes have corners to align; leave it out.")
    if antialias:
        raise ArgumentError("interpolate: antialias=True is not offered. Blur the input first, or use mode='area'.")
    size, scales = _sizes(input.shape[2:], size, scale_factor, recompute_scale_factor)
    if mode == "area":
        return _AREA[axes](input, size)
    for axis, (old, new, scale) in enumerate(zip(input.shape[2:], size, scales), start=2):
        if mode in _LINEAR:
            matrix = _two_tap_matrix(old, new, scale, bool(align_corners), input.dtype, input.device)
            input = input.movedim(axis, -1).matmul(matrix).movedim(-1, axis)
        else:
            input = input.index_select(axis, _nearest(old, new, scale, mode == "nearest-exact", input.device))
    return input


def _sizes(old, size, factor, recompute):
    """(output sizes, input positions per output position), one of each an axis."""
    if (size is None) == (factor is None):
        raise ArgumentError(f"interpolate: size is {size} and scale_factor is {factor}. Give one of the two.")
    given = size if factor is None else factor
    given = tuple(given) if isinstance(given, (tuple, list)) else (given,) * len(old)
    if len(given) != len(old) or any(isinstance(v, bool) or not v > 0 for v in given):
        raise ArgumentError(f"interpolate: {'size' if factor is None else 'scale_factor'} is {given} for the "
                            f"{len(old)} spatial axes {tuple(old)}. Give one positive number, or one for each.")
    if factor is None:
        return tuple(map(int, given)), [n / int(m) for n, m in zip(old, given)]
    size = tuple(math.floor(n * f) for n, f in zip(old, given))
    if 0 in size:
        raise ShapeError(f"interpolate: scale_factor {given} leaves nothing of the sizes {tuple(old)}. "
                         "Use a larger one.")
    return size, [n / m for n, m in zip(old, size)] if recompute else [1 / f for f in given]


@lru_cache(64)
def _nearest(old, new, scale, exact, device):
    """The input position that each output position takes, an int64 Tensor (new,)."""
    positions = np.floor((np.arange(new, dtype=np.float32) + np.float32(0.5 if exact else 0)) * np.float32(scale))
    return tensor(np.minimum(positions, old - 1).astype(np.int64), device=device)


@lru_cache(64)
def _two_tap_matrix(old, new, scale, align_corners, dtype, device):
    """The weights (old, new) of linear interpolation, at most two in each column."""
    if align_corners:
        source = np.arange(new) * ((old - 1) / (new - 1) if new > 1 else 0.0)
    else:
        source = np.maximum((np.arange(new) + 0.5) * scale - 0.5, 0)
    low = np.minimum(np.floor(source).astype(int), old - 1)
    part = source - low
    matrix = np.zeros((old, new))
    np.add.at(matrix, (low, np.arange(new)), 1 - part)
    np.add.at(matrix, (np.minimum(low + 1, old - 1), np.arange(new)), part)
    return tensor(matrix, dtype=dtype, device=device)


def upsample(input, size=None, scale_factor=None, mode="nearest", align_corners=None):
    """PyTorch's older name of interpolate."""
    return interpolate(input, size, scale_factor, mode, align_corners)


def _factor(op, name, value):
    if isinstance(value, bool) or not hasattr(value, "__index__") or value.__index__() < 1:
        raise ArgumentError(f"{op}: {name} is {value!r}. Give an integer of at least 1.")
    return value.__index__()


def pixel_shuffle(input, upscale_factor):
    """(*, C r^2, H, W) -> (*, C, H r, W r): channels become positions. Source: Shi et al. 2016.

    Raises: ShapeError if the channels are not a multiple of r^2.
    """
    require_tensor("pixel_shuffle", "input", input)
    r = _factor("pixel_shuffle", "upscale_factor", upscale_factor)
    if input.ndim < 3 or input.shape[-3] % (r * r):
        raise ShapeError(f"pixel_shuffle: the input {tuple(input.shape)} has no multiple of {r}*{r} channels on its "
                         "third axis from the end. Choose another upscale_factor.")
    *batch, c, h, w = input.shape
    n = len(batch)
    x = input.reshape(*batch, c // (r * r), r, r, h, w)
    x = x.permute(*range(n), n, n + 3, n + 1, n + 4, n + 2)         # (*, C, H, r, W, r)
    return x.reshape(*batch, c // (r * r), h * r, w * r)


def pixel_unshuffle(input, downscale_factor):
    """(*, C, H r, W r) -> (*, C r^2, H, W): the inverse of pixel_shuffle.

    Raises: ShapeError if a spatial size is not a multiple of r.
    """
    require_tensor("pixel_unshuffle", "input", input)
    r = _factor("pixel_unshuffle", "downscale_factor", downscale_factor)
    if input.ndim < 3 or input.shape[-1] % r or input.shape[-2] % r:
        raise ShapeError(f"pixel_unshuffle: the last two sizes of the input {tuple(input.shape)} are not multiples of "
                         f"{r}. Choose another downscale_factor.")
    *batch, c, h, w = input.shape
    n = len(batch)
    x = input.reshape(*batch, c, h // r, r, w // r, r)
    x = x.permute(*range(n), n, n + 2, n + 4, n + 1, n + 3)         # (*, C, r, r, H, W)
    return x.reshape(*batch, c * r * r, h // r, w // r)


def channel_shuffle(input, groups):
    """Interleave the channels of `groups` groups: (N, C, *) -> the same. Source: Zhang et al. 2018.

    Raises: ShapeError if C is not a multiple of groups.
    """
    require_tensor("channel_shuffle", "input", input)
    groups = _factor("channel_shuffle", "groups", groups)
    if input.ndim < 3 or input.shape[1] % groups:
        raise ShapeError(f"channel_shuffle: the input {tuple(input.shape)} is not (N, C, *) with C a multiple of "
                         f"{groups} groups. Choose another number of groups.")
    n, c, *spatial = input.shape
    return input.reshape(n, groups, c // groups, *spatial).transpose(1, 2).reshape(n, c, *spatial)
