"""The exact GELU, x P(x), and its slope in float32, in 14 and 15 passes over a block (float64: kernels/generic).

P is the standard normal distribution's probability below x, p = P' its density, e^(-x^2 / 2) / sqrt(2 pi).

The value. P(-x) = 1 - P(x) and 0 < P < 1, so P(x) = 1 / (1 + exp(-x a(x^2))) with an even function a that is positive:
    x a(x^2) = log(P(x) / P(-x)),        a(0) = 4 p(0) = 1.596.
a is nearly a straight line in z = x^2 where it matters (it bends towards |x| / 2 only where P is 0 or 1 in float32); a
continued fraction in z takes the rest, with fewer passes than a polynomial of degree 6:
    a(z) = a0 + a1 z + b / (z + c + d / (z + e)).
Fitted to P on [-7, 7]: within 5.4e-8 of it. a grows without bound, so that nothing has to be clipped: far out the
result is x or -0.

The slope. d/dx x P(x) = P(x) + x p(x): again a sigmoid and x times a Gaussian. Fitted together, as a sum, both may be
simpler than P and p, since each corrects the other:
    P(x) + x p(x) = 1 / (1 + exp(-x (a0 + a1 z + a2 z^2))) + x exp(r0 + r1 z),        r1 = -0.494 (for p it is -0.5).
Within 9.5e-8 of the slope on [-7, 7]. The parabola falls below 0 at z = 233, so z is held to 210 from above, where the
sigmoid is 0 or 1 and the Gaussian 0 in float32.

With rounding (measured on [-9, 9]): value within 1.9e-7 |x|, slope within 3.2e-7; PyTorch's float32: 3.6e-7 |x| and
3.1e-7. Fits: least squares with Lawson's weights, in float64.
"""
from functools import lru_cache

import numpy as np

from ..generic import activation
from .chains import FLOAT32, chain
from .exponential import fast_exp

VALUE = (2.36655509, 0.03627720879, -5.331714831)                   # a0, a1, b
FRACTION = (-23.60597104, 1383.404289, 45.32300182)                 # c, d, e
SLOPE = (1.475371016, 0.05152346649, -0.0002475848616)              # a0, a1, a2
GAUSSIAN = (-0.8462021613, -0.4939709419)                           # r0, r1
LARGEST_SQUARE = 210.0


@lru_cache(maxsize=None)
def _constants():
    """The function that takes the place of exp, and the constants for exponents in its base."""
    exp, unit = fast_exp()
    return exp, [-unit * v for v in VALUE], [-unit * v for v in SLOPE], [unit * v for v in GAUSSIAN]


@chain(activation.gelu, spare=1, dtypes=(FLOAT32,))
def gelu(y, z, x):
    exp, (a0, a1, b), _, _ = _constants()
    c, d, e = FRACTION
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


@chain(activation.gelu_grad, spare=1, dtypes=(FLOAT32,))
def gelu_grad(y, z, g, x):
    exp, _, (a0, a1, a2), (r0, r1) = _constants()
    np.square(x, out=z)
    if not z.max() <= LARGEST_SQUARE:                   # or NaN
        np.clip(z, 0, LARGEST_SQUARE, out=z)
    np.multiply(z, a2, out=y)
    y += a1
    y *= z
    y += a0
    y *= x
    exp(y, out=y)
    y += 1
    np.divide(1, y, out=y)                              # half the time of numpy.reciprocal
    z *= r1
    z += r0
    exp(z, out=z)
    z *= x
    y += z
    y *= g
