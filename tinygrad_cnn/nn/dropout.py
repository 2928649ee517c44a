"""Dropout layers: in training they set a random part of their input to zero and scale up the rest; in evaluation they
give the input back.

The one idea: the layers differ in what is dropped as a whole: single numbers, or channels (Dropout1d, 2d, 3d).
"""
from . import functional as F
from .arguments import probability
from .module import Module

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]


class DropoutLayer(Module):
    """What all dropout layers share.

    Args: p: the probability of being dropped. inplace: write into the input's memory.
    """
    _shown = ("p", "inplace")
    function = None

    def __init__(self, p=0.5, inplace=False):
        super().__init__()
        self.p = probability(type(self).__name__, "p", p)
        self.inplace = bool(inplace)

    def forward(self, input):
        return self.function(input, self.p, self.training, self.inplace)


class Dropout(DropoutLayer):
    """Drops each number with probability p; what stays is divided by 1 - p. Any shape."""
    function = staticmethod(F.dropout)


class Dropout1d(DropoutLayer):
    """Drops whole channels of (N, C, L) or (C, L) with probability p."""
    function = staticmethod(F.dropout1d)


class Dropout2d(DropoutLayer):
    """Drops whole channels of (N, C, H, W) with probability p."""
    function = staticmethod(F.dropout2d)


class Dropout3d(DropoutLayer):
    """Drops whole channels of (N, C, D, H, W) or (C, D, H, W) with probability p."""
    function = staticmethod(F.dropout3d)


class AlphaDropout(DropoutLayer):
    """Dropout that keeps mean 0 and variance 1 after SELU: dropped numbers become SELU's negative limit. Any shape.

    Source: Klambauer et al. 2017.
    """
    function = staticmethod(F.alpha_dropout)


class FeatureAlphaDropout(DropoutLayer):
    """AlphaDropout of whole channels: (N, C, *)."""
    function = staticmethod(F.feature_alpha_dropout)
