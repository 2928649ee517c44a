"""Normalisations that only scale: by the root mean square of a row, and by the squares of neighbouring channels.

The one idea: with no mean to take off, each is its formula in ops that have rules, so its derivatives need none of
their own; only the sum over neighbouring channels is an op, linear, with an adjoint that looks the other way.

Shapes: rms_norm (..., *normalized_shape); local_response_norm (N, C, *).
"""
from .. import dtypes
from ..autograd import Op
from ..errors import ArgumentError
from .elementwise import add, mul, pow, rsqrt, square
from .normalization import check_channels, check_parameter, last_axes
from .reduce import mean

__all__ = ["local_response_norm", "rms_norm"]

window_sum = Op("window_sum", "x", attrs="before after", promote=None).rules(
    x=lambda g, before, after: window_sum(g, before=after, after=before))


def rms_norm(input, normalized_shape, weight=None, eps=None):
    """input / sqrt(mean(input^2) + eps) * weight, the mean over the last axes.

    Args: input (..., *normalized_shape); weight: normalized_shape or None; eps: the dtype's machine epsilon if None.
    Returns: the input's shape and dtype. Raises: ShapeError. Source: Zhang and Sennrich (2019).
    """
    shape = last_axes("rms_norm", input, normalized_shape)
    check_parameter("rms_norm", input, "weight", weight, shape)
    axes = tuple(range(input.ndim - len(shape), input.ndim))
    eps = float(dtypes.finfo(input.dtype).eps) if eps is None else eps
    y = mul(input, rsqrt(add(mean(square(input), axes, keepdim=True), eps)))
    return y if weight is None else mul(y, weight)


def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0):
    """input / (k + alpha / size * sum of input^2 over `size` neighbouring channels)^beta.

    Args: input (N, C, *) with at least 3 axes. size: the window reaches size // 2 channels back and (size - 1) // 2
    ahead; outside there are zeros. Returns: the input's shape and dtype. Raises: ShapeError, ArgumentError.
    Source: Krizhevsky, Sutskever and Hinton (2012), section 3.3, where alpha is not divided by the size.
    """
    check_channels("local_response_norm", input, 3)
    if not isinstance(size, int) or size < 1:
        raise ArgumentError(f"local_response_norm: size is {size!r}. Give a number of channels of at least 1.")
    total = window_sum(square(input), before=size // 2, after=(size - 1) // 2)
    return mul(input, pow(add(mul(total, alpha / size), k), -beta))
