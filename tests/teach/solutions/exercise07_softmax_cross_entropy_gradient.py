"""A solution of exercise 7."""
import numpy as np


def softmax_cross_entropy_gradient(z, labels):
    """dL/dz (N, K), from z (N, K) and labels (N,), the numbers of the right classes."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    y = np.eye(z.shape[1])[labels]                      # one row a sample: 1 at the right class, else 0
    return (p - y) / len(z)
