"""24.1.2 卷积：三维卷积 / The book's 三维卷积, a convolution over several channels (eq. 24.7, example 24.6).

书中的“三维卷积”：核与输入一样深，各通道分别卷积再相加，输出是一个矩阵。它在程序库里就是多通道的 conv2d。
The kernel is as deep as the input; each channel is convolved by its own matrix and the results are added to one matrix.
In libraries this is conv2d with channels. conv3d also slides in depth: with one place to go, its numbers are the same.
"""
from board import say, write

import tinygrad_cnn as tg

X_R = tg.tensor([[3., 2, 0, 1], [0, 2, 1, 2], [2, 0, 0, 3], [2, 3, 1, 2]])
X_G = tg.tensor([[3., 2, 0, 1], [2, 1, 0, 1], [1, 0, 2, 1], [2, 1, 0, 0]])
X_B = tg.tensor([[4., 2, 0, 1], [0, 3, 1, 0], [3, 1, 0, 2], [2, 2, 0, 1]])
W_R = tg.tensor([[2., 1, 2], [0, 0, 3], [0, 0, 2]])
W_G = tg.tensor([[1., 0, 1], [0, 1, 0], [1, 0, 1]])
W_B = tg.tensor([[1., 0, -1], [1, 0, -1], [1, 0, -1]])

say("例 24.6：Y = W_R * X_R + W_G * X_G + W_B * X_B。", "Example 24.6: red, green and blue are convolved and added.")
Y_R, Y_G, Y_B = (tg.correlate2d(X, W, "valid") for X, W in ((X_R, W_R), (X_G, W_G), (X_B, W_B)))
Y = Y_R + Y_G + Y_B                                                 # (24.7)
for W, X, Y_C in ((W_R, X_R, Y_R), (W_G, X_G, Y_G), (W_B, X_B, Y_B)):
    write(W, "*", X, "=", Y_C)
    print()
write(Y_R, "+", Y_G, "+", Y_B, "=", Y)
assert (Y_R.tolist(), Y_G.tolist(), Y_B.tolist()) == ([[11, 18], [6, 22]], [[7, 4], [4, 5]], [[6, 3], [4, 3]])
assert Y.tolist() == [[24, 25], [14, 30]]

say("conv2d 一次算完三个通道。", "conv2d does the three channels in one call.")
X = tg.stack([X_R, X_G, X_B])                                       # the book's 4 x 4 x 3 is (C, H, W) = (3, 4, 4)
W = tg.stack([W_R, W_G, W_B])
by_conv2d = tg.conv2d(X[None], W[None])                             # (1, 3, 4, 4), (1, 3, 3, 3) -> (1, 1, 2, 2)
print(f"    {tuple(X[None].shape)} , {tuple(W[None].shape)} -> {tuple(by_conv2d.shape)}")
assert tg.equal(by_conv2d[0, 0], Y)

say("conv3d：一个通道、深度 3；核也深 3，深度方向只有一个位置，数值相同。",
    "conv3d: one channel of depth 3. The kernel is as deep, there is one place in depth, the numbers are the same.")
by_conv3d = tg.conv3d(X[None, None], W[None, None])      # (1, 1, 3, 4, 4), (1, 1, 3, 3, 3) -> (1, 1, 1, 2, 2)
print(f"    {tuple(X[None, None].shape)} , {tuple(W[None, None].shape)} -> {tuple(by_conv3d.shape)}")
assert tg.equal(by_conv3d[0, 0, 0], Y)

say("核比输入浅时，conv3d 还在深度方向滑动，这不是书中的三维卷积。",
    "With a shallower kernel conv3d slides in depth as well: that is not the book's operation.")
shallow = tg.conv3d(X[None, None], W[None, None, :2])
print(f"    {tuple(X[None, None].shape)} , {tuple(W[None, None, :2].shape)} -> {tuple(shallow.shape)}")
assert shallow.shape == (1, 1, 2, 2, 2)
