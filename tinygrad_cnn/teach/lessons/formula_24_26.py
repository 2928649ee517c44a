"""Formula 24.26: delta of the layer below."""
from ... import ops as tg
from ..words import Words
from .board import side_by_side
from .formula_24_24 import DELTA, W, X
from .lesson import Lesson, Question

__all__ = ["LESSON"]


def by_formula():
    below = tg.correlate2d(DELTA, tg.rot90(W, 2), "full")
    return [below[0, 0].item(), below[1, 1].item()]


def difference_from_autograd():
    x = X.clone().requires_grad_()
    tg.correlate2d(x, W, "valid").backward(DELTA)
    return (x.grad - tg.correlate2d(DELTA, tg.rot90(W, 2), "full")).abs().max()


def picture():
    """The full correlation."""
    return side_by_side("rot180(W) =", tg.rot90(W, 2), "∂L/∂X =", tg.correlate2d(DELTA, tg.rot90(W, 2), "full"))


LESSON = Lesson(
    "24.26", Words("把 δ 传给下一层", "delta of the layer below"),
    lambda: side_by_side("Z = W * X,   W =", W, "δ = ∂L/∂Z =", DELTA),
    (Question(Words("∂L/∂X = rot180(W) * δ（全填充）。∂L/∂x_11 和 ∂L/∂x_22 是多少？",
                    "dL/dX = rot180(W) * delta, padded fully. What are dL/dx_11 and dL/dx_22?"), by_formula,
              Words("x_11 只进过一个窗口：w_11·δ_11 = 1。x_22 进过四个：w_11·δ_22 + w_12·δ_21 + w_21·δ_12 + "
                    "w_22·δ_11 = 2 - 1 = 1。",
                    "x_11 was in one window: w_11 delta_11 = 1. x_22 was in four: w_11 delta_22 + w_12 "
                    "delta_21 + w_21 delta_12 + w_22 delta_11 = 2 - 1 = 1."), picture),
     Question(Words("它与自动微分的结果最多相差多少？", "By how much does it differ from autograd at most?"),
              difference_from_autograd,
              Words("0：窗口往右走，x 在窗口里就往左走，所以核要旋转 180 度。还差因子 a'(Z)，激活函数的导数。",
                    "0. As the window goes right, x goes left within it: hence the turn by 180 degrees. With an "
                    "activation, a'(Z) comes as a factor."))),
    "chapter24/14_convolution_layer.py")
