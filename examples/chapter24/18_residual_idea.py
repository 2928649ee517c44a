"""24.3.2 ResNet：基本想法 / The basic idea (eq. 24.27): x_i = x_{i-1} + f_i(x_{i-1}).

更深的普通网络，训练误差反而更大（退化）。残差网络让每一层只学与恒等映射之差。
A deeper plain network has a larger error even on its training data (degradation). A residual network's layers learn
only the difference from doing nothing.
"""
from board import bar, draw, say

import tinygrad_cnn as tg
from tinygrad_cnn import nn
from tinygrad_cnn.nn import functional as F

WIDTH = 32


class Unit(nn.Module):
    """f(x) = relu(Wx + b), or x + f(x)."""

    def __init__(self, residual):
        super().__init__()
        self.linear, self.residual = nn.Linear(WIDTH, WIDTH), residual

    def forward(self, x):
        f = F.relu(self.linear(x))
        return x + f if self.residual else f


def new_network(depth, residual):
    tg.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, WIDTH), *(Unit(residual) for _ in range(depth)),
                         nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 10))


def gradient_norms(network, images, labels):
    """‖∂L/∂W‖ of every unit."""
    F.cross_entropy(network(images), labels).backward()
    return [unit.linear.weight.grad.norm().item() for unit in network if isinstance(unit, Unit)]


def train(network, images, labels, steps=40):
    """The training error after `steps` steps on all of the images."""
    optimizer = tg.optim.Adam(network.parameters(), lr=3e-3)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(network(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


digits = tg.data.Digits(train=True)
images, labels = digits.data[:500], digits.targets[:500]

say("20 层网络在训练开始时，各层梯度的大小（第 1、4、……、19 层）。",
    "20 layers before training: the size of the gradient in layers 1, 4, ..., 19.")
norms = {}
for name, residual in (("plain", False), ("residual", True)):
    norms[name] = gradient_norms(new_network(20, residual), images, labels)
    print(f"    {name}")
    for i in range(0, 20, 3):
        print(f"      {i + 1:2} {norms[name][i]:9.1e} {bar(norms[name][i], max(norms[name]))}")
assert norms["plain"][0] < 1e-3 * norms["plain"][-1]                # vanishes on its way to the first layer
assert norms["residual"][0] > 0.1 * norms["residual"][-1]

say("训练误差：深的普通网络退化，残差网络没有。", "Training error: the deep plain network degrades, the residual one does not.")
curves = {}
for name, depth, residual in (("plain 3", 3, False), ("plain 20", 20, False), ("residual 3", 3, True), ("residual 20", 20, True)):
    curves[name] = train(new_network(depth, residual), images, labels)
    print(f"    {name:12} {curves[name][-1]:6.3f} {bar(curves[name][-1], 2.4)}")
assert curves["plain 20"][-1] > 2 * curves["plain 3"][-1]
assert curves["residual 20"][-1] < 0.5 * curves["plain 20"][-1]
draw(**{name.replace(" ", "_"): tg.tensor(curve) for name, curve in curves.items()})
