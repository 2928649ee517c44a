"""练习 4：用输出写的规则 / Exercise 4: A rule that uses the output.

y = tanh(x)，导数是 1 - tanh(x)²。规则不需要 x：前向已经算出了 y。
把每个 ... 换成你的答案，然后运行本文件。
y = tanh(x), and its derivative is 1 - tanh(x)^2. The rule needs no x: the forward pass has computed y.
Put your answers in place of each ... and run this file.
"""
from tinygrad_cnn.teach.exercises import check


def tanh_rule(g, y):
    """The gradient of x, from g and the output y = tanh(x)."""
    return ...


if __name__ == "__main__":
    check(tanh_rule)
