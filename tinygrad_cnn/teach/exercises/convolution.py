"""Exercises on convolution, pooling and receptive fields; images are (H, W) or (C, H, W), kernels (M, N)."""
import numpy as np

from ..words import Words
from .exercise import Exercise, Mistake

__all__ = ["EXERCISES"]

_random = lambda seed, *shape: np.random.default_rng(seed).integers(-3, 4, size=shape).astype(float)
_X = np.array([[3.0, 2, 0, 1], [0, 2, 1, 2], [2, 0, 0, 3], [2, 3, 1, 2]])      # example 24.2
_W = np.array([[2.0, 1, 2], [0, 0, 3], [0, 0, 2]])
rot180 = lambda A: A[::-1, ::-1]


def _valid(X, W):
    windows = np.lib.stride_tricks.sliding_window_view(X, W.shape)             # (K, L, M, N)
    return np.einsum("klmn,mn->kl", windows, W)


def _full(X, W):
    M, N = W.shape
    return _valid(np.pad(X, ((M - 1, M - 1), (N - 1, N - 1))), W)


def _columns(x, KH, KW, order):
    windows = np.lib.stride_tricks.sliding_window_view(x, (KH, KW), axis=(1, 2))   # (C, OH, OW, KH, KW)
    return windows.transpose(1, 2, *order).reshape(-1, x.shape[0] * KH * KW)


def _max_pool(X, delta):
    back = np.zeros_like(X)
    for k, l in np.ndindex(*delta.shape):
        window = X[2 * k:2 * k + 2, 2 * l:2 * l + 2]
        m, n = np.unravel_index(window.argmax(), window.shape)
        back[2 * k + m, 2 * l + n] = delta[k, l]
    return back


def _repeated(delta):
    return delta.repeat(2, axis=0).repeat(2, axis=1)


def _receptive_field(kernels, strides, late=0):
    size, jump = 1, 1
    for F, S in zip(kernels, strides):
        jump *= S if late else 1
        size += (F - 1) * jump
        jump *= 1 if late else S
    return size


def _distinct(seed, *shape):
    return np.random.default_rng(seed).permutation(int(np.prod(shape))).reshape(shape).astype(float)


EXERCISES = (
    Exercise("output_size", ((4, 3, 0, 1), (4, 3, 1, 1), (7, 3, 0, 2), (224, 7, 3, 2), (8, 3, 0, 2), (227, 11, 0, 4)),
             lambda I, M, P, S: (I + 2 * P - M) // S + 1, (
        Mistake(lambda I, M, P, S: (I + 2 * P - M) // S, Words("窗口数比步数多 1。",
                                                               "There is one window more than there are steps.")),
        Mistake(lambda I, M, P, S: (I + P - M) // S + 1, Words("两边都填充：2P。", "Both sides are padded: 2P.")),
        Mistake(lambda I, M, P, S: (I + 2 * P - M) / S + 1, Words("放不下的窗口不算：向下取整 //。",
                                                                  "A window that does not fit does not count: //.")))),
    Exercise("cross_correlation", ((_X, _W), (_random(0, 5, 4), _random(1, 2, 3))), _valid, (
        Mistake(lambda X, W: _valid(X, rot180(W)), Words("这是数学卷积：核被翻转了。书中 (24.4) 不翻转。",
                                                         "That is the convolution of mathematics, with the "
                                                         "kernel flipped; (24.4) does not flip it.")),)),
    Exercise("im2col", ((_X[None], 3, 3), (_random(2, 2, 3, 4), 2, 3)),
             lambda x, KH, KW: _columns(x, KH, KW, (0, 3, 4)), (
        Mistake(lambda x, KH, KW: _columns(x, KH, KW, (3, 4, 0)), Words("每行里通道在前：(C, KH, KW) 展平，才能与 "
                                                                        "w.reshape(O, -1) 相乘。",
                                                                        "Within a row the channel comes first, "
                                                                        "(C, KH, KW) flattened, to fit "
                                                                        "w.reshape(O, -1).")),)),
    Exercise("input_gradient", ((_random(3, 2, 2), _W), (_random(4, 3, 2), _random(5, 2, 3))),
             lambda delta, W: _full(delta, rot180(W)), (
        Mistake(lambda delta, W: _full(delta, W), Words("忘了把 W 旋转 180 度（式 24.26）。",
                                                        "W must be turned by 180 degrees (24.26).")),
        Mistake(lambda delta, W: _full(delta, W.T), Words("转置不是旋转 180 度。",
                                                          "A transpose is not a turn by 180 degrees.")))),
    Exercise("kernel_gradient", ((_random(6, 2, 2), _X), (_random(7, 3, 2), _random(8, 4, 4))),
             lambda delta, X: _valid(X, delta), (
        Mistake(lambda delta, X: _valid(X, rot180(delta)), Words("这里不需要旋转：(24.24) 是 δ * X。",
                                                                 "Nothing is turned here: (24.24) is delta * X.")),
        Mistake(lambda delta, X: rot180(_valid(X, delta)), Words("这里不需要旋转：(24.24) 是 δ * X。",
                                                                 "Nothing is turned here: (24.24) is delta * X.")))),
    Exercise("max_pool_delta", ((_distinct(9, 2, 2), np.array([[5.0]])), (_distinct(10, 4, 6), _random(11, 2, 3) + 5)),
             _max_pool, (
        Mistake(lambda X, delta: _repeated(delta) / 4, Words("这是平均汇聚：最大汇聚只给最大值的位置。",
                                                             "That is mean pooling; here the largest takes "
                                                             "everything.")),
        Mistake(lambda X, delta: _repeated(delta), Words("一份梯度给了四个位置：只有最大值的位置影响输出。",
                                                         "Four places got it: only the largest of them changes "
                                                         "the output.")))),
    Exercise("mean_pool_delta", ((np.array([[8.0]]),), (_random(12, 2, 3),)), lambda delta: _repeated(delta) / 4, (
        Mistake(_repeated, Words("平分：每个位置得 1/4。", "It is shared: each place gets a quarter.")),)),
    Exercise("receptive_field", (([3], [1]), ([3, 3], [1, 1]), ([5, 2, 5, 2], [1, 2, 1, 2]),
                                 ([11, 3, 5, 3], [4, 2, 1, 2])),
             _receptive_field, (
        Mistake(lambda F, S: _receptive_field(F, S, late=1), Words("第 j 层乘的是它前面各层的步幅之积，不含它自己的"
                                                                   "（S^(0) = 1）。",
                                                                   "Layer j is multiplied by the strides of the "
                                                                   "layers before it, not by its own (S^(0) = 1).")),
        Mistake(lambda F, S: 1 + sum(f - 1 for f in F), Words("步幅漏掉了。", "The strides are missing.")),
        Mistake(lambda F, S: sum(F), Words("相邻的窗口重叠：每层只增加 F - 1。",
                                           "Neighbouring windows overlap: a layer adds F - 1, not F.")))),
)
