"""练习 15：平均汇聚层的 δ / Exercise 15: The delta of mean pooling.

2x2 窗口，步幅 2，取平均值。每个位置分到多少？
把每个 ... 换成你的答案，然后运行本文件。
2x2 windows, stride 2, their mean. How much does each position get?
Put your answers in place of each ... and run this file.
"""
import numpy as np

from tinygrad_cnn.teach.exercises import check


def mean_pool_delta(delta):
    """delta of the layer below (H, W), from delta (H/2, W/2)."""
    H, W = 2 * delta.shape[0], 2 * delta.shape[1]
    below = np.zeros((H, W))
    for i, j in np.ndindex(H, W):
        below[i, j] = ...
    return below


if __name__ == "__main__":
    check(mean_pool_delta)
