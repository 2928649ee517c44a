"""练习 1：差分 / Exercise 1: A difference.

导数是什么，函数自己知道：在 x 的左右各走 h，两个函数值之差除以两点的距离。
用两侧的差（中心差分）：误差与 h² 成正比。以后就用它来检查每一条规则。
把每个 ... 换成你的答案，然后运行本文件。
The function itself knows its derivative: go h to each side of x and divide the difference of the two values by the
distance of the two points. From side to side the error is proportional to h^2. Every rule will be checked with this.
Put your answers in place of each ... and run this file.
"""
from tinygrad_cnn.teach.exercises import check


def slope(f, x, h):
    """The derivative of f at x, by a central difference with step h."""
    return ...


if __name__ == "__main__":
    check(slope)
