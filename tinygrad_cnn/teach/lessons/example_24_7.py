"""Example 24.7: max pooling."""
from ... import ops as tg
from ..words import Words
from .board import side_by_side
from .example_24_2 import X
from .lesson import Lesson, Question

__all__ = ["LESSON"]


def pooled():
    return tg.max_pool2d(X[None], 2)[0]


def parameters():
    from ...nn import MaxPool2d
    return sum(p.numel() for p in MaxPool2d(2).parameters())


LESSON = Lesson(
    "24.7", Words("最大汇聚", "Max pooling"),
    lambda: side_by_side("X =", X, "M = N = S = 2"),
    (Question(Words("2x2 的窗口互不重叠，各取最大值。四个数是？",
                    "Windows of 2x2 without overlap, the greatest of each. Which four numbers?"), pooled,
              Words("每个窗口留下最强的响应；它在窗口里的哪个位置，就此忘掉。",
                    "Each window keeps its strongest response and forgets where in the window it was.")),
     Question(Words("这一层有几个参数？", "How many parameters has this layer?"), parameters,
              Words("没有：汇聚不学习。反向时 δ 全部交给最大值的位置。",
                    "None: pooling does not learn. Backward, delta goes to where the greatest value stood."))),
    "chapter24/06_pooling_2d.py")
