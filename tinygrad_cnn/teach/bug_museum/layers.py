"""Room 5: normalisation, dropout and losses."""
import numpy as np

from ... import ops as tg
from ..words import Words
from .exhibit import Exhibit, Kept, Plaque, operation

__all__ = ["EXHIBITS"]

EPS = 1e-5


def _standardised(x):
    """(x - mean)/standard deviation over the batch, and 1/standard deviation: (N, C), (C,)."""
    centred = x - x.mean(0)
    rstd = tg.rsqrt((centred * centred).mean(0) + EPS)
    return centred * rstd, rstd


def batch_norm_forward(x):
    return _standardised(x)[0]


def batch_norm_wrong(g, x):
    xhat, rstd = _standardised(x)
    return rstd * (g - xhat * (g * xhat).mean(0))


def batch_norm_right(g, x):
    xhat, rstd = _standardised(x)
    return rstd * (g - g.mean(0) - xhat * (g * xhat).mean(0))


BATCH_NORM = Exhibit("batch_norm", Plaque(
    Words("批归一化", "Batch normalisation"),
    Words("x̂ = (x - μ)/σ，μ 与 σ 取自这一批。", "xhat = (x - mu)/sigma, with mu and sigma of this batch."),
    Words("改变一个样本，μ 会变吗？把所有输入加同一个数，输出会变吗？",
          "Change one sample: does mu change? Add one number to all inputs: does the output change?"),
    Words("能训练，但更慢、更不稳定：μ 被当作常数，梯度的均值没有去掉。见于手推公式的课程作业。",
          "It trains, slower and less steadily: mu counts as a constant, and the mean stays in the gradient. Seen "
          "in course work with a derivation by hand."),
    Words("μ 也依赖 x：减去 g 的均值。", "mu depends on x, too: subtract the mean of g.")),
    forward=batch_norm_forward, wrong=batch_norm_wrong, right=batch_norm_right,
    revealing=lambda: (np.random.default_rng(0).normal(size=(5, 2)),))


def scale_forward(h, gamma):
    return h * gamma


_scale_dh_wrong = operation("scale_dh", lambda g, gamma: g * gamma,
                            lambda u, g, gamma: (u * gamma, (u * (g * gamma)).sum(0) / gamma))


def scale_wrong(g, h, gamma):
    return _scale_dh_wrong(g, gamma), (g * h).sum(0)


def scale_right(g, h, gamma):
    return g * gamma, (g * h).sum(0)


SCALE = Exhibit("scale", Plaque(
    Words("归一化之后的缩放 γ", "The scale gamma after a normalisation"),
    Words("y = γh，每个通道一个 γ。反向传播自己也有一条手写的导数。",
          "y = gamma h, one gamma a channel. The backward pass has a hand-written derivative of its own."),
    Words("一阶正确。查二阶导数；有的残差网络把最后一个 γ 初始化成什么？",
          "The first derivative is right. Check the second; and with what do some residual networks start their "
          "last gamma?"),
    Words("γ = 0（零初始化的残差块）时二阶导数是 0/0。见于一个成熟框架的批归一化：为了少算一次，用结果除以 γ。",
          "At gamma = 0, the start of zero-initialised residual blocks, the second derivative is 0/0. Seen in the "
          "batch normalisation of a mature framework, which divides a result by gamma to save a computation."),
    Words("从定义出发写规则：u·g 求和，不经过除法。",
          "Write the rule from the definition, sum of u g, without a division.")),
    forward=scale_forward, wrong=scale_wrong, right=scale_right, second_order=True,
    revealing=lambda: (np.random.default_rng(0).normal(size=(3, 2)), np.array([1.0, 0.0])),
    everyday=lambda: (np.random.default_rng(0).normal(size=(3, 2)), np.array([1.0, 0.5])))


def dropout_forward(x):
    mask = tg.from_numpy(np.random.default_rng(0).random(x.shape) > 0.5).double()
    return Kept(x * mask / 0.5, mask)


def dropout_wrong(g, x, mask):
    return g * mask


def dropout_right(g, x, mask):
    return g * mask / 0.5


DROPOUT = Exhibit("dropout", Plaque(
    Words("随机失活，p = 0.5", "Dropout with p = 0.5"),
    Words("前向：乘以掩码，再除以 1 - p。随机数的种子固定，可以检查。",
          "Forward: times the mask, divided by 1 - p. The seed is fixed, so that it can be checked."),
    Words("y 对 x 的斜率是多少？", "What is the slope of y in x, where the mask lets it through?"),
    Words("梯度小一半，像学习率设低了；调大学习率就“好了”。见于前向加上缩放、反向忘了改的引擎。",
          "Gradients are half as large as they should be, which looks like a low learning rate and is mended by "
          "raising it. Seen in engines whose forward pass was given the scale and whose backward pass was not."),
    Words("反向乘同样的系数 1/(1 - p)。", "The same factor 1/(1 - p) backward.")),
    forward=dropout_forward, wrong=dropout_wrong, right=dropout_right,
    revealing=lambda: (np.linspace(-1, 1, 8),))


def stale_forward(x):
    draw = np.random.default_rng(0)
    mask = lambda: tg.from_numpy(draw.random(x.shape) > 0.5).double()
    return Kept(x * mask() * 2, mask)


def stale_wrong(g, x, mask):
    return g * mask() * 2


def stale_forward_right(x):
    draw = np.random.default_rng(0)
    mask = tg.from_numpy(draw.random(x.shape) > 0.5).double()
    return Kept(x * mask * 2, mask)


def stale_right(g, x, mask):
    return g * mask * 2


STALE = Exhibit("memory_saving_dropout", Plaque(
    Words("省内存的随机失活", "Dropout that saves memory"),
    Words("不保存掩码，反向时重新生成。", "The mask is not kept; the backward pass makes it again."),
    Words("随机数发生器走到哪里了？", "Where has the generator got to in the meantime?"),
    Words("前向丢掉的单元在反向里得到梯度，反之亦然；训练像加了噪声。见于重算（checkpoint）时不恢复随机数状态的框架。",
          "Units dropped in the forward pass get a gradient, and others lose theirs: training looks noisy. Seen in "
          "frameworks that recompute (checkpointing) without restoring the state of the random numbers."),
    Words("保存掩码，或者保存并恢复随机数发生器的状态。",
          "Keep the mask, or the generator's state, and restore it.")),
    forward=stale_forward, wrong=stale_wrong, right=stale_right, forward_right=stale_forward_right,
    revealing=lambda: (np.linspace(-1, 1, 8),))


def cross_entropy_forward(z, labels):
    return tg.cross_entropy(z, labels)


def cross_entropy_wrong(g, z, labels):
    y = tg.eye(z.shape[1]).double()[labels]
    return g * (tg.softmax(z, 1) - y), None


def cross_entropy_right(g, z, labels):
    y = tg.eye(z.shape[1]).double()[labels]
    return g * (tg.softmax(z, 1) - y) / z.shape[0], None


CROSS_ENTROPY = Exhibit("cross_entropy", Plaque(
    Words("softmax 与交叉熵", "Softmax and cross-entropy"),
    Words("对一批样本取平均；梯度就是著名的 p - y。", "The mean over a batch; its gradient is the famous p - y."),
    Words("一个样本时通过。两个呢？", "One sample passes. Two?"),
    Words("学习率必须随批大小重调，大批训练发散。见于把 p - y 抄进代码、忘了前向取的是平均的引擎。",
          "The learning rate must be tuned again for each batch size, and large batches diverge. Seen in engines "
          "that copy p - y and forget that the forward pass takes a mean."),
    Words("除以批大小：(p - y)/N。", "Divide by the batch: (p - y)/N.")),
    forward=cross_entropy_forward, wrong=cross_entropy_wrong, right=cross_entropy_right,
    revealing=lambda: (np.random.default_rng(0).normal(size=(4, 3)), np.array([0, 2, 1, 2])),
    everyday=lambda: (np.random.default_rng(0).normal(size=(1, 3)), np.array([2])))

EXHIBITS = (BATCH_NORM, SCALE, DROPOUT, STALE, CROSS_ENTROPY)
