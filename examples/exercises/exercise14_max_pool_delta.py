"""练习 14：最大汇聚层的 δ / Exercise 14: The delta of max pooling.

2x2 窗口，步幅 2。一个窗口的 δ 交给谁？只有最大值动一动，输出才会动（2.2.2 节的 up_sample）。
把每个 ... 换成你的答案，然后运行本文件。
2x2 windows, stride 2. Who gets a window's delta? The output moves with the largest value only (up_sample of section
2.2.2).
Put your answers in place of each ... and run this file.
"""
import numpy as np

from tinygrad_cnn.teach.exercises import check


def max_pool_delta(X, delta):
    """delta of the layer below (H, W), from its X (H, W) and delta (H/2, W/2)."""
    below = np.zeros_like(X)
    for k, l in np.ndindex(*delta.shape):
        window = X[2 * k:2 * k + 2, 2 * l:2 * l + 2]
        m, n = np.unravel_index(window.argmax(), window.shape)
        place = ...
        below[place] = ...
    return below


if __name__ == "__main__":
    check(max_pool_delta)
