"""24.1.4 卷积神经网络：模型定义 / The model (definition 24.3, eq. 24.15, 24.16): layers written as formulas.

卷积层 Z_k' = Σ_k W_{k,k'} * X_k + b_k'，X = a(Z)；汇聚层；全连接层 z = Wx + b；输出层 softmax。
Convolution layers, pooling layers, fully connected layers and softmax. The layers of `nn` compute the same numbers.
"""
from board import say, table

import tinygrad_cnn as tg
from tinygrad_cnn import nn

tg.set_default_dtype(tg.float64)
tg.manual_seed(0)


def convolution_layer(X, W, b, P):
    """Map k' is Z_k' = Σ_k W_{k,k'} * X_k + b_k' (24.15), followed by the activation a(Z) = relu(Z) (24.16)."""
    Z = [sum(convolve(W_kk, X_k, P) for W_kk, X_k in zip(W_k, X)) + b_k for W_k, b_k in zip(W, b)]
    return tg.stack([Z_k.clamp(min=0) for Z_k in Z])


def convolve(W, X, P):
    """W * X with P zeros on every side."""
    return tg.correlate2d(nn.functional.pad(X, (P, P, P, P)), W, "valid")


def pooling_layer(X):
    """The greatest number of each 2 x 2 window, map by map."""
    K, I, J = X.shape
    return X.reshape(K, I // 2, 2, J // 2, 2).amax((2, 4))


say("按公式逐层计算，与 nn.Sequential 相同。", "Layer by layer from the formulas: the same as nn.Sequential.")
network = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                        nn.Conv2d(4, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                        nn.Flatten(), nn.Linear(32, 10), nn.Softmax(dim=1))
conv1, conv2, linear = network[0], network[3], network[7]
X = tg.randn(3, 8, 8)                                               # the book's 8 x 8 x 3
with tg.no_grad():
    X1 = pooling_layer(convolution_layer(X, conv1.weight, conv1.bias, P=1))
    X2 = pooling_layer(convolution_layer(X1, conv2.weight, conv2.bias, P=1))
    z = linear.weight @ X2.flatten() + linear.bias
    y = z.exp() / z.exp().sum()
    expected = network(X[None])[0]
table(("layer", "output"), [("X", tuple(X.shape)), ("conv + pool", tuple(X1.shape)), ("conv + pool", tuple(X2.shape)),
                            ("softmax", tuple(y.shape))])
print(f"    greatest difference {(y - expected).abs().max().item():.1e}, probabilities add up to {y.sum().item():.6f}")
assert tg.allclose(y, expected, rtol=0, atol=1e-12)

say("设计规则：小核、深网络。两层 3×3 看到的范围等于一层 5×5，参数少，中间还多一次非线性。",
    "Design: small kernels, deep networks. Two 3 x 3 see as far as one 5 x 5 with fewer weights, and bend once more.")
count = lambda *layers: sum(p.numel() for layer in layers for p in layer.parameters())
C = 16
two = [nn.Conv2d(C, C, 3, bias=False), nn.Conv2d(C, C, 3, bias=False)]
one = nn.Conv2d(C, C, 5, bias=False)
table(("", "weights", "9 x 9 becomes"), [("3 x 3, 3 x 3", count(*two), "5 x 5"), ("5 x 5", count(one), "5 x 5")])
assert nn.Sequential(*two)(tg.zeros(1, C, 9, 9)).shape == one(tg.zeros(1, C, 9, 9)).shape
assert (count(*two), count(one)) == (18 * C * C, 25 * C * C)

say("步幅 2 的卷积可以代替汇聚：得到全卷积网络。",
    "A convolution with stride 2 may replace pooling: a network of convolutions only.")
pooled = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
strided = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.ReLU())
assert pooled(X[None]).shape == strided(X[None]).shape == (1, 4, 4, 4)
