"""24.1.5 性质：不变性 / Invariance (figure 24.16, example 24.10): to shifts nearly, to rotation and scale not.

卷积对平移是等变的：输入移动，特征图跟着移动；再取最大值就是不变的。步幅和汇聚破坏等变；旋转和缩放从来不成立。
Convolution is equivariant to shifts: the map moves with the input, and its maximum stays. Stride and pooling break it.
"""
from board import bar, draw, say, shade, table, write

import tinygrad_cnn as tg
from tinygrad_cnn import teach
from tinygrad_cnn.nn import functional as F
from tinygrad_cnn.teach import rotation, scaling, translation, warp

tg.set_default_dtype(tg.float64)
tg.manual_seed(0)

say("例 24.10：L 在两个位置，最大响应都是 20。",
    "Example 24.10: the L in two places; the greatest response is 20 in both.")
W = tg.tensor([[2., 0, 0], [2, 0, 0], [2, 2, 2]])
upper = tg.tensor([[0., 2, 0, 0], [0, 2, 0, 0], [0, 2, 2, 2], [0, 0, 0, 0]])
lower = tg.tensor([[0., 0, 0, 0], [2, 0, 0, 0], [2, 0, 0, 0], [2, 2, 2, 0]])
for X, expected in ((upper, [[8, 20], [0, 8]]), (lower, [[8, 0], [20, 8]])):
    Y = tg.correlate2d(X, W, "valid")
    write(W, "*", X, "=", Y, "max", [[Y.max().item()]])
    print()
    assert Y.tolist() == expected and Y.max() == 20

say("用齐次矩阵平移、旋转、缩放一个 L，看探测器的最大响应（原图为 1）。",
    "Move, turn and scale an L by homogeneous matrices: the detector's greatest response (1 for the original).")
L = tg.zeros(7, 7)
L[:, :2] = L[5:, :] = 1
X = F.pad(L, (7, 7, 7, 7))
W = L - L.mean()                                                    # answers to the shape, not to brightness
response = lambda A: (tg.correlate2d(warp(X, A), W, "valid").max() / (L * W).sum()).item()
for A in (translation(-4, 5), rotation(30), scaling(1.5)):
    write("A =", A)
    shade(warp(X, A))
curves = {"translation": [(f"{a:+d} px", response(translation(a, -a))) for a in (0, 2, 4, 6)],
          "rotation": [(f"{d} deg", response(rotation(d))) for d in (15, 30, 60, 90, 180)],
          "scaling": [(f"x {s}", response(scaling(s))) for s in (0.5, 0.75, 1.5, 2.0)]}
for name, values in curves.items():
    print(f"    {name}")
    for label, r in values:
        print(f"      {label:>8} {r:5.2f} {bar(r)}")
assert all(abs(r - 1) < 1e-9 for _, r in curves["translation"])
assert all(r < 0.9 for name in ("rotation", "scaling") for _, r in curves[name])

say("等变性：输入移动 s，特征图是否也只是移动？误差 = min_r ‖f(τ_s X) - τ_r f(X)‖ / ‖f(X)‖，边界循环。",
    "Equivariance: shift the input by s; is the map only shifted? The error of the best shift r; borders are circular.")
X, W = tg.randn(1, 1, 16, 16), tg.randn(1, 1, 3, 3)
wrap = lambda X: F.pad(X, (1, 1, 1, 1), mode="circular")
layers = {"conv": lambda X: F.conv2d(wrap(X), W),
          "conv, zero padding": lambda X: F.conv2d(X, W, padding=1),
          "conv, stride 2": lambda X: F.conv2d(wrap(X), W, stride=2),
          "conv, max pool 2": lambda X: F.max_pool2d(F.conv2d(wrap(X), W), 2),
          "conv, mean pool 2": lambda X: F.avg_pool2d(F.conv2d(wrap(X), W), 2)}


def error(f, s):
    before, after = f(X), f(X.roll(s, 3))
    return min((after - before.roll(r, 3)).norm().item() for r in range(before.shape[3])) / before.norm().item()


errors = {name: [error(f, s) for s in range(5)] for name, f in layers.items()}
table(("s =", *range(5)), [(name, *(f"{e:.2f}" for e in row)) for name, row in errors.items()])
assert max(errors["conv"]) < 1e-12                                  # exactly equivariant
assert all(e > 0.1 for e in errors["conv, zero padding"][1:])       # the border is seen
for name in ("conv, stride 2", "conv, max pool 2", "conv, mean pool 2"):
    assert max(errors[name][0::2]) < 1e-12 < 0.1 < min(errors[name][1::2])      # only for even shifts

say("旋转 90 度：卷积不等变，除非核自身对称。",
    "A quarter turn: convolution is not equivariant, unless the kernel has that symmetry.")
turn = lambda X: tg.rot90(X, 1, (2, 3))
symmetric = (W + turn(W) + turn(turn(W)) + turn(turn(turn(W)))) / 4
for name, kernel in (("any kernel", W), ("symmetric kernel", symmetric)):
    layer = lambda X, kernel=kernel: F.conv2d(X, kernel)
    e = teach.equivariance(layer, X, shifts=(), angles=(90,), scales=()).rotation[90]
    print(f"    {name:17} error {e:.2f}")
    assert (e < 1e-12) == (name == "symmetric kernel")

say("整个网络（未训练的 LeNet）：输出向量应当不变，误差有多大？",
    "A whole network (LeNet, untrained): its output vector should stay. How large is the error?")
found = teach.equivariance(tg.nn.models.LeNet(), tg.rand(1, 3, 32, 32), lang="en")
print(f"\n{found}")
assert not found.is_map and max(found.shift.values()) > 1e-3        # stride, pooling and zero padding are seen
draw(**{name: tg.tensor([r for _, r in values]) for name, values in curves.items()})
