"""24.2.2 反向传播算法：卷积层 / Backpropagation through convolution layers (eq. 24.24-24.26).

δ 是 ∂L/∂Z。∂L/∂W_{k,k'} = δ_k' * X_k，∂L/∂b_k' = δ_k'，δ_k 由上一层的 δ_k' 用全填充卷积传回。
delta is dL/dZ. One convolution gives each kernel's gradient, another (fully padded) hands delta to the layer before.
"""
from board import say, table, write

import tinygrad_cnn as tg
from tinygrad_cnn.nn import functional as F

tg.set_default_dtype(tg.float64)
tg.manual_seed(1)

rot180 = lambda A: tg.rot90(A, 2)
convolve = lambda W, X: tg.correlate2d(X, W, "valid")
full = lambda W, X: tg.correlate2d(X, W, "full")

# Two layers: 2 maps of 6x6 -> 3 maps of 4x4 -> 2 maps of 2x2. In print W_{k,k'} has k first; libraries have k' first.
X0 = tg.randn(2, 6, 6)
W1, W2 = tg.randn(3, 2, 3, 3, requires_grad=True), tg.randn(2, 3, 3, 3, requires_grad=True)
b1, b2 = tg.randn(3, requires_grad=True), tg.randn(2, requires_grad=True)
target = tg.randn(2, 2, 2)

say("前向，并由自动微分求出各层的 δ。", "Forward, and every delta by autograd.")
Z1 = F.conv2d(X0[None], W1, b1)[0]
X1 = F.relu(Z1)
Z2 = F.conv2d(X1[None], W2, b2)[0]
L = ((F.relu(Z2) - target) ** 2).sum() / 2
δ1, δ2, dW1, dW2, db1, db2 = tg.autograd.grad(L, (Z1, Z2, W1, W2, b1, b2))
print(f"    L = {L.item():.4f}")

say("同样的量，按书中的公式。", "The same by the book's formulas.")
a_prime = lambda Z: (Z > 0).to(Z.dtype)                             # relu'(Z)
with tg.no_grad():
    by_book = {}
    δ = a_prime(Z2) * (F.relu(Z2) - target)                         # δ of the last layer
    by_book["δ2"] = δ
    by_book["∂L/∂W2"] = tg.stack([tg.stack([convolve(δ[k_], X1[k]) for k in range(3)]) for k_ in range(2)])    # (24.24)
    δ = a_prime(Z1) * tg.stack([sum(full(rot180(W2[k_, k]), δ[k_]) for k_ in range(2)) for k in range(3)])     # (24.26)
    by_book["δ1"] = δ
    by_book["∂L/∂W1"] = tg.stack([tg.stack([convolve(δ[k_], X0[k]) for k in range(2)]) for k_ in range(3)])    # (24.24)
rows = []
for (name, value), expected in zip(by_book.items(), (δ2, dW2, δ1, dW1)):
    error = (value - expected).abs().max().item()
    rows.append((name, tuple(value.shape), f"{error:.0e}"))
    assert error < 1e-12
table(("", "shape", "difference"), rows)

say("偏置：书中每个输出位置各有一个 b，于是 ∂L/∂b = δ (24.25)；程序库每个通道只有一个，梯度是 δ 的和。",
    "Bias: the book has one for each output position, so dL/db = delta (24.25). Libraries share one a channel: a sum.")
b_untied = tg.zeros(2, 2, 2, requires_grad=True)
Z = F.conv2d(X1[None].detach(), W2.detach(), b2.detach())[0] + b_untied
(db_untied,) = tg.autograd.grad(((F.relu(Z) - target) ** 2).sum() / 2, b_untied)
write("δ2 =", δ2[0], ",", δ2[1], " Σ =", db2[:, None])
assert tg.allclose(db_untied, δ2, rtol=0, atol=1e-12)               # the book's
assert tg.allclose(db2, δ2.sum((1, 2)), rtol=0, atol=1e-12)         # the shared one
assert tg.allclose(db1, δ1.sum((1, 2)), rtol=0, atol=1e-12)
