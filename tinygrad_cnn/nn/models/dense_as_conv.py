"""Linear layers as convolutions, which is how the book realises AlexNet's first linear layer.

The one idea: a linear layer on flattened maps (C, H, W) is a convolution whose kernel is as large as the maps; there is
one place for it, so its output is 1x1, and every later linear layer is a 1x1 convolution. The numbers are the same ones
in the same order, so the weight is only seen in another shape. On larger maps the convolution has more than one place.
"""
from math import prod

from ...errors import ArgumentTypeError, ShapeError
from ..container import Sequential
from ..conv import Conv2d
from ..linear import Flatten, Linear
from ..parameter import Parameter
from ..utils import skip_init

__all__ = ["fully_convolutional", "linear_as_conv"]


def linear_as_conv(linear, maps=None):
    """The Conv2d that computes what `linear` computes from flattened maps.

    Args: linear: a Linear (C H W -> O). maps: the sizes (C, H, W); (in_features, 1, 1) if not given.
    Returns: Conv2d(C, O, (H, W)) on the same memory: to train one is to train the other.
    Raises: ArgumentTypeError if linear is not a Linear; ShapeError if C H W is not in_features.

    >>> import tinygrad_cnn as tg
    >>> linear_as_conv(tg.nn.Linear(400, 120), (16, 5, 5))
    Conv2d(16, 120, kernel_size=(5, 5), stride=(1, 1))
    """
    if not isinstance(linear, Linear):
        raise ArgumentTypeError(f"linear_as_conv: {type(linear).__name__} is not a Linear. Convert the linear layers "
                                "one by one.")
    maps = (linear.in_features, 1, 1) if maps is None else tuple(maps)
    if len(maps) != 3 or prod(maps) != linear.in_features:
        raise ShapeError(f"linear_as_conv: maps of {maps} have {prod(maps)} numbers but the layer takes "
                         f"{linear.in_features}. Give the sizes (C, H, W) that were flattened.")
    channels, height, width = maps
    conv = skip_init(Conv2d, channels, linear.out_features, (height, width), bias=linear.bias is not None)
    conv.weight = Parameter(linear.weight.detach().view(linear.out_features, *maps))
    if linear.bias is not None:
        conv.bias = Parameter(linear.bias.detach())
    return conv.train(linear.training)


def fully_convolutional(features, classifier, maps):
    """Features followed by a classifier whose linear layers have become convolutions.

    Args: features: a module that gives maps (N, C, H, W). classifier: a Sequential on the flattened maps; a Flatten in
    it is left out. maps: the sizes (C, H, W) for which it was made.
    Returns: Sequential(features, *layers) on the same weights: (N, ...) -> logits (N, K, OH, OW).
    Raises: as linear_as_conv.
    """
    layers = []
    for layer in classifier:
        if isinstance(layer, Linear):
            layers.append(linear_as_conv(layer, maps))
            maps = None
        elif not isinstance(layer, Flatten):
            layers.append(layer)
    return Sequential(features, *layers).train(features.training)
