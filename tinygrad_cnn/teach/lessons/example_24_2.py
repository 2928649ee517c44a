"""Example 24.2: one kernel, one image."""
from ... import ops as tg
from ..words import Words
from .board import side_by_side
from .lesson import Lesson, Question

__all__ = ["LESSON"]

X = tg.tensor([[3.0, 2, 0, 1], [0, 2, 1, 2], [2, 0, 0, 3], [2, 3, 1, 2]])
W = tg.tensor([[2.0, 1, 2], [0, 0, 3], [0, 0, 2]])


def size():
    return list(tg.correlate2d(X, W, "valid").shape)


def numbers():
    return tg.correlate2d(X, W, "valid")


def trace():
    """The four windows."""
    steps = []
    for k in range(2):
        for l in range(2):
            window = X[k:k + 3, l:l + 3]
            product = W * window
            sign = f"y_{k + 1}{l + 1} =  Σ"
            steps.append(side_by_side(sign, W, "⊙", window, "= Σ", product, "=", [[product.sum().item()]]))
    return "\n\n".join(steps)


LESSON = Lesson(
    "24.2", Words("二维卷积", "Convolution in two dimensions"),
    lambda: side_by_side("X =", X, "W =", W),
    (Question(Words("Y = W * X 有几行几列？（两个数）",
                    "How many rows and columns has Y = W * X? (two numbers)"), size,
              Words("窗口在 4x4 的 X 上有 4-3+1 = 2 个行位置和 2 个列位置：K = I-M+1，L = J-N+1 (24.5)。",
                    "A window of 3 has 4 - 3 + 1 = 2 places down and 2 across: K = I-M+1, L = J-N+1 (24.5).")),
     Question(Words("Y 的四个数是多少？（逐行）", "Which are the four numbers of Y, row by row?"), numbers,
              Words("y_kl = Σ w_mn x_{k+m-1, l+n-1} (24.4)：核不翻转，逐位相乘再求和。深度学习库里叫互相关。",
                    "y_kl = sum of w_mn x_{k+m-1, l+n-1} (24.4): multiply place by place and add; the "
                    "kernel is not flipped. Elsewhere this is called cross-correlation."), trace)),
    "chapter24/03_cross_correlation.py")
