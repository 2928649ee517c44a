"""24.1.3 汇聚：三维汇聚 / The book's 三维汇聚: each channel is pooled for itself, the depth stays (example 24.9).

书中的“三维汇聚”逐通道做二维汇聚，深度不变。它不是程序库里的 max_pool3d，后者在深度方向也汇聚。
It is max_pool2d with channels. A library's max_pool3d pools in depth as well.
"""
from board import say, write

import tinygrad_cnn as tg
from tinygrad_cnn.nn import functional as F

X = tg.tensor([[[3., 2, 0, 1], [0, 2, 1, 2], [2, 0, 0, 3], [2, 3, 1, 2]],
               [[3., 2, 0, 1], [2, 1, 0, 1], [1, 0, 2, 1], [2, 1, 0, 0]],
               [[4., 2, 0, 1], [0, 3, 1, 0], [3, 1, 0, 2], [2, 2, 0, 1]]])

say("例 24.9：三个通道，4×4×3 -> 2×2×3。", "Example 24.9: three channels, 4 x 4 x 3 -> 2 x 2 x 3.")
Y = F.max_pool2d(X[None], 2)[0]                                     # (3, 4, 4) -> (3, 2, 2)
for X_C, Y_C in zip(X, Y):
    write(X_C, "max", Y_C)
    print()
assert Y.tolist() == [[[3, 2], [3, 3]], [[3, 1], [2, 2]], [[4, 1], [3, 2]]]

say("逐通道进行：先分开再汇聚，结果相同。",
    "Each channel for itself: taken apart and pooled, the numbers are the same.")
assert tg.equal(Y, tg.cat([F.max_pool2d(X_C[None], 2) for X_C in X]))

say("max_pool3d 还会混合通道：深度从 3 变成 1。", "max_pool3d mixes the channels, too: depth 3 becomes 1.")
mixed = F.max_pool3d(X[None, None], (3, 2, 2))[0, 0]
write(Y[0], ",", Y[1], ",", Y[2], "≠", mixed[0])
assert mixed.tolist() == [[[4, 2], [3, 3]]]
assert F.max_pool3d(X[None, None], (1, 2, 2))[0, 0].tolist() == Y.tolist()      # a window of depth 1 is the book's
