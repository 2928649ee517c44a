"""练习 12：核的梯度 (24.24) / Exercise 12: The kernel's gradient (24.24).

Y = W * X，上游传来 δ = ∂L/∂Y。每个 w_mn 乘过哪些 x？∂L/∂W 也是一个互相关：谁是核？
把每个 ... 换成你的答案，然后运行本文件。
Y = W * X, and delta = dL/dY comes from above. Which x has each w_mn been multiplied by? dL/dW is a correlation, too:
which of the two is the kernel?
Put your answers in place of each ... and run this file.
"""
import numpy as np

from tinygrad_cnn.teach.exercises import check


def correlate(W, X):
    """W * X without padding, as in exercise 10."""
    if W.shape > X.shape:
        raise ValueError(f"W {W.shape} 比 X {X.shape} 大：谁是核？ / W is larger: which of the two is the kernel?")
    windows = np.lib.stride_tricks.sliding_window_view(X, W.shape)
    return np.einsum("klmn,mn->kl", windows, W)


def kernel_gradient(delta, X):
    """dL/dW, from delta (K, L) and X (I, J)."""
    return correlate(..., ...)


if __name__ == "__main__":
    check(kernel_gradient)
