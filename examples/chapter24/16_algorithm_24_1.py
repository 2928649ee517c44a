"""24.2.2 算法 24.1 / Algorithm 24.1: backpropagation for a network of convolutions, a literal loop without autograd.

一个样本 (X, y)，学习率 η。前向算出每层的 Z 与 X，反向逐层算 δ，并更新 W 与 b。
书上印的顺序先更新 W 再用它把 δ 传到下一层；正确的是用旧的 W。下面测出两者的差别。
One sample (X, y), learning rate eta. As printed, W is updated before it hands delta on; it must be the old W. The
difference is measured below.
"""
from board import bar, say, table

import tinygrad_cnn as tg

tg.set_default_dtype(tg.float64)

a = tg.tanh
a_prime = lambda Z: 1 - a(Z) ** 2
rot180 = lambda A: tg.rot90(A, 2)
convolve = lambda W, X: tg.correlate2d(X, W, "valid")               # W * X
full = lambda W, X: tg.correlate2d(X, W, "full")


def algorithm_24_1(X, y, W, b, η, update_first=False):
    """One step of the algorithm, changing W and b; returns (L, gradients of W, gradients of b).

    W[t][k_][k] is W_{k,k'} of layer t = 1..s; b[t] is as large as Z[t] (the book has a bias for every position).
    """
    s = len(W) - 1                                                  # W[0] is not used: layers count from 1
    # (1) forward
    X, Z = [X], [None]
    for t in range(1, s + 1):
        Z.append(tg.stack([sum(convolve(W_kk, X_k) for W_kk, X_k in zip(W_k, X[t - 1])) for W_k in W[t]]) + b[t])
        X.append(a(Z[t]))
    L = ((X[s] - y) ** 2).sum() / 2
    # (2) backward
    dW, db = [None] * (s + 1), [None] * (s + 1)
    δ = X[s] - y                                                    # ∇L with respect to X^(s)
    for t in range(s, 0, -1):
        δ = a_prime(Z[t]) * δ
        dW[t] = tg.stack([tg.stack([convolve(δ_k, X_k) for X_k in X[t - 1]]) for δ_k in δ])
        db[t] = δ
        old = W[t]
        W[t] = W[t] - η * dW[t]
        b[t] = b[t] - η * db[t]
        if t > 1:
            used = W[t] if update_first else old
            δ = tg.stack([sum(full(rot180(W_k[k]), δ_k) for W_k, δ_k in zip(used, δ)) for k in range(len(X[t - 1]))])
    # (3)
    return L.item(), dW, db


def new_network():
    """8 x 8 x 1 -> 6 x 6 x 3 -> 4 x 4 x 3 -> 1 x 1 x 2: the last kernel is as large as its input."""
    tg.manual_seed(0)
    W = [None, tg.randn(3, 1, 3, 3) / 2, tg.randn(3, 3, 3, 3) / 4, tg.randn(2, 3, 4, 4) / 5]
    b = [None, tg.zeros(3, 6, 6), tg.zeros(3, 4, 4), tg.zeros(2, 1, 1)]
    return W, b


def gradients_by_autograd(X, y, W, b):
    W, b = ([None] + [A.clone().requires_grad_() for A in As[1:]] for As in (W, b))
    for t in range(1, len(W)):
        X = a(tg.conv2d(X[None], W[t])[0] + b[t])
    grads = tg.autograd.grad(((X - y) ** 2).sum() / 2, W[1:] + b[1:])
    return [None, *grads[:3]], [None, *grads[3:]]


tg.manual_seed(1)
X, y = tg.randn(1, 8, 8), tg.tensor([[[0.9]], [[-0.9]]])

say("与自动微分比较。", "Against autograd.")
expected = gradients_by_autograd(X, y, *new_network())
L, *found = algorithm_24_1(X, y, *new_network(), η=0.1)
rows = []
for t in (3, 2, 1):
    errors = [(f[t] - e[t]).abs().max().item() for f, e in zip(found, expected)]
    rows.append((t, f"{errors[0]:.0e}", f"{errors[1]:.0e}"))
    assert max(errors) < 1e-10
table(("t", "∂L/∂W", "∂L/∂b"), rows)

say("先更新 W 会怎样：∂L/∂W^(1) 的相对误差随学习率增长。",
    "If W is updated first: the relative error of dL/dW^(1) grows with the learning rate.")
errors = []
for η in (0.001, 0.01, 0.1, 1.0):
    _, dW, _ = algorithm_24_1(X, y, *new_network(), η, update_first=True)
    errors.append(((dW[1] - expected[0][1]).norm() / expected[0][1].norm()).item())
    print(f"    η = {η:5}  {errors[-1]:8.4f}  {bar(min(errors[-1], 1))}")
    assert tg.equal(dW[3], found[0][3])                             # the last layer has its δ before any update
assert 1e-4 < errors[0] < errors[1] < errors[2] < errors[3]
assert 8 < errors[1] / errors[0] < 12                               # in proportion to η, while η is small

say("循环运行：损失下降。", "The loop at work: the loss falls.")
W, b = new_network()
losses = [algorithm_24_1(X, y, W, b, η=0.05)[0] for _ in range(20)]
for step in range(0, 20, 4):
    print(f"    step {step:2}  L = {losses[step]:.6f}  {bar(losses[step], losses[0])}")
assert losses[-1] < losses[0] / 20
