"""A solution of exercise 12."""
import numpy as np


def correlate(W, X):
    """W * X without padding, as in exercise 10."""
    windows = np.lib.stride_tricks.sliding_window_view(X, W.shape)
    return np.einsum("klmn,mn->kl", windows, W)


def kernel_gradient(delta, X):
    """dL/dW, from delta (K, L) and X (I, J)."""
    return correlate(delta, X)
