"""What the GPU benchmark compares and times: calls named once, made in tinygrad_cnn and in PyTorch alike.

A `Case` names a function both packages have under one dotted name, the shapes of its tensor arguments, and its other
arguments. `arguments()` draws the tensors, always the same ones, as NumPy arrays on the host.
"""
import functools
from dataclasses import dataclass, field

import numpy as np

F = "nn.functional."


@dataclass(frozen=True)
class Case:
    """function: dotted name, or a method's name with a leading dot. shapes: of the tensor arguments; None is None, and
    ("int", 16, 10) 16 class indices below 10. low, high: bounds of the values. tolerance: of the largest value."""
    name: str
    function: str
    shapes: tuple
    options: dict = field(default_factory=dict)
    low: float = -2.0
    high: float = 2.0
    tolerance: float = 1e-4

    def arguments(self):
        """The tensor arguments as NumPy arrays, float32 or int64."""
        rng = np.random.default_rng(0)
        return [None if shape is None else rng.integers(0, shape[-1], shape[1:-1]) if shape[:1] == ("int",)
                else rng.uniform(self.low, self.high, shape).astype(np.float32) for shape in self.shapes]

    def call(self, package, tensors):
        """The result in one of the two packages."""
        if self.function.startswith("."):
            return getattr(tensors[0], self.function[1:])(*tensors[1:], **self.options)
        return functools.reduce(getattr, self.function.split("."), package)(*tensors, **self.options)


IMAGE = (4, 6, 13, 11)


def _unary():
    names = ("exp", "expm1", "sin", "cos", "tanh", "sigmoid", "abs", "erf", "square", F + "relu", F + "gelu",
             F + "silu", F + "elu", F + "leaky_relu", F + "softplus", F + "hardtanh")
    positive = ("log", "log1p", "sqrt", "rsqrt", "reciprocal")
    return [Case(name.split(".")[-1], name, (IMAGE,)) for name in names] \
        + [Case(name, name, (IMAGE,), low=0.1) for name in positive]


def _binary():
    names = ("add", "sub", "mul", "maximum", "minimum", "atan2")
    return [Case(f"{name}, broadcast", name, (IMAGE, (6, 1, 1))) for name in names] \
        + [Case("div", "div", (IMAGE, IMAGE), low=0.5), Case("pow", "pow", (IMAGE, (11,)), low=0.5),
           Case("matmul", "matmul", ((37, 65), (65, 29))), Case("matmul, batched", "matmul", ((5, 7, 9), (5, 9, 3)))]


def _reductions():
    along = {"dim": (0, 2, 3)}
    return [Case("sum", "sum", (IMAGE,), along), Case("mean", "mean", (IMAGE,), along),
            Case("var", "var", (IMAGE,), {"dim": 1, "keepdim": True}), Case("std", "std", (IMAGE,), {"dim": 1}),
            Case("amax", "amax", (IMAGE,), {"dim": (2, 3)}), Case("logsumexp", "logsumexp", (IMAGE,), {"dim": 1}),
            Case("prod", "prod", (IMAGE,), {"dim": 3}), Case("cumsum", "cumsum", (IMAGE,), {"dim": 3}),
            Case("softmax", F + "softmax", (IMAGE,), {"dim": 1}),
            Case("log_softmax", F + "log_softmax", (IMAGE,), {"dim": -1}),
            Case("norm", ".norm", (IMAGE,), {"p": 2, "dim": 1})]


def _convolutions():
    cases = []
    for rank, size in ((1, (17,)), (2, (13, 11)), (3, (7, 6, 5))):
        x, w = (2, 4, *size), (6, 4) + (3,) * rank
        cases += [Case(f"conv{rank}d", f"{F}conv{rank}d", (x, w, (6,))),
                  Case(f"conv{rank}d, stride 2, padding 1, dilation 2", f"{F}conv{rank}d", (x, w),
                       {"stride": 2, "padding": 2, "dilation": 2}),
                  Case(f"conv{rank}d, 2 groups", f"{F}conv{rank}d", (x, (6, 2) + (3,) * rank),
                       {"groups": 2, "padding": 1}),
                  Case(f"conv_transpose{rank}d, stride 2", f"{F}conv_transpose{rank}d", (x, (4, 6) + (3,) * rank),
                       {"stride": 2, "padding": 1, "output_padding": 1}),
                  Case(f"max_pool{rank}d", f"{F}max_pool{rank}d", (x,), {"kernel_size": 3, "stride": 2, "padding": 1}),
                  Case(f"avg_pool{rank}d", f"{F}avg_pool{rank}d", (x,), {"kernel_size": 3, "stride": 2, "padding": 1}),
                  Case(f"adaptive_avg_pool{rank}d", f"{F}adaptive_avg_pool{rank}d", (x,), {"output_size": 3})]
    return cases


def _norms_and_losses():
    classes = ("int", 16, 10)
    return [Case("batch_norm", F + "batch_norm", (IMAGE, None, None, (6,), (6,)), {"training": True}),
            Case("layer_norm", F + "layer_norm", (IMAGE,), {"normalized_shape": (13, 11)}),
            Case("group_norm", F + "group_norm", (IMAGE,), {"num_groups": 3}),
            Case("instance_norm", F + "instance_norm", (IMAGE,)),
            Case("local_response_norm", F + "local_response_norm", (IMAGE,), {"size": 3}),
            Case("linear", F + "linear", ((16, 20), (10, 20), (10,))),
            Case("cross_entropy", F + "cross_entropy", ((16, 10), classes), {"label_smoothing": 0.1}),
            Case("nll_loss", F + "nll_loss", ((16, 10), classes)), Case("mse_loss", F + "mse_loss", (IMAGE, IMAGE)),
            Case("smooth_l1_loss", F + "smooth_l1_loss", (IMAGE, IMAGE))]


def _shapes():
    return [Case("flip", "flip", (IMAGE,), {"dims": (2, 3)}), Case("roll", "roll", (IMAGE,), {"shifts": 2, "dims": 3}),
            Case("pad", F + "pad", (IMAGE,), {"pad": (1, 2, 0, 1)}), Case("triu", "triu", ((7, 5),)),
            Case("clamp", "clamp", (IMAGE,), {"min": -1.0, "max": 1.0}), Case("flatten", "flatten", (IMAGE,)),
            Case("permute", "permute", (IMAGE,), {"dims": (0, 2, 3, 1)})]


OPS = _unary() + _binary() + _reductions() + _convolutions() + _norms_and_losses() + _shapes()


def _layer(name, batch, channels, size, features, kernel, stride=1):
    padding = kernel // 2
    return Case(name, F + "conv2d", ((batch, channels, size, size), (features, channels, kernel, kernel)),
                {"stride": stride, "padding": padding}, low=-0.1, high=0.1)


def layers(batch):
    """ResNet's layers at 224 x 224 for one batch size."""
    stem = (batch, 64, 112, 112)
    return [_layer("conv 3->64 7x7 s2, 224", batch, 3, 224, 64, 7, 2),
            _layer("conv 64 3x3, 56", batch, 64, 56, 64, 3),
            _layer("conv 128 3x3, 28", batch, 128, 28, 128, 3),
            _layer("conv 256 3x3, 14", batch, 256, 14, 256, 3),
            _layer("conv 512 3x3, 7", batch, 512, 7, 512, 3),
            _layer("conv 64->128 3x3 s2, 56", batch, 64, 56, 128, 3, 2),
            _layer("conv 256->64 1x1, 56", batch, 256, 56, 64, 1),
            _layer("conv 64->256 1x1, 56", batch, 64, 56, 256, 1),
            Case("batch_norm 64, 112", F + "batch_norm", (stem, None, None, (64,), (64,)), {"training": True}),
            Case("relu 64, 112", F + "relu", (stem,)),
            Case("max_pool 3x3 s2, 112", F + "max_pool2d", (stem,), {"kernel_size": 3, "stride": 2, "padding": 1}),
            Case("linear 2048->1000", F + "linear", ((batch, 2048), (1000, 2048), (1000,)))]
