"""Room 6: the rules are right, the order is not. A whole engine in miniature, on arrays, with four backward passes."""
import numpy as np

from ... import ops as tg
from ..words import Words
from .exhibit import Exhibit, Kept, Plaque

__all__ = ["EXHIBITS"]


class Number:
    """An array in the miniature engine: its value, what it was made from, its rule, the gradient so far."""

    def __init__(self, data, inputs=(), rule=None):
        self.data, self.inputs, self.rule = data, inputs, rule
        self.grad = np.zeros_like(data)

    def __add__(self, other):
        return Number(self.data + other.data, (self, other), lambda g: (g, g))

    def __mul__(self, other):
        return Number(self.data * other.data, (self, other), lambda g: (g * other.data, g * self.data))


def newest_first(y):
    """The numbers that y was made from, each after all that were made from it."""
    order, seen = [], set()

    def visit(number):
        if id(number) not in seen:
            seen.add(id(number))
            for x in number.inputs:
                visit(x)
            order.append(number)

    visit(y)
    return order[::-1]


def sweep(y, g):
    for number in newest_first(y):
        number.grad = np.zeros_like(number.data)
    y.grad = g
    for number in newest_first(y):
        for x, gx in zip(number.inputs, number.rule(number.grad) if number.rule else ()):
            x.grad = x.grad + gx


def polynomial_forward(x):
    leaf = Number(x.detach().numpy())
    y = leaf * leaf + leaf
    return Kept(tg.from_numpy(y.data), (leaf, y))


def polynomial_wrong(g, x, kept):
    leaf, y = kept
    y.grad = g.numpy()
    for number in newest_first(y):
        for x, gx in zip(number.inputs, number.rule(number.grad) if number.rule else ()):
            x.grad = gx
    return tg.from_numpy(leaf.grad)


def one_sweep(g, x, kept):
    leaf, y = kept
    sweep(y, g.numpy())
    return tg.from_numpy(leaf.grad)


POLYNOMIAL = Exhibit("polynomial", Plaque(
    Words("x² + x", "x^2 + x"),
    Words("一个微型引擎，逐个节点反向传播；加法与乘法的规则都对。",
          "A miniature engine goes back node by node; its rules for sum and product are right."),
    Words("x 用了三次。", "x is used three times."),
    Words("变量只要用两次，梯度就错；残差连接立刻失效。几乎每个人第一次写引擎都会犯：grad = 而不是 grad +=。",
          "Wrong as soon as a variable is used twice, so at the first residual connection. Seen in nearly "
          "everyone's first engine: grad = where it should be grad +=."),
    Words("累加：grad += 。", "Add up: grad +=.")),
    forward=polynomial_forward, wrong=polynomial_wrong, right=one_sweep,
    revealing=lambda: (np.array([3.0, -1.0]),))


def tower_forward(x):
    leaf = Number(x.detach().numpy())
    h = leaf * leaf
    y = (h * h) + h
    return Kept(tg.from_numpy(y.data), (leaf, y))


def tower_wrong(g, x, kept):
    leaf, y = kept
    seen = set()

    def pass_on(number):
        if id(number) in seen or number.rule is None:
            return
        seen.add(id(number))
        for x, gx in zip(number.inputs, number.rule(number.grad)):
            x.grad = x.grad + gx
            pass_on(x)

    y.grad = g.numpy()
    pass_on(y)
    return tg.from_numpy(leaf.grad)


TOWER = Exhibit("tower", Plaque(
    Words("h = x²，y = h² + h", "h = x^2, y = h^2 + h"),
    Words("同一个微型引擎：梯度到达就继续往下传，每个节点只传一次，并且累加。",
          "The same engine: a gradient is passed on as it arrives, once for each node, and added up."),
    Words("h 传下去的时候，它的梯度到齐了吗？", "Is h's gradient complete when h passes it on?"),
    Words("没有拓扑排序：共享的中间结果在梯度到齐之前就传了下去。每条路径都走一遍虽然正确，却指数级变慢：三个教学引"
          "擎因此训练不了残差网络。",
          "No topological order: what is shared passes its gradient on before all of it is there. (Walking every "
          "path is right but takes exponential time, which keeps three teaching engines from training a residual "
          "network.)"),
    Words("最新的节点先走：每个节点在用到它的节点都完成之后才传。",
          "Newest first: a node waits until all that was made from it is done.")),
    forward=tower_forward, wrong=tower_wrong, right=one_sweep,
    revealing=lambda: (np.array([1.5, -0.5]),))


def two_heads_forward(x):
    leaf = Number(x.detach().numpy())
    h = leaf * leaf
    first, second = h * leaf, h + h
    return Kept((tg.from_numpy(first.data), tg.from_numpy(second.data)), (leaf, first, second))


def two_heads_wrong(g_first, g_second, x, kept):
    leaf, first, second = kept
    for y, g in ((first, g_first), (second, g_second)):
        y.grad = g.numpy()
        for number in newest_first(y):
            for x, gx in zip(number.inputs, number.rule(number.grad) if number.rule else ()):
                x.grad = x.grad + gx
    return tg.from_numpy(leaf.grad)


def two_heads_right(g_first, g_second, x, kept):
    leaf, first, second = kept
    total = np.zeros_like(leaf.data)
    for y, g in ((first, g_first), (second, g_second)):
        sweep(y, g.numpy())
        total = total + leaf.grad
    return tg.from_numpy(total)


TWO_HEADS = Exhibit("two_heads", Plaque(
    Words("h = x²，两个输出：hx 和 2h", "h = x^2 and two outputs, hx and 2h"),
    Words("同一个微型引擎依次从两个输出反向传播，像两个损失各调用一次 backward()。",
          "The same engine goes back from one output, then from the other, as two calls of backward() would."),
    Words("第二遍开始时，h 的梯度是 0 吗？", "Is h's gradient 0 when the second pass begins?"),
    Words("第二次反向传播把中间节点上剩下的梯度又传了一遍：那里应得 216 却得 324。见于最有名的微型引擎，反复有人提"
          "问。",
          "The second pass hands on, once more, what the first left on the nodes between: there, 324 for 216. Seen "
          "in the best-known of all miniature engines, where users keep asking about it."),
    Words("只有叶子的梯度跨越多次反向传播；中间节点的从 0 开始。",
          "Only leaves keep their gradient from pass to pass; nodes between start at 0.")),
    forward=two_heads_forward, wrong=two_heads_wrong, right=two_heads_right,
    revealing=lambda: (np.array([2.0, -1.0]),))

EXHIBITS = (POLYNOMIAL, TOWER, TWO_HEADS)
