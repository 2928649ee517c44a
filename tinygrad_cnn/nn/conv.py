"""Convolution layers for 1, 2 and 3 spatial axes, transposed ones, and Unfold / Fold.

The one idea: everything is written once for any number of axes; Conv1d, Conv2d and Conv3d only name the number and
the function. As everywhere in deep learning the "convolution" is a cross-correlation: the kernel is not flipped.
Shapes: input (N, C, *spatial) or (C, *spatial); weight (O, C / groups, *kernel), transposed (C, O / groups, *kernel).
"""
import math

from ..errors import ArgumentError, ShapeError
from ..ops.creation import empty
from . import functional as F
from . import init
from .arguments import choice, divides, sizes, whole
from .module import Module
from .parameter import Parameter

__all__ = ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d", "Fold", "Unfold"]

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class Convolution(Module):
    """What the six convolution layers share: settings, weights and the printed form."""
    axes = None
    transposed = False

    def _set_up(self, in_channels, out_channels, kernel_size, stride, padding, dilation, groups, output_padding,
                padding_mode, bias, device, dtype):
        """Check the settings, keep them under PyTorch's names and make the weights."""
        super().__init__()
        name, axes = type(self).__name__, self.axes
        self.in_channels = whole(name, "in_channels", in_channels)
        self.out_channels = whole(name, "out_channels", out_channels)
        self.kernel_size = sizes(name, "kernel_size", kernel_size, axes)
        self.stride = sizes(name, "stride", stride, axes)
        self.padding = self._checked_padding(name, padding)
        self.dilation = sizes(name, "dilation", dilation, axes)
        self.output_padding = sizes(name, "output_padding", output_padding, axes, 0)
        self.groups = whole(name, "groups", groups)
        self.padding_mode = choice(name, "padding_mode", padding_mode, PADDING_MODES)
        divides(name, self.groups, self.in_channels, "in_channels")
        divides(name, self.groups, self.out_channels, "out_channels")
        channels = (self.in_channels, self.out_channels) if self.transposed else (self.out_channels, self.in_channels)
        shape = (channels[0], channels[1] // self.groups, *self.kernel_size)
        self.weight = Parameter(empty(shape, device=device, dtype=dtype))
        bias = Parameter(empty(self.out_channels, device=device, dtype=dtype)) if bias else None
        self.register_parameter("bias", bias)
        self.reset_parameters()

    def _checked_padding(self, name, padding):
        if not isinstance(padding, str):
            return sizes(name, "padding", padding, self.axes, 0)
        choice(name, "padding", padding, ("same", "valid"))
        if padding == "same" and any(s != 1 for s in self.stride):
            raise ArgumentError(f"{name}: padding='same' needs stride 1, and stride is {self.stride}. "
                                "Give the padding in numbers.")
        return padding

    def reset_parameters(self):
        """Draw the weights anew, uniform on (-1/sqrt(fan_in), 1/sqrt(fan_in)), PyTorch's default."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in = math.prod(self.weight.shape[1:])
            init.uniform_(self.bias, -1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in))

    def extra_repr(self):
        parts = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"]
        for name, usual in (("padding", 0), ("dilation", 1), ("output_padding", 0)):
            value = getattr(self, name)
            if value != (usual,) * len(value):
                parts.append(f"{name}={value}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)


class PlainConvolution(Convolution):
    """What Conv1d, Conv2d and Conv3d share."""
    function = None

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
                 padding_mode="zeros", device=None, dtype=None):
        self._set_up(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, 0, padding_mode, bias,
                     device, dtype)

    def forward(self, input):
        if self.padding_mode == "zeros":
            return self.function(input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)
        input = F.pad(input, self._edges(), mode=self.padding_mode)
        return self.function(input, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)

    def _edges(self):
        """The padding as F.pad takes it: (before, after) for the last axis first."""
        edges = []
        for axis in reversed(range(self.axes)):
            if self.padding == "same":
                total = self.dilation[axis] * (self.kernel_size[axis] - 1)
                edges += [total // 2, total - total // 2]
            else:
                edges += [0, 0] if self.padding == "valid" else [self.padding[axis]] * 2
        return edges


class Conv1d(PlainConvolution):
    """Convolution over one axis: (N, C, L) -> (N, O, OL).

    OL = floor((L + 2 padding - dilation (K - 1) - 1) / stride) + 1.
    Args: in_channels C, out_channels O, kernel_size K, stride, padding (a number, 'same' or 'valid'), dilation, groups,
    bias, padding_mode ('zeros', 'reflect', 'replicate' or 'circular').
    State: weight (O, C / groups, K), bias (O,).
    """
    axes, function = 1, staticmethod(F.conv1d)


class Conv2d(PlainConvolution):
    """Convolution over two axes: (N, C, H, W) -> (N, O, OH, OW).

    OH = floor((H + 2 padding - dilation (KH - 1) - 1) / stride) + 1, and OW likewise.
    Args: in_channels C, out_channels O, kernel_size (KH, KW) or one number for both, stride, padding (numbers, 'same'
    or 'valid'), dilation, groups, bias, padding_mode ('zeros', 'reflect', 'replicate' or 'circular').
    State: weight (O, C / groups, KH, KW), bias (O,).

    >>> import tinygrad_cnn as tg
    >>> tg.nn.Conv2d(3, 8, 5)(tg.zeros(2, 3, 32, 32)).shape
    tinygrad_cnn.Size([2, 8, 28, 28])
    """
    axes, function = 2, staticmethod(F.conv2d)


class Conv3d(PlainConvolution):
    """Convolution over three axes: (N, C, D, H, W) -> (N, O, OD, OH, OW); arguments as Conv2d's.

    State: weight (O, C / groups, KD, KH, KW), bias (O,).
    """
    axes, function = 3, staticmethod(F.conv3d)


class TransposedConvolution(Convolution):
    """What ConvTranspose1d, ConvTranspose2d and ConvTranspose3d share."""
    transposed = True
    function = None

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1,
                 bias=True, dilation=1, padding_mode="zeros", device=None, dtype=None):
        name = type(self).__name__
        if padding_mode != "zeros":
            raise ArgumentError(f"{name}: padding_mode is {padding_mode!r}. Use 'zeros', the only one that a "
                                "transposed convolution has.")
        if isinstance(padding, str):
            raise ArgumentError(f"{name}: padding is {padding!r}. Give the padding in numbers.")
        self._set_up(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, output_padding,
                     padding_mode, bias, device, dtype)

    def forward(self, input, output_size=None):
        extra = self.output_padding if output_size is None else self._output_padding_for(input, output_size)
        return self.function(input, self.weight, self.bias, self.stride, self.padding, extra, self.groups,
                             self.dilation)

    def _output_padding_for(self, input, output_size):
        """The output_padding that makes the output's spatial sizes `output_size` (leading axes may be given too).

        Raises: ShapeError if none does.
        """
        name, axes = type(self).__name__, self.axes
        spatial = tuple(output_size)[-axes:]
        if len(output_size) not in (axes, axes + 1, axes + 2):
            raise ShapeError(f"{name}: output_size {tuple(output_size)} has {len(output_size)} numbers. "
                             f"Give the {axes} spatial size(s).")
        least = [(n - 1) * s - 2 * p + d * (k - 1) + 1 for n, s, p, d, k in
                 zip(input.shape[-axes:], self.stride, self.padding, self.dilation, self.kernel_size)]
        extra = [wanted - low for wanted, low in zip(spatial, least)]
        if any(not 0 <= e < s for e, s in zip(extra, self.stride)):
            most = [low + s - 1 for low, s in zip(least, self.stride)]
            raise ShapeError(f"{name}: output_size {spatial} cannot come from the input {tuple(input.shape)}. "
                             f"Ask for sizes from {tuple(least)} to {tuple(most)}.")
        return tuple(extra)


class ConvTranspose1d(TransposedConvolution):
    """Transposed convolution over one axis, the adjoint of Conv1d: (N, C, L) -> (N, O, OL),
    OL = (L - 1) stride - 2 padding + dilation (K - 1) + output_padding + 1.

    State: weight (C, O / groups, K), bias (O,).
    """
    axes, function = 1, staticmethod(F.conv_transpose1d)


class ConvTranspose2d(TransposedConvolution):
    """Transposed convolution over two axes, the adjoint of Conv2d: (N, C, H, W) -> (N, O, OH, OW),
    OH = (H - 1) stride - 2 padding + dilation (KH - 1) + output_padding + 1.

    State: weight (C, O / groups, KH, KW), bias (O,).

    >>> import tinygrad_cnn as tg
    >>> tg.nn.ConvTranspose2d(8, 3, 2, stride=2)(tg.zeros(1, 8, 14, 14)).shape
    tinygrad_cnn.Size([1, 3, 28, 28])
    """
    axes, function = 2, staticmethod(F.conv_transpose2d)


class ConvTranspose3d(TransposedConvolution):
    """Transposed convolution over three axes, the adjoint of Conv3d; arguments as ConvTranspose2d's.

    State: weight (C, O / groups, KD, KH, KW), bias (O,).
    """
    axes, function = 3, staticmethod(F.conv_transpose3d)


class Unfold(Module):
    """The windows of an image as columns: (N, C, H, W) -> (N, C KH KW, number of windows)."""
    _shown = ("kernel_size", "dilation", "padding", "stride")

    def __init__(self, kernel_size, dilation=1, padding=0, stride=1):
        super().__init__()
        _check_window("Unfold", kernel_size, dilation, padding, stride)
        self.kernel_size, self.dilation, self.padding, self.stride = kernel_size, dilation, padding, stride

    def forward(self, input):
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)


class Fold(Module):
    """The sum of columns put back where Unfold took them: (N, C KH KW, number of windows) -> (N, C, *output_size)."""
    _shown = ("output_size", "kernel_size", "dilation", "padding", "stride")

    def __init__(self, output_size, kernel_size, dilation=1, padding=0, stride=1):
        super().__init__()
        sizes("Fold", "output_size", output_size, 2)
        _check_window("Fold", kernel_size, dilation, padding, stride)
        self.output_size, self.kernel_size = output_size, kernel_size
        self.dilation, self.padding, self.stride = dilation, padding, stride

    def forward(self, input):
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)


def _check_window(layer, kernel_size, dilation, padding, stride):
    sizes(layer, "kernel_size", kernel_size, 2)
    sizes(layer, "dilation", dilation, 2)
    sizes(layer, "padding", padding, 2, 0)
    sizes(layer, "stride", stride, 2)
