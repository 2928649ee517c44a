"""24.2.2 反向传播算法：汇聚层 / Backpropagation through pooling layers: δ^(l-1) = a'(Z) ⊙ up_sample(δ^(l)).

汇聚层没有参数，只把 δ 放回原来的大小：最大汇聚放到最大值的位置，平均汇聚平分给窗口。
No parameters; delta is brought back to the old size: to the place of the maximum, or shared equally by the window.
"""
from board import say, write

import tinygrad_cnn as tg
from tinygrad_cnn.nn import functional as F

tg.set_default_dtype(tg.float64)
tg.manual_seed(0)


def windows(size, S):
    """(k, l, slices of the S x S window) for every output of a pooling without overlap."""
    for k in range(size // S):
        for l in range(size // S):
            yield k, l, (slice(k * S, k * S + S), slice(l * S, l * S + S))


def up_sample_max(δ, X, S):
    """Each δ_kl goes to the first greatest number of its window."""
    up = tg.zeros(X.shape)
    for k, l, window in windows(len(X), S):
        i, j = divmod(X[window].argmax().item(), S)
        up[k * S + i, l * S + j] = δ[k, l]
    return up


def up_sample_mean(δ, X, S):
    """Each δ_kl is shared equally by its window."""
    up = tg.zeros(X.shape)
    for k, l, window in windows(len(X), S):
        up[window] = δ[k, l] / S ** 2
    return up


X = tg.tensor([[3., 2, 0, 1], [0, 2, 1, 2], [2, 0, 0, 3], [2, 3, 1, 2]], requires_grad=True)
δ = tg.tensor([[1., 2], [3, 4]])

say("最大汇聚：例 24.7 的输入。", "Max pooling: the input of example 24.7.")
(dX,) = tg.autograd.grad(F.max_pool2d(X[None], 2)[0], X, δ)
write(X, "max", F.max_pool2d(X[None], 2)[0], " δ =", δ, "up_sample", dX)
assert tg.equal(dX, up_sample_max(δ, X.detach(), 2))

say("平均汇聚。", "Mean pooling.")
(dX,) = tg.autograd.grad(F.avg_pool2d(X[None], 2)[0], X, δ)
write(X, "mean", F.avg_pool2d(X[None], 2)[0], " δ =", δ, "up_sample", dX)
assert tg.equal(dX, up_sample_mean(δ, X.detach(), 2))

say("完整的公式：前面还有激活函数 X = a(Z) 时，再乘 a'(Z)。",
    "The whole formula: with an activation before, X = a(Z), times a'(Z).")
Z, δ = tg.randn(6, 6, requires_grad=True), tg.randn(3, 3)
for pool, up_sample in ((F.max_pool2d, up_sample_max), (F.avg_pool2d, up_sample_mean)):
    (by_autograd,) = tg.autograd.grad(pool(Z.tanh()[None], 2)[0], Z, δ)
    by_book = (1 - Z.tanh() ** 2) * up_sample(δ, Z.tanh().detach(), 2)
    print(f"    {pool.__name__}: {(by_autograd - by_book).abs().max().item():.0e}")
    assert tg.allclose(by_autograd, by_book, rtol=0, atol=1e-12)

say("窗口重叠时，一个位置可能是几个窗口的最大值，它得到的 δ 相加。",
    "Where windows overlap, one place may be the maximum of several; its deltas are added.")
X = tg.zeros(5, 5)
X[2, 2] = 1
X.requires_grad_()
Y = F.max_pool2d(X[None], 3, stride=2)[0]
Y.backward(tg.tensor([[1., 2], [3, 4]]))
write(X, "max", Y, "->", X.grad)
assert X.grad[2, 2] == 10 and X.grad.sum() == 10
