"""Example 24.9: pooling of several channels."""
from ... import ops as tg
from ..words import Words
from .board import side_by_side
from .example_24_6 import X
from .lesson import Lesson, Question

__all__ = ["LESSON"]


def count():
    return tg.max_pool2d(X, 2).numel()


def blue():
    return tg.max_pool2d(X, 2)[2]


def all_channels():
    """The three results."""
    Y = tg.max_pool2d(X, 2)
    return side_by_side(Y[0], ",", Y[1], ",", Y[2])


LESSON = Lesson(
    "24.9", Words("三维汇聚（多通道）", "Pooling of several channels (the book's 三维汇聚)"),
    lambda: side_by_side("X_R =", X[0], "X_G =", X[1], "X_B =", X[2]),
    (Question(Words("2x2 最大汇聚以后一共剩下几个数？",
                    "After max pooling with 2x2 windows, how many numbers are left in all?"),
              count, Words("2·2·3 = 12：逐通道汇聚，深度不变。",
                           "2 * 2 * 3 = 12: each channel for itself; the depth stays.")),
     Question(Words("蓝色通道变成哪四个数？", "Which four numbers does the blue channel become?"), blue,
              Words("通道之间不混合；max_pool3d 会混合，那不是书中的三维汇聚。",
                    "Channels do not mix. In max_pool3d they would: that is another operation."), all_channels)),
    "chapter24/07_pooling_3d.py")
