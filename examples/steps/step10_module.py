"""Step 10. A module: parameters that find themselves.

A layer is a function with memory. A module's parameters are the tensors among its attributes, and those of the modules
among its attributes: one walk finds them all, and gives them their names.

层是带记忆的函数。模块的参数就是它属性里的张量，以及属性里那些模块的参数：走一遍就全部找到，名字也有了。
"""
import numpy as np
import step08_conv_im2col  # noqa: F401  the fast convolution
from step05_op_table import Tensor, relu, reshape, transpose
from step07_conv_loops import conv2d
from step09_pooling import max_pool2d

ONE_STREAM = np.random.default_rng(0)                   # layers draw their first weights from it


class Module:
    """Attributes that are tensors or modules belong to it; calling it runs `forward`."""

    def __call__(self, x):
        return self.forward(x)

    def named_parameters(self, prefix=""):
        """(name, tensor) for every parameter below this module, in the order in which they were set."""
        for name, value in vars(self).items():
            if isinstance(value, Tensor):
                yield prefix + name, value
            elif isinstance(value, Module):
                yield from value.named_parameters(f"{prefix}{name}.")

    def parameters(self):
        return [parameter for _, parameter in self.named_parameters()]


class Conv2d(Module):
    """(N, C, H, W) -> (N, O, OH, OW)."""

    def __init__(self, C, O, kernel, stride=1, padding=0, random=ONE_STREAM):
        deviation = np.sqrt(2 / (C * kernel ** 2))      # He et al.: relu halves the variance, 2 makes up for it
        self.weight = Tensor(random.normal(scale=deviation, size=(O, C, kernel, kernel)), requires_grad=True)
        self.bias = Tensor(np.zeros((O, 1, 1)), requires_grad=True)
        self.stride, self.padding = stride, padding

    def forward(self, x):
        return conv2d(x, self.weight, self.stride, self.padding) + self.bias        # broadcast over n and positions


class Linear(Module):
    """(N, in) -> (N, out)."""

    def __init__(self, inputs, outputs, random=ONE_STREAM):
        self.weight = Tensor(random.normal(scale=np.sqrt(2 / inputs), size=(outputs, inputs)), requires_grad=True)
        self.bias = Tensor(np.zeros(outputs), requires_grad=True)

    def forward(self, x):
        return x @ transpose(self.weight) + self.bias


class ReLU(Module):
    def forward(self, x):
        return relu(x)


class MaxPool2d(Module):
    def __init__(self, size):
        self.size = size

    def forward(self, x):
        return max_pool2d(x, self.size)


class Flatten(Module):
    def forward(self, x):
        return reshape(x, shape=(len(x.array), -1))


class Sequential(Module):
    """Modules one after the other, named 0, 1, 2, ..."""

    def __init__(self, *modules):
        for k, module in enumerate(modules):
            setattr(self, str(k), module)

    def forward(self, x):
        for module in vars(self).values():
            x = module(x)
        return x


if __name__ == "__main__":
    network = Sequential(Conv2d(3, 8, 5), ReLU(), MaxPool2d(2), Conv2d(8, 16, 5), ReLU(), MaxPool2d(2), Flatten(),
                         Linear(400, 120), ReLU(), Linear(120, 84), ReLU(), Linear(84, 10))     # table 24.1 of the book
    for name, parameter in network.named_parameters():
        print(f"{name:10} {parameter.shape}")
    assert sum(p.array.size for p in network.parameters()) == 62_958
    y = network(Tensor(np.zeros((2, 3, 32, 32))))
    assert y.shape == (2, 10)
    y = network(Tensor(np.random.default_rng(1).normal(size=(2, 3, 32, 32))))
    assert 0.1 < y.array.std() < 10                     # the numbers neither grow nor fade on their way through

# What we left out: training and evaluation mode, buffers, hooks, saving and loading. PyTorch's names are these names.
