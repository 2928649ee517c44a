"""A solution of exercise 17."""
import numpy as np


def residual_gradient(g, x, W):
    """dL/dx, from g = dL/dy."""
    f = np.tanh(W @ x)
    through_f = W.T @ (g * (1 - f**2))
    straight_on = g
    return through_f + straight_on
