"""Padding layers: they add cells around the last 1, 2 or 3 axes.

The one idea: `padding` is one number for all sides, or (before, after) for each axis, the last axis first, as
F.pad takes it. Negative numbers cut cells off, where the kind allows it.
"""
import operator

from ..errors import ArgumentError
from . import functional as F
from .arguments import number
from .module import Module

__all__ = ["CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d", "ConstantPad3d",
           "ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d", "ReplicationPad1d", "ReplicationPad2d",
           "ReplicationPad3d", "ZeroPad1d", "ZeroPad2d", "ZeroPad3d"]


class Pad(Module):
    """What all padding layers share.

    Args: padding: one number for all sides, or two for each axis, the last axis first: (left, right, top, bottom, ...).
    """
    axes = None
    mode = None

    def __init__(self, padding):
        super().__init__()
        self.padding = self._sides(padding)

    def _sides(self, padding):
        name, count = type(self).__name__, 2 * self.axes
        given = tuple(padding) if isinstance(padding, (tuple, list)) else (padding,) * count
        try:
            sides = tuple(operator.index(p) for p in given)
        except TypeError:
            sides = ()
        if len(sides) != count or any(isinstance(p, bool) for p in given):
            raise ArgumentError(f"{name}: padding is {padding!r}. Make it one integer, or {count}: (before, after) for "
                                "each axis, the last axis first.")
        return sides

    def forward(self, input):
        return F.pad(input, self.padding, self.mode)

    def extra_repr(self):
        return f"{self.padding}"


class ConstantPad(Pad):
    """Adds cells of one value."""

    def __init__(self, padding, value):
        super().__init__(padding)
        self.value = number(type(self).__name__, "value", value)

    def forward(self, input):
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self):
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(ConstantPad):
    """Adds cells of `value` around the last axis: (..., L)."""
    axes = 1


class ConstantPad2d(ConstantPad):
    """Adds cells of `value` around the last two axes: (..., H, W)."""
    axes = 2


class ConstantPad3d(ConstantPad):
    """Adds cells of `value` around the last three axes: (..., D, H, W)."""
    axes = 3


class ZeroPad(ConstantPad):
    """Adds zeros."""

    def __init__(self, padding):
        super().__init__(padding, 0.0)

    def extra_repr(self):
        return f"{self.padding}"


class ZeroPad1d(ZeroPad):
    """Adds zeros around the last axis: (..., L)."""
    axes = 1


class ZeroPad2d(ZeroPad):
    """Adds zeros around the last two axes: (..., H, W).

    >>> import tinygrad_cnn as tg
    >>> tg.nn.ZeroPad2d((1, 2, 0, 0))(tg.ones(1, 1, 3, 3)).shape
    tinygrad_cnn.Size([1, 1, 3, 6])
    """
    axes = 2


class ZeroPad3d(ZeroPad):
    """Adds zeros around the last three axes: (..., D, H, W)."""
    axes = 3


class ReflectionPad1d(Pad):
    """Mirrors the input at its edge cells, which are not repeated: (N, C, L)."""
    axes, mode = 1, "reflect"


class ReflectionPad2d(Pad):
    """Mirrors the input at its edge cells, which are not repeated: (N, C, H, W)."""
    axes, mode = 2, "reflect"


class ReflectionPad3d(Pad):
    """Mirrors the input at its edge cells, which are not repeated: (N, C, D, H, W)."""
    axes, mode = 3, "reflect"


class ReplicationPad1d(Pad):
    """Repeats the edge cells: (N, C, L)."""
    axes, mode = 1, "replicate"


class ReplicationPad2d(Pad):
    """Repeats the edge cells: (N, C, H, W)."""
    axes, mode = 2, "replicate"


class ReplicationPad3d(Pad):
    """Repeats the edge cells: (N, C, D, H, W)."""
    axes, mode = 3, "replicate"


class CircularPad1d(Pad):
    """Continues with the cells of the other end: (N, C, L)."""
    axes, mode = 1, "circular"


class CircularPad2d(Pad):
    """Continues with the cells of the other end: (N, C, H, W)."""
    axes, mode = 2, "circular"


class CircularPad3d(Pad):
    """Continues with the cells of the other end: (N, C, D, H, W)."""
    axes, mode = 3, "circular"
