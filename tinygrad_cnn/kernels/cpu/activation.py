"""Activations and their gradients as chains that fill a block of the result; the formulas are those of kernels/generic.

Choices are made without branches: by numpy.clip, numpy.maximum, and by masks that become numbers or bits.
"""
import numpy as np

from ..generic import activation, elementwise
from .chains import chain
from .exponential import fast_exp, one_plus_exp
from .masks import BITS

INF = float("inf")


@chain(elementwise.sigmoid)
def sigmoid(y, x):
    np.negative(x, out=y)
    one_plus_exp(y)
    np.divide(1, y, out=y)                              # half the time of numpy.reciprocal


@chain(elementwise.sigmoid_grad)
def sigmoid_grad(y, g, p):
    np.subtract(1, p, out=y)
    y *= p
    y *= g


@chain(elementwise.tanh_grad)
def tanh_grad(y, g, t):
    np.square(t, out=y)
    np.subtract(1, y, out=y)
    y *= g


@chain(activation.silu)
def silu(y, x):
    np.negative(x, out=y)
    one_plus_exp(y)
    np.divide(x, y, out=y)


@chain(activation.silu_grad, spare=True)
def silu_grad(y, d, g, x):
    """g (1 + x - x / d) / d with d = 1 + exp(-x), whose digits below x = -10 (slopes under 4e-4) fade by 4e-8 |x|."""
    exp, unit = fast_exp() if x.itemsize == 4 else (np.exp, 1)
    np.multiply(x, -unit, out=d)
    exp(d, out=d)
    d += 1
    np.divide(x, d, out=y)
    np.subtract(x, y, out=y)
    y += 1
    y /= d
    y *= g


@chain(activation.leaky_relu, spare=True)
def leaky_relu(y, below, x, slope):
    if 0 < slope <= 1:                                  # then slope x > x below 0 only
        np.multiply(x, slope, out=y)
        np.maximum(x, y, out=y)
        return
    np.clip(x, -INF, 0, out=below)
    below *= slope
    np.clip(x, 0, INF, out=y)
    y += below


@chain(activation.leaky_relu_grad)
def leaky_relu_grad(y, g, x, slope):
    _one_of_two(np.greater(x, 0), y, 1, slope)
    y *= g


@chain(activation.elu, spare=True)
def elu(y, above, x, alpha):
    np.clip(x, -INF, 0, out=y)
    np.expm1(y, out=y)
    y *= alpha
    if 0 <= alpha <= 1:                                 # then alpha (exp(x) - 1) >= x
        np.maximum(x, y, out=y)
        return
    np.clip(x, 0, INF, out=above)
    y += above


@chain(activation.elu_grad, spare=True)
def elu_grad(y, factor, g, x, alpha):
    np.clip(x, -INF, 0, out=y)
    np.exp(y, out=y)
    if alpha != 1:
        _one_of_two(np.less_equal(x, 0), factor, alpha, 1)
        y *= factor
    y *= g


@chain(activation.hardswish)
def hardswish(y, x):
    np.add(x, 3, out=y)
    np.clip(y, 0, 6, out=y)
    y *= 1 / 6                                          # half the time of a division, and 6 becomes 1 exactly
    y *= x


@chain(activation.hardswish_grad, spare=True)
def hardswish_grad(y, held, g, x):
    """With x held to [-3, 3] the slope is x (1 or, inside, 2) / 6 + 1 / 2."""
    np.clip(x, -3, 3, out=held)
    np.copyto(y, np.greater(held, -3).view(np.int8) + np.less(held, 3).view(np.int8))
    y *= held
    y *= 1 / 6
    y += 0.5
    y *= g
    if np.isnan(y.max()):
        np.copyto(y, 0, where=np.less_equal(x, -3))     # where the slope is 0, also if g is infinite


def _one_of_two(mask, y, yes, no):
    """Fill y with `yes` where the mask holds and `no` elsewhere: `no`'s bits and, times the mask, the difference."""
    bits = y.view(BITS[y.dtype])
    yes, no = np.array([yes, no], y.dtype).view(bits.dtype)[:, None]
    np.copyto(bits, mask)
    bits *= yes - no                                    # may wrap around, and comes back in the sum
    bits += no
