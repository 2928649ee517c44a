"""Room 3: convolution.

The rules use one fact: with stride 1, dx is a full correlation of g with the kernel turned by 180 degrees, and dw is a
correlation of x with g (formulas 24.20-24.23 of the book).
"""
import numpy as np

from ... import ops as tg
from ...geometry import conv_geometry
from ...nn.functional import pad
from ...ops.conv import conv_dw
from ..words import Words
from .exhibit import Exhibit, Plaque

__all__ = ["EXHIBITS"]


def dw_of(g, x, w, stride=1, groups=1):
    """The gradient in w, by the engine's own op: these rules are in order, the other half is on show."""
    return conv_dw(g, x, geom=conv_geometry("conv2d", x.shape[2:], w.shape[2:], stride, 0, 1, groups))


def conv2d_forward(x, w):
    return tg.conv2d(x, w)


def conv2d_wrong(g, x, w):
    KH, KW = w.shape[2:]
    dx = tg.conv2d(g, w.transpose(0, 1), padding=(KH - 1, KW - 1))
    return dx, dw_of(g, x, w)


def conv2d_right(g, x, w):
    KH, KW = w.shape[2:]
    rot180 = tg.flip(w, (2, 3))
    dx = tg.conv2d(g, rot180.transpose(0, 1), padding=(KH - 1, KW - 1))
    return dx, dw_of(g, x, w)


_BLUR = np.array([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]])[None, None] / 16
_image = lambda *shape: np.random.default_rng(0).normal(size=shape)
_kernel = lambda *shape: np.random.default_rng(1).normal(size=shape)

CONV2D = Exhibit("conv2d", Plaque(
    Words("二维卷积（互相关）", "Convolution in two dimensions (cross-correlation)"),
    Words("步幅 1，无填充。输入的梯度是 g 与核的全填充互相关。",
          "Stride 1, no padding. The input's gradient is a fully padded correlation of g with the kernel."),
    Words("用高斯核检查通过。高斯核有什么特别之处？",
          "The check passes with a Gaussian kernel. What is special about it?"),
    Words("核对称时一切正常，一学起来就不再对称，浅层得到错误的 δ。见于课程作业与手写引擎：忘了 rot180（式 24.26）。",
          "All is well while kernels are symmetric, which training ends at once; then the layers below get a wrong "
          "delta. Seen in course work and hand-written engines: rot180 of (24.26) is forgotten."),
    Words("dx = rot180(W) 与 g 的全填充互相关。", "dx is the full correlation of g with rot180(W).")),
    forward=conv2d_forward, wrong=conv2d_wrong, right=conv2d_right,
    revealing=lambda: (_image(2, 2, 5, 5), _kernel(3, 2, 3, 3)),
    everyday=lambda: (_image(1, 1, 5, 5), _BLUR.copy()))


def convolve2d_forward(x, w):
    return tg.convolve2d(x, w, "valid")


def convolve2d_wrong(g, x, w):
    dx = tg.correlate2d(g, w, "full")
    dw = tg.correlate2d(x, g, "valid")
    return dx, dw


def convolve2d_right(g, x, w):
    dx = tg.correlate2d(g, w, "full")
    dw = tg.flip(tg.correlate2d(x, g, "valid"), (0, 1))
    return dx, dw


CONVOLVE2D = Exhibit("convolve2d", Plaque(
    Words("数学卷积", "The convolution of mathematics"),
    Words("W ⊛ X，核先翻转（24.1）；x 和 w 是单个矩阵。",
          "W (*) X, the kernel is flipped first (24.1); x and w are single matrices."),
    Words("前向翻转了核。w 的梯度是对翻转前还是翻转后的核求的？",
          "The forward pass flips the kernel. Is the gradient of w that of the kernel before the flip, or after it?"),
    Words("核的梯度旋转了 180 度：训练仍然动，但收敛到别处。见于把卷积与互相关混用的课程代码。",
          "The kernel's gradient arrives turned by 180 degrees: training moves, to somewhere else. Seen in course "
          "code that mixes convolution and correlation."),
    Words("翻转也有导数：把 dw 翻回来。", "The flip has a derivative, too: turn dw back.")),
    forward=convolve2d_forward, wrong=convolve2d_wrong, right=convolve2d_right,
    revealing=lambda: (_image(5, 5), _kernel(3, 3)))


def strided_forward(x, w):
    return tg.conv2d(x, w, stride=2)


def _rest(x, w):
    return [(n - k) % 2 for n, k in zip(x.shape[2:], w.shape[2:])]


def strided_wrong(g, x, w):
    below, right = _rest(x, w)
    dx = pad(tg.conv_transpose2d(g, w, stride=2), (right, 0, below, 0))
    return dx, dw_of(g, x, w, 2)


def strided_right(g, x, w):
    below, right = _rest(x, w)
    dx = pad(tg.conv_transpose2d(g, w, stride=2), (0, right, 0, below))
    return dx, dw_of(g, x, w, 2)


STRIDED = Exhibit("strided_conv2d", Plaque(
    Words("步幅为 2 的卷积", "Convolution with stride 2"),
    Words("反向用转置卷积；若比输入小，就补零到输入的大小。",
          "Backward, a transposed convolution; where that is smaller than the input, zeros fill it up."),
    Words("输入 7 宽、核 3 宽时除得尽；8 宽呢？最后一列没有窗口看见，零该补在哪一边？",
          "With 7 columns and a kernel of 3 the windows fit. With 8 no window sees the last column: on which side "
          "belong the zeros?"),
    Words("大小除不尽时，δ 整体错位一格。见于对余数处理不当的引擎；也有引擎干脆拒绝（ResNet 第一层 224/7x7/步幅 2 "
          "无法运行）。",
          "Where sizes leave a remainder, delta is shifted by one. Seen in engines that treat the remainder as "
          "padding; others refuse such sizes and cannot run ResNet's first layer."),
    Words("没有窗口看见的行和列在后面：零补在后面（output_padding）。",
          "The rows and columns no window sees are the last: zeros go behind (output_padding).")),
    forward=strided_forward, wrong=strided_wrong, right=strided_right,
    revealing=lambda: (_image(1, 2, 6, 8), _kernel(2, 2, 3, 3)),
    everyday=lambda: (_image(1, 2, 7, 7), _kernel(2, 2, 3, 3)))


def same_forward(x, w):
    return tg.conv2d(x, w, padding="same")


def _same_padding(w):
    """(left, right, above, below), as conv2d pads: the larger half behind."""
    KH, KW = w.shape[2:]
    return (KW - 1) // 2, KW // 2, (KH - 1) // 2, KH // 2


def same_wrong(g, x, w):
    left, right, above, below = _same_padding(w)
    rot180 = tg.flip(w, (2, 3)).transpose(0, 1)
    dx = tg.conv2d(pad(g, (left, right, above, below)), rot180)
    return dx, dw_of(g, pad(x, (left, right, above, below)), w)


def same_right(g, x, w):
    left, right, above, below = _same_padding(w)
    rot180 = tg.flip(w, (2, 3)).transpose(0, 1)
    dx = tg.conv2d(pad(g, (right, left, below, above)), rot180)
    return dx, dw_of(g, pad(x, (left, right, above, below)), w)


SAME = Exhibit("same_conv2d", Plaque(
    Words("输出与输入一样大的卷积", "Convolution that keeps the size"),
    Words("padding=\"same\"，步幅 1。反向也填充到同样大小。",
          "padding=\"same\", stride 1; backward, g is padded to keep the size as well."),
    Words("3x3 的核通过。偶数大小的核前后填充不一样多；核翻转以后呢？",
          "A 3x3 kernel passes. An even kernel is padded unequally, and the kernel is turned for the backward "
          "pass: which side gets more then?"),
    Words("奇数核正确，偶数核的 δ 错位一格。见于把前向的填充照抄到反向的引擎。",
          "Right for odd kernels; for even ones delta is shifted by one. Seen in engines that use the forward "
          "padding for the backward pass."),
    Words("核转了 180 度，填充也要前后对调：K-1-P。",
          "The kernel is turned, so the padding is too: K - 1 - P on each side.")),
    forward=same_forward, wrong=same_wrong, right=same_right,
    revealing=lambda: (_image(1, 2, 4, 5), _kernel(2, 2, 2, 2)),
    everyday=lambda: (_image(1, 2, 4, 5), _kernel(2, 2, 3, 3)))


def grouped_forward(x, w, groups):
    return tg.conv2d(x, w, stride=2, groups=groups)


def grouped_wrong(g, x, w, groups):
    of_group = w.reshape(-1, groups, *w.shape[1:]).transpose(0, 1).reshape(w.shape)
    return tg.conv_transpose2d(g, of_group, stride=2, groups=groups), dw_of(g, x, w, 2, groups)


def grouped_right(g, x, w, groups):
    return tg.conv_transpose2d(g, w, stride=2, groups=groups), dw_of(g, x, w, 2, groups)


GROUPED = Exhibit("grouped_conv2d", Plaque(
    Words("分组卷积", "Convolution in groups"),
    Words("步幅 2；通道分成几组，互不相见。第三个参数是组数。",
          "Stride 2; the channels are cut into groups that do not see each other. The third argument is their "
          "number."),
    Words("组数为 1 时通过。组数为 2 时，第 2 个核属于第几组？",
          "One group passes. With two groups, to which belongs the second kernel?"),
    Words("分组且步幅大于 1 时，输入的梯度偏差达百分之几百至几千。见于一个大型框架的 GPU 后端（2026 年修复）：单项"
          "测试各自通过，组合没测。",
          "With groups and a stride, the input's gradient is off by hundreds to thousands of per cent. Seen in the "
          "GPU back end of a large framework as late as 2026: each feature had its test, the combination had none."),
    Words("核按组连续排列：前 O/G 个属于第一组。",
          "Kernels stand group by group: the first O/G belong to the first.")),
    forward=grouped_forward, wrong=grouped_wrong, right=grouped_right,
    revealing=lambda: (_image(1, 4, 5, 5), _kernel(4, 2, 3, 3), 2),
    everyday=lambda: (_image(1, 2, 5, 5), _kernel(4, 2, 3, 3), 1))

EXHIBITS = (CONV2D, CONVOLVE2D, STRIDED, SAME, GROUPED)
