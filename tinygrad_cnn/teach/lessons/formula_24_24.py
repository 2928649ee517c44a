"""Formula 24.24: the gradient of a kernel."""
from ... import ops as tg
from ..words import Words
from .board import side_by_side
from .lesson import Lesson, Question

__all__ = ["LESSON"]

X = tg.tensor([[1.0, 2, 0], [0, 1, 3], [2, 0, 1]])
W = tg.tensor([[1.0, 0], [2, -1]])
DELTA = tg.tensor([[1.0, 0], [0, 2]])


def by_formula():
    return tg.correlate2d(X, DELTA, "valid")


def by_autograd():
    w = W.clone().requires_grad_()
    tg.correlate2d(X, w, "valid").backward(DELTA)
    return w.grad[0, 0]


LESSON = Lesson(
    "24.24", Words("核的梯度", "The gradient of a kernel"),
    lambda: side_by_side("Z = W * X,   X =", X, "W =", W, "δ = ∂L/∂Z =", DELTA),
    (Question(Words("∂L/∂W = δ * X 的四个数？（逐行）",
                    "dL/dW = delta * X: which four numbers, row by row?"), by_formula,
              Words("每个 w_mn 乘过一块 X，权重就是 δ：核的梯度又是一个互相关，δ 当核 (24.24)。",
                    "Each w_mn was multiplied by a piece of X, and counts as delta says: a correlation with delta "
                    "as the kernel (24.24).")),
     Question(Words("自动微分给出的 ∂L/∂w_11 是多少？", "What is dL/dw_11 by autograd?"), by_autograd,
              Words("一样：δ_11·x_11 + δ_22·x_22 = 1·1 + 2·1 = 3。",
                    "The same: delta_11 x_11 + delta_22 x_22 = 1*1 + 2*1 = 3."))),
    "chapter24/14_convolution_layer.py")
