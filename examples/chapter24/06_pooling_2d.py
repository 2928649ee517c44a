"""24.1.3 汇聚：二维汇聚 / Pooling in two dimensions (definition 24.2, examples 24.7 and 24.8).

把矩阵分成互不重叠的窗口，每个窗口取最大值或平均值。没有参数。
Cut the matrix into windows that do not overlap, and take the greatest value of each, or the mean. No parameters.
"""
from board import say, write

import tinygrad_cnn as tg
from tinygrad_cnn.nn import functional as F

X = tg.tensor([[3., 2, 0, 1], [0, 2, 1, 2], [2, 0, 0, 3], [2, 3, 1, 2]])
image = X[None, None]                                               # (N, C, H, W) = (1, 1, 4, 4)

say("例 24.7：最大汇聚，2×2，步幅 2。", "Example 24.7: max pooling, 2 x 2, stride 2.")
Y = F.max_pool2d(image, 2)[0, 0]
write(X, "max", Y)
assert Y.tolist() == [[3, 2], [3, 3]]

say("例 24.8：平均汇聚。", "Example 24.8: mean pooling.")
Y = F.avg_pool2d(image, 2)[0, 0]
write(X, "mean", Y)
assert Y.tolist() == [[1.75, 1], [1.75, 1.5]]

say("定义 24.2 的公式写成循环：步幅为 S 时下标是 (k-1)S+m，书上印的 k+m-1 是步幅 1 的形式。",
    "Definition 24.2 as a loop: with stride S the index is (k-1)S + m; the k + m - 1 in print is for stride 1.")
M = N = S = 2
for k in range(2):
    for l in range(2):
        window = X[k * S:k * S + M, l * S:l * S + N]
        assert window.mean() == Y[k, l]
        write(window, "->", [[window.max().item()]], ",", [[window.mean().item()]])
        print()

say("平均汇聚是核为常数 1/MN 的卷积。", "Mean pooling is a convolution with the constant kernel 1/MN.")
constant = tg.full((1, 1, M, N), 1 / (M * N))
write(constant[0, 0], "*", X, "=", F.conv2d(image, constant, stride=S)[0, 0])
assert tg.equal(F.conv2d(image, constant, stride=S)[0, 0], Y)

say("窗口可以重叠：3×3，步幅 2（AlexNet）。", "Windows may overlap: 3 x 3 with stride 2, as in AlexNet.")
assert F.max_pool2d(tg.ones(1, 1, 55, 55), 3, stride=2).shape == (1, 1, 27, 27)

say("填充：书中添 0；程序库里最大汇聚的填充不参与比较（-∞）。输入全为负数时两者不同。",
    "Padding: the book adds zeros; in libraries the padding of max pooling never wins (-inf). Negative input shows it.")
negative = -1 - image
by_library = F.max_pool2d(negative, 2, padding=1)[0, 0]
by_book = F.max_pool2d(F.pad(negative, (1, 1, 1, 1)), 2)[0, 0]
write(by_library, "≠", by_book)
assert by_library[0, 0] == -4 and by_book[0, 0] == 0

say("上采样是汇聚的反面：一个数变回一个窗口。", "Upsampling is the opposite: a number becomes a window again.")
write(Y, "->", F.interpolate(Y[None, None], scale_factor=2)[0, 0])
assert tg.equal(F.avg_pool2d(F.interpolate(Y[None, None], scale_factor=2), 2)[0, 0], Y)
