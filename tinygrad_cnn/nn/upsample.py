"""Layers that change the resolution or compare vectors: Upsample, pixel and channel shuffles, CosineSimilarity,
PairwiseDistance.

The one idea: an upsampled axis is a weighted sum of input positions, so upsampling is one product with a small matrix
for each axis, or a plain selection where the mode is 'nearest'.
"""
from ..errors import ArgumentError
from . import functional as F
from .arguments import choice, number, whole
from .module import Module

__all__ = ["ChannelShuffle", "CosineSimilarity", "PairwiseDistance", "PixelShuffle", "PixelUnshuffle", "Upsample",
           "UpsamplingBilinear2d", "UpsamplingNearest2d"]


class Upsample(Module):
    """Resizes the spatial axes: (N, C, *spatial) -> (N, C, *size).

    Args: size: the output's, or scale_factor: a number or one for each axis. mode: 'nearest', 'nearest-exact',
    'linear', 'bilinear' or 'trilinear'. align_corners: whether the corner cells keep their values (linear modes).
    """

    def __init__(self, size=None, scale_factor=None, mode="nearest", align_corners=None, recompute_scale_factor=None):
        super().__init__()
        if (size is None) == (scale_factor is None):
            raise ArgumentError(f"Upsample: size is {size} and scale_factor is {scale_factor}. Give one of the two.")
        choice("Upsample", "mode", mode, F.INTERPOLATIONS)
        self.size, self.mode, self.align_corners = size, mode, align_corners
        self.scale_factor = tuple(map(float, scale_factor)) if isinstance(scale_factor, (tuple, list)) else \
            None if scale_factor is None else float(scale_factor)
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input):
        return F.interpolate(input, self.size, self.scale_factor, self.mode, self.align_corners,
                             self.recompute_scale_factor)

    def extra_repr(self):
        given = f"size={self.size!r}" if self.scale_factor is None else f"scale_factor={self.scale_factor!r}"
        return f"{given}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """Upsample with mode='nearest'."""

    def __init__(self, size=None, scale_factor=None):
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """Upsample with mode='bilinear' and align_corners=True."""

    def __init__(self, size=None, scale_factor=None):
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)


class PixelShuffle(Module):
    """(N, C r^2, H, W) -> (N, C, H r, W r): channels become positions. Source: Shi et al. 2016."""
    _shown = ("upscale_factor",)

    def __init__(self, upscale_factor):
        super().__init__()
        self.upscale_factor = whole("PixelShuffle", "upscale_factor", upscale_factor)

    def forward(self, input):
        return F.pixel_shuffle(input, self.upscale_factor)


class PixelUnshuffle(Module):
    """(N, C, H r, W r) -> (N, C r^2, H, W): the inverse of PixelShuffle."""
    _shown = ("downscale_factor",)

    def __init__(self, downscale_factor):
        super().__init__()
        self.downscale_factor = whole("PixelUnshuffle", "downscale_factor", downscale_factor)

    def forward(self, input):
        return F.pixel_unshuffle(input, self.downscale_factor)


class ChannelShuffle(Module):
    """Interleaves `groups` groups of channels: (N, C, *) -> the same. Source: Zhang et al. 2018."""
    _shown = ("groups",)

    def __init__(self, groups):
        super().__init__()
        self.groups = whole("ChannelShuffle", "groups", groups)

    def forward(self, input):
        return F.channel_shuffle(input, self.groups)


class CosineSimilarity(Module):
    """x1 . x2 / (|x1| |x2|) along `dim`, each norm held at eps or more."""

    def __init__(self, dim=1, eps=1e-8):
        super().__init__()
        self.dim, self.eps = whole("CosineSimilarity", "dim", dim, -64), number("CosineSimilarity", "eps", eps)

    def forward(self, x1, x2):
        return F.cosine_similarity(x1, x2, self.dim, self.eps)


class PairwiseDistance(Module):
    """The p-norm of x1 - x2 + eps along the last axis: (N, D), (N, D) -> (N,)."""

    def __init__(self, p=2.0, eps=1e-6, keepdim=False):
        super().__init__()
        self.norm, self.eps = number("PairwiseDistance", "p", p), number("PairwiseDistance", "eps", eps)
        self.keepdim = bool(keepdim)

    def forward(self, x1, x2):
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)
