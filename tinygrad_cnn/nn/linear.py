"""Layers on vectors, and those that only change the shape: Linear, Bilinear, Identity, Flatten, Unflatten.

The default weights are PyTorch's: uniform on (-1/sqrt(fan_in), 1/sqrt(fan_in)), weight and bias alike.
"""
import math

from ..errors import ArgumentError
from ..ops.creation import empty
from . import functional as F
from . import init
from .arguments import whole
from .module import Module
from .parameter import Parameter

__all__ = ["Bilinear", "Flatten", "Identity", "Linear", "Unflatten"]


class Identity(Module):
    """The module that gives its input back; it takes any arguments and ignores them."""

    def __init__(self, *args, **kwargs):
        super().__init__()

    def forward(self, input):
        return input


class Linear(Module):
    """y = x W^T + b on the last axis: (..., in_features) -> (..., out_features).

    Args: in_features, out_features: sizes of the last axis. bias: whether to add b.
    State: weight (out_features, in_features), bias (out_features,).

    >>> import tinygrad_cnn as tg
    >>> tg.nn.Linear(400, 120)(tg.zeros(2, 400)).shape
    tinygrad_cnn.Size([2, 120])
    """

    def __init__(self, in_features, out_features, bias=True, device=None, dtype=None):
        super().__init__()
        self.in_features = whole("Linear", "in_features", in_features, 0)
        self.out_features = whole("Linear", "out_features", out_features, 0)
        self.weight = Parameter(empty((self.out_features, self.in_features), device=device, dtype=dtype))
        bias = Parameter(empty(self.out_features, device=device, dtype=dtype)) if bias else None
        self.register_parameter("bias", bias)
        self.reset_parameters()

    def reset_parameters(self):
        """Draw the weights anew."""
        bound = 1 / math.sqrt(self.in_features) if self.in_features else 0
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input):
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self):
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Bilinear(Module):
    """y_o = x1^T W_o x2 + b_o: (..., in1_features), (..., in2_features) -> (..., out_features).

    State: weight (out_features, in1_features, in2_features), bias (out_features,).
    """

    def __init__(self, in1_features, in2_features, out_features, bias=True, device=None, dtype=None):
        super().__init__()
        self.in1_features = whole("Bilinear", "in1_features", in1_features)
        self.in2_features = whole("Bilinear", "in2_features", in2_features, 0)
        self.out_features = whole("Bilinear", "out_features", out_features, 0)
        shape = (self.out_features, self.in1_features, self.in2_features)
        self.weight = Parameter(empty(shape, device=device, dtype=dtype))
        bias = Parameter(empty(self.out_features, device=device, dtype=dtype)) if bias else None
        self.register_parameter("bias", bias)
        self.reset_parameters()

    def reset_parameters(self):
        """Draw the weights anew."""
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1, input2):
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self):
        return (f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
                f"out_features={self.out_features}, bias={self.bias is not None}")


class Flatten(Module):
    """Joins the axes start_dim to end_dim into one: (N, C, H, W) -> (N, C H W) by default."""
    _shown = ("start_dim", "end_dim")

    def __init__(self, start_dim=1, end_dim=-1):
        super().__init__()
        self.start_dim = whole("Flatten", "start_dim", start_dim, -64)
        self.end_dim = whole("Flatten", "end_dim", end_dim, -64)

    def forward(self, input):
        return input.flatten(self.start_dim, self.end_dim)


class Unflatten(Module):
    """Splits the axis `dim` into axes of the sizes `unflattened_size` (one may be -1)."""
    _shown = ("dim", "unflattened_size")

    def __init__(self, dim, unflattened_size):
        super().__init__()
        self.dim = whole("Unflatten", "dim", dim, -64)
        if not isinstance(unflattened_size, (tuple, list)):
            raise ArgumentError(f"Unflatten: unflattened_size is {unflattened_size!r}. Make it a tuple of sizes.")
        for size in unflattened_size:
            whole("Unflatten", "unflattened_size", size, -1)
        self.unflattened_size = unflattened_size

    def forward(self, input):
        return input.unflatten(self.dim, self.unflattened_size)
