"""Algorithm 24.1: the order of the updates."""
from ... import ops as tg
from ..words import Words
from .lesson import Lesson, Question

__all__ = ["LESSON"]


def given():
    """The smallest network with two layers."""
    return ("    x = 1, w1 = 2, w2 = 3, y = 5, η = 0.1\n"
            "    x1 = w1·x,  x2 = w2·x1,  L = (x2 - y)²/2")


def gradients():
    w1, w2 = tg.tensor(2.0, requires_grad=True), tg.tensor(3.0, requires_grad=True)
    L = (w2 * (w1 * 1) - 5) ** 2 / 2
    L.backward()
    return [w2.grad.item(), w1.grad.item()]


def updated_first():
    delta, x, x1, w2 = 1.0, 1.0, 2.0, 3.0
    w2 = w2 - 0.1 * delta * x1
    return delta * w2 * x


LESSON = Lesson(
    "alg24.1", Words("算法 24.1：更新的次序", "Algorithm 24.1: the order of the updates"), given,
    (Question(Words("∂L/∂w2 和 ∂L/∂w1 是多少？", "What are dL/dw2 and dL/dw1?"), gradients,
              Words("δ = x2 - y = 1；∂L/∂w2 = δ·x1 = 2；δ 乘 w2 往下传，∂L/∂w1 = δ·w2·x = 3。",
                    "delta = x2 - y = 1; dL/dw2 = delta x1 = 2; delta goes down times w2: dL/dw1 = delta w2 x = 3.")),
     Question(Words("书上印的次序是先更新 w2，再用它往下传 δ。这样 ∂L/∂w1 会变成多少？",
                    "As printed, w2 is updated before it hands delta down. What would dL/dw1 become?"), updated_first,
              Words("w2 已经变成 2.8，∂L/∂w1 变成 2.8 而不是 3：误差与学习率成正比。应先用旧的 w2 传 δ，再更新。",
                    "w2 is 2.8 by then, so 2.8 for 3: an error in proportion to the learning rate. Hand delta "
                    "down with the old w2, then update."))),
    "chapter24/16_algorithm_24_1.py")
