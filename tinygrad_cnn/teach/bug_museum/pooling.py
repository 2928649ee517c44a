"""Room 4: pooling."""
import numpy as np

from ... import ops as tg
from ...nn.functional import pad
from ..words import Words
from .exhibit import Exhibit, Plaque

__all__ = ["EXHIBITS"]


def max_pool2d_forward(x, kernel, stride):
    return tg.max_pool2d(x, kernel, stride)


def max_pool2d_wrong(g, x, kernel, stride):
    _, index = tg.max_pool2d_with_indices(x, kernel, stride)
    dx = np.zeros(x.flatten(2).shape)
    np.put_along_axis(dx, index.flatten(2).numpy(), g.flatten(2).numpy(), axis=2)
    return tg.from_numpy(dx).reshape(x.shape)


def max_pool2d_right(g, x, kernel, stride):
    _, index = tg.max_pool2d_with_indices(x, kernel, stride)
    dx = tg.zeros_like(x.flatten(2)).scatter_add(2, index.flatten(2), g.flatten(2))
    return dx.reshape(x.shape)


_distinct = lambda *shape: np.random.default_rng(0).permutation(int(np.prod(shape))).reshape(shape) / 10.0

MAX_POOL2D = Exhibit("max_pool2d", Plaque(
    Words("最大汇聚", "Max pooling"),
    Words("每个窗口的梯度写到最大值的位置。参数：x、窗口大小、步幅。",
          "Each window's gradient is written to where its largest value stands. Arguments: x, kernel size, stride."),
    Words("2x2、步幅 2 通过。AlexNet 用的是 3x3、步幅 2。",
          "2x2 with stride 2 passes. AlexNet pools 3x3 with stride 2."),
    Words("窗口重叠时，一个位置可以赢得几个窗口，却只拿到最后一份梯度。见于用赋值代替累加的手写汇聚层。",
          "Where windows overlap, a position can win several of them and is paid for the last only. Seen in "
          "hand-written pooling layers that assign where they should add."),
    Words("累加而不是赋值。", "Add, do not assign.")),
    forward=max_pool2d_forward, wrong=max_pool2d_wrong, right=max_pool2d_right,
    revealing=lambda: (_distinct(1, 2, 5, 5), 3, 1), everyday=lambda: (_distinct(1, 2, 4, 4), 2, 2))


def padded_forward(x):
    return tg.max_pool2d(x, 3, 2, padding=1)


def padded_wrong(g, x):
    padded = pad(x, (1, 1, 1, 1))
    _, index = tg.max_pool2d_with_indices(padded, 3, 2)
    dx = tg.zeros_like(padded.flatten(2)).scatter_add(2, index.flatten(2), g.flatten(2))
    return dx.reshape(padded.shape)[:, :, 1:-1, 1:-1]


def padded_right(g, x):
    padded = pad(x, (1, 1, 1, 1), value=-np.inf)
    _, index = tg.max_pool2d_with_indices(padded, 3, 2)
    dx = tg.zeros_like(padded.flatten(2)).scatter_add(2, index.flatten(2), g.flatten(2))
    return dx.reshape(padded.shape)[:, :, 1:-1, 1:-1]


PADDED = Exhibit("padded_max_pool2d", Plaque(
    Words("带填充的最大汇聚", "Max pooling with padding"),
    Words("3x3 窗口，步幅 2，填充 1：ResNet 的第一个汇聚层。",
          "3x3 windows, stride 2, padding 1: ResNet's first pooling layer."),
    Words("在 relu 之后一切正常。如果边缘的数都是负的呢？",
          "After a relu all is well. What if the numbers at the border are negative?"),
    Words("用 0 填充时，负数输给了边框，梯度落到图像之外而丢失。至少四个教学引擎在前向就用 0 填充：全为 -1 的图汇聚"
          "成 0。",
          "Padded with 0, negative values lose to the frame, and their gradient falls outside the image. Four "
          "teaching engines pad with 0 in the forward pass already: an image of -1 pools to 0."),
    Words("最大汇聚用 -∞ 填充。", "Max pooling pads with minus infinity.")),
    forward=padded_forward, wrong=padded_wrong, right=padded_right,
    revealing=lambda: (_distinct(1, 1, 5, 5) - 3,), everyday=lambda: (_distinct(1, 1, 5, 5) + 1,))


def avg_pool2d_forward(x, kernel):
    return tg.avg_pool2d(x, kernel)


def avg_pool2d_wrong(g, x, kernel):
    KW, KH = kernel
    N, C, OH, OW = g.shape
    spread = tg.broadcast_to(g[:, :, :, None, :, None], (N, C, OH, KH, OW, KW))
    return spread.reshape(x.shape) / (KH * KW)


def avg_pool2d_right(g, x, kernel):
    KH, KW = kernel
    N, C, OH, OW = g.shape
    spread = tg.broadcast_to(g[:, :, :, None, :, None], (N, C, OH, KH, OW, KW))
    return spread.reshape(x.shape) / (KH * KW)


AVG_POOL2D = Exhibit("avg_pool2d", Plaque(
    Words("平均汇聚", "Average pooling"),
    Words("每个窗口的梯度平分给它的位置。参数：x 和窗口大小 (高, 宽)，不重叠。",
          "Each window's gradient is shared by its positions. Arguments: x and the window's (height, width), "
          "without overlap."),
    Words("正方形窗口通过。", "Square windows pass."),
    Words("窗口非正方形时梯度落到别的窗口里。见于一个教学引擎：反向里高与宽写反（那里表现为 IndexError）。",
          "With windows that are not square the gradient lands in other windows. Seen in a teaching engine whose "
          "backward pass exchanges height and width (there it ended as an IndexError)."),
    Words("KH, KW = kernel：高在前。", "KH, KW = kernel: the height comes first.")),
    forward=avg_pool2d_forward, wrong=avg_pool2d_wrong, right=avg_pool2d_right,
    revealing=lambda: (np.random.default_rng(0).normal(size=(1, 1, 4, 6)), (2, 3)),
    everyday=lambda: (np.random.default_rng(0).normal(size=(1, 1, 4, 6)), (2, 2)))

EXHIBITS = (MAX_POOL2D, PADDED, AVG_POOL2D)
