"""Pools that are told their output size, and unpooling: choices of single positions in the flattened spatial axes.

Window i of an adaptive pool over n positions with o outputs covers [floor(i*n/o), ceil((i+1)*n/o)); where o divides n
that is an ordinary pool, and is run as one. `spatial_gather` reads by flat position and `spatial_scatter` adds by it;
each is the other's derivative, and the derivative of an adaptive max pool and of max_unpool.

Shapes: x (N, C, *size) or (C, *size), y (N, C, *output), index int64 (N, C, *output).
"""
from ..autograd import Op
from ..errors import DTypeError, ShapeError
from ..geometry import adaptive_geometry, unpool_size
from .pool import avg_pool, max_pool, max_pool_index
from .shape import unsqueeze
from .spatial import batched, like_input, require_float, require_tensor

__all__ = ["adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
           "adaptive_max_pool1d_with_indices", "adaptive_max_pool2d", "adaptive_max_pool2d_with_indices",
           "adaptive_max_pool3d", "adaptive_max_pool3d_with_indices", "max_unpool1d", "max_unpool2d", "max_unpool3d"]

adaptive_avg_pool = Op("adaptive_avg_pool", "x", attrs="geom", promote=None).rules(
    x=lambda g, geom: adaptive_avg_pool_dx(g, geom=geom))
adaptive_avg_pool_dx = Op("adaptive_avg_pool_dx", "g", attrs="geom", promote=None).rules(
    g=lambda u, geom: adaptive_avg_pool(u, geom=geom))
adaptive_max_pool = Op("adaptive_max_pool", "x", attrs="geom", residuals="index", promote=None).rules(
    x=lambda g, index, geom: spatial_scatter(g, index, size=geom.size))
adaptive_max_pool_index = Op("adaptive_max_pool_index", "x", attrs="geom", promote=None)

spatial_gather = Op("spatial_gather", "u index", promote=None).rules(
    u=lambda g, index, u_shape: spatial_scatter(g, index, size=u_shape[2:]))
spatial_scatter = Op("spatial_scatter", "g index", attrs="size", promote=None).rules(
    g=lambda u, index: spatial_gather(u, index))
max_unpool = Op("max_unpool", "x index", attrs="size", promote=None).rules(x=lambda g, index: spatial_gather(g, index))


def adaptive_avg_pool1d(input, output_size):
    """The means of `output_size` windows that cover a signal (N, C, L) or (C, L) evenly; as `adaptive_avg_pool2d`."""
    return _adaptive_avg("adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input, output_size):
    """The means of windows that cover an image evenly, as many as asked for.

    Args: input: (N, C, H, W) or (C, H, W), floating point. output_size: an integer or (OH, OW); None keeps that axis.
    Returns: (N, C, OH, OW) or (C, OH, OW). Raises: ShapeError, ArgumentError, DTypeError.

    >>> import tinygrad_cnn as tg
    >>> adaptive_avg_pool2d(tg.arange(6.0).reshape(1, 2, 3), (1, 2))
    tensor([[[2., 3.]]])
    """
    return _adaptive_avg("adaptive_avg_pool2d", 2, input, output_size)


def adaptive_avg_pool3d(input, output_size):
    """The means of windows that cover a volume (N, C, D, H, W) or (C, D, H, W) evenly; as `adaptive_avg_pool2d`."""
    return _adaptive_avg("adaptive_avg_pool3d", 3, input, output_size)


def adaptive_max_pool1d(input, output_size, return_indices=False):
    """The largest values of `output_size` windows that cover a signal evenly; as `adaptive_max_pool2d`."""
    return _adaptive_max("adaptive_max_pool1d", 1, input, output_size, return_indices)


def adaptive_max_pool2d(input, output_size, return_indices=False):
    """The largest values of windows that cover an image evenly, as many as asked for.

    Args:
        input: (N, C, H, W) or (C, H, W). output_size: an integer or (OH, OW); None keeps that axis.
        return_indices: also give the int64 position of each value in its flattened plane.
    Returns: (N, C, OH, OW) or (C, OH, OW), with `return_indices` a tuple of it and the positions. Of equal values the
        first wins; NaN wins. Raises: ShapeError, ArgumentError, DTypeError.

    >>> import tinygrad_cnn as tg
    >>> adaptive_max_pool2d(tg.arange(6.0).reshape(1, 2, 3), (1, 2))
    tensor([[[4., 5.]]])
    """
    return _adaptive_max("adaptive_max_pool2d", 2, input, output_size, return_indices)


def adaptive_max_pool3d(input, output_size, return_indices=False):
    """The largest values of windows that cover a volume evenly; as `adaptive_max_pool2d`."""
    return _adaptive_max("adaptive_max_pool3d", 3, input, output_size, return_indices)


def adaptive_max_pool1d_with_indices(input, output_size):
    """`adaptive_max_pool1d` and the int64 position of each value: a tuple of two tensors."""
    return _adaptive_max("adaptive_max_pool1d", 1, input, output_size, True)


def adaptive_max_pool2d_with_indices(input, output_size):
    """`adaptive_max_pool2d` and the int64 position of each value in its flattened plane: a tuple of two tensors."""
    return _adaptive_max("adaptive_max_pool2d", 2, input, output_size, True)


def adaptive_max_pool3d_with_indices(input, output_size):
    """`adaptive_max_pool3d` and the int64 position of each value in its flattened volume: a tuple of two tensors."""
    return _adaptive_max("adaptive_max_pool3d", 3, input, output_size, True)


def max_unpool1d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """The values of a max pool back at their places, zeros elsewhere; as `max_unpool2d`, for (N, C, L) or (C, L)."""
    return _max_unpool("max_unpool1d", 1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """The values of a max pool back at their places, zeros elsewhere.

    Args:
        input, indices: what max_pool2d gave with return_indices: (N, C, H, W) or (C, H, W). Where an index occurs
            twice, one of the values is written, and as in PyTorch each receives the gradient.
        kernel_size, stride, padding: those of that pool. output_size: the size of its input, (OH, OW) or with the axes
            before; None means (H - 1)*stride - 2*padding + kernel.
    Returns: (N, C, OH, OW) or (C, OH, OW).
    Raises: TensorIndexError for an index outside the output; ShapeError, ArgumentError, DTypeError.

    >>> import tinygrad_cnn as tg
    >>> max_unpool2d(tg.tensor([[[5.0]]]), tg.tensor([[[2]]]), 2)
    tensor([[[0., 0.],
             [5., 0.]]])
    """
    return _max_unpool("max_unpool2d", 2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """The values of a max pool back at their places, zeros elsewhere; as `max_unpool2d`, for (N, C, D, H, W)."""
    return _max_unpool("max_unpool3d", 3, input, indices, kernel_size, stride, padding, output_size)


# ---- checks, then the op --------------------------------------------------------------------------------------------

def _adaptive_avg(op, rank, input, output_size):
    x, has_batch = batched(op, input, rank)
    require_float(op, "input", x)
    geom = adaptive_geometry(op, tuple(x.shape[2:]), output_size)
    pool = geom.as_pool()
    if pool is None:
        y = adaptive_avg_pool(x, geom=geom)
    else:
        y = avg_pool(x, geom=pool, count_include_pad=True, divisor_override=None)
    return like_input(y, has_batch)


def _adaptive_max(op, rank, input, output_size, return_indices):
    x, has_batch = batched(op, input, rank)
    if x.dtype.kind == 0:
        raise DTypeError(f"{op}: input is {x.dtype}, which has no order. Convert it with .float() or .to(tg.uint8).")
    geom = adaptive_geometry(op, tuple(x.shape[2:]), output_size)
    pool = geom.as_pool()
    y = adaptive_max_pool(x, geom=geom) if pool is None else max_pool(x, geom=pool)
    if not return_indices:
        return like_input(y, has_batch)
    index = adaptive_max_pool_index(x, geom=geom) if pool is None else max_pool_index(x, geom=pool)
    return like_input(y, has_batch), like_input(index, has_batch)


def _max_unpool(op, rank, input, indices, kernel_size, stride, padding, output_size):
    x, has_batch = batched(op, input, rank)
    require_tensor(op, "indices", indices)
    if indices.dtype.name != "int64":
        raise DTypeError(f"{op}: indices are {indices.dtype} but must be int64, as the pool gives them. Convert them "
                         f"with .long().")
    if indices.shape != input.shape:
        raise ShapeError(f"{op}: input has shape {tuple(input.shape)} but indices {tuple(indices.shape)}. Give both as "
                         f"one pool gave them.")
    size = unpool_size(op, tuple(x.shape[2:]), kernel_size, stride, padding, output_size)
    return like_input(max_unpool(x, indices if has_batch else unsqueeze(indices, 0), size=size), has_batch)
