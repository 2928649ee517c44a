"""Example 24.3: padding."""
from ... import ops as tg
from ..words import Words
from .board import side_by_side
from .example_24_2 import W, X
from .lesson import Lesson, Question

__all__ = ["LESSON"]


def size():
    return tg.conv2d(X[None, None], W[None, None], padding=1).shape[-1]


def first_row():
    return tg.conv2d(X[None, None], W[None, None], padding=1)[0, 0, 0]


def all_rows():
    """The whole of Y."""
    return side_by_side("Y =", tg.conv2d(X[None, None], W[None, None], padding=1)[0, 0])


LESSON = Lesson(
    "24.3", Words("填充", "Padding"),
    lambda: side_by_side("X =", X, "W =", W, "P = Q = 1"),
    (Question(Words("四周填一圈零以后，Y 有几行？", "With one ring of zeros around X, how many rows has Y?"), size,
              Words("K = I + 2P - M + 1 = 4 + 2 - 3 + 1 = 4：输出与输入一样大。",
                    "K = I + 2P - M + 1 = 4 + 2 - 3 + 1 = 4: the output is as large as the input.")),
     Question(Words("Y 的第一行是多少？窗口的第一行全落在零上。",
                    "What is the first row of Y? The window's first row lies on zeros there."), first_row,
              Words("第一行里只有 W 的后两行起作用：y_11 = 3·x_12 + 2·x_22 = 6 + 4 = 10。",
                    "Only the last two rows of W count there: y_11 = 3 x_12 + 2 x_22 = 6 + 4 = 10."), all_rows)),
    "chapter24/04_padding_and_stride.py")
