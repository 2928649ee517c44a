"""24.1.1 背景 / Background: why not a fully connected network on the flattened image?

把图像展开成向量交给前馈神经网络，有两个问题：参数随像素数的平方增长；同一个局部特征要在每个位置各学一遍。
A feedforward network on the flattened image has two problems: its parameters grow with the square of the number of
pixels, and the same local feature must be learnt again at every position.
"""
from board import say, shade, table

import tinygrad_cnn as tg
from tinygrad_cnn import nn


def parameters(layer):
    return sum(p.numel() for p in layer.parameters())


say("问题一：一张 I×I 的图像到一张同样大小的特征图，需要多少参数？",
    "Problem one: how many parameters from an I x I image to a map of the same size?")
convolution = parameters(nn.Conv2d(1, 1, 3, padding=1))             # 9 weights and 1 bias, whatever the image
rows = []
for size in (8, 32, 224):
    connected = size ** 4 + size ** 2                               # a weight for each pair, a bias for each output
    rows.append((f"{size} x {size}", f"{connected:,}", convolution, f"{connected // convolution:,}"))
table(("I x I", "FNN", "CNN 3 x 3", "FNN / CNN"), rows)
assert parameters(nn.Linear(8 * 8, 8 * 8)) == 8 ** 4 + 8 ** 2 == 4_160

say("问题二：一个 L 出现在两处。同一个卷积核在两处给出同样的最大响应，不必学两次。",
    "Problem two: an L in two places. One kernel answers both with the same greatest response; it is learnt once.")
L = tg.tensor([[1., 0, 0], [1, 0, 0], [1, 1, 1]])
X = tg.zeros(10, 16)
for top, left in ((1, 2), (6, 11)):
    X[top:top + 3, left:left + 3] = L
Y = tg.correlate2d(X, L, "valid")
shade(X)
print("       =>")
shade(Y)
assert Y[1, 2] == Y[6, 11] == Y.max() == 5
assert int((Y == 5).sum()) == 2                                     # and nowhere else

say("全连接层会把移动后的 L 当成完全不同的输入：两个展开的向量没有一个共同的非零位置。",
    "To a fully connected layer the moved L is another input altogether: their two vectors share no dark pixel.")
first, second = tg.zeros(10, 16), tg.zeros(10, 16)
first[1:4, 2:5], second[6:9, 11:14] = L, L
assert (first.flatten() @ second.flatten()).item() == 0
