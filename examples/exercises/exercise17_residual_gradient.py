"""练习 17：残差单元的梯度（习题 24.10） / Exercise 17: The gradient of a residual unit (exercise 24.10).

y = x + tanh(W @ x)。x 走两条路：恒等的路和经过 f 的路，两条路的梯度相加。
把每个 ... 换成你的答案，然后运行本文件。
y = x + tanh(W @ x). x goes two ways, straight on and through f, and the gradients of the two add up.
Put your answers in place of each ... and run this file.
"""
import numpy as np

from tinygrad_cnn.teach.exercises import check


def residual_gradient(g, x, W):
    """dL/dx, from g = dL/dy."""
    f = np.tanh(W @ x)
    through_f = ...
    straight_on = ...
    return through_f + straight_on


if __name__ == "__main__":
    check(residual_gradient)
