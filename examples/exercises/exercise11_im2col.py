"""练习 11：im2col：把窗口排成行 / Exercise 11: im2col: windows as rows.

把每个窗口展平成一行，卷积就成了一次矩阵乘法：im2col(x) @ w.reshape(O, -1).T。
行的次序：窗口从左到右、从上到下；行内：通道、高、宽，与 w 的 (O, C, KH, KW) 一致。
把每个 ... 换成你的答案，然后运行本文件。
With every window flattened into a row, convolution is one matrix product: im2col(x) @ w.reshape(O, -1).T. Rows:
windows from left to right, then down. Within a row: channel, height, width, as in w (O, C, KH, KW).
Put your answers in place of each ... and run this file.
"""
import numpy as np

from tinygrad_cnn.teach.exercises import check


def im2col(x, KH, KW):
    """x (C, H, W) -> (OH * OW, C * KH * KW)."""
    C, H, W = x.shape
    rows = []
    for i, j in np.ndindex(H - KH + 1, W - KW + 1):
        window = ...
        rows.append(...)
    return np.stack(rows)


if __name__ == "__main__":
    check(im2col)
