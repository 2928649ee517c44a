"""Example 24.5: a kernel as a detector."""
from ... import ops as tg
from ..words import Words
from .board import side_by_side
from .lesson import Lesson, Question

__all__ = ["LESSON"]

X = tg.tensor([[0.0, 0, 0, 0], [0, 2, 0, 0], [0, 2, 0, 0], [0, 2, 2, 2]])
W = tg.tensor([[2.0, 0, 0], [2, 0, 0], [2, 2, 2]])


def place():
    Y = tg.correlate2d(X, W, "valid")
    place = Y.argmax().item()
    return [place // 2 + 1, place % 2 + 1]


def response():
    return tg.correlate2d(X, W, "valid").max()


def map_of_responses():
    """The feature map."""
    return side_by_side("Y =", tg.correlate2d(X, W, "valid"))


LESSON = Lesson(
    "24.5", Words("用核检测特征", "A kernel as a detector"),
    lambda: side_by_side("X =", X, "W =", W),
    (Question(Words("X 里画着一个 L，W 也是 L。Y = W * X 在哪里最大？（行 列，从 1 数起）",
                    "X shows an L, and so does W. Where is Y = W * X greatest? (row and column, from 1)"), place,
              Words("窗口在第 2 行第 2 列时，它看到的正是 L。", "At row 2, column 2 the window sees exactly the L.")),
     Question(Words("最大的响应是多少？", "How great is the greatest response?"), response,
              Words("五个 2 对上五个 2：5·2·2 = 20。形状吻合处响应最大，卷积因此能检测特征。",
                    "Five times 2 times 2 = 20. The response is greatest where the shapes "
                    "agree: that is how a convolution detects a feature."), map_of_responses)),
    "chapter24/04_padding_and_stride.py")
