"""A solution of exercise 13."""
import numpy as np


def correlate(W, X):
    """W * X without padding, as in exercise 10."""
    windows = np.lib.stride_tricks.sliding_window_view(X, W.shape)
    return np.einsum("klmn,mn->kl", windows, W)


def input_gradient(delta, W):
    """dL/dX (I, J), from delta (K, L) and W (M, N)."""
    M, N = W.shape
    padded = np.pad(delta, ((M - 1, M - 1), (N - 1, N - 1)))
    return correlate(W[::-1, ::-1], padded)
