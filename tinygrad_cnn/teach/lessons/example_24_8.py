"""Example 24.8: mean pooling."""
from ... import ops as tg
from ..words import Words
from .board import side_by_side
from .example_24_2 import X
from .lesson import Lesson, Question

__all__ = ["LESSON"]


def pooled():
    return tg.avg_pool2d(X[None], 2)[0]


def constant():
    kernel = tg.full((1, 1, 2, 2), 1 / 4)
    same = tg.equal(tg.conv2d(X[None, None], kernel, stride=2), tg.avg_pool2d(X[None, None], 2))
    return kernel[0, 0, 0, 0] if same else 0


LESSON = Lesson(
    "24.8", Words("平均汇聚", "Mean pooling"),
    lambda: side_by_side("X =", X, "M = N = S = 2"),
    (Question(Words("同样的窗口，取平均值。四个数是？", "The same windows, their means. Which four numbers?"), pooled,
              Words("窗口里的四个数各占四分之一。", "Each of the four numbers in a window counts a quarter.")),
     Question(Words("平均汇聚等于步幅 2 的卷积，核是常数。是哪个数？",
                    "Mean pooling is a convolution with stride 2 and a constant kernel. Which constant?"), constant,
              Words("1/(M·N) = 1/4。所以平均汇聚的反向也就是这个卷积的反向：δ 平分。",
                    "1/(M N) = 1/4. So its backward pass is that convolution's, too: delta is shared equally."))),
    "chapter24/06_pooling_2d.py")
