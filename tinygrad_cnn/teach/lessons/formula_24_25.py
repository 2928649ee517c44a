"""Formula 24.25: the gradient of a bias, the book's and everybody else's."""
from ... import ops as tg
from ..words import Words
from .board import side_by_side
from .formula_24_24 import DELTA, W, X
from .lesson import Lesson, Question

__all__ = ["LESSON"]


def one_for_each_place():
    b = tg.zeros(2, 2, requires_grad=True)
    (tg.correlate2d(X, W, "valid") + b).backward(DELTA)
    return b.grad


def one_for_all():
    b = tg.zeros(1, requires_grad=True)
    (tg.correlate2d(X, W, "valid") + b).backward(DELTA)
    return b.grad


LESSON = Lesson(
    "24.25", Words("偏置的梯度", "The gradient of a bias"),
    lambda: side_by_side("Z = W * X + b,   δ = ∂L/∂Z =", DELTA),
    (Question(Words("书中每个输出位置有一个 b。∂L/∂b 的四个数？",
                    "The book has one b for each place of Z. Which are the four numbers of "
                    "dL/db?"), one_for_each_place,
              Words("b 直接加在 Z 上，所以 ∂L/∂b = δ (24.25)。", "b is added to Z, so dL/db = delta (24.25).")),
     Question(Words("程序库里整个特征图共用一个 b。它的梯度是多少？",
                    "Libraries have one b for the whole map. What is its gradient?"), one_for_all,
              Words("用了四次的数，四份梯度相加：Σ δ = 3。共用就是求和，权重共享也是如此。",
                    "Used four times, its four gradients add up: the sum of delta is 3. Sharing means summing, "
                    "for weights as well."))),
    "chapter24/14_convolution_layer.py")
