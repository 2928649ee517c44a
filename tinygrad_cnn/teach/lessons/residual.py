"""The residual idea: a path around every layer."""
from ... import ops as tg
from ..words import Words
from .lesson import Lesson, Question

__all__ = ["LESSON"]


def given():
    """Three layers, with and without the path around them."""
    return ("    f(x) = 0.1·x,  n = 3\n"
            "    x_i = f(x_{i-1})              plain\n"
            "    x_i = x_{i-1} + f(x_{i-1})    residual (24.27)")


def plain():
    x = tg.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(3):
        y = 0.1 * y
    y.backward()
    return x.grad


def residual():
    x = tg.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(3):
        y = y + 0.1 * y
    y.backward()
    return x.grad


def paths():
    return 2 ** 3


LESSON = Lesson(
    "residual", Words("残差的想法", "The residual idea"), given,
    (Question(Words("没有捷径时，∂x_3/∂x_0 是多少？", "Without the path around, what is dx_3/dx_0?"), plain,
              Words("0.1³ = 0.001：每层乘一次，层数多了梯度就消失。",
                    "0.1^3 = 0.001: a factor for each layer, and with many layers the gradient vanishes.")),
     Question(Words("有捷径时呢？", "And with it?"), residual,
              Words("1.1³ = 1.331：每层的因子是 1 + f'，不会消失（习题 24.10）。",
                    "1.1^3 = 1.331: the factor of a layer is 1 + f', which does not vanish (exercise 24.10).")),
     Question(Words("把 (1 + 0.1)³ 展开，从输入到输出有几条路径？",
                    "Multiply (1 + 0.1)^3 out: how many paths lead from input to output?"), paths,
              Words("2³ = 8：1 条长 0，3 条长 1，3 条长 2，1 条长 3。短的路径保住了梯度（图 24.20）。",
                    "2^3 = 8: one of length 0, three of 1, three of 2, one of 3. The short ones keep the gradient "
                    "alive (figure 24.20)."))),
    "chapter24/18_residual_idea.py")
