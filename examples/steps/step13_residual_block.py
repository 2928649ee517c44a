"""Step 13. A residual block: x + f(x).

Addition copies its gradient to both inputs (step 1), so the gradient of a block reaches x whole, whatever f does to its
own share. Batch normalisation, which residual networks use, needs no rule: it is made of operations that have rules.

加法把梯度原样给两个输入（第 1 步），所以无论 f 怎样处理自己那一份，梯度都完整地到达 x。
批归一化不需要自己的规则：它由有规则的运算组成。
"""
import numpy as np
from step05_op_table import Op, Tensor, relu, sum_to, total
from step06_gradcheck import gradcheck
from step10_module import ONE_STREAM, Conv2d, Module, Sequential

sqrt = Op(np.sqrt, x=lambda g, y: g / (2 * y))


class BatchNorm2d(Module):
    """Every channel of (N, C, H, W) gets the mean `bias` and the deviation `weight`."""

    def __init__(self, C):
        self.weight = Tensor(np.ones((C, 1, 1)), requires_grad=True)
        self.bias = Tensor(np.zeros((C, 1, 1)), requires_grad=True)

    def forward(self, x):
        N, C, H, W = x.shape
        mean = lambda z: sum_to(z, shape=(1, C, 1, 1)) / (N * H * W)
        centred = x - mean(x)
        return centred / sqrt(mean(centred * centred) + 1e-5) * self.weight + self.bias


class ReLU(Module):
    def forward(self, x):
        return relu(x)


class Block(Module):
    """relu(x + f(x)), or relu(f(x)); where sizes differ x goes through a 1x1 convolution, the book's W3."""

    def __init__(self, C, O, stride=1, residual=True, random=ONE_STREAM):
        self.f = Sequential(Conv2d(C, O, 3, stride, 1, random), BatchNorm2d(O), ReLU(),
                            Conv2d(O, O, 3, 1, 1, random), BatchNorm2d(O))
        self.residual = residual
        if residual and (C, stride) != (O, 1):
            self.W3 = Conv2d(C, O, 1, stride, 0, random)

    def forward(self, x):
        if not self.residual:
            return relu(self.f(x))
        return relu(self.f(x) + (self.W3(x) if hasattr(self, "W3") else x))


def first_gradient(residual, blocks):
    """How large the gradient of the first kernel is, for a random combination of a deep network's outputs."""
    random = np.random.default_rng(0)
    network = Sequential(*(Block(4, 4, residual=residual, random=random) for _ in range(blocks)))
    y = network(Tensor(random.normal(size=(4, 4, 6, 6))))
    total(y * random.normal(size=y.shape)).backward()
    return np.linalg.norm(network.parameters()[0].grad.array)


if __name__ == "__main__":
    random = np.random.default_rng(0)
    x = random.normal(size=(3, 2, 4, 4))
    assert gradcheck(BatchNorm2d(2), x)
    y = BatchNorm2d(2)(Tensor(5 + 3 * x)).array
    assert np.allclose(y.mean(axis=(0, 2, 3)), 0) and np.allclose(y.std(axis=(0, 2, 3)), 1, atol=1e-4)

    assert Block(2, 4, stride=2)(Tensor(x)).shape == (3, 4, 2, 2)
    assert gradcheck(Block(2, 4, stride=2), x)

    block = Block(2, 2)                                 # with f switched off the block does nothing
    getattr(block.f, "4").weight.array[...] = 0
    assert np.array_equal(block(Tensor(abs(x))).array, abs(x))

    for blocks in (1, 10, 20):
        plain, residual = first_gradient(False, blocks), first_gradient(True, blocks)
        print(f"{blocks:2} blocks: gradient of the first kernel {plain:8.2f} plain, {residual:8.2f} residual")
    assert plain > 20 * residual                        # here batch norm makes the plain one explode, not vanish

# What we left out: batch norm's running averages, which it needs when there is one image only. In the engine it is one
# operation with a rule of its own: ten small ones walk through memory ten times.
