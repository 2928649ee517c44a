"""Memory-bound ops on (16, 64, 56, 56), forward + backward through the engine, beside PyTorch's.

Run: python -m tests.benchmarks ops [part of an op's name ...]
"""
import sys

import numpy as np

import tinygrad_cnn as tg
from tests.benchmarks.pairs import compare, need_torch, report

SHAPE = (16, 64, 56, 56)


def cases(m):
    """name -> (function of a tensor of SHAPE, its parameters): what a net does between its convolutions."""
    F = m.nn.functional
    norm, layer, image = m.nn.BatchNorm2d(64), m.nn.LayerNorm(56), m.nn.LayerNorm((64, 56, 56))
    group, instance = m.nn.GroupNorm(8, 64), m.nn.InstanceNorm2d(64, affine=True)
    labels = m.from_numpy(np.random.default_rng(1).integers(0, 64, (16, 56, 56)))
    return {
        "relu": (F.relu, ()),
        "batch_norm": (norm, norm.parameters()),
        "batch_norm + relu": (lambda x: F.relu(norm(x)), norm.parameters()),
        "max_pool2d 2": (lambda x: F.max_pool2d(x, 2), ()),
        "max_pool2d 3, stride 2": (lambda x: F.max_pool2d(x, 3, 2, 1), ()),
        "avg_pool2d 2": (lambda x: F.avg_pool2d(x, 2), ()),
        "adaptive_avg_pool2d 1": (lambda x: F.adaptive_avg_pool2d(x, 1), ()),
        "adaptive_max_pool2d 7": (lambda x: F.adaptive_max_pool2d(x, 7), ()),
        "gelu": (F.gelu, ()),
        "softmax, channels": (lambda x: F.softmax(x, 1), ()),
        "softmax, last axis": (lambda x: F.softmax(x, -1), ()),
        "layer_norm, last axis": (layer, layer.parameters()),
        "layer_norm, image": (image, image.parameters()),
        "x * x + x": (lambda x: x * x + x, ()),
        "(x * x + x).sum()": (lambda x: (x * x + x).sum(), ()),
        "x + x (residual)": (lambda x: x + x, ()),
        "sigmoid": (m.sigmoid, ()),
        "tanh": (m.tanh, ()),
        "silu": (F.silu, ()),
        "leaky_relu": (F.leaky_relu, ()),
        "elu": (F.elu, ()),
        "hardswish": (F.hardswish, ()),
        "group_norm 8": (group, group.parameters()),
        "instance_norm": (instance, instance.parameters()),
        "log_softmax, channels": (lambda x: F.log_softmax(x, 1), ()),
        "cross_entropy, pixels": (lambda x: F.cross_entropy(x, labels), ()),
        "dropout (PyTorch's is slow)": (lambda x: F.dropout(x, 0.5), ()),
        "local_response_norm (the same)": (lambda x: F.local_response_norm(x, 5), ()),
    }


ALONG_ROWS = ("layer_norm, last axis", "layer_norm, image", "softmax, last axis")    # not channels-last in memory
JUDGED = ("relu", "batch_norm", "max_pool2d 2", "max_pool2d 3, stride 2", "avg_pool2d 2", "adaptive_avg_pool2d 1",
          "gelu", "softmax, channels", "layer_norm, last axis", "layer_norm, image", "(x * x + x).sum()")


def call(m, name, memory_format=None):
    """Forward and backward of one case, as a function of no arguments."""
    function, parameters = cases(m)[name]
    parameters = list(parameters)
    x = m.from_numpy(np.random.default_rng(0).standard_normal(SHAPE, np.float32))
    if memory_format is not None:
        x = x.contiguous(memory_format=memory_format)
    x.requires_grad_()
    y = function(x)
    g = m.from_numpy(np.random.default_rng(2).standard_normal(tuple(y.shape)).astype(np.float32))
    if memory_format is not None and g.ndim == 4:
        g = g.contiguous(memory_format=memory_format)

    def run():
        function(x).backward(g)
        x.grad = None
        for p in parameters:
            p.grad = None
    return run


def main():
    torch = need_torch()
    parts = sys.argv[1:]
    timed = {}
    for name in cases(tg):
        if parts and not any(part in name for part in parts):
            continue
        layout = None if name in ALONG_ROWS else tg.channels_last
        calls = call(tg, name, layout), call(torch, name), call(torch, name, torch.channels_last)
        timed[name] = compare(*calls, repeats=15, pause=0.01)
        print(f"{name:34} {timed[name].ratio:6.2f}", flush=True)
    judged = [(name, *timing) for name, timing in timed.items() if name in JUDGED]
    others = [(name, *timing) for name, timing in timed.items() if name not in JUDGED]
    for title, some, target in (("memory-bound ops", judged, 1.0), ("more memory-bound ops", others, None)):
        if some:
            report(title, some, target)


if __name__ == "__main__":
    main()
