"""24.3.1 AlexNet (table 24.2): five convolutions, three poolings, two fully connected layers, softmax.

表 24.2 的印刷错误：FC1 的 W 应为 9216×4096（印作 4096×4096），B 应为 4096（印作 4906），Cov3 应为 Conv3。
Misprints of table 24.2: FC1's W must be 9216 x 4096 (printed 4096 x 4096), B 4096 (printed 4906), and Conv3 (Cov3).
"""
from board import say, table

import tinygrad_cnn as tg
from tinygrad_cnn import nn

tg.manual_seed(0)


def describe(layer):
    """The column F or W of the book's table."""
    if isinstance(layer, nn.Conv2d):
        M, N = layer.kernel_size
        return f"F={M}x{N}x{layer.in_channels}x{layer.out_channels}, S={layer.stride[0]}, P={layer.padding[0]}"
    if isinstance(layer, nn.MaxPool2d):
        return f"F={layer.kernel_size}x{layer.kernel_size}, S={layer.stride}"
    return f"W={layer.in_features}x{layer.out_features}, B={layer.out_features}"


count = lambda module: sum(p.numel() for p in module.parameters())

say("表 24.2。", "Table 24.2.")
network = nn.utils.skip_init(nn.models.AlexNet, variant="book")    # its 62 million weights need no values to be counted
for layer in network.features:
    if isinstance(layer, nn.Conv2d):
        nn.init.kaiming_normal_(layer.weight)
        nn.init.zeros_(layer.bias)
names = iter(("Conv1", "Pool1", "Conv2", "Pool2", "Conv3", "Conv4", "Conv5", "Pool3", "FC1", "FC2", "Softmax"))
rows = [("input", "", "227x227x3", "")]
X = tg.rand(1, 3, 227, 227)
with tg.no_grad():
    for layer in network.features:
        X = layer(X)
        if not isinstance(layer, nn.ReLU):
            _, K, I, J = X.shape
            rows.append((next(names), describe(layer), f"{I}x{J}x{K}", f"{count(layer):,}"))
for layer in network.classifier:
    if isinstance(layer, nn.Linear):
        rows.append((next(names), describe(layer), str(layer.out_features), f"{count(layer):,}"))
table(("layer", "filter", "output", "parameters"), rows)
assert [row[2] for row in rows] == [
    "227x227x3", "55x55x96", "27x27x96", "27x27x256", "13x13x256", "13x13x384", "13x13x384", "13x13x256", "6x6x256",
    "4096", "4096", "1000"]
assert X.numel() == network.classifier[1].in_features == 9_216

say("参数几乎都在全连接层。", "Nearly all parameters are in the fully connected layers.")
convolutions, total = count(network.features), count(network)
print(f"    convolutions {convolutions:,} ({convolutions / total:.0%}), all {total:,}")
assert (convolutions, total) == (3_747_200, 62_378_344)
assert sum(p.numel() for p in network.parameters() if p.ndim > 1) == 62_367_776

say("第一个全连接层由一个与特征图一样大的卷积实现：数值相同。",
    "The first fully connected layer is realised by a convolution as large as the map: the same numbers.")
linear = nn.Linear(9_216, 16)
convolution = nn.Conv2d(256, 16, 6)
convolution.load_state_dict({"weight": linear.weight.reshape(16, 256, 6, 6), "bias": linear.bias})
by_linear, by_convolution = linear(X.flatten(1)), convolution(X)
print(f"    {tuple(X.shape)} -> {tuple(by_convolution.shape)}")
assert tg.allclose(by_linear, by_convolution.flatten(1), rtol=1e-4, atol=1e-3)
