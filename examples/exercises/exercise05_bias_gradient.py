"""练习 5：偏置的梯度 / Exercise 5: The gradient of a bias.

y = x + b，x 是 (N, C)，b 是 (C,)：NumPy 把 b 重复 N 次，加到每一行。
b 的每个数被用了 N 次，梯度是什么？它必须与 b 同形。
把每个 ... 换成你的答案，然后运行本文件。
y = x + b with x (N, C) and b (C,): NumPy repeats b and adds it to each of N rows. Each number of b is used N times.
What is its gradient? It must have the shape of b.
Put your answers in place of each ... and run this file.
"""
from tinygrad_cnn.teach.exercises import check


def bias_gradient(g):
    """The gradient (C,) of b, from g (N, C)."""
    return ...


if __name__ == "__main__":
    check(bias_gradient)
