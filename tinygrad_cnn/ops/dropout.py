"""Dropout: in training a random part of the numbers is dropped, and what stays is scaled so that the mean stays too.

The one idea: a mask of draws (True with probability 1 - p) multiplies the input, y = x mask / (1 - p). It is drawn in
the kernel from the device's generator and does not depend on x, so the derivative is the same product:
dx = g mask / (1 - p). What differs is the mask's shape: one draw for each number, or one for each channel of each
sample; and what a dropped number becomes: 0, or (alpha dropout) the value that keeps mean 0 and variance 1 behind SELU.
"""
from ..autograd import Op
from ..autograd import inplace as write_inplace
from ..errors import ArgumentError, DeviceError, DTypeError, ShapeError
from ..generator import Generator
from ..tensor import Tensor

__all__ = ["alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout",
           "feature_dropout"]

# SELU's limit for x -> -inf: -scale alpha. Source: Klambauer et al. (2017), section 3
SELU_LIMIT = -1.7580993408473766

dropout_op = Op("dropout", "x", attrs="p mask_shape scale kept dropped stream", residuals="mask", promote=None).rules(
    x=lambda g, mask, scale: masked_scale(g, mask, scale=scale))
masked_scale = Op("masked_scale", "x mask", attrs="scale", promote=None).rules(
    x=lambda g, mask, scale: masked_scale(g, mask, scale=scale))


def dropout(input, p=0.5, training=True, inplace=False, *, generator=None):
    """Each number is 0 with probability p, else divided by 1 - p; in evaluation the input itself. Any shape.

    Args: generator: a tg.Generator of the input's device, or None for the device's own.
    Raises: ArgumentError for a p outside [0, 1], DTypeError for integers.

    >>> import tinygrad_cnn as tg
    >>> dropout(tg.ones(2), p=1.0), dropout(tg.ones(2), training=False)
    (tensor([0., 0.]), tensor([1., 1.]))
    """
    return _dropped("dropout", input, p, training, inplace, generator)


def dropout1d(input, p=0.5, training=True, inplace=False, *, generator=None):
    """`dropout` of whole channels: (N, C, L) or (C, L). Raises: as dropout; ShapeError for another rank."""
    return _dropped("dropout1d", input, p, training, inplace, generator, (3, 2))


def dropout2d(input, p=0.5, training=True, inplace=False, *, generator=None):
    """`dropout` of whole channels: (N, C, H, W). Raises: as dropout; ShapeError for another rank.

    PyTorch reads three axes as (N, C, L), warns, and means to read them as (C, H, W) one day; here they are refused.
    """
    return _dropped("dropout2d", input, p, training, inplace, generator, (4,))


def dropout3d(input, p=0.5, training=True, inplace=False, *, generator=None):
    """`dropout` of whole channels: (N, C, D, H, W) or (C, D, H, W). Raises: as dropout; ShapeError for another rank."""
    return _dropped("dropout3d", input, p, training, inplace, generator, (5, 4))


def feature_dropout(input, p=0.5, training=True, *, generator=None):
    """`dropout` of whole channels: (N, C, *). Raises: as dropout; ShapeError for fewer than two axes."""
    return _dropped("feature_dropout", input, p, training, False, generator, range(2, 65))


def alpha_dropout(input, p=0.5, training=False, inplace=False, *, generator=None):
    """Dropout that keeps mean 0 and variance 1: dropped numbers become SELU's limit, then all are scaled and shifted.

    Any shape. Raises: as dropout. Source: Klambauer et al. (2017), section 3.
    """
    return _dropped("alpha_dropout", input, p, training, inplace, generator, alpha=True)


def feature_alpha_dropout(input, p=0.5, training=False, inplace=False, *, generator=None):
    """`alpha_dropout` of whole channels: (N, C, *). Raises: as dropout; ShapeError for fewer than two axes."""
    return _dropped("feature_alpha_dropout", input, p, training, inplace, generator, range(2, 65), alpha=True)


def _dropped(op, x, p, training, inplace, generator, ranks=None, alpha=False):
    """Dropout of single numbers, or of channels for inputs whose rank is in `ranks` (the first: with a batch axis)."""
    if not isinstance(x, Tensor):
        raise DTypeError(f"{op}: expected a Tensor, got {type(x).__name__}. Make one with tg.tensor(...).")
    if not isinstance(p, (int, float)) or not 0 <= p <= 1:
        raise ArgumentError(f"{op}: p is {p!r}. The probability of being dropped is a number from 0 to 1.")
    if ranks is not None and x.ndim not in ranks:
        raise ShapeError(f"{op}: input has {x.ndim} axes {tuple(x.shape)}; channels are dropped from "
                         f"{_expected(ranks)}. Add the missing axis with unsqueeze(0), or use dropout.")
    if not training or p == 0:
        return x
    if not x.dtype.is_floating_point:
        raise DTypeError(f"{op}: the input is {x.dtype}, and what stays is divided by 1 - p. Convert it with .float().")
    attrs = dict(_affine(p, alpha), p=float(p), mask_shape=_mask_shape(x, ranks),
                 stream=_stream(op, x.device, generator))
    return write_inplace(dropout_op, x, **attrs) if inplace else dropout_op(x, **attrs)


def _expected(ranks):
    return "two axes or more" if isinstance(ranks, range) else " or ".join(f"{r} axes" for r in ranks)


def _mask_shape(x, ranks):
    """One draw a number, or one a channel."""
    shape = tuple(x.shape)
    if ranks is None:
        return shape
    lead = 1 if not isinstance(ranks, range) and len(ranks) == 2 and x.ndim == ranks[1] else 2
    return shape[:lead] + (1,) * (x.ndim - lead)


def _affine(p, alpha):
    """The scale, what is added to kept numbers, and what dropped ones become.

    Alpha dropout: with d the limit and x of mean 0 and variance 1, a (x mask + d (1 - mask)) + b has them too for
    a = ((1 - p) (1 + p d^2))^(-1/2) and b = -a p d.
    """
    if p == 1:
        return {"scale": 0.0, "kept": 0.0, "dropped": 0.0}
    if not alpha:
        return {"scale": 1 / (1 - p), "kept": 0.0, "dropped": 0.0}
    a = ((1 - p) * (1 + p * SELU_LIMIT ** 2)) ** -0.5
    b = -a * p * SELU_LIMIT
    return {"scale": a, "kept": b, "dropped": a * SELU_LIMIT + b}


def _stream(op, device, generator):
    if generator is None:
        return device.generator.native
    if not isinstance(generator, Generator) or generator.device is not device:
        place = generator.device if isinstance(generator, Generator) else type(generator).__name__
        raise DeviceError(f"{op}: the generator is {place}, the input is on {device}. "
                          f"Give a tg.Generator({str(device)!r}).")
    return generator.native
