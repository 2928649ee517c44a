"""24.1.2 卷积：数学卷积 / Convolution: mathematical convolution (eq. 24.1-24.3, example 24.1, exercise 24.2).

数学卷积 y(t) = ∫ x(τ) w(t-τ) dτ 把 w 翻转后滑过 x；离散时积分变成求和。w 是高斯函数时，卷积使信号平滑。
Mathematical convolution flips w and slides it over x; for samples the integral is a sum. A Gaussian w smooths.
"""
import math

from board import bar, draw, say, write

import tinygrad_cnn as tg

tg.set_default_dtype(tg.float64)


def convolve(x, w):
    """y[t] = sum over τ of x[τ] w[t-τ], as it is written: zero where an index leaves its signal."""
    y = [0.0] * (len(x) + len(w) - 1)
    for t in range(len(y)):
        for τ in range(len(x)):
            if 0 <= t - τ < len(w):
                y[t] += x[τ] * w[t - τ]
    return y


say("一维卷积：按定义求和；卷积满足交换律。", "One dimension: the sum as it is defined; it commutes.")
x, w = [3., 0, 2, -2, 2, 1, 2], [1., -1, 2]
y = tg.convolve1d(tg.tensor(x), tg.tensor(w))
write(w, "⊛", x, "=", y)
assert y.tolist() == convolve(x, w) == convolve(w, x)

say("例 24.1：带噪声的信号 x 与高斯函数 w 的卷积（σ = 2）。左边是 x，右边是 y。",
    "Example 24.1: a noisy signal x convolved with a Gaussian w (sigma = 2). Left x, right y.")
tg.manual_seed(0)
σ = 2.0
t = tg.arange(48.0)
clean = 1 + (2 * math.pi * t / 48).sin()
x = clean + 0.3 * tg.randn(48)
τ = tg.arange(-3 * σ, 3 * σ + 1)
w = (-τ ** 2 / (2 * σ ** 2)).exp()
w = w / w.sum()                                                     # weights that add up to 1: a moving average
y = tg.convolve1d(x, w, "same")
for k in range(6, 42):                                              # the ends see zeros, leave them out
    print(f"    {bar(x[k].item(), 2.6, 30):30}  |  {bar(y[k].item(), 2.6, 30)}")
before, after = ((s - clean)[6:42].square().mean().sqrt().item() for s in (x, y))
print(f"    distance to the clean signal: {before:.3f} -> {after:.3f}")
assert after < 0.6 * before

say("习题 24.2：二维数学卷积也可交换。", "Exercise 24.2: mathematical convolution in two dimensions commutes, too.")
A = tg.tensor([[3., 2, 0, 1], [0, 2, 1, 2], [2, 0, 0, 3], [2, 3, 1, 2]])
B = tg.tensor([[2., 1, 2], [0, 0, 3], [0, 0, 2]])
write(B, "⊛", A, "=", tg.convolve2d(A, B))
assert tg.equal(tg.convolve2d(A, B), tg.convolve2d(B, A))
assert tg.convolve2d(A, B)[0].tolist() == [6, 7, 8, 6, 1, 2]        # the last number is sometimes printed as 3
draw(noisy=x, Gaussian=w, smoothed=y)
