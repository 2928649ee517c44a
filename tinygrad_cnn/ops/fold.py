"""unfold and fold: the windows of an image as columns, and the adjoint that adds columns back into an image.

`unfold` is the im2col behind convolution by a matrix product: conv2d(x, w) is w.reshape(O, -1) @ unfold(x). `fold` of
`unfold` is not the identity: it counts each position as often as windows hold it. Each is the other's derivative.
"""
from math import prod

from ..autograd import Op
from ..errors import ArgumentError, ShapeError
from ..geometry import conv_geometry
from .shape import squeeze, unsqueeze
from .spatial import batched, like_input, require_float, require_tensor

__all__ = ["fold", "unfold"]

im2col = Op("im2col", "x", attrs="geom", promote=None).rules(x=lambda g, geom: col2im(g, geom=geom))
col2im = Op("col2im", "columns", attrs="geom", promote=None).rules(columns=lambda g, geom: im2col(g, geom=geom))


def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
    """The windows of images as columns.

    Args: input: (N, C, H, W) or (C, H, W), floating point. Others: as `conv2d`, numbers only.
    Returns: (N, C*KH*KW, L), L windows in row-major order; without the batch axis if the input had none.
    Raises: ShapeError, ArgumentError, DTypeError.

    >>> import tinygrad_cnn as tg
    >>> unfold(tg.arange(6.0).reshape(1, 1, 2, 3), 2)
    tensor([[[0., 1.],
             [1., 2.],
             [3., 4.],
             [4., 5.]]])
    """
    x, has_batch = batched("unfold", input, 2)
    require_float("unfold", "input", x)
    geom = _geometry("unfold", tuple(x.shape[2:]), kernel_size, dilation, padding, stride)
    return like_input(im2col(x, geom=geom), has_batch)


def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """The sum of columns at the places `unfold` takes them from.

    Args: input: (N, C*KH*KW, L) or (C*KH*KW, L), floating point. output_size: (H, W), or one number for both.
        Others: as `unfold`.
    Returns: (N, C, H, W) or (C, H, W).
    Raises: ShapeError, ArgumentError, DTypeError.

    >>> import tinygrad_cnn as tg
    >>> fold(tg.ones(1, 4, 2), (2, 3), 2)
    tensor([[[[1., 2., 1.],
              [1., 2., 1.]]]])
    """
    require_tensor("fold", "input", input)
    require_float("fold", "input", input)
    if input.ndim not in (2, 3):
        raise ShapeError(f"fold: input has {input.ndim} dimensions {tuple(input.shape)} but must be (N, C*taps, "
                         f"windows), or "
                         "(C*taps, windows) without a batch. Reshape it.")
    geom = _geometry("fold", _pair("fold", "output_size", output_size), kernel_size, dilation, padding, stride)
    rows, windows = input.shape[-2:]
    if rows % geom.taps or windows != prod(geom.output):
        raise ShapeError(f"fold: input {tuple(input.shape)} has {rows} rows and {windows} columns, but a kernel "
                         f"{geom.kernel} over an output "
                         f"{geom.size} needs a multiple of {geom.taps} rows and {geom.output[0]}*{geom.output[1]} = "
                         f"{prod(geom.output)} columns. "
                         "Give the sizes that unfold was called with.")
    if input.ndim == 3:
        return col2im(input, geom=geom)
    return squeeze(col2im(unsqueeze(input, 0), geom=geom), 0)


def _geometry(op, size, kernel_size, dilation, padding, stride):
    if isinstance(padding, str):
        raise ArgumentError(f"{op}: padding={padding!r} must be an integer or a pair. Give the padding in numbers.")
    return conv_geometry(op, size, _pair(op, "kernel_size", kernel_size), stride, padding, dilation)


def _pair(op, name, value):
    pair = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(pair) != 2 or not all(isinstance(n, int) and n > 0 for n in pair):
        raise ArgumentError(f"{op}: {name}={value!r} must be a positive integer or a pair. Give sizes of at least 1.")
    return pair
