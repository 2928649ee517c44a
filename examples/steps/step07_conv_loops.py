"""Step 7. Convolution by loops: one list of terms, three sums.

y[n,o,i,j] is a sum of products x[n,c,a,b] w[o,c,u,v]. <g, y> is a sum of products g x w over the same index tuples,
linear in each of the three. So its derivatives are the same sum with another factor left out, and each of the three
operations has the other two as its rules: convolution can be differentiated as often as one likes.

y 是乘积 x·w 的和；<g, y> 是乘积 g·x·w 在同一张下标表上的和，对三者各是线性的。
所以每个导数都是同一个和，只是去掉另一个因子；三个运算互为规则，卷积想求几阶导就求几阶。
"""
from collections import namedtuple
from functools import partial

import numpy as np
from step05_op_table import Op, Tensor
from step06_gradcheck import gradcheck

Geometry = namedtuple("Geometry", "size kernel stride padding output")      # (H, W), (KH, KW), S, P, (OH, OW)


def terms(N, O, C, geometry):
    """Every product of the sum, as the indices of its y (or g), x and w."""
    (H, W), kernel, S, P, output = geometry
    for n, o, i, j in np.ndindex(N, O, *output):
        for c, u, v in np.ndindex(C, *kernel):
            a, b = i * S + u - P, j * S + v - P
            if 0 <= a < H and 0 <= b < W:               # outside there are zeros
                yield (n, o, i, j), (n, c, a, b), (o, c, u, v)


def conv_loops(x, w, geometry):
    """x (N, C, H, W), w (O, C, KH, KW) -> y (N, O, OH, OW)."""
    y = np.zeros((len(x), len(w), *geometry.output))
    for at_y, at_x, at_w in terms(len(x), len(w), x.shape[1], geometry):
        y[at_y] += x[at_x] * w[at_w]
    return y


def conv_dx_loops(g, w, geometry):
    """g (N, O, OH, OW), w (O, C, KH, KW) -> dx (N, C, H, W)."""
    dx = np.zeros((len(g), w.shape[1], *geometry.size))
    for at_g, at_x, at_w in terms(len(g), len(w), w.shape[1], geometry):
        dx[at_x] += g[at_g] * w[at_w]
    return dx


def conv_dw_loops(g, x, geometry):
    """g (N, O, OH, OW), x (N, C, H, W) -> dw (O, C, KH, KW)."""
    dw = np.zeros((g.shape[1], x.shape[1], *geometry.kernel))
    for at_g, at_x, at_w in terms(len(g), g.shape[1], x.shape[1], geometry):
        dw[at_w] += g[at_g] * x[at_x]
    return dw


conv = Op(conv_loops, x=lambda g, w, geometry: conv_dx(g, w, geometry=geometry),
          w=lambda g, x, geometry: conv_dw(g, x, geometry=geometry))
conv_dx = Op(conv_dx_loops, g=lambda u, w, geometry: conv(u, w, geometry=geometry),
             w=lambda u, g, geometry: conv_dw(g, u, geometry=geometry))
conv_dw = Op(conv_dw_loops, g=lambda v, x, geometry: conv(x, v, geometry=geometry),
             x=lambda v, g, geometry: conv_dx(g, v, geometry=geometry))


def conv2d(x, w, stride=1, padding=0):
    """The cross-correlation of x (N, C, H, W) with w (O, C, KH, KW)."""
    size, kernel = x.shape[2:], w.shape[2:]
    output = tuple((n + 2 * padding - k) // stride + 1 for n, k in zip(size, kernel))
    if min(output) < 1:
        raise ValueError(f"a {kernel} kernel does not fit into {size} with padding {padding}")
    return conv(x, w, geometry=Geometry(size, kernel, stride, padding, output))


if __name__ == "__main__":
    X = np.array([[3., 2, 0, 1], [0, 2, 1, 2], [2, 0, 0, 3], [2, 3, 1, 2]])     # example 24.2 of the book
    W = np.array([[2., 1, 2], [0, 0, 3], [0, 0, 2]])
    Y = conv2d(Tensor(X[None, None]), Tensor(W[None, None]))
    print(Y.array[0, 0])
    assert Y.array[0, 0].tolist() == [[11, 18], [6, 22]]
    Y = conv2d(Tensor(X[None, None]), Tensor(W[None, None]), padding=1)         # example 24.3
    assert Y.array[0, 0].tolist() == [[10, 2, 7, 0], [13, 11, 18, 1], [10, 6, 22, 4], [11, 7, 12, 3]]

    random = np.random.default_rng(0)
    x, w = random.normal(size=(2, 3, 5, 4)), random.normal(size=(2, 3, 3, 2))
    for stride, padding in ((1, 0), (2, 1)):
        assert gradcheck(partial(conv2d, stride=stride, padding=padding), x, w)
        y = conv2d(Tensor(x), Tensor(w), stride, padding)
        geometry = Geometry((5, 4), (3, 2), stride, padding, y.shape[2:])
        assert gradcheck(partial(conv_dx, geometry=geometry), y.array, w)   # the rules of the rules
        assert gradcheck(partial(conv_dw, geometry=geometry), y.array, x)

# What we left out: speed (step 8), a bias (add does it), dilation and groups: two more numbers in `terms`.
