"""练习 13：输入的梯度 (24.26) / Exercise 13: The input's gradient (24.26).

Y = W * X，上游传来 δ = ∂L/∂Y。δ 要全填充（四周各补 M-1、N-1 个零），核要怎样摆？
把每个 ... 换成你的答案，然后运行本文件。
Y = W * X, and delta = dL/dY comes from above. delta is padded fully, by M-1 and N-1 zeros all round. How must the
kernel lie?
Put your answers in place of each ... and run this file.
"""
import numpy as np

from tinygrad_cnn.teach.exercises import check


def correlate(W, X):
    """W * X without padding, as in exercise 10."""
    windows = np.lib.stride_tricks.sliding_window_view(X, W.shape)
    return np.einsum("klmn,mn->kl", windows, W)


def input_gradient(delta, W):
    """dL/dX (I, J), from delta (K, L) and W (M, N)."""
    M, N = W.shape
    padded = np.pad(delta, ((M - 1, M - 1), (N - 1, N - 1)))
    return correlate(..., padded)


if __name__ == "__main__":
    check(input_gradient)
