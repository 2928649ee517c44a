"""练习 8：动量法的一步 / Exercise 8: One step with momentum.

v ← 动量·v + g；w ← w - 学习率·v。g 是 w 的梯度，v 是速度。
把每个 ... 换成你的答案，然后运行本文件。
v <- momentum * v + g, then w <- w - lr * v. g is the gradient of w, v the velocity.
Put your answers in place of each ... and run this file.
"""
from tinygrad_cnn.teach.exercises import check


def momentum_step(w, g, v, lr, momentum):
    """The new w and the new v."""
    v = ...
    w = ...
    return w, v


if __name__ == "__main__":
    check(momentum_step)
