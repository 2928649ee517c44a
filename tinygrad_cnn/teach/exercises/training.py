"""Exercises on checking gradients and on using them."""
import numpy as np

from ..words import Words
from .exercise import Exercise, Mistake

__all__ = ["EXERCISES"]


def cubic(x):
    """1 + x + x^3: one-sided differences are visibly off, central ones nearly exact."""
    return 1 + x + x**3


_H = 0.01
_vector = lambda *numbers: np.array(numbers, float)
_momentum_cases = (
    (_vector(1.0, -2.0), _vector(0.5, 0.5), _vector(0.0, 0.0), 0.1, 0.9),
    (_vector(1.0, -2.0), _vector(0.5, -0.5), _vector(2.0, 1.0), 0.1, 0.9),
)


def _momentum(w, g, v, lr, momentum):
    v = momentum * v + g
    return w - lr * v, v


def _momentum_without(w, g, v, lr, momentum):
    return w - lr * g, momentum * v + g


def _momentum_up(w, g, v, lr, momentum):
    v = momentum * v + g
    return w + lr * v, v


EXERCISES = (
    Exercise("slope", ((cubic, 1.0, _H), (cubic, -2.0, _H)), lambda f, x, h: (f(x + h) - f(x - h)) / (2 * h), (
        Mistake(lambda f, x, h: (f(x + h) - f(x)) / h,
                Words("这是单侧差分，误差与 h 成正比；两侧取差，误差与 h² 成正比。",
                      "A difference to one side is off in proportion to h; from side to side, to h^2.")),
        Mistake(lambda f, x, h: (f(x + h) - f(x - h)) / h,
                Words("两点相距 2h。", "The two points are 2h apart.")))),
    Exercise("momentum_step", _momentum_cases, _momentum, (
        Mistake(_momentum_without, Words("更新参数用的是新的速度 v，不是 g。",
                                         "The step uses the new velocity v, not g.")),
        Mistake(_momentum_up, Words("方向反了：沿梯度的反方向走。", "The wrong way: step against the gradient.")))),
)
