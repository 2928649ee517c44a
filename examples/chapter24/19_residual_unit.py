"""24.3.2 ResNet：模型架构 / The residual unit (figure 24.19): y = relu(x + f(x)), f(x) = W2 relu(W1 x); exercise 24.10.

大小不同时加上 W3 x + f(x)。后来的版本把激活放到 f 里面（预激活），恒等的路就畅通无阻。
Where sizes differ it is W3 x + f(x). Later versions put the activation inside f: then nothing interrupts the identity.
"""
from board import say, table, write

import tinygrad_cnn as tg
from tinygrad_cnn import nn

tg.set_default_dtype(tg.float64)
tg.manual_seed(0)
relu = nn.functional.relu

say("前馈网络的残差单元。", "The unit of a feedforward network.")
W1, W2, x = tg.randn(4, 4), tg.randn(4, 4), tg.rand(4)
z1 = W1 @ x
x1 = relu(z1)
z2 = W2 @ x1
y = relu(x + z2)
write("x =", x[:, None], " f(x) =", z2[:, None], " y =", y[:, None])
assert tg.equal(y, relu(x + W2 @ relu(W1 @ x)))

say("f = 0 时单元什么也不做：y = x（x ≥ 0）。", "With f = 0 the unit does nothing: y = x for x >= 0.")
assert tg.equal(relu(x + 0 * W2 @ relu(W1 @ x)), x)

say("大小不同：用 W3 投影。", "Sizes that differ: W3 projects.")
W1, W2, W3 = tg.randn(6, 4), tg.randn(6, 6), tg.randn(6, 4)
assert relu(W3 @ x + W2 @ relu(W1 @ x)).shape == (6,)


class ConvUnit(nn.Module):
    """The unit with convolutions: relu(x + f(x)); with stride 2 and twice the maps, W3 is a 1 x 1 convolution."""

    def __init__(self, K, K_out, S=1):
        super().__init__()
        self.f = nn.Sequential(nn.Conv2d(K, K_out, 3, stride=S, padding=1, bias=False), nn.BatchNorm2d(K_out),
                               nn.ReLU(),
                               nn.Conv2d(K_out, K_out, 3, padding=1, bias=False), nn.BatchNorm2d(K_out))
        self.W3 = nn.Identity() if (K_out, 1) == (K, S) else nn.Conv2d(K, K_out, 1, stride=S, bias=False)

    def forward(self, x):
        return relu(self.W3(x) + self.f(x))


say("卷积的残差单元。", "The unit with convolutions.")
X, rows = tg.randn(2, 8, 8, 8), []
for K_out, S in ((8, 1), (16, 2)):
    unit = ConvUnit(8, K_out, S)
    rows.append((f"8 -> {K_out}, S={S}", tuple(unit(X).shape), sum(p.numel() for p in unit.parameters())))
table(("maps", "output", "parameters"), rows)
assert [row[1] for row in rows] == [(2, 8, 8, 8), (2, 16, 4, 4)]

say("不用参数也行：隔行隔列取样，多出的特征图补零（ResNet 论文的选择 A）。",
    "It can be done without parameters: every other pixel, and maps of zeros (option A of the ResNet paper).")
zeros = nn.functional.pad(X[:, :, ::2, ::2], (0, 0, 0, 0, 4, 4))    # 8 maps of 8 x 8 -> 16 maps of 4 x 4
assert zeros.shape == (2, 16, 4, 4) and not zeros[:, :4].any()
count = lambda network: sum(p.numel() for p in network.parameters())
by_option = {option: count(nn.models.resnet20(shortcut=option)) for option in "AB"}
table(("shortcut", "parameters of ResNet-20"), [("A, zeros", f"{by_option['A']:,}"), ("B, W3", f"{by_option['B']:,}")])
assert by_option == {"A": 269_722, "B": 272_474}

say("习题 24.10：y = x + f(x) 时 ∂y/∂x = ∂f/∂x + I，于是 n 层的梯度是 Π (I + ∂f_i/∂x)。",
    "Exercise 24.10: for y = x + f(x), dy/dx = df/dx + I, so n layers have the product of (I + df_i/dx).")


def jacobian(function, x):
    x = x.clone().requires_grad_()
    y = function(x)
    return tg.stack([tg.autograd.grad(y_i, x, retain_graph=True)[0] for y_i in y])


n, small = 30, [0.1 * tg.randn(4, 4) for _ in range(30)]
f = lambda W, x: (W @ x).tanh()
assert tg.allclose(jacobian(lambda x: x + f(small[0], x), x), jacobian(lambda x: f(small[0], x), x) + tg.eye(4))


def chain(residual):
    def network(x):
        for W in small:
            x = x + f(W, x) if residual else f(W, x)
        return x
    return network


plain, residual = jacobian(chain(False), x).norm().item(), jacobian(chain(True), x).norm().item()
print(f"    n = {n}: ‖∂y/∂x‖ = {plain:.1e} without and {residual:.1e} with the identity")
assert plain < 1e-12 and 0.1 < residual < 100

say("预激活：x_n = x_0 + Σ f_i(x_{i-1})，没有东西挡在恒等的路上。",
    "Pre-activation: x_n = x_0 + the sum of all f_i(x_{i-1}); nothing stands in the way of the identity.")
x_i, total = x, x
for W in small:
    f_i = W @ relu(x_i)
    x_i, total = x_i + f_i, total + f_i
assert tg.allclose(x_i, total)
