"""24.1.5 性质：表示效率 / Representation efficiency (figure 24.15): sparse connections, shared parameters.

卷积层也是线性层 vec(Y) = T vec(X)，只是 T 大部分是零，非零的数又反复出现（Toeplitz 矩阵）。
A convolution is a linear layer, vec(Y) = T vec(X), whose matrix T is mostly zero and repeats its few numbers.
"""
from board import draw, say, shade, table, write

import tinygrad_cnn as tg
from tinygrad_cnn import teach

tg.set_default_dtype(tg.float64)
tg.manual_seed(0)


def conv_matrix(W, I, J):
    """T with T vec(X) = vec(W * X) for an I x J matrix X: row (k, l), column (i, j) holds w_{i-k+1, j-l+1}."""
    M, N = W.shape
    K, L = I - M + 1, J - N + 1
    T = tg.zeros(K, L, I, J)
    for k in range(K):
        for l in range(L):
            T[k, l, k:k + M, l:l + N] = W
    return T.reshape(K * L, I * J)


say("图 24.15（一维）：每个输出只连三个输入，所有输出用同样三个权值。",
    "Figure 24.15, one dimension: each output has three inputs, and all outputs share three weights.")
T = conv_matrix(tg.tensor([[1., 2, 3]]), 1, 7)
write(T)

say("参数与连接：28×28 到 26×26。", "Parameters and connections, from 28 x 28 to 26 x 26.")
inputs, outputs = 28 * 28, 26 * 26
connections = int((conv_matrix(tg.ones(3, 3), 28, 28) != 0).sum())
table(("layer", "connections", "parameters"), [("fully connected", f"{inputs * outputs:,}", f"{inputs * outputs:,}"),
                                               ("3 x 3 convolution", f"{connections:,}", 9)])
assert connections == 9 * outputs == 6_084 and inputs * outputs == 529_984

say("二维的 T：带状，每条带是一个权值。", "T in two dimensions: bands, each of them one weight.")
W, X = tg.randn(3, 3), tg.randn(7, 7)
T = conv_matrix(W, 7, 7)                                            # (25, 49)
shade(T.abs(), low=0)
print(f"    {(T == 0).double().mean().item():.0%} of T is zero; {len(T.unique()) - 1} different weights")
assert tg.allclose(T @ X.flatten(), tg.correlate2d(X, W, "valid").flatten(), rtol=0, atol=1e-12)
assert len(T.unique()) - 1 == 9
assert tg.equal(T, teach.conv_matrix(W, (7, 7)))                    # with channels, strides and padding, too

say("反向传播就是转置：vec(∂L/∂X) = Tᵀ vec(δ)。", "Going backward is the transpose: vec(dL/dX) = T^t vec(delta).")
δ = tg.randn(5, 5)
X.requires_grad_()
Y = tg.correlate2d(X, W, "valid")
Y.backward(δ)
assert tg.allclose(X.grad.flatten(), T.T @ δ.flatten(), rtol=0, atol=1e-12)

say("伴随检验：<T x, δ> = <x, Tᵀ δ>。", "The adjoint test: <T x, delta> = <x, T^t delta>.")
left, right = (Y * δ).sum().item(), (X * X.grad).sum().item()
print(f"    {left:.12f}\n    {right:.12f}")
assert abs(left - right) < 1e-12
draw(T=T.abs())
