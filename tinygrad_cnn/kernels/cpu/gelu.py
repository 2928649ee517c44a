"""The exact GELU, x P(x), and its slope in float32, in 13 and 14 passes over a block (float64: kernels/generic).

P is the standard normal distribution's probability below x, p = P' its density, e^(-x^2 / 2) / sqrt(2 pi).

The value. P(-x) = 1 - P(x) and 0 < P < 1, so P(x) = 1 / (1 + exp(-x a(x^2))) with an even function a that is positive:
    x a(x^2) = log(P(x) / P(-x)),        a(0) = 4 p(0) = 1.596.
a is nearly a straight line in z = x^2 where it matters (it bends towards |x| / 2 only where P is 0 or 1 in float32); a
continued fraction in z takes the rest, with fewer passes than a polynomial of degree 6:
    a(z) = a0 + a1 z + b / (z + c + d / (z + e)).
Fitted to P on [-7, 7]: within 5.4e-8 of it. All denominators are positive and a grows without bound, so that nothing
has to be clipped: far out the result is x or -0.

The slope. d/dx x P(x) = P(x) + x p(x): again a sigmoid and x times a Gaussian. Fitted together, as a sum, both may be
simpler than P and p, since each corrects the other:
    P(x) + x p(x) = 1 / (1 + exp(-x / (f + h / (z + k)))) + x exp(r0 + r1 z),         r1 = -0.494 (for p it is -0.5).
Within 1.7e-7 of the slope on [-7, 7]. Far out the sigmoid is 0 or 1 and the Gaussian 0.

With rounding (measured on [-9, 9]): value within 2e-7 |x|, slope within 3.5e-7; PyTorch's float32: 3.6e-7 |x| and
3.1e-7. Fits: least squares with Lawson's weights, in float64.
"""
from functools import cache

import numpy as np

from ..generic import activation
from .chains import FLOAT32, chain
from .exponential import fast_exp

LINE = (2.36655509, 0.03627720879)                                  # a0, a1
FRACTION = (-5.331714831, -23.60597104, 1383.404289, 45.32300182)   # b, c, d, e
SIGMOID = (0.09460734237, 14.23384877, 24.50453907)                 # f, h, k
GAUSSIAN = (-0.8491633061, -0.4940639906)                           # r0, r1


@cache
def _constants():
    """The function that takes the place of exp, and the constants for exponents in its base."""
    exp, unit = fast_exp()
    (a0, a1), (b, c, d, e), (f, h, k), (r0, r1) = LINE, FRACTION, SIGMOID, GAUSSIAN
    return exp, (-unit * a0, -unit * a1, -unit * b, c, d, e), (-f / unit, -h / unit, k, unit * r0, unit * r1)


@chain(activation.gelu, spare=True, dtypes=(FLOAT32,))
def gelu(y, z, x):
    exp, (a0, a1, b, c, d, e), _ = _constants()
    np.square(x, out=z)
    np.add(z, e, out=y)
    np.divide(d, y, out=y)
    y += z
    y += c
    np.divide(b, y, out=y)
    z *= a1
    z += a0
    y += z
    y *= x
    exp(y, out=y)
    y += 1
    np.divide(x, y, out=y)


@chain(activation.gelu_grad, spare=True, dtypes=(FLOAT32,))
def gelu_grad(y, z, g, x):
    exp, _, (f, h, k, r0, r1) = _constants()
    np.square(x, out=z)
    np.add(z, k, out=y)
    np.divide(h, y, out=y)
    y += f
    np.divide(x, y, out=y)
    exp(y, out=y)
    y += 1
    np.divide(1, y, out=y)                              # half the time of numpy.reciprocal
    z *= r1
    z += r0
    exp(z, out=z)
    z *= x
    y += z
    y *= g
