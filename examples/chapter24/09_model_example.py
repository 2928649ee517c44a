"""24.1.4 卷积神经网络：模型例子 / An example (figure 24.14, table 24.1), and the same network trained on digits.

表 24.1 的网络：两层卷积、两层汇聚、两层全连接、softmax。表中输入有三个通道；手写数字只有一个。
Two convolutions, two poolings, two fully connected layers, softmax. The table has colour; digits are grey: one channel.
"""
from board import say, table

import tinygrad_cnn as tg
from tinygrad_cnn import nn, teach
from tinygrad_cnn.nn import functional as F

tg.manual_seed(0)


NAMES = ("Conv1", "Pool1", "Conv2", "Pool2", "FC1", "FC2", "Softmax")

say("表 24.1，由网络自己写出。", "Table 24.1, written by the network itself.")
network = nn.models.LeNet()
listed = [row for row in teach.summary(network, (1, 3, 32, 32)).rows if row.kind in ("Conv2d", "MaxPool2d", "Linear")]
rows = [("input", "", "", "32x32x3", 0)]
for name, row in zip(NAMES, listed):
    rows.append((name, row.kernel_text, row.stride[0] if row.stride else "", row.size, row.parameters))
table(("layer", "F or W", "S", "output", "parameters"), rows)
assert [row[3] for row in rows] == ["32x32x3", "28x28x8", "14x14x8", "10x10x16", "5x5x16", "120", "84", "10"]
assert [row[1] for row in rows[1:]] == ["5x5x3x8", "2x2", "5x5x8x16", "2x2", "400x120", "120x84", "84x10"]
total = sum(row[4] for row in rows)
weights = sum(p.numel() for p in network.parameters() if p.ndim > 1)
print(f"    {total:,} parameters, {weights:,} of them weights")
assert (total, weights) == (62_958, 62_720)
assert weights + 120 + 84 == 62_924                                 # with no other biases than the table prints

say("用真实的手写数字训练它（8×8 放大到 32×32，一个通道）。",
    "Train it on real handwritten digits (8 x 8 enlarged to 32 x 32, one channel).")
train_set, test_set = tg.data.Digits(train=True), tg.data.Digits(train=False)
enlarge = lambda images: F.interpolate(images, scale_factor=4)
network = nn.models.LeNet(in_channels=1)
optimizer = tg.optim.Adam(network.parameters(), lr=3e-3)
for images, labels in tg.data.DataLoader(train_set, batch_size=32, shuffle=True):      # one epoch
    optimizer.zero_grad()
    loss = F.cross_entropy(network(enlarge(images)), labels)
    loss.backward()
    optimizer.step()
with tg.no_grad():
    y = network(enlarge(test_set.data)).argmax(1)
accuracy = (y == test_set.targets).float().mean().item()
print(f"    last loss {loss.item():.3f}, accuracy on held-out digits after one epoch {accuracy:.1%}")
assert accuracy > 0.7
