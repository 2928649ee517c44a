"""Room 1: numbers one by one."""
import numpy as np

from ... import ops as tg
from ..words import Words
from .exhibit import Exhibit, Kept, Plaque

__all__ = ["EXHIBITS"]


def relu_forward(x):
    return tg.maximum(x, tg.zeros_like(x))


def relu_wrong(g, x):
    y = tg.relu(x)
    return g * (y >= 0)


def relu_right(g, x):
    return g * (x > 0)


RELU = Exhibit("relu", Plaque(
    Words("整流线性单元", "The rectifier"),
    Words("relu(x) = max(x, 0)。规则只看输出 y，不保存输入。",
          "relu(x) = max(x, 0). The rule looks at the output y only, so the input need not be kept."),
    Words("x = -1 时 y 是多少？y 满足规则里的条件吗？", "What is y at x = -1, and does it pass the rule's test?"),
    Words("所有单元都像线性单元一样学习，网络训练得比应有的差，却不报错。见于用输出做掩码、并把 > 写成 >= 的引擎。",
          "Every unit passes its gradient on, as a linear one would; training is worse than it should be and "
          "nothing fails. Seen in engines that take the mask from the output and write >= for >."),
    Words("掩码是 x > 0（或 y > 0）；在 0 处取 0。", "The mask is x > 0 (or y > 0): at 0 it is 0.")),
    forward=relu_forward, wrong=relu_wrong, right=relu_right,
    revealing=lambda: (np.array([-2.0, -0.5, 0.5, 2.0]),), everyday=lambda: (np.array([0.5, 1.0, 2.0]),))


def divide_forward(a, b):
    return a / b


def divide_wrong(g, a, b):
    return g / b, g * a / (b * b)


def divide_right(g, a, b):
    return g / b, -g * a / (b * b)


DIVIDE = Exhibit("divide", Plaque(
    Words("除法", "Division"),
    Words("y = a / b，两个参数各有一条规则。", "y = a / b, with one rule for each argument."),
    Words("b 变大，y 变大还是变小？", "If b grows, does y grow?"),
    Words("被除数的梯度正确，除数的梯度反号：分母上的参数朝错误方向更新。见于手写的微型引擎。",
          "The numerator learns, the denominator climbs the loss: its gradient has the wrong sign. Seen in small "
          "engines written by hand, where only the first argument had been tested."),
    Words("∂(a/b)/∂b = -a/b²。", "d(a/b)/db = -a/b^2.")),
    forward=divide_forward, wrong=divide_wrong, right=divide_right,
    revealing=lambda: (np.array([1.0, -2.0]), np.array([0.5, 3.0])))


def softplus_forward(x):
    return tg.logaddexp(x, tg.zeros_like(x))


def softplus_wrong(g, x):
    e = tg.exp(x)
    return g * e / (1 + e)


def softplus_right(g, x):
    return g * tg.sigmoid(x)


SOFTPLUS = Exhibit("softplus", Plaque(
    Words("log(1 + exp(x))", "log(1 + exp(x))"),
    Words("光滑的整流函数；前向计算对任何大小的 x 都稳定。",
          "A smooth rectifier; its value is computed safely for x of any size."),
    Words("前向稳定，反向呢？float64 里 exp(x) 从哪里开始溢出？",
          "The value is safe, and the gradient? Where does exp(x) overflow in float64?"),
    Words("训练很久之后突然出现 NaN，而损失一直有限：∞/∞。见于教学引擎的二元交叉熵（logit 为 100 时）。",
          "NaN after hours of training although the loss was finite all along: infinity divided by infinity. Seen "
          "in the binary cross-entropy of a teaching engine, at a logit of 100 in float32."),
    Words("导数是 sigmoid(x)，用不会溢出的写法。",
          "The derivative is sigmoid(x), in a form that does not overflow.")),
    forward=softplus_forward, wrong=softplus_wrong, right=softplus_right,
    revealing=lambda: (np.array([-1.0, 800.0]),), everyday=lambda: (np.array([-1.0, 0.0, 3.0]),))


def masked_sqrt_forward(x):
    return tg.where(x > 0, tg.sqrt(x), 0.0)


def masked_sqrt_wrong(g, x):
    return g * (x > 0) * 0.5 / tg.sqrt(x)


def masked_sqrt_right(g, x):
    inside = x > 0
    safe = tg.where(inside, x, 1.0)
    return tg.where(inside, g * 0.5 / tg.sqrt(safe), 0.0)


MASKED_SQRT = Exhibit("masked_sqrt", Plaque(
    Words("带保护的平方根", "A guarded square root"),
    Words("x > 0 处为 √x，其余为 0：where(x > 0, sqrt(x), 0)。",
          "The root where x > 0, else 0: where(x > 0, sqrt(x), 0)."),
    Words("0 乘以 NaN 是多少？", "What is 0 times NaN?"),
    Words("前向没有 NaN，反向却有：没有选中的分支乘以 0，而 0·NaN = NaN。几乎每个引擎都会遇到，包括大型框架。",
          "No NaN forward, NaN backward: the branch not taken is multiplied by 0, and 0 times NaN is NaN. Nearly "
          "every engine, the large ones too, has users who meet it."),
    Words("先把不用的输入换成安全的数，再开方（“双重 where”）。",
          "Replace the inputs that are not used by a safe number before the root (the double where).")),
    forward=masked_sqrt_forward, wrong=masked_sqrt_wrong, right=masked_sqrt_right,
    revealing=lambda: (np.array([4.0, -1.0]),), everyday=lambda: (np.array([0.25, 4.0]),))


def tanh_forward(x):
    return tg.tanh(x)


def tanh_wrong(g, x):
    y = tg.tanh(x).detach()
    return g * (1 - y * y)


def tanh_right(g, x):
    y = tg.tanh(x)
    return g * (1 - y * y)


TANH = Exhibit("tanh", Plaque(
    Words("双曲正切", "The hyperbolic tangent"),
    Words("规则用前向算好的 y：g(1 - y²)。", "The rule uses the y that the forward pass computed: g (1 - y^2)."),
    Words("一阶导数没有错。把反向计算再求一次导。",
          "The first derivative is right. Differentiate the backward pass."),
    Words("梯度惩罚、Hessian 悄悄算错：保存的 y 被当作常数，二阶项 -2y(1 - y²) 消失。见于把中间结果存成裸数组的自定"
          "义函数。",
          "Gradient penalties and Hessians are quietly wrong: the saved y counts as a constant, and the term -2y "
          "(1 - y^2) is lost. Seen wherever a function of the user's own saves an intermediate result as a bare "
          "array."),
    Words("y 必须仍然是 x 的函数：保存输出本身，或在规则里重新计算。",
          "y must remain a function of x: save the output itself, or compute it again in the rule.")),
    forward=tanh_forward, wrong=tanh_wrong, right=tanh_right,
    revealing=lambda: (np.array([-1.0, 0.3, 0.8]),), second_order=True)


def expm1_forward(x):
    e = tg.exp(x)
    y = e.sub_(1)
    return Kept(y, e)


def expm1_rule(g, x, e):
    return g * e.detach()


def expm1_forward_right(x):
    e = tg.exp(x)
    y = e - 1
    return Kept(y, e)


EXPM1 = Exhibit("expm1", Plaque(
    Words("exp(x) - 1", "exp(x) - 1"),
    Words("前向算出 e = exp(x)，留给规则使用，再减 1 得到输出，全程只用一块内存。",
          "The forward pass computes e = exp(x), keeps it for the rule, and subtracts 1 for the output, all in one "
          "piece of memory."),
    Words("规则运行的时候，e 里放的是什么？", "What is in e when the rule runs?"),
    Words("保存的值被原地改写，梯度错而不报错。见于两个使用 NumPy 的引擎：对 x*x 求导后改写 x，应得 [4, 6] 却得 "
          "[0, 0]；另一个引擎给出 [6, 8]。",
          "A saved value was overwritten in place, and the gradient is wrong without a word. Seen in two engines "
          "on NumPy: after x*x, a write into x made [0, 0] of the gradient [4, 6]; a third gave [6, 8]."),
    Words("不要改写保存过的内存；本引擎为保存的张量记录版本，发现改写就抛出 StaleValueError。",
          "Leave saved memory alone. This engine counts the writes into a saved tensor and raises StaleValueError.")),
    forward=expm1_forward, wrong=expm1_rule, right=expm1_rule, forward_right=expm1_forward_right,
    revealing=lambda: (np.array([-1.0, 0.5, 1.0]),))

EXHIBITS = (RELU, DIVIDE, SOFTPLUS, MASKED_SQRT, TANH, EXPM1)
