"""Step 9. Pooling: choosing is linear.

Where the maxima are is found on the bare arrays, outside the graph. Taking the numbers at known places is a linear
operation, and its transpose puts numbers back to these places. Mean pooling needs nothing new at all.

最大值在哪里，在图之外的数组上找；在已知位置取数是线性的，它的转置把数放回原处。平均汇聚不需要任何新东西。
"""
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from step05_op_table import Op, Tensor, reshape, sum_to
from step06_gradcheck import gradcheck


def put_array(g, places, shape):
    x = np.zeros(int(np.prod(shape)))
    np.add.at(x, places.ravel(), g.ravel())             # where windows overlap a place may be chosen twice
    return x.reshape(shape)


pick = Op(lambda x, places: x.ravel()[places], x=lambda g, x, places: put(g, places=places, shape=x.shape))
put = Op(put_array, g=lambda u, places: pick(u, places=places))


def max_pool2d(x, size, stride=None):
    """x (N, C, H, W) -> the greatest number of each size x size window; of equals, the first."""
    S = stride or size
    N, C, H, W = x.shape
    windows = sliding_window_view(x.array, (size, size), (2, 3))[:, :, ::S, ::S]       # (N, C, OH, OW, size, size)
    best = windows.reshape(*windows.shape[:4], -1).argmax(-1)
    n, c, i, j = np.indices(best.shape)
    places = ((n * C + c) * H + i * S + best // size) * W + j * S + best % size     # in the flattened x
    return pick(x, places=places)


def mean_pool2d(x, size):
    """x (N, C, H, W) -> the mean of each size x size window, without overlap."""
    N, C, H, W = x.shape
    OH, OW = H // size, W // size
    sums = sum_to(reshape(x, shape=(N, C, OH, size, OW, size)), shape=(N, C, OH, 1, OW, 1))
    return reshape(sums, shape=(N, C, OH, OW)) / size ** 2


if __name__ == "__main__":
    X = np.array([[[[3., 2, 0, 1], [0, 2, 1, 2], [2, 0, 0, 3], [2, 3, 1, 2]]]])    # examples 24.7 and 24.8 of the book
    x = Tensor(X, requires_grad=True)
    y = max_pool2d(x, 2)
    print(y.array[0, 0])
    assert y.array[0, 0].tolist() == [[3, 2], [3, 3]]
    assert mean_pool2d(x, 2).array[0, 0].tolist() == [[1.75, 1], [1.75, 1.5]]

    sum_to(y * np.array([[1., 2], [3, 4]]), shape=()).backward()
    print(x.grad.array[0, 0])
    assert x.grad.array[0, 0].tolist() == [[1, 0, 0, 0], [0, 0, 0, 2], [0, 0, 0, 4], [0, 3, 0, 0]]

    random = np.random.default_rng(0)
    a = random.permutation(2 * 3 * 6 * 6).reshape(2, 3, 6, 6) / 10          # no ties
    assert gradcheck(lambda x: max_pool2d(x, 2), a)
    assert gradcheck(lambda x: max_pool2d(x, 3, stride=2), a)               # windows that overlap
    assert gradcheck(lambda x: mean_pool2d(x, 3), a)

# What we left out: padding (with minus infinity, so that it never wins), and not looking for places when no gradient is
# wanted.
