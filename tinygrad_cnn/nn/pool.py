"""Pooling layers for 1, 2 and 3 spatial axes: maximum, average, adaptive, unpooling and power average.

The one idea: each kind is written once; the class names only the number of axes and the function. Pooling has no
weights. Shapes: (N, C, *spatial) -> (N, C, *output), or both without N.
"""
from ..errors import ArgumentError
from . import functional as F
from .arguments import number, sizes, whole
from .module import Module

__all__ = ["AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d",
           "AdaptiveMaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d", "LPPool1d", "LPPool2d", "LPPool3d", "MaxPool1d",
           "MaxPool2d", "MaxPool3d", "MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"]


class Pool(Module):
    """What all pools share: the number of axes and the function."""
    axes = None
    function = None

    def _window(self, kernel_size, stride, padding=0, dilation=1):
        """Check the settings of a window and keep them as they were given, which is how PyTorch prints them."""
        name = type(self).__name__
        kernel = sizes(name, "kernel_size", kernel_size, self.axes)
        sizes(name, "stride", kernel_size if stride is None else stride, self.axes)
        span = [d * (k - 1) + 1 for k, d in zip(kernel, sizes(name, "dilation", dilation, self.axes))]
        for p, covered in zip(sizes(name, "padding", padding, self.axes, 0), span):
            if 2 * p > covered:
                raise ArgumentError(f"{name}: padding {padding} is more than half of kernel_size {kernel_size}, so a "
                                    "window could lie in the padding alone. Give less padding.")
        self.kernel_size, self.stride, self.padding = kernel_size, kernel_size if stride is None else stride, padding


class MaxPool(Pool):
    """The largest value of each window; padding counts as minus infinity, of equal values the first is taken."""
    _shown = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")

    def __init__(self, kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False):
        super().__init__()
        self._window(kernel_size, stride, padding, dilation)
        self.dilation = dilation
        self.return_indices, self.ceil_mode = bool(return_indices), bool(ceil_mode)

    def forward(self, input):
        return self.function(input, self.kernel_size, self.stride, self.padding, self.dilation,
                             ceil_mode=self.ceil_mode, return_indices=self.return_indices)


class MaxPool1d(MaxPool):
    """Maximum over windows of one axis: (N, C, L) -> (N, C, OL).

    Args: kernel_size, stride (kernel_size if None), padding, dilation, return_indices (give (output, indices)),
    ceil_mode (round the output's size up).
    """
    axes, function = 1, staticmethod(F.max_pool1d)


class MaxPool2d(MaxPool):
    """Maximum over windows of two axes: (N, C, H, W) -> (N, C, OH, OW).

    Args: kernel_size, stride (kernel_size if None), padding, dilation, return_indices (give (output, indices)),
    ceil_mode (round the output's size up).

    >>> import tinygrad_cnn as tg
    >>> tg.nn.MaxPool2d(2)(tg.zeros(1, 3, 28, 28)).shape
    tinygrad_cnn.Size([1, 3, 14, 14])
    """
    axes, function = 2, staticmethod(F.max_pool2d)


class MaxPool3d(MaxPool):
    """Maximum over windows of three axes: (N, C, D, H, W) -> (N, C, OD, OH, OW); arguments as MaxPool2d's."""
    axes, function = 3, staticmethod(F.max_pool3d)


class AvgPool1d(Pool):
    """Mean over windows of one axis: (N, C, L) -> (N, C, OL).

    Args: kernel_size, stride (kernel_size if None), padding, ceil_mode, count_include_pad (zeros of the padding count).
    """
    axes = 1
    _shown = ("kernel_size", "stride", "padding")

    def __init__(self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
        super().__init__()
        self._window(kernel_size, stride, padding)
        # PyTorch keeps and prints these as tuples, in this pool alone
        self.kernel_size = sizes("AvgPool1d", "kernel_size", self.kernel_size, 1)
        self.stride = sizes("AvgPool1d", "stride", self.stride, 1)
        self.padding = sizes("AvgPool1d", "padding", padding, 1, 0)
        self.ceil_mode, self.count_include_pad = bool(ceil_mode), bool(count_include_pad)

    def forward(self, input):
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)


class AvgPool(Pool):
    """The mean of each window; with divisor_override its sum over that number."""
    _shown = ("kernel_size", "stride", "padding")

    def __init__(self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True,
                 divisor_override=None):
        super().__init__()
        self._window(kernel_size, stride, padding)
        self.ceil_mode, self.count_include_pad = bool(ceil_mode), bool(count_include_pad)
        if divisor_override is not None:
            whole(type(self).__name__, "divisor_override", divisor_override)
        self.divisor_override = divisor_override

    def forward(self, input):
        return self.function(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad,
                             self.divisor_override)


class AvgPool2d(AvgPool):
    """Mean over windows of two axes: (N, C, H, W) -> (N, C, OH, OW).

    Args: kernel_size, stride (kernel_size if None), padding, ceil_mode, count_include_pad (zeros of the padding count),
    divisor_override (divide by this number and not by the size of the window).
    """
    axes, function = 2, staticmethod(F.avg_pool2d)


class AvgPool3d(AvgPool):
    """Mean over windows of three axes: (N, C, D, H, W) -> (N, C, OD, OH, OW); arguments as AvgPool2d's."""
    axes, function = 3, staticmethod(F.avg_pool3d)


class AdaptivePool(Pool):
    """A pool whose windows are chosen so that the output has the size asked for."""
    _shown = ("output_size",)

    def _keep_output_size(self, output_size):
        """Check output_size: a number, or one per axis where None stands for the input's size."""
        parts = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * self.axes
        sizes(type(self).__name__, "output_size", [0 if n is None else n for n in parts], self.axes, 0)
        self.output_size = output_size


class AdaptiveAvgPool(AdaptivePool):
    """The means of windows chosen so that the output has the size asked for."""

    def __init__(self, output_size):
        super().__init__()
        self._keep_output_size(output_size)

    def forward(self, input):
        return self.function(input, self.output_size)


class AdaptiveAvgPool1d(AdaptiveAvgPool):
    """Mean over windows such that the output has the given size: (N, C, L) -> (N, C, output_size)."""
    axes, function = 1, staticmethod(F.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(AdaptiveAvgPool):
    """Mean over windows such that the output has the given size: (N, C, H, W) -> (N, C, *output_size).

    Args: output_size: a number or two; None in the place of one keeps the input's size.

    >>> import tinygrad_cnn as tg
    >>> tg.nn.AdaptiveAvgPool2d(1)(tg.ones(2, 3, 7, 5)).shape
    tinygrad_cnn.Size([2, 3, 1, 1])
    """
    axes, function = 2, staticmethod(F.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(AdaptiveAvgPool):
    """Mean over windows such that the output has the given size: (N, C, D, H, W) -> (N, C, *output_size)."""
    axes, function = 3, staticmethod(F.adaptive_avg_pool3d)


class AdaptiveMaxPool(AdaptivePool):
    """The maxima of windows chosen so that the output has the size asked for."""

    def __init__(self, output_size, return_indices=False):
        super().__init__()
        self._keep_output_size(output_size)
        self.return_indices = bool(return_indices)

    def forward(self, input):
        return self.function(input, self.output_size, self.return_indices)


class AdaptiveMaxPool1d(AdaptiveMaxPool):
    """Maximum over windows such that the output has the given size: (N, C, L) -> (N, C, output_size)."""
    axes, function = 1, staticmethod(F.adaptive_max_pool1d)


class AdaptiveMaxPool2d(AdaptiveMaxPool):
    """Maximum over windows such that the output has the given size: (N, C, H, W) -> (N, C, *output_size)."""
    axes, function = 2, staticmethod(F.adaptive_max_pool2d)


class AdaptiveMaxPool3d(AdaptiveMaxPool):
    """Maximum over windows such that the output has the given size: (N, C, D, H, W) -> (N, C, *output_size)."""
    axes, function = 3, staticmethod(F.adaptive_max_pool3d)


class MaxUnpool(Pool):
    """Puts each value back where a MaxPool took it, zeros elsewhere."""
    _shown = ("kernel_size", "stride", "padding")

    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self._window(kernel_size, stride, padding)
        name = type(self).__name__
        self.kernel_size = sizes(name, "kernel_size", kernel_size, self.axes)
        self.stride = sizes(name, "stride", self.stride, self.axes)
        self.padding = sizes(name, "padding", padding, self.axes, 0)

    def forward(self, input, indices, output_size=None):
        return self.function(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool1d(MaxUnpool):
    """The partial inverse of MaxPool1d: values and indices (N, C, OL) -> (N, C, L)."""
    axes, function = 1, staticmethod(F.max_unpool1d)


class MaxUnpool2d(MaxUnpool):
    """The partial inverse of MaxPool2d: values and indices (N, C, OH, OW) -> (N, C, H, W)."""
    axes, function = 2, staticmethod(F.max_unpool2d)


class MaxUnpool3d(MaxUnpool):
    """The partial inverse of MaxPool3d: values and indices (N, C, OD, OH, OW) -> (N, C, D, H, W)."""
    axes, function = 3, staticmethod(F.max_unpool3d)


class LPPool(Pool):
    """The norm (sum of x^p)^(1/p) of each window, p = norm_type."""
    _shown = ("norm_type", "kernel_size", "stride", "ceil_mode")

    def __init__(self, norm_type, kernel_size, stride=None, ceil_mode=False):
        super().__init__()
        self.norm_type = number(type(self).__name__, "norm_type", norm_type, above=0)
        self._window(kernel_size, stride)
        self.stride = stride
        self.ceil_mode = bool(ceil_mode)

    def forward(self, input):
        return self.function(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool1d(LPPool):
    """Power average over windows of one axis: (N, C, L) -> (N, C, OL).

    Args: norm_type (the power), kernel_size, stride (kernel_size if None), ceil_mode.
    """
    axes, function = 1, staticmethod(F.lp_pool1d)


class LPPool2d(LPPool):
    """Power average over windows of two axes: (N, C, H, W) -> (N, C, OH, OW); arguments as LPPool1d's."""
    axes, function = 2, staticmethod(F.lp_pool2d)


class LPPool3d(LPPool):
    """Power average over windows of three axes: (N, C, D, H, W) -> (N, C, OD, OH, OW); arguments as LPPool1d's."""
    axes, function = 3, staticmethod(F.lp_pool3d)
