"""24.2.1 卷积导数 / Derivatives of a convolution (eq. 24.20-24.23, exercises 24.8 and 24.9).

Z = W * X，f 是 Z 的函数，则 ∂f/∂W = ∂f/∂Z * X，∂f/∂X = rot180(∂f/∂Z) * W = rot180(W) * ∂f/∂Z（全填充）。
The gradients of a convolution are convolutions. Three witnesses: these formulas, autograd, and central differences.
"""
from board import say, write

import tinygrad_cnn as tg

tg.set_default_dtype(tg.float64)
tg.manual_seed(0)

rot180 = lambda A: tg.rot90(A, 2)
convolve = lambda W, X: tg.correlate2d(X, W, "valid")               # the book's W * X
full = lambda W, X: tg.correlate2d(X, W, "full")                    # with as much padding as makes sense


def f(Z):
    """Any smooth function of the feature map."""
    return Z.sin().sum()


def differences(function, A, h=1e-5):
    """∂function/∂A by central differences, one number after the other."""
    gradient = tg.zeros(A.shape)
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            step = tg.zeros(A.shape)
            step[i, j] = h
            gradient[i, j] = (function(A + step) - function(A - step)) / (2 * h)
    return gradient


say("一个 5×6 的输入，3×2 的核。", "An input of 5 x 6, a kernel of 3 x 2.")
X, W = tg.randn(5, 6, requires_grad=True), tg.randn(3, 2, requires_grad=True)
Z = convolve(W, X)
f(Z).backward()
with tg.no_grad():
    dZ = Z.cos()                                                    # ∂f/∂Z
    dW = convolve(dZ, X)                                            # (24.21)
    dX = full(rot180(dZ), W)                                        # (24.23): W is padded
    dX_too = full(rot180(W), dZ)                                    # (24.23): ∂f/∂Z is padded
    rows = [("∂f/∂W", dW, W.grad, differences(lambda A: f(convolve(A, X)), W)),
            ("∂f/∂X", dX, X.grad, differences(lambda A: f(convolve(W, A)), X)),
            ("∂f/∂X", dX_too, X.grad, differences(lambda A: f(convolve(W, A)), X))]
for name, formula, autograd, numeric in rows:
    a, b = (formula - autograd).abs().max().item(), (formula - numeric).abs().max().item()
    print(f"    {name}   formula - autograd {a:.0e}   formula - differences {b:.0e}")
    assert a < 1e-12 and b < 1e-8

say("逐个下标的公式 (24.20) 与 (24.22)：Σ w_{i-k+1, j-l+1} ∂f/∂z_kl，下标出界的项为零。",
    "Index by index, (24.20) and (24.22): terms whose index leaves the kernel are zero.")
(I, J), (M, N), (K, L) = X.shape, W.shape, Z.shape
for m in range(M):
    for n in range(N):
        assert abs(sum(X[k + m, l + n] * dZ[k, l] for k in range(K) for l in range(L)) - W.grad[m, n]) < 1e-12
for i in range(I):
    for j in range(J):
        terms = [W[i - k, j - l] * dZ[k, l] for k in range(K) for l in range(L) if 0 <= i - k < M and 0 <= j - l < N]
        assert abs(sum(terms) - X.grad[i, j]) < 1e-12

say("习题 24.8：X 为 4×5，W 为 3×3，Y 为 2×3（不是 3×3）。∂y_kl/∂W 就是窗口，∂y_kl/∂X 是放在窗口位置的 W。",
    "Exercise 24.8: X is 4 x 5, W is 3 x 3, so Y is 2 x 3 (not 3 x 3). dy_kl/dW is the window, dy_kl/dX W put there.")
X, W = tg.arange(1.0, 21).reshape(4, 5).requires_grad_(), tg.arange(1.0, 10).reshape(3, 3).requires_grad_()
Y = convolve(W, X)
assert Y.shape == (2, 3)
for k in range(2):
    for l in range(3):
        dY_dW, dY_dX = tg.autograd.grad(Y[k, l], (W, X), retain_graph=True)
        placed = tg.zeros(4, 5)
        placed[k:k + 3, l:l + 3] = W.detach()
        assert tg.equal(dY_dW, X[k:k + 3, l:l + 3].detach()) and tg.equal(dY_dX, placed)
print("    k = 2, l = 3")
write("∂y/∂W =", dY_dW, "  ∂y/∂X =", dY_dX)

say("习题 24.9：rot180(W) * X = rot180(X) * W（3×3）。", "Exercise 24.9: rot180(W) * X = rot180(X) * W for 3 x 3.")
A, B = tg.randn(3, 3), tg.randn(3, 3)
assert tg.allclose(convolve(rot180(A), B), convolve(rot180(B), A), rtol=0, atol=1e-12)
assert tg.allclose(full(rot180(A), B), full(rot180(B), A), rtol=0, atol=1e-12)
write(full(rot180(A), B))
