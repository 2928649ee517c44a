"""练习 3：除法的规则 / Exercise 3: The rule of a quotient.

y = a / b。除数的梯度：b 变大时 y 变大还是变小？
把每个 ... 换成你的答案，然后运行本文件。
y = a / b. The gradient of the denominator: if b grows, does y grow or shrink?
Put your answers in place of each ... and run this file.
"""
from tinygrad_cnn.teach.exercises import check


def division_rule(g, a, b):
    """The gradients of a and b."""
    da = ...
    db = ...
    return da, db


if __name__ == "__main__":
    check(division_rule)
