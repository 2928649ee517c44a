"""Example 24.10: invariance."""
from ... import ops as tg
from ..words import Words
from .board import side_by_side
from .example_24_5 import W
from .lesson import Lesson, Question

__all__ = ["LESSON"]

UPPER = tg.tensor([[0.0, 2, 0, 0], [0, 2, 0, 0], [0, 2, 2, 2], [0, 0, 0, 0]])
LOWER = tg.tensor([[0.0, 0, 0, 0], [2, 0, 0, 0], [2, 0, 0, 0], [2, 2, 2, 0]])


def shifted():
    return [tg.correlate2d(X, W, "valid").max().item() for X in (UPPER, LOWER)]


def maps():
    """Both feature maps."""
    return side_by_side("W * X1 =", tg.correlate2d(UPPER, W, "valid"), "W * X2 =", tg.correlate2d(LOWER, W, "valid"))


def turned():
    return tg.correlate2d(tg.rot90(UPPER, 2), W, "valid").max()


LESSON = Lesson(
    "24.10", Words("不变性", "Invariance"),
    lambda: side_by_side("X1 =", UPPER, "X2 =", LOWER, "W =", W),
    (Question(Words("两个 L 位置不同。W * X1 和 W * X2 的最大值各是多少？",
                    "The L stands in two places. What is the greatest number of W * X1, and of W * X2?"), shifted,
              Words("输入平移，特征图跟着平移（等变）；再取最大值，位置就不见了（不变）。",
                    "The map moves with the input (equivariance); its maximum forgets where (invariance)."), maps),
     Question(Words("把 X1 旋转 180 度，最大值还是 20 吗？是多少？",
                    "Turn X1 by 180 degrees. Is the greatest number still 20? What is it?"), turned,
              Words("不是 20：卷积对旋转没有不变性。要识别转过的 L，须有转过的核，或用数据增强学到它。",
                    "Not 20: convolution is not invariant to rotation. A turned L needs a turned kernel, learnt "
                    "from turned images."))),
    "chapter24/11_invariance.py")
