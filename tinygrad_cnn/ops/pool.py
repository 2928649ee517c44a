"""Pools over windows: the largest or the mean value of each, in 1, 2 and 3 dimensions.

A max pool is a choice of one input position for each window, so its derivative is linear: `max_pool_dx` adds each
gradient to the chosen position (`index`, the tap of the window that won), and `max_pool_gather`, the derivative of
that, reads the chosen positions again. An average pool is linear itself, and avg_pool_dx is its adjoint.

Conventions, PyTorch's: max pools pad with -inf; of equal values the first in row-major order wins and takes the whole
gradient; NaN wins. (The book pads pools with zeros: pad the input first for that.)

Shapes: x (N, C, *size) or (C, *size), y (N, C, *output); activations are channels-last in memory.
"""
from ..autograd import Op
from ..errors import ArgumentError, DTypeError
from ..geometry import pool_geometry
from .elementwise import mul, pow
from .spatial import batched, like_input, require_float

__all__ = ["avg_pool1d", "avg_pool2d", "avg_pool3d", "lp_pool1d", "lp_pool2d", "lp_pool3d", "max_pool1d",
           "max_pool1d_with_indices", "max_pool2d", "max_pool2d_with_indices", "max_pool3d", "max_pool3d_with_indices"]

max_pool = Op("max_pool", "x", attrs="geom", residuals="index", promote=None).rules(
    x=lambda g, index, geom: max_pool_dx(g, index, geom=geom))
max_pool_dx = Op("max_pool_dx", "g index", attrs="geom", promote=None).rules(
    g=lambda u, index, geom: max_pool_gather(u, index, geom=geom))
max_pool_gather = Op("max_pool_gather", "u index", attrs="geom", promote=None).rules(
    u=lambda g, index, geom: max_pool_dx(g, index, geom=geom))
max_pool_index = Op("max_pool_index", "x", attrs="geom", promote=None)

avg_pool = Op("avg_pool", "x", attrs="geom count_include_pad divisor_override", promote=None).rules(
    x=lambda g, geom, count_include_pad, divisor_override: avg_pool_dx(
        g, geom=geom, count_include_pad=count_include_pad, divisor_override=divisor_override))
avg_pool_dx = Op("avg_pool_dx", "g", attrs="geom count_include_pad divisor_override", promote=None).rules(
    g=lambda u, geom, count_include_pad, divisor_override: avg_pool(
        u, geom=geom, count_include_pad=count_include_pad, divisor_override=divisor_override))


def max_pool1d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The largest value of each window of a signal.

    Args: input: (N, C, L) or (C, L). Others: as `max_pool2d`, for one axis.
    Returns: (N, C, OL) or (C, OL), with `return_indices` a tuple of it and the positions. Raises: as `max_pool2d`.

    >>> import tinygrad_cnn as tg
    >>> max_pool1d(tg.tensor([[[1.0, 3.0, 2.0, 5.0]]]), 2)
    tensor([[[3., 5.]]])
    """
    return _max_pool("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The largest value of each window of an image (the book's 最大汇聚, definition 24.2).

    Args:
        input: (N, C, H, W) or (C, H, W); floating point or integers.
        kernel_size, stride (None: the kernel), dilation: an integer or one per axis.
        padding: -inf around the input, at most half of the kernel.
        ceil_mode: round the size up; a window must start inside the input or the padding in front of it.
        return_indices: also give the int64 position of each value in its flattened (H, W) plane.
    Returns: (N, C, OH, OW), OH = floor((H + 2*padding - dilation*(KH - 1) - 1)/stride) + 1; with `return_indices` a
        tuple of it and the positions.
    Raises: ShapeError, ArgumentError, DTypeError.

    >>> import tinygrad_cnn as tg
    >>> max_pool2d(tg.tensor([[[3.0, 2, 0, 1], [0, 2, 1, 2], [2, 0, 0, 3], [2, 3, 1, 2]]]), 2)
    tensor([[[3., 2.],
             [3., 3.]]])
    """
    return _max_pool("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The largest value of each window of a volume.

    Args: input: (N, C, D, H, W) or (C, D, H, W). Others: as `max_pool2d`. Returns and Raises: as `max_pool2d`.

    >>> import tinygrad_cnn as tg
    >>> max_pool3d(tg.arange(8.0).reshape(1, 1, 2, 2, 2), 2).item()
    7.0
    """
    return _max_pool("max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool1d_with_indices(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """`max_pool1d` and the int64 position of each value: a tuple of two tensors."""
    return _max_pool("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode, True)


def max_pool2d_with_indices(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """`max_pool2d` and the int64 position of each value in its flattened plane: a tuple of two tensors."""
    return _max_pool("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, True)


def max_pool3d_with_indices(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """`max_pool3d` and the int64 position of each value in its flattened volume: a tuple of two tensors."""
    return _max_pool("max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode, True)


def avg_pool1d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """The mean of each window of a signal.

    Args: input: (N, C, L) or (C, L). Others: as `avg_pool2d`, for one axis. Returns: (N, C, OL) or (C, OL).
    Raises: as `avg_pool2d`.

    >>> import tinygrad_cnn as tg
    >>> avg_pool1d(tg.tensor([[[1.0, 3.0, 2.0, 6.0]]]), 2)
    tensor([[[2., 4.]]])
    """
    return _avg_pool("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True,
               divisor_override=None):
    """The mean of each window of an image (the book's 平均汇聚): a convolution with the constant kernel 1/(KH*KW).

    Args:
        input: (N, C, H, W) or (C, H, W), floating point.
        kernel_size, stride (None: the kernel): an integer or one per axis. ceil_mode: as `max_pool2d`.
        padding: zeros around the input, at most half of the kernel.
        count_include_pad: whether the zeros of the padding count in the mean (what ceil_mode adds never does).
        divisor_override: divide each window's sum by this integer instead of the number of its positions.
    Returns: (N, C, OH, OW), OH = floor((H + 2*padding - KH)/stride) + 1.
    Raises: ShapeError, ArgumentError, DTypeError.

    >>> import tinygrad_cnn as tg
    >>> avg_pool2d(tg.tensor([[[3.0, 2, 0, 1], [0, 2, 1, 2], [2, 0, 0, 3], [2, 3, 1, 2]]]), 2)
    tensor([[[1.7500, 1.0000],
             [1.7500, 1.5000]]])
    """
    return _avg_pool("avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad,
                     divisor_override)


def avg_pool3d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True,
               divisor_override=None):
    """The mean of each window of a volume.

    Args: input: (N, C, D, H, W) or (C, D, H, W). Others: as `avg_pool2d`. Returns and Raises: as `avg_pool2d`.

    >>> import tinygrad_cnn as tg
    >>> avg_pool3d(tg.arange(8.0).reshape(1, 1, 2, 2, 2), 2).item()
    3.5
    """
    return _avg_pool("avg_pool3d", 3, input, kernel_size, stride, padding, ceil_mode, count_include_pad,
                     divisor_override)


def lp_pool1d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """(sum of x^p)^(1/p) of each window of a signal.

    Args: input: (N, C, L) or (C, L), floating point. norm_type: p; 1 gives the sum, large p approach the maximum.
        Others: as `avg_pool1d`. At a sum of 0 the derivative is NaN or infinite, as in PyTorch.
    Returns: (N, C, OL) or (C, OL). Raises: as `avg_pool1d`.

    >>> import tinygrad_cnn as tg
    >>> lp_pool1d(tg.tensor([[[3.0, 4.0]]]), 2, 2)
    tensor([[[5.]]])
    """
    return _lp_pool("lp_pool1d", 1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """(sum of x^p)^(1/p) of each window of an image (N, C, H, W) or (C, H, W); as `lp_pool1d`."""
    return _lp_pool("lp_pool2d", 2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """(sum of x^p)^(1/p) of each window of a volume (N, C, D, H, W) or (C, D, H, W); as `lp_pool1d`."""
    return _lp_pool("lp_pool3d", 3, input, norm_type, kernel_size, stride, ceil_mode)


# ---- checks, then the op --------------------------------------------------------------------------------------------

def _max_pool(op, rank, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices):
    x, has_batch = batched(op, input, rank)
    if x.dtype.kind == 0:
        raise DTypeError(f"{op}: input is {x.dtype}, which has no order. Convert it with .float() or .to(tg.uint8).")
    geom = pool_geometry(op, tuple(x.shape[2:]), kernel_size, stride, padding, dilation, ceil_mode)
    y = like_input(max_pool(x, geom=geom), has_batch)
    return (y, like_input(max_pool_index(x, geom=geom), has_batch)) if return_indices else y


def _avg_pool(op, rank, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override):
    x, has_batch = batched(op, input, rank)
    require_float(op, "input", x)
    if divisor_override is not None and (not isinstance(divisor_override, int) or not divisor_override):
        raise ArgumentError(f"{op}: divisor_override={divisor_override!r} must be an integer other than 0. Give None "
                            "to divide by the size of the window.")
    geom = pool_geometry(op, tuple(x.shape[2:]), kernel_size, stride, padding, 1, ceil_mode)
    y = avg_pool(x, geom=geom, count_include_pad=bool(count_include_pad), divisor_override=divisor_override)
    return like_input(y, has_batch)


def _lp_pool(op, rank, input, norm_type, kernel_size, stride, ceil_mode):
    if isinstance(norm_type, bool) or not isinstance(norm_type, (int, float)) or not norm_type > 0:
        raise ArgumentError(f"{op}: norm_type={norm_type!r} must be a positive number. Give 2 for the root of the sum "
                            "of squares.")
    x, has_batch = batched(op, input, rank)
    require_float(op, "input", x)
    geom = pool_geometry(op, tuple(x.shape[2:]), kernel_size, stride, 0, 1, ceil_mode)
    mean = avg_pool(pow(x, norm_type), geom=geom, count_include_pad=True, divisor_override=None)
    return like_input(pow(mul(mean, geom.taps), 1 / norm_type), has_batch)
