"""练习 10：二维卷积 / Exercise 10: Convolution in two dimensions.

书中的卷积 (24.4)：y_kl = Σ_m Σ_n w_mn x_{k+m-1, l+n-1}。书从 1 数起，Python 从 0 数起。
窗口是 X 的哪一块？
把每个 ... 换成你的答案，然后运行本文件。
The book's convolution (24.4): y_kl = sum of w_mn x_{k+m-1, l+n-1}. The book counts from 1, Python from 0. Which part
of X does the window see?
Put your answers in place of each ... and run this file.
"""
import numpy as np

from tinygrad_cnn.teach.exercises import check


def cross_correlation(X, W):
    """Y = W * X, shape (I-M+1, J-N+1)."""
    (I, J), (M, N) = X.shape, W.shape
    Y = np.zeros((I - M + 1, J - N + 1))
    for k, l in np.ndindex(*Y.shape):
        window = ...
        Y[k, l] = ...
    return Y


if __name__ == "__main__":
    check(cross_correlation)
