"""The exact GELU, x P(x), and its slope in float32, in 12 passes over a block and 6 more (float64: kernels/generic).

P is the standard normal distribution's probability below x, p = P' its density, e^(-x^2 / 2) / sqrt(2 pi).

The value. P(-x) = 1 - P(x) and 0 < P < 1, so P(x) = 1 / (1 + exp(-x a(x^2))) with an even function a that is positive:
    x a(x^2) = log(P(x) / P(-x)),        a(0) = 4 p(0) = 1.596.
a is nearly a straight line in z = x^2 where it matters (it bends towards |x| / 2 only where P is 0 or 1 in float32); a
fraction takes the rest, with fewer passes than a polynomial of degree 6:
    a(z) = a0 + a1 z + b / ((z + c)^2 + d).
Fitted to P on [-7, 7]: within 1.4e-7 of it (least squares with Lawson's weights, in float64). The denominator is
positive and a grows without bound, so that nothing has to be clipped: far out the result is x or -0.

The slope, d/dx x P(x) = P(x) + x p(x), needs P too, which would take 12 passes again later. So the kernel leaves the
slope where a gradient will be wanted, and the gradient is one product. It costs an array beside the input, which is
kept for the second derivative.

With rounding (measured on [-9, 9]): value within 2.8e-7 |x|, slope within 3.1e-7; PyTorch's float32: 3.6e-7 |x| and
3.1e-7.
"""
import math
from functools import cache

import numpy as np

from ..generic import activation
from ..generic.precision import is_narrow
from .blocks import each_block, flat_rows
from .chains import FLOAT32, chain
from .exponential import fast_exp

LINE = (2.16052916, 0.0396129607)                       # a0, a1
FRACTION = (-171.838803, 8.90745398, 224.924572)        # b, c, d


@cache
def _constants():
    """The function that takes the place of exp, the constants of -a in its base, and those of log(p) in it."""
    exp, unit = fast_exp()
    (a0, a1), (b, c, d) = LINE, FRACTION
    return exp, (-unit * a0, -unit * a1, -unit * b, c, d), (unit * math.log(activation.DENSITY), -unit / 2)


def gelu(device, x, wants=frozenset()):
    """As in kernels/generic/activation.py."""
    wide = FLOAT32 if is_narrow(x.dtype) else x.dtype
    if not x.size:
        return activation.gelu(device, x, wants)
    (row,), restore = flat_rows([x])
    y, slope = device.empty(x.size, x.dtype), device.empty(x.size, wide) if "slope" in wants else None

    def block(start, stop):
        some, shape = slice(start, stop), (stop - start,)
        v = row[some].astype(wide, copy=False)
        if wide != FLOAT32:
            y[some], found = activation.gelu(device, v, wants)
            if slope is not None:
                slope[some] = found
            return
        value = y[some] if x.dtype == wide else device.scratch("gelu value", shape, wide)
        below = device.scratch("gelu", shape, wide) if slope is None else slope[some]
        square = device.scratch("gelu square", shape, wide)
        _inverse_of_below(v, square, value, below)
        if slope is None:
            np.divide(v, below, out=value)
        else:
            np.divide(1, below, out=below)              # half the time of numpy.reciprocal
            np.multiply(v, below, out=value)
            _add_density(v, square, below)
        if value.dtype != x.dtype:
            y[some] = value

    each_block(device, block, x.size)
    return restore(y), None if slope is None else restore(slope)


def _inverse_of_below(x, z, t, y):
    """Fill y with 1 / P(x) and z with x^2; t is spare."""
    exp, (a0, a1, b, c, d), _ = _constants()
    np.square(x, out=z)
    np.add(z, c, out=t)
    np.square(t, out=t)
    t += d
    np.divide(b, t, out=t)
    np.multiply(z, a1, out=y)
    y += a0
    y += t
    y *= x
    exp(y, out=y)
    y += 1


def _add_density(x, z, y):
    """Add x p(x) to y; z, which is x^2, is used up."""
    exp, _, (r0, r1) = _constants()
    z *= r1
    z += r0
    exp(z, out=z)
    z *= x
    y += z


def gelu_grad(device, g, x, slope):
    """As in kernels/generic/activation.py."""
    return _product(device, g, slope)


@chain(lambda device, g, slope: activation.gelu_grad(device, g, None, slope))
def _product(y, g, slope):
    np.multiply(g, slope, out=y)
