"""Convolution and transposed convolution in 1, 2 and 3 dimensions: one bilinear family of three ops.

With the geometry fixed, <g, conv(x, w)> is linear in g, in x and in w. Its three partial derivatives are three ops, and
each is the rule of the others, so derivatives of any order are these three again:

    conv(x, w)      y[n, o, p] = sum over c, t of  x[n, c, p*stride + t*dilation - padding] * w[o, c, t]
    conv_dx(g, w)   the gradient in x, which is also the transposed convolution of g
    conv_dw(g, x)   the gradient in w

What the field calls convolution is cross-correlation: the kernel is not flipped. The convolution of mathematics, with
the kernel flipped, is `convolve1d` and `convolve2d`.

Shapes: x (N, C, *size), w (O, C/G, *kernel), y and g (N, O, *output); activations are channels-last in memory.
"""
from ..autograd import Op
from ..errors import ArgumentError, DTypeError, ShapeError
from ..geometry import ConvGeometry, conv_geometry, conv_transpose_geometry
from .elementwise import add
from .join import flip
from .reduce import sum
from .shape import reshape
from .spatial import batched, like_input, require_float, require_tensor

__all__ = ["conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "convolve1d",
           "convolve2d", "correlate1d", "correlate2d"]

conv = Op("conv", "x w bias", attrs="geom", promote="same")
conv_dx = Op("conv_dx", "g w", attrs="geom", promote="same")
conv_dw = Op("conv_dw", "g x", attrs="geom", promote="same")

conv.rules(x=lambda g, w, geom: conv_dx(g, w, geom=geom), w=lambda g, x, geom: conv_dw(g, x, geom=geom),
           bias=lambda g: sum(g, (0, *range(2, g.ndim))))
conv_dx.rules(g=lambda u, w, geom: conv(u, w, None, geom=geom), w=lambda u, g, geom: conv_dw(g, u, geom=geom))
conv_dw.rules(g=lambda v, x, geom: conv(x, v, None, geom=geom), x=lambda v, g, geom: conv_dx(g, v, geom=geom))


def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlation of signals with kernels.

    Args: input: (N, C, L) or (C, L). weight: (O, C/groups, KL). bias: (O,). Others: as `conv2d`, for one axis.
    Returns: (N, O, OL) or (O, OL) with OL = floor((L + 2*padding - dilation*(KL - 1) - 1)/stride) + 1.
    Raises: as `conv2d`.

    >>> import tinygrad_cnn as tg
    >>> conv1d(tg.tensor([[[1.0, 2.0, 3.0]]]), tg.tensor([[[1.0, 10.0]]]))
    tensor([[[21., 32.]]])
    """
    return _conv("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlation of images with kernels (the book's convolution, definition 24.1, eq. 24.4).

    Args:
        input: (N, C, H, W), or (C, H, W) without a batch; floating point.
        weight: (O, C/groups, KH, KW), of the input's dtype. bias: (O,) or None.
        stride, dilation: step of the window and of the taps in it; an integer or one per axis.
        padding: zeros around the input: an integer, one per axis, "valid" (none), or "same" (stride 1 only; the output
            is as large as the input, an odd number of zeros has the larger half behind).
        groups: cut the channels into groups that do not see each other.
    Returns: (N, O, OH, OW) or (O, OH, OW) with OH = floor((H + 2*padding - dilation*(KH - 1) - 1)/stride) + 1.
    Raises: ShapeError for ranks, channels or sizes that do not fit; ArgumentError; DTypeError.

    >>> import tinygrad_cnn as tg
    >>> conv2d(tg.ones(1, 1, 3, 3), tg.ones(1, 1, 2, 2))
    tensor([[[[4., 4.],
              [4., 4.]]]])
    """
    return _conv("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlation of volumes with kernels; not the book's 三维卷积, which is conv2d with several channels.

    Args: input: (N, C, D, H, W) or (C, D, H, W). weight: (O, C/groups, KD, KH, KW). bias: (O,). Others: as `conv2d`.
    Returns: (N, O, OD, OH, OW) or (O, OD, OH, OW), each size as in `conv2d`.
    Raises: as `conv2d`.

    >>> import tinygrad_cnn as tg
    >>> conv3d(tg.ones(1, 1, 2, 2, 2), tg.ones(1, 1, 2, 2, 2)).item()
    8.0
    """
    return _conv("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The adjoint of conv1d, as a function of its own: it spreads each input value over a window of the output.

    Args: input: (N, C, L) or (C, L). weight: (C, O/groups, KL). Others: as `conv_transpose2d`.
    Returns: (N, O, OL) with OL = (L - 1)*stride - 2*padding + dilation*(KL - 1) + output_padding + 1.
    Raises: as `conv_transpose2d`.

    >>> import tinygrad_cnn as tg
    >>> conv_transpose1d(tg.tensor([[[1.0, 2.0]]]), tg.tensor([[[1.0, 10.0]]]))
    tensor([[[ 1., 12., 20.]]])
    """
    return _conv_transpose("conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups,
                           dilation)


def conv_transpose2d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The adjoint of conv2d, as a function of its own: it spreads each input value over a window of the output.

    Args:
        input: (N, C, H, W) or (C, H, W). weight: (C, O/groups, KH, KW): that of the conv2d it is the adjoint of.
        bias: (O,) or None. stride, padding, dilation, groups: those of that conv2d.
        output_padding: which of the sizes that conv2d's stride rounds away the output has; less than the stride.
    Returns: (N, O, OH, OW) with OH = (H - 1)*stride - 2*padding + dilation*(KH - 1) + output_padding + 1.
    Raises: ShapeError, ArgumentError, DTypeError.

    >>> import tinygrad_cnn as tg
    >>> conv_transpose2d(tg.ones(1, 1, 1, 1), tg.ones(1, 2, 3, 3), stride=2).shape
    tinygrad_cnn.Size([1, 2, 3, 3])
    """
    return _conv_transpose("conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups,
                           dilation)


def conv_transpose3d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The adjoint of conv3d, as a function of its own.

    Args: input: (N, C, D, H, W) or (C, D, H, W). weight: (C, O/groups, KD, KH, KW). Others: as `conv_transpose2d`.
    Returns: (N, O, OD, OH, OW), each size as in `conv_transpose2d`.
    Raises: as `conv_transpose2d`.

    >>> import tinygrad_cnn as tg
    >>> conv_transpose3d(tg.ones(1, 1, 2, 2, 2), tg.ones(1, 1, 2, 2, 2)).shape
    tinygrad_cnn.Size([1, 1, 3, 3, 3])
    """
    return _conv_transpose("conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups,
                           dilation)


def correlate1d(input, kernel, mode="full"):
    """Cross-correlation of one signal with one kernel: y[k] = sum over m of kernel[m] * input[k + m].

    Args: input: (..., I). kernel: (M,). mode: "full" (every overlap, I + M - 1), "same" (I, padded as conv1d's "same")
        or "valid" (I - M + 1).
    Returns: (..., K).
    Raises: ShapeError, ArgumentError, DTypeError.

    >>> import tinygrad_cnn as tg
    >>> correlate1d(tg.tensor([1.0, 2.0, 3.0]), tg.tensor([1.0, 10.0]), "valid")
    tensor([21., 32.])
    """
    return _single("correlate1d", 1, input, kernel, mode, flipped=False)


def correlate2d(input, kernel, mode="full"):
    """Cross-correlation of one matrix with one kernel, the book's W * X (eq. 24.4).

    Args: input: (..., I, J). kernel: (M, N). mode: as `correlate1d`; "full" is the book's 全填充.
    Returns: (..., K, L).
    Raises: ShapeError, ArgumentError, DTypeError.

    >>> import tinygrad_cnn as tg
    >>> correlate2d(tg.eye(3), tg.eye(2), "valid")
    tensor([[2., 0.],
            [0., 2.]])
    """
    return _single("correlate2d", 2, input, kernel, mode, flipped=False)


def convolve1d(input, kernel, mode="full"):
    """The convolution of mathematics (eq. 24.1-24.3): y[k] = sum over m of kernel[m] * input[k - m].

    It is commutative in mode "full".
    Args: input: (..., I). kernel: (M,). mode: "full" (I + M - 1), "same" (its middle, I) or "valid" (I - M + 1), as
        numpy.convolve for I >= M.
    Returns: (..., K).
    Raises: ShapeError, ArgumentError, DTypeError.

    >>> import tinygrad_cnn as tg
    >>> convolve1d(tg.tensor([1.0, 2.0, 3.0]), tg.tensor([1.0, 10.0]))
    tensor([ 1., 12., 23., 30.])
    """
    return _single("convolve1d", 1, input, kernel, mode, flipped=True)


def convolve2d(input, kernel, mode="full"):
    """The convolution of mathematics in two dimensions, the book's W (*) X = rot180(W) * X (exercise 24.1).

    Args: input: (..., I, J). kernel: (M, N). mode: as `convolve1d`.
    Returns: (..., K, L).
    Raises: ShapeError, ArgumentError, DTypeError.

    >>> import tinygrad_cnn as tg
    >>> convolve2d(tg.eye(2), tg.tensor([[1.0, 2.0]]))
    tensor([[1., 2., 0.],
            [0., 1., 2.]])
    """
    return _single("convolve2d", 2, input, kernel, mode, flipped=True)


# ---- checks, then the op --------------------------------------------------------------------------------------------

def _conv(op, rank, input, weight, bias, stride, padding, dilation, groups):
    x, has_batch = batched(op, input, rank)
    _check_weight(op, rank, x, weight, bias)
    geom = conv_geometry(op, tuple(x.shape[2:]), tuple(weight.shape[2:]), stride, padding, dilation, groups)
    (channels, features), per_group = (x.shape[1], weight.shape[0]), weight.shape[1]
    if not channels:
        raise ShapeError(f"{op}: the input has no channels ({_shapes(input, weight)}). Give it at least one.")
    if channels != per_group * groups:
        cure = "Make weight.shape[1] equal input.shape[1] // groups." if channels % groups == 0 else \
            "Make groups a divisor of the channels."
        raise ShapeError(f"{op}: input has {channels} channels but weight expects {per_group * groups} "
                         f"({_shapes(input, weight)}, "
                         f"groups={groups}). {cure}")
    if features % groups or not features:
        raise ShapeError(f"{op}: weight has {features} output channels, which {groups} groups cannot share equally "
                         f"({_shapes(input, weight)}). Make weight.shape[0] a multiple of groups.")
    _check_bias(op, bias, features)
    return like_input(conv(x, weight, bias, geom=geom), has_batch)


def _conv_transpose(op, rank, input, weight, bias, stride, padding, output_padding, groups, dilation):
    x, has_batch = batched(op, input, rank)
    _check_weight(op, rank, x, weight, bias)
    size, kernel = tuple(x.shape[2:]), tuple(weight.shape[2:])
    geom = conv_transpose_geometry(op, size, kernel, stride, padding, output_padding, dilation, groups)
    if x.shape[1] != weight.shape[0]:
        raise ShapeError(f"{op}: input has {x.shape[1]} channels but weight expects {weight.shape[0]} "
                         f"({_shapes(input, weight)}, "
                         f"groups={groups}). Make weight.shape[0] equal input.shape[1]: it is (C, O/groups, *kernel) "
                         f"here.")
    if weight.shape[0] % groups or not weight.shape[1]:
        raise ShapeError(f"{op}: {weight.shape[0]} channels cannot be shared equally by {groups} groups "
                         f"({_shapes(input, weight)}). "
                         "Make weight.shape[0] a multiple of groups.")
    _check_bias(op, bias, weight.shape[1] * groups)
    y = conv_dx(x, weight, geom=geom)
    if bias is not None:
        y = add(y, reshape(bias, (-1,) + (1,) * rank))
    return like_input(y, has_batch)


def _check_weight(op, rank, x, weight, bias):
    """Ranks and dtypes of a convolution's tensors."""
    require_tensor(op, "weight", weight)
    if weight.ndim != rank + 2:
        raise ShapeError(f"{op}: weight has {weight.ndim} dimensions {tuple(weight.shape)} but must have {rank + 2}: "
                         f"two of channels "
                         f"and {rank} of the kernel. Reshape it, or take the function of another rank.")
    require_float(op, "input", x)
    for name, other in (("weight", weight), ("bias", bias)):
        if other is not None and getattr(other, "dtype", x.dtype) is not x.dtype:
            raise DTypeError(f"{op}: input is {x.dtype} but {name} is {other.dtype}. Convert one of them with "
                             f".to(dtype).")


def _check_bias(op, bias, features):
    if bias is None:
        return
    require_tensor(op, "bias", bias)
    if tuple(bias.shape) != (features,):
        raise ShapeError(f"{op}: bias has shape {tuple(bias.shape)} but there are {features} output channels. Give one "
                         f"number a "
                         f"channel: shape ({features},).")


def _shapes(input, weight):
    return f"input {tuple(input.shape)}, weight {tuple(weight.shape)}"


def _single(op, rank, input, kernel, mode, flipped):
    """Correlate the last `rank` axes of input with one kernel, every other axis being a batch."""
    for name, x in (("input", input), ("kernel", kernel)):
        require_tensor(op, name, x)
        require_float(op, name, x)
    if input.ndim < rank or kernel.ndim != rank:
        raise ShapeError(f"{op}: input has shape {tuple(input.shape)} and kernel {tuple(kernel.shape)}, but the kernel "
                         f"must have {rank} "
                         f"dimensions and the input at least {rank}. For channels and batches of kernels see "
                         f"conv{rank}d.")
    if mode not in ("full", "same", "valid"):
        raise ArgumentError(f"{op}: mode={mode!r} is not known. Give 'full', 'same' or 'valid'.")
    batch, size, taps = tuple(input.shape[:-rank]), tuple(input.shape[-rank:]), tuple(kernel.shape)
    padding = {"full": tuple(k - 1 for k in taps), "valid": 0, "same": "same"}[mode]
    geom = conv_geometry(op, size, taps, 1, padding)
    if mode == "same" and flipped:                      # the middle of "full": the larger half in front
        geom = ConvGeometry(size, taps, geom.stride, geom.dilation, tuple(k // 2 for k in taps), size)
    weight = flip(kernel, tuple(range(rank))) if flipped else kernel
    count = 1
    for n in batch:
        count *= n
    y = conv(reshape(input, (count, 1, *size)), reshape(weight, (1, 1, *taps)), None, geom=geom)
    return reshape(y, (*batch, *geom.output))
