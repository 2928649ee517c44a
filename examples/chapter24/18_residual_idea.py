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
    """Two layers: relu(f(x)) or relu(x + f(x)) with f(x) = W2 relu(W1 x).

    W1, W2 are drawn as the library draws them, or larger, as He et al. advise for relu.
    """

    def __init__(self, residual, he):
        super().__init__()
        self.W1, self.W2, self.residual = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH), residual
        if he:
            nn.init.kaiming_normal_(self.W1.weight)
            nn.init.kaiming_normal_(self.W2.weight)

    def forward(self, x):
        f = self.W2(F.relu(self.W1(x)))
        return F.relu(x + f if self.residual else f)


def new_network(depth, residual, he=False):
    """A network with `depth` layers in its units; the normalisation at the end keeps the softmax in range."""
    tg.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, WIDTH), *(Unit(residual, he) for _ in range(depth // 2)),
                         nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 10))


def gradient_norms(network, images, labels):
    """‖∂L/∂W1‖ of every unit."""
    F.cross_entropy(network(images), labels).backward()
    return [unit.W1.weight.grad.norm().item() for unit in network if isinstance(unit, Unit)]


def train(network, images, labels, steps=30):
    """The training error at each of `steps` steps on all of the images."""
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
images, labels = digits.data[:300], digits.targets[:300]
DEEP = 40

say("40 层网络在训练开始时，各单元梯度的大小。", "40 layers before training: the size of the gradient, unit by unit.")
norms = {}
for name, residual in (("plain", False), ("residual", True)):
    norms[name] = gradient_norms(new_network(DEEP, residual), images, labels)
    print(f"    {name}")
    for i in (0, 4, 9, 14, 19):
        print(f"      {i + 1:2} {norms[name][i]:7.1e} {bar(norms[name][i], max(norms[name]))}")
assert norms["plain"][0] < 1e-6 * norms["plain"][-1]                # vanishes on its way to the first layer
assert norms["residual"][0] > 0.1 * norms["residual"][-1]

say("30 步之后的训练误差：普通网络越深越差，好的初始值（He）只能缓解；残差网络不退化。",
    "Training error after 30 steps: the deeper the plain network the worse. Good initial values (He) help, but do not\n"
    "cure it; the residual network does not degrade.")
curves = {}
for name, residual, he in (("plain", False, False), ("plain_He", False, True), ("residual", True, False)):
    for depth in (4, 16, DEEP):
        curves[f"{name}_{depth}"] = losses = train(new_network(depth, residual, he), images, labels)
        print(f"    {name:8} {depth:2} layers {losses[-1]:6.3f} {bar(losses[-1], 2.4)}")
final = {name: losses[-1] for name, losses in curves.items()}
for name in ("plain", "plain_He"):
    assert final[f"{name}_40"] > 1.5 * final[f"{name}_4"]
assert final["residual_40"] < final["residual_4"]
assert final["residual_40"] < 0.5 * min(final["plain_40"], final["plain_He_40"])
draw(**{name: tg.tensor(losses) for name, losses in curves.items() if name.endswith("40")})
