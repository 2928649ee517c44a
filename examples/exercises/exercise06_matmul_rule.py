"""练习 6：矩阵乘法的规则 / Exercise 6: The rule of a matrix product.

y = a @ b，a 是 (I, K)，b 是 (K, J)，g 是 (I, J)。
形状几乎不留选择：哪两个矩阵相乘（转置几次）得到 (I, K)？哪两个得到 (K, J)？
把每个 ... 换成你的答案，然后运行本文件。
y = a @ b with a (I, K), b (K, J) and g (I, J). Shapes leave hardly a choice: which two, transposed as needed, give
(I, K), and which give (K, J)?
Put your answers in place of each ... and run this file.
"""
from tinygrad_cnn.teach.exercises import check


def matmul_rule(g, a, b):
    """The gradients of a and b."""
    da = ...
    db = ...
    return da, db


if __name__ == "__main__":
    check(matmul_rule)
