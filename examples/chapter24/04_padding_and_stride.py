"""24.1.2 卷积：填充和步幅 / Padding and stride (examples 24.3, 24.4 and 24.5, the size law).

填充在输入四周添零，步幅是窗口每次移动的距离。输出大小 K = ⌊(I + 2P - M)/S⌋ + 1，L 同理。
Padding adds zeros around the input, the stride is how far the window moves at each step.
"""
from board import say, shade, table, write

import tinygrad_cnn as tg


def convolve(W, X, S=1, P=0, Q=None):
    """W * X with stride S, P rows of zeros above and below, and Q columns (P if not given) to the left and right."""
    return tg.conv2d(X[None, None], W[None, None], stride=S, padding=(P, P if Q is None else Q))[0, 0]


X = tg.tensor([[3., 2, 0, 1], [0, 2, 1, 2], [2, 0, 0, 3], [2, 3, 1, 2]])
W = tg.tensor([[2., 1, 2], [0, 0, 3], [0, 0, 2]])

say("例 24.3：填充一圈零，输出与输入一样大。",
    "Example 24.3: one ring of zeros, and the output is as large as the input.")
Y = convolve(W, X, P=1)
write(W, "*", tg.nn.functional.pad(X, (1, 1, 1, 1)), "=", Y)
assert Y.tolist() == [[10, 2, 7, 0], [13, 11, 18, 1], [10, 6, 22, 4], [11, 7, 12, 3]]

say("例 24.4：步幅 2。", "Example 24.4: stride 2.")
X7 = tg.tensor([[3., 2, 0, 1, 0, 2, 1], [0, 2, 1, 2, 1, 2, 1], [2, 0, 0, 3, 0, 0, 2], [2, 3, 1, 0, 1, 1, 3],
                [2, 2, 1, 1, 0, 3, 1], [1, 1, 0, 0, 1, 2, 2], [2, 1, 0, 3, 2, 1, 1]])
Y = convolve(W, X7, S=2)
write(W, "*", X7, "=", Y)
assert Y.tolist() == [[11, 4, 11], [9, 6, 15], [8, 10, 13]]
assert tg.equal(Y, convolve(W, X7)[::2, ::2])                       # every second window of stride 1

say("例 24.5：卷积检测特征。与核的形状 L 吻合处响应最大。",
    "Example 24.5: convolution detects features. The response is greatest where the shape of the kernel, an L, fits.")
X = tg.tensor([[0., 0, 0, 0], [0, 2, 0, 0], [0, 2, 0, 0], [0, 2, 2, 2]])
W = tg.tensor([[2., 0, 0], [2, 0, 0], [2, 2, 2]])
Y = convolve(W, X)
write(W, "*", X, "=", Y)
shade(Y, low=0)
assert Y.tolist() == [[4, 8], [8, 20]]
assert Y.argmax().item() == 3                                       # k = l = 2: the window that is the L

say("大小的规律：公式与真正的输出相符。最大的填充是 M-1，称为全填充。",
    "The size law: formula and true output agree. The most padding is M - 1, called full.")
rows = []
for I, M, S, P in ((4, 3, 1, 0), (4, 3, 1, 1), (4, 3, 1, 2), (7, 3, 2, 0), (8, 3, 2, 1),
                   (227, 11, 4, 0), (224, 7, 2, 3)):                # AlexNet's first layer, ResNet's
    K = (I + 2 * P - M) // S + 1
    rows.append((I, M, S, P, K))
    assert convolve(tg.ones(M, M), tg.ones(I, I), S, P).shape == (K, K)
table(("I", "M", "S", "P", "K"), rows)
assert convolve(tg.ones(3, 2), tg.ones(4, 5), P=2, Q=1).shape == (6, 6)     # P for the rows, Q for the columns

say("窗口放不下时，错误信息给出数字。", "Where no window fits, the error says so in numbers.")
try:
    convolve(tg.ones(7, 7), tg.ones(4, 4), P=1)
except tg.errors.ShapeError as error:
    print(f"    {error}")
    assert "7" in str(error)
else:
    raise AssertionError("a 7x7 kernel does not fit into 6x6 numbers")
