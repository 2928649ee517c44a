"""练习 2：乘法的规则 / Exercise 2: The rule of a product.

y = a * b。上游传来 g = ∂L/∂y，求 ∂L/∂a 和 ∂L/∂b（链式法则：乘以局部导数）。
把每个 ... 换成你的答案，然后运行本文件。
y = a * b. What comes from above is g = dL/dy. What are dL/da and dL/db? (The chain rule: g times the local
derivative.)
Put your answers in place of each ... and run this file.
"""
from tinygrad_cnn.teach.exercises import check


def product_rule(g, a, b):
    """The gradients of a and b."""
    da = ...
    db = ...
    return da, db


if __name__ == "__main__":
    check(product_rule)
