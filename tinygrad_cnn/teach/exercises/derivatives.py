"""Exercises on rules: from the gradient of an operation's output to those of its inputs."""
import numpy as np

from ..words import Words
from .exercise import Exercise, Mistake

__all__ = ["EXERCISES"]

_random = lambda seed, *shape: np.round(np.random.default_rng(seed).normal(size=shape), 1)
_scalars = ((1.0, 3.0, 2.0), (2.0, -1.0, 0.5), (-1.5, 0.7, 4.0))


def _softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def _cross_entropy(z, labels):
    return _softmax(z) - np.eye(z.shape[1])[labels]


def _residual(g, x, W):
    return g + W.T @ (g * (1 - np.tanh(W @ x) ** 2))


EXERCISES = (
    Exercise("product_rule", _scalars, lambda g, a, b: (g * b, g * a), (
        Mistake(lambda g, a, b: (g * a, g * b), Words("两个因子要交换：a 的梯度乘的是 b。",
                                                      "The factors change places: the gradient of a is multiplied "
                                                      "by b.")),
        Mistake(lambda g, a, b: (b, a), Words("上游的梯度 g 还没有乘进去（链式法则）。",
                                              "The incoming gradient g is missing: the chain rule multiplies by it.")),
        Mistake(lambda g, a, b: (g, g), Words("这是加法的规则。", "That is the rule of a sum.")))),
    Exercise("division_rule", _scalars, lambda g, a, b: (g / b, -g * a / b**2), (
        Mistake(lambda g, a, b: (g / b, g * a / b**2), Words("b 变大时 a/b 变小：差一个负号。",
                                                             "If b grows, a/b shrinks: a minus sign is missing.")),
        Mistake(lambda g, a, b: (g / b, -g * a / b), Words("1/b 的导数是 -1/b²。",
                                                           "The derivative of 1/b is -1/b^2.")))),
    Exercise("tanh_rule", ((1.0, 0.5), (2.0, -0.8), (_random(0, 4), np.tanh(_random(1, 4)))),
             lambda g, y: g * (1 - y**2), (
        Mistake(lambda g, y: g * (1 - y), Words("忘了平方。", "A square is missing.")),
        Mistake(lambda g, y: g * (1 - np.tanh(y) ** 2),
                Words("y 已经是 tanh(x)，不要再算一次。", "y is tanh(x) already, it needs no other tanh.")),
        Mistake(lambda g, y: g * y * (1 - y), Words("这是 sigmoid 的规则。", "That is the rule of the sigmoid.")))),
    Exercise("bias_gradient", ((np.array([[1.0, 2.0], [3.0, 4.0]]),), (_random(2, 5, 3),)),
             lambda g: g.sum(axis=0), (
        Mistake(lambda g: g.mean(axis=0), Words("b 加到了每一行：N 份梯度相加，不取平均。",
                                                "b is added to every row: its N gradients add up, they are not "
                                                "averaged.")),
        Mistake(lambda g: g.sum(axis=1), Words("求和的轴不对：被重复的是行，axis=0。",
                                               "The other axis: what was repeated are the rows, axis=0.")),
        Mistake(lambda g: g, Words("梯度必须与 b 同形：(C,)。", "A gradient has the shape of its variable, (C,).")))),
    Exercise("matmul_rule", ((_random(3, 3, 3), _random(4, 3, 3), _random(5, 3, 3)),
                             (_random(6, 2, 2), _random(7, 2, 2), _random(8, 2, 2))),
             lambda g, a, b: (g @ b.T, a.T @ g), (
        Mistake(lambda g, a, b: (g @ b, a @ g), Words("差一个转置。", "A transpose is missing.")),
        Mistake(lambda g, a, b: (b.T @ g, g @ a.T), Words("次序不对：矩阵乘法不可交换。",
                                                          "The order: matrix products do not commute.")))),
    Exercise("softmax_cross_entropy_gradient",
             ((_random(9, 1, 3), np.array([2])), (_random(10, 4, 3), np.array([0, 2, 1, 2]))),
             lambda z, labels: _cross_entropy(z, labels) / len(z), (
        Mistake(_cross_entropy, Words("损失是平均值：再除以样本数 N。",
                                      "The loss is a mean: divide by the number of samples N.")),
        Mistake(lambda z, labels: -_cross_entropy(z, labels) / len(z), Words("符号反了：p - y。",
                                                                             "The sign: it is p - y.")),
        Mistake(lambda z, labels: _softmax(z) / len(z), Words("还要减去正确答案 y（one-hot）。",
                                                              "Subtract the right answer y, a one-hot row.")))),
    Exercise("residual_gradient", ((_random(11, 2), _random(12, 2), _random(13, 2, 2)),
                                   (_random(14, 3), _random(15, 3), _random(16, 3, 3))),
             _residual, (
        Mistake(lambda g, x, W: _residual(g, x, W) - g, Words("恒等路径的梯度 g 也要加上：这正是残差的要点。",
                                                              "The path around f adds g: that is the point of a "
                                                              "residual.")),
        Mistake(lambda g, x, W: g + W @ (g * (1 - np.tanh(W @ x) ** 2)), Words("差一个转置。",
                                                                               "A transpose is missing.")),
        Mistake(lambda g, x, W: g + W.T @ g, Words("tanh 的导数漏掉了。", "The derivative of tanh is missing.")))),
)
