"""24.3.2 ResNet：模型特点 / A residual network unrolled (figure 24.20): 2^n paths.

展开 x_i = x_{i-1} + f_i(x_{i-1})，每个单元要么走恒等、要么走 f_i，于是从输入到输出有 2^n 条路径。
f_i 是线性的时候，输出恰好是所有路径之和。书中单元外面还有 relu，那时严格来说不再是和；梯度则总是各路径梯度之和。
At each unit a path takes the identity or f_i. For linear f_i the output is exactly the sum over all 2^n paths; with the
book's relu around each unit it strictly is not. The gradient is the sum of the paths' gradients in any case. The last
part removes single units of a trained ResNet-20 (Veit, Wilber and Belongie 2016).
"""
import os
import pathlib
import sys
from itertools import product
from math import comb

from board import bar, draw, say

import tinygrad_cnn as tg
from tinygrad_cnn import nn, teach

tg.set_default_dtype(tg.float64)
tg.manual_seed(0)

n, size = 8, 5
W = [tg.randn(size, size) / size for _ in range(n)]                 # f_i(x) = W_i x
x = tg.randn(size, requires_grad=True)


def network(x):
    for W_i in W:
        x = x + W_i @ x
    return x


def along(path, x):
    """What one path makes of x: path[i] says whether it takes f_i or goes past it."""
    for W_i, takes in zip(W, path):
        if takes:
            x = W_i @ x
    return x


say("n = 3：8 条路径，即 x_3 = x + f1 + f2 + f3 + f2f1 + f3f1 + f3f2 + f3f2f1。",
    "n = 3: eight paths, x_3 = x + f1 + f2 + f3 + f2f1 + f3f1 + f3f2 + f3f2f1.")
for path in product((0, 1), repeat=3):
    print("    x " + "".join(f"-> f{i + 1} " if takes else "------ " for i, takes in enumerate(path)) + "-> y")

say("n = 8：256 条路径之和就是输出。", "n = 8: the sum over 256 paths is the output.")
paths = list(product((False, True), repeat=n))
y, total = network(x), sum(along(path, x) for path in paths)
print(f"    greatest difference {(y - total).abs().max().item():.0e}")
assert len(paths) == 2 ** n and tg.allclose(y, total, rtol=0, atol=1e-12)

say("梯度也是各路径梯度之和。", "The gradient is the sum of the paths' gradients, too.")
v = tg.randn(size)
(g,) = tg.autograd.grad(y, x, v)
by_path = [tg.autograd.grad(along(path, x), x, v)[0] for path in paths]
assert tg.allclose(g, sum(by_path), rtol=0, atol=1e-12)

say("路径长度服从二项分布；左边是路径数，右边是各长度的路径带来的梯度大小。",
    "Path lengths are binomial. Left: how many paths; right: how large a gradient the paths of that length bring.")
counts = [sum(sum(path) == length for path in paths) for length in range(n + 1)]
sizes = [sum(g_p.norm().item() for path, g_p in zip(paths, by_path) if sum(path) == length) for length in range(n + 1)]
for length, (count, magnitude) in enumerate(zip(counts, sizes)):
    number, share = bar(count, max(counts), 30), bar(magnitude, max(sizes), 30)
    print(f"    {length}  {count:3} {number:30}  {magnitude:6.2f} {share}")
assert counts == [comb(n, length) for length in range(n + 1)]
assert sizes[n] < 0.05 * max(sizes)                                 # the full depth hardly counts

say("参数共享：f_i 出现在一半的路径里；展开成树时，f_i 有 2^(n-i) 份，越靠近输入越多。",
    "Shared parameters: each f_i is on half of the paths; drawn as a tree there are 2^(n-i) copies of it.")
for i in range(1, n + 1):
    assert sum(path[i - 1] for path in paths) == 2 ** (n - 1)
    assert len({path[i:] for path in paths}) == 2 ** (n - i)        # a copy for each way on from f_i to the output

say("删去一个单元只去掉一半的路径，另一半照旧；普通网络删去一层就断了。",
    "Without one unit half of the paths are left as they were; a plain network without a layer is broken.")
removed = 3
left = sum(along(path, x) for path in paths if not path[removed])
kept = W[:removed] + W[removed + 1:]
expected = x
for W_i in kept:
    expected = expected + W_i @ expected
assert tg.allclose(left, expected, rtol=0, atol=1e-12)

say("单元外面加上 relu，路径之和就不再等于输出。",
    "With a relu around each unit, the sum over paths is no longer the output.")
y_relu, total_relu = x, 0
for W_i in W:
    y_relu = (y_relu + W_i @ y_relu).relu()
for path in paths:
    x_p = x
    for W_i, takes in zip(W, path):
        x_p = (W_i @ x_p if takes else x_p).relu()
    total_relu = total_relu + x_p
difference = (y_relu - total_relu).abs().max().item()
print(f"    greatest difference {difference:.2f}")
assert difference > 0.01
draw(paths_by_length=tg.tensor(counts), gradient_by_length=tg.tensor(sizes))

tg.set_default_dtype(tg.float32)
DATA = pathlib.Path(os.environ.get("TINYGRAD_CNN_DATA") or pathlib.Path(__file__).parents[3] / "shared" / "data")
WEIGHTS, IMAGES = DATA / "resnet20-12fca82f.th", DATA / "cifar-10-binary.tar.gz"


def trained_resnet20(count):
    """ResNet-20 as published (akamaster/pytorch_resnet_cifar10), and `count` test images of CIFAR-10 with labels."""
    state = tg.load(WEIGHTS)["state_dict"]
    network = nn.models.resnet20(weights={name.removeprefix("module."): value for name, value in state.items()})
    test_set = tg.data.CIFAR10(DATA, train=False)
    mean, deviation = tg.tensor([0.485, 0.456, 0.406]), tg.tensor([0.229, 0.224, 0.225])
    X = (test_set.data[:count] / 255 - mean[:, None, None]) / deviation[:, None, None]
    return network, X, test_set.targets[:count]


def study_the_trained_network():
    network, X, labels = trained_resnet20(100)
    say("训练好的 ResNet-20：9 个单元，512 条路径。梯度主要来自中等长度的路径。",
        "A trained ResNet-20: 9 units, 512 paths. Most of the gradient comes along paths of middle length.")
    paths = teach.unrolled_paths(network, X[:8], lang="en")
    print(f"\n{paths}")
    sizes = [g.norm().item() for g in paths.gradients]
    assert paths.counts == [comb(9, length) for length in range(10)]
    assert sum(sizes[3:7]) > 0.5 * sum(sizes)
    assert paths.gap > 0.1                                          # its units are not linear

    say("损毁实验：去掉一个单元，网络还认得多少图像？Veit 等人发现，普通网络去掉一层就只剩猜测。",
        "The lesion study: what does it know without one unit? A plain network is left guessing, Veit et al. found.")
    study = teach.lesion(network, (X, labels), lang="en")
    print(f"\n{study}")
    if "--png" in sys.argv[1:]:
        study.draw("20_lesion_study.png")
    assert study.intact > 0.85
    assert all(accuracy > 0.4 for _, accuracy, identity in study.rows if identity)


if WEIGHTS.exists() and IMAGES.exists():
    study_the_trained_network()
else:
    say(f"{DATA} 中没有 {WEIGHTS.name} 和 {IMAGES.name}，真实网络的实验从略；环境变量 TINYGRAD_CNN_DATA 可指明所在。",
        f"There is no {WEIGHTS.name} with {IMAGES.name} in {DATA}, so the study of a trained network is left out; "
        "the environment variable TINYGRAD_CNN_DATA says where they are.")
