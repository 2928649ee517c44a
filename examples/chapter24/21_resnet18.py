"""24.3.2 ResNet：图像分类 / ResNet-18 (figure 24.21, table 24.3): 17 convolutions, 2 poolings, 1 softmax layer.

表 24.3 的印刷错误：F 的第三个数印成了特征图的高（3×3×56×64 等），应为输入的深度（3×3×64×64 等）。填充略去未印。
Misprints of table 24.3: the third number of F is printed as the map's height (3x3x56x64, ...); it must be the depth of
the input (3x3x64x64, ...). Paddings are left out; they follow: 3 for the 7 x 7, 1 for each 3 x 3.
"""
from board import say, table

import tinygrad_cnn as tg
from tinygrad_cnn import nn, teach

tg.manual_seed(0)
network = nn.models.resnet18()
count = lambda module: sum(p.numel() for p in module.parameters())


def name_of(path):
    """The book's name of a convolution: layer2.1.conv2 -> Conv3.4, its stage and its place in it."""
    if path == "conv1":
        return "Conv1"
    stage, block, conv = path.split(".")
    return f"Conv{int(stage[-1]) + 1}.{2 * int(block) + int(conv[-1])}"


say("表 24.3（batch norm 与投影不在表中）。", "Table 24.3 (batch norms and projections are not in it).")
rows = [("input", "", "", "224x224x3", "")]
for row in teach.summary(network, (1, 3, 224, 224)).rows:
    S = row.stride[0] if row.stride else ""
    if row.kind == "Conv2d" and "downsample" not in row.path:
        rows.append((name_of(row.path), row.kernel_text, S, row.size, f"{row.parameters:,}"))
    elif row.path in ("maxpool", "avgpool"):
        rows.append(({"maxpool": "Pool1", "avgpool": "Pool2"}[row.path], row.kernel_text, S, row.size, ""))
rows.append(("Softmax", "512x1000", "", "1000", f"{count(network.fc):,}"))
table(("layer", "F or W", "S", "output", "parameters"), rows)

names = [row[0] for row in rows]
inner = [f"Conv{i}.{j}" for i in range(2, 6) for j in range(1, 5)]
assert names == ["input", "Conv1", "Pool1", *inner, "Pool2", "Softmax"]
assert sum(name.startswith("Conv") for name in names) == 17
sizes = {row[0]: row[3] for row in rows}
assert (sizes["Conv1"], sizes["Pool1"], sizes["Pool2"]) == ("112x112x64", "56x56x64", "1x1x512")
for stage, size in enumerate(("56x56x64", "28x28x128", "14x14x256", "7x7x512"), 2):
    assert {sizes[f"Conv{stage}.{j}"] for j in range(1, 5)} == {size}
filters = {row[0]: row[1:3] for row in rows}
assert filters["Conv2.1"] == ("3x3x64x64", 1) and filters["Conv3.1"] == ("3x3x64x128", 2)

say("参数的去处。", "Where the parameters are.")
parts = {"convolutions": 0, "projections": 0, "batch norms": 0, "softmax": count(network.fc)}
for path, layer in network.named_modules():
    if isinstance(layer, nn.Conv2d):
        parts["projections" if "downsample" in path else "convolutions"] += count(layer)
    if isinstance(layer, nn.BatchNorm2d):
        parts["batch norms"] += count(layer)
table(("", "parameters"), [(name, f"{number:,}") for name, number in (*parts.items(), ("all", count(network)))])
assert parts == {"convolutions": 10_994_880, "projections": 172_032, "batch norms": 9_600, "softmax": 513_000}
assert count(network) == 11_689_512

say("填充是推断出来的：7×7 不填充时 224 得到 109，而不是 112。",
    "The padding follows: without it the 7 x 7 convolution makes 109 of 224, not 112.")
assert (224 - 7) // 2 + 1 == 109 and (224 + 2 * 3 - 7) // 2 + 1 == 112
