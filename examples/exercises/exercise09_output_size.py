"""练习 9：输出的大小 / Exercise 9: The size of the output.

输入有 I 个数，两边各填充 P 个零，核长 M，步幅 S：有几个窗口？（例 24.2-24.4 的大小公式）
把每个 ... 换成你的答案，然后运行本文件。
An input of I numbers is padded with P zeros on both sides; the kernel has M, the stride is S. How many windows fit?
(The size law of examples 24.2-24.4.)
Put your answers in place of each ... and run this file.
"""
from tinygrad_cnn.teach.exercises import check


def output_size(I, M, P, S):
    """The number of windows."""
    return ...


if __name__ == "__main__":
    check(output_size)
