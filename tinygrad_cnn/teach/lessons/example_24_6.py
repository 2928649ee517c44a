"""Example 24.6: several channels."""
from ... import ops as tg
from ..words import Words
from .board import side_by_side
from .lesson import Lesson, Question

__all__ = ["LESSON"]

X = tg.tensor([[[3.0, 2, 0, 1], [0, 2, 1, 2], [2, 0, 0, 3], [2, 3, 1, 2]],
               [[3, 2, 0, 1], [2, 1, 0, 1], [1, 0, 2, 1], [2, 1, 0, 0]],
               [[4, 2, 0, 1], [0, 3, 1, 0], [3, 1, 0, 2], [2, 2, 0, 1]]])
W = tg.tensor([[[2.0, 1, 2], [0, 0, 3], [0, 0, 2]], [[1, 0, 1], [0, 1, 0], [1, 0, 1]], [[1, 0, -1]] * 3])


def by_channel():
    """W_c * X_c for red, green and blue."""
    return [tg.correlate2d(X[c], W[c], "valid") for c in range(3)]


def given():
    """The channels, their kernels, and what each gives alone."""
    rows = zip("RGB", W, X, by_channel())
    return "\n\n".join(side_by_side(f"W_{name} * X_{name} =", W_c, "*", X_c, "=", Y_c)
                       for name, W_c, X_c, Y_c in rows)


def weights():
    return W.numel()


def together():
    return tg.conv2d(X[None], W[None])[0, 0]


LESSON = Lesson(
    "24.6", Words("三维卷积（多通道）", "Several channels (the book's 三维卷积)"), given,
    (Question(Words("这个核一共有几个权重？", "How many weights has this kernel in all?"), weights,
              Words("核与输入一样深：3·3·3 = 27 个。", "A kernel is as deep as its input: 3 * 3 * 3 = 27.")),
     Question(Words("Y = W_R * X_R + W_G * X_G + W_B * X_B 的四个数？（逐行）",
                    "Y = W_R * X_R + W_G * X_G + W_B * X_B: which are its four numbers, row by row?"), together,
              Words("各通道的结果相加，输出只有一个矩阵 (24.7)。深度学习库里这是 conv2d，不是 conv3d。",
                    "The channels are added, and one matrix remains (24.7). In libraries this is conv2d, not "
                    "conv3d."))),
    "chapter24/05_multichannel_convolution.py")
