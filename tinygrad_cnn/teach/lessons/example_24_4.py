"""Example 24.4: stride."""
from ... import ops as tg
from ..words import Words
from .board import side_by_side
from .example_24_2 import W
from .lesson import Lesson, Question

__all__ = ["LESSON"]

X = tg.tensor([[3.0, 2, 0, 1, 0, 2, 1], [0, 2, 1, 2, 1, 2, 1], [2, 0, 0, 3, 0, 0, 2], [2, 3, 1, 0, 1, 1, 3],
               [2, 2, 1, 1, 0, 3, 1], [1, 1, 0, 0, 1, 2, 2], [2, 1, 0, 3, 2, 1, 1]])


def size():
    return tg.conv2d(X[None, None], W[None, None], stride=2).shape[-1]


def first_row():
    return tg.conv2d(X[None, None], W[None, None], stride=2)[0, 0, 0]


def all_rows():
    """The whole of Y."""
    return side_by_side("Y =", tg.conv2d(X[None, None], W[None, None], stride=2)[0, 0])


LESSON = Lesson(
    "24.4", Words("步幅", "Stride"),
    lambda: side_by_side("X =", X, "W =", W, "S = 2"),
    (Question(Words("窗口每次走两格，Y 有几行？",
                    "The window moves two places at a time. How many rows has Y?"), size,
              Words("K = ⌊(I - M)/S⌋ + 1 = ⌊4/2⌋ + 1 = 3。", "K = floor((I - M)/S) + 1 = floor(4/2) + 1 = 3.")),
     Question(Words("Y 的第一行是多少？（三个数）", "What is the first row of Y? (three numbers)"), first_row,
              Words("步幅 2 就是步幅 1 的结果隔一个取一个：计算量是四分之一。",
                    "Stride 2 gives every second number of stride 1, in a quarter of the work."), all_rows)),
    "chapter24/04_padding_and_stride.py")
