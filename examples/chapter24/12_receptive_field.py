"""24.1.5 性质：感受野 / The receptive field (figure 24.17, eq. 24.19), in three ways that agree.

R^(l) = 1 + Σ_{j=1..l} (F^(j) - 1) Π_{i=0..j-1} S^(i)，S^(0) = 1。用公式、用区间递推、用梯度的支撑集各算一次。
By the formula, by following the box of pixels backward, and by asking the gradient which pixels matter.
"""
from math import prod

from board import draw, say, shade, table

import tinygrad_cnn as tg
from tinygrad_cnn import nn, teach
from tinygrad_cnn.nn import functional as F

tg.set_default_dtype(tg.float64)
tg.manual_seed(0)


def by_formula(layers):
    """(24.19) for layers [(F, S), ...]."""
    strides = [1, *(S for _, S in layers)]
    return 1 + sum((size - 1) * prod(strides[:j + 1]) for j, (size, _) in enumerate(layers))


def by_boxes(layers):
    """One unit of the last map, seen from the layer below: a box of F pixels; that box from below; and so on."""
    first = last = 0
    for size, S in reversed(layers):
        first, last = first * S, last * S + size - 1
    return last - first + 1


def by_gradient(layers):
    """How many inputs have a gradient of the middle unit: every kernel is all ones, so no influence cancels."""
    x = tg.ones(1, 1, by_formula(layers) + 2 * prod(S for _, S in layers), requires_grad=True)
    y = x
    for size, S in layers:
        y = F.conv1d(y, tg.full((1, 1, size), 1 / size), stride=S)
    y[0, 0, y.shape[2] // 2].backward()
    return int((x.grad != 0).sum())


say("图 24.17：两层 3×3 卷积，第二层的一个神经元看到整个 5×5 输入。",
    "Figure 24.17: two 3 x 3 convolutions; one neuron of the second layer sees all of a 5 x 5 input.")
X = tg.zeros(5, 5, requires_grad=True)
ones = tg.ones(3, 3)
tg.correlate2d(tg.correlate2d(X, ones, "valid"), ones, "valid").backward()
shade(X.grad, low=0)
assert (X.grad > 0).all() and X.grad.max() == 9                     # nine paths lead to the middle, one to a corner

C3, P2 = (3, 1), (2, 2)                                             # 3 x 3 convolution, 2 x 2 pooling with stride 2
networks = {
    "table 24.1": ([(5, 1), P2, (5, 1), P2], [5, 6, 14, 16]),
    "AlexNet": ([(11, 4), (3, 2), (5, 1), (3, 2), C3, C3, C3, (3, 2), (6, 1)],
                [11, 19, 51, 67, 99, 131, 163, 195, 355]),
    "ResNet-18": ([(7, 2), (3, 2)] + [C3] * 4 + 3 * [(3, 2), C3, C3, C3],
                  [7, 11, 19, 27, 35, 43, 51, 67, 83, 99, 115, 147, 179, 211, 243, 307, 371, 435]),
}
for name, (layers, expected) in networks.items():
    say(f"{name}：三种方法一致。", f"{name}: the three ways agree.")
    rows = []
    for l in range(1, len(layers) + 1):
        rows.append((l, *layers[l - 1], by_formula(layers[:l]), by_boxes(layers[:l]), by_gradient(layers[:l])))
    table(("layer", "F", "S", "formula", "boxes", "gradient"), rows)
    assert [row[3] for row in rows] == [row[4] for row in rows] == [row[5] for row in rows] == expected

say("teach.receptive_field 对任何网络这样做：ResNet-20，最后一层看到整幅图像之外。",
    "teach.receptive_field does this for any network: of ResNet-20 the last layers would see beyond the image.")
field = teach.receptive_field(nn.models.resnet20(), (1, 3, 32, 32), lang="en")
print(f"\n{field}")
assert field.agree and field["layer3.2.conv2"].formula == (81, 81)

say("感受野内各像素的影响并不相等：中间的路径最多（表 24.1 的网络，16×16）。",
    "Pixels of the receptive field do not count alike: most paths lead to the middle (table 24.1, 16 x 16).")
X = tg.ones(1, 1, 16, 16, requires_grad=True)
Y = X
for size, S in networks["table 24.1"][0]:
    Y = F.conv2d(Y, tg.full((1, 1, size, size), 1 / size ** 2), stride=S)
Y.backward()
shade(X.grad[0, 0], low=0)
assert Y.shape == (1, 1, 1, 1) and (X.grad > 0).all()
draw(influence=X.grad[0, 0])
