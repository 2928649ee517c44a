"""24.1.2 卷积：二维卷积 / Convolution in two dimensions (definition 24.1, example 24.2, exercises 24.1 and 24.3-24.5).

机器学习所说的卷积是互相关：核不翻转，y_kl = Σ_m Σ_n w_mn x_{k+m-1, l+n-1}。下面跟着窗口走四步。
What machine learning calls convolution is cross-correlation: the kernel is not flipped. Follow the window's four steps.
"""
from board import say, write

import tinygrad_cnn as tg

X = tg.tensor([[3., 2, 0, 1], [0, 2, 1, 2], [2, 0, 0, 3], [2, 3, 1, 2]])
W = tg.tensor([[2., 1, 2], [0, 0, 3], [0, 0, 2]])

say("例 24.2：Y = W * X。", "Example 24.2: Y = W * X.")
(I, J), (M, N) = X.shape, W.shape
K, L = I - M + 1, J - N + 1                                         # (24.5)
Y = tg.zeros(K, L)
for k in range(K):                                                  # the book counts from 1, Python from 0
    for l in range(L):
        window = X[k:k + M, l:l + N]
        Y[k, l] = (W * window).sum()                                # (24.4)
        print(f"\n  k = {k + 1}, l = {l + 1}")
        write(W, "⊙", window, "=", W * window, "Σ", Y[k:k + 1, l:l + 1])
print()
write(W, "*", X, "=", Y)
assert Y.tolist() == [[11, 18], [6, 22]]
assert tg.equal(Y, tg.correlate2d(X, W, "valid"))                   # in one call
assert tg.equal(Y, tg.conv2d(X[None, None], W[None, None])[0, 0])   # and as a layer computes it: (N, C, H, W)

say("习题 24.1：数学卷积 W ⊛ X 就是把核旋转 180 度再做互相关。",
    "Exercise 24.1: mathematical convolution is cross-correlation with the kernel turned by 180 degrees.")
rot180 = lambda A: tg.rot90(A, 2)
write(W, "->", rot180(W))
assert tg.equal(tg.convolve2d(X, W), tg.correlate2d(X, rot180(W)))

say("习题 24.3：互相关不可交换；全填充时交换两者，结果旋转 180 度。",
    "Exercise 24.3: cross-correlation does not commute; exchanged (and fully padded), it is turned by 180 degrees.")
write(tg.correlate2d(X, W), "≠", tg.correlate2d(W, X))
assert not tg.equal(tg.correlate2d(X, W), tg.correlate2d(W, X))
assert tg.equal(tg.correlate2d(X, W), rot180(tg.correlate2d(W, X)))

say("习题 24.4：一维的卷积（互相关）。", "Exercise 24.4: the same in one dimension.")
x, w = tg.tensor([3., 0, 2, -2, 2, 1, 2]), tg.tensor([1., -1, 2])
write(w, "*", x, "=", tg.correlate1d(x, w, "valid"))
assert tg.correlate1d(x, w, "valid").tolist() == [7, -6, 8, -2, 5]

say("习题 24.5：旋转输入，响应就变了。", "Exercise 24.5: turn the input and the response is another.")
clockwise, counter_clockwise = tg.rot90(X, -1), tg.rot90(X, 1)
write(tg.correlate2d(clockwise, W, "valid"), ",", tg.correlate2d(counter_clockwise, W, "valid"), "≠", Y)
assert tg.correlate2d(clockwise, W, "valid").tolist() == [[14, 16], [17, 8]]
assert tg.correlate2d(counter_clockwise, W, "valid").tolist() == [[10, 20], [5, 17]]
