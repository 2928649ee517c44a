"""练习 7：softmax 与交叉熵 / Exercise 7: Softmax and cross-entropy.

L = 平均(-log p[正确的类])，p = softmax(z)。对 z 的梯度是书中著名的结果 p - y；别忘了 L 是平均值。
把每个 ... 换成你的答案，然后运行本文件。
L = mean of -log p[right class], p = softmax(z). Its gradient in z is the famous p - y; mind that L is a mean.
Put your answers in place of each ... and run this file.
"""
import numpy as np

from tinygrad_cnn.teach.exercises import check


def softmax_cross_entropy_gradient(z, labels):
    """dL/dz (N, K), from z (N, K) and labels (N,), the numbers of the right classes."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    y = np.eye(z.shape[1])[labels]                      # one row a sample: 1 at the right class, else 0
    return ...


if __name__ == "__main__":
    check(softmax_cross_entropy_gradient)
