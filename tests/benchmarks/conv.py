"""Convolution forward + backward through the engine, layer by layer, beside PyTorch's, NCHW and channels-last.

Run: python -m tests.benchmarks.conv [--only TEXT] [--parts | --errors | --cpu]

Without options every layer is timed. `--parts` times forward pass, input gradient and weight gradient apart, as ratios
of the best times (our milliseconds beside); `--errors` compares float32 errors with PyTorch's, both against float64;
`--cpu` compares the processor time of one thread each, which says something on a busy machine too.
"""
import argparse
import sys
from collections import namedtuple
from statistics import median
from time import thread_time

import numpy as np
from threadpoolctl import threadpool_limits

import tinygrad_cnn as tg
from tests.benchmarks.pairs import compare, geometric_mean, need_torch, report, threads

# needs: whether the input needs a gradient (the first layer's does not).
Layer = namedtuple("Layer", "name n c size o kernel stride padding groups needs rank", defaults=(1, 0, 1, True, 2))
PAUSE = 0.02                                            # seconds in which the threads of either side stop spinning

# ResNet's, AlexNet's and ResNet-20's: their geometric mean is the target.
NETWORKS = [
    Layer("64,56 3x3", 8, 64, 56, 64, 3, 1, 1),
    Layer("128,28 3x3", 8, 128, 28, 128, 3, 1, 1),
    Layer("256,14 3x3", 8, 256, 14, 256, 3, 1, 1),
    Layer("512,7 3x3", 8, 512, 7, 512, 3, 1, 1),
    Layer("64,27->192 5x5", 8, 64, 27, 192, 5, 1, 2),
    Layer("64,56->128 3x3 stride 2", 8, 64, 56, 128, 3, 2, 1),
    Layer("64,56 1x1", 8, 64, 56, 64, 1),
    Layer("256,56->64 1x1", 8, 256, 56, 64, 1),
    Layer("3,224->64 7x7 stride 2", 8, 3, 224, 64, 7, 2, 3, needs=False),
    Layer("3,224->64 11x11 stride 4", 8, 3, 224, 64, 11, 4, 2, needs=False),
    Layer("128x16,32 3x3", 128, 16, 32, 16, 3, 1, 1),
    Layer("128x32,16 3x3", 128, 32, 16, 32, 3, 1, 1),
    Layer("128x64,8 3x3", 128, 64, 8, 64, 3, 1, 1),
]
# With targets of their own.
SPECIAL = [
    Layer("128,28 3x3 32 groups", 8, 128, 28, 128, 3, 1, 1, 32),
    Layer("128,28 3x3 depthwise", 8, 128, 28, 128, 3, 1, 1, 128),
    Layer("64x1,28->6 5x5", 64, 1, 28, 6, 5, 1, 2, needs=False),
    Layer("64x6,14->16 5x5", 64, 6, 14, 16, 5),
    Layer("8x16,32^3->32 3x3x3", 8, 16, 32, 32, 3, 1, 1, rank=3),
]
# The other layers of the same networks.
OTHERS = [
    Layer("32x3,224->64 11x11 stride 4", 32, 3, 224, 64, 11, 4, 2, needs=False),
    Layer("32x64,27->192 5x5", 32, 64, 27, 192, 5, 1, 2),
    Layer("32x192,13->384 3x3", 32, 192, 13, 384, 3, 1, 1),
    Layer("32x384,13->256 3x3", 32, 384, 13, 256, 3, 1, 1),
    Layer("32x256,13 3x3", 32, 256, 13, 256, 3, 1, 1),
    Layer("128,28->256 3x3 stride 2", 8, 128, 28, 256, 3, 2, 1),
    Layer("256,14->512 3x3 stride 2", 8, 256, 14, 512, 3, 2, 1),
    Layer("64,56->128 1x1 stride 2", 8, 64, 56, 128, 1, 2),
    Layer("256,14->512 1x1 stride 2", 8, 256, 14, 512, 1, 2),
    Layer("4x64,56->256 1x1", 4, 64, 56, 256, 1),
    Layer("4x512,28->128 1x1", 4, 512, 28, 128, 1),
    Layer("4x128,28->512 1x1", 4, 128, 28, 512, 1),
    Layer("4x1024,14->256 1x1", 4, 1024, 14, 256, 1),
    Layer("4x256,14->1024 1x1", 4, 256, 14, 1024, 1),
    Layer("4x2048,7->512 1x1", 4, 2048, 7, 512, 1),
    Layer("4x512,7->2048 1x1", 4, 512, 7, 2048, 1),
    Layer("4x1024,14->2048 1x1 stride 2", 4, 1024, 14, 2048, 1, 2),
    Layer("4x128,56 3x3 stride 2", 4, 128, 56, 128, 3, 2, 1),
    Layer("128x3,32->16 3x3", 128, 3, 32, 16, 3, 1, 1, needs=False),
    Layer("128x16,32->32 3x3 stride 2", 128, 16, 32, 32, 3, 2, 1),
    Layer("128x32,16->64 3x3 stride 2", 128, 32, 16, 64, 3, 2, 1),
    Layer("8x1,32^3->16 3x3x3", 8, 1, 32, 16, 3, 1, 1, needs=False, rank=3),
]
TABLES = [("networks", NETWORKS, 0.95), ("special", SPECIAL, None), ("others", OTHERS, None)]


def arrays(layer):
    """x, w and g of a layer, NCHW float32."""
    rng = np.random.default_rng(0)
    size = (layer.size,) * layer.rank
    out = tuple((s + 2 * layer.padding - layer.kernel) // layer.stride + 1 for s in size)
    shapes = ((layer.n, layer.c, *size), (layer.o, layer.c // layer.groups, *(layer.kernel,) * layer.rank),
              (layer.n, layer.o, *out))
    return [rng.standard_normal(shape, np.float32) * scale for shape, scale in zip(shapes, (1, 0.05, 1))]


def tensors(m, layer, channels_last, dtype=None):
    """x, w and g as tensors of library m."""
    x, w, g = (m.from_numpy(a) for a in arrays(layer))
    if dtype is not None:
        x, w, g = (t.to(dtype) for t in (x, w, g))
    if channels_last:
        order = m.channels_last if layer.rank == 2 else m.channels_last_3d
        x, g = (t.contiguous(memory_format=order) for t in (x, g))
    x.requires_grad_(layer.needs)
    w.requires_grad_()
    return x, w, g


def call(m, layer, channels_last, part="whole"):
    """One pass as a function of no arguments: "whole" is forward and backward, else "forward", "dx" or "dw" alone."""
    x, w, g = tensors(m, layer, channels_last)
    function = m.nn.functional.conv2d if layer.rank == 2 else m.nn.functional.conv3d
    options = {"stride": layer.stride, "padding": layer.padding, "groups": layer.groups}

    def whole():
        function(x, w, **options).backward(g)
        x.grad = w.grad = None

    def forward():
        with m.no_grad():
            function(x, w, **options)

    if part in ("whole", "forward"):
        return whole if part == "whole" else forward
    wanted = x if part == "dx" else w
    y = function(*(t.detach().requires_grad_(t is wanted) if t is wanted else t.detach() for t in (x, w)), **options)

    def backward():
        y.backward(g, retain_graph=True)
    return backward


def timed(torch, layer, part="whole"):
    """The Timing of a layer: ours, PyTorch's NCHW and its channels-last."""
    calls = call(tg, layer, True, part), call(torch, layer, False, part), call(torch, layer, True, part)
    return compare(*calls, repeats=11, pause=PAUSE)


def time_table(torch, title, layers, target):
    """Time and report some layers, with PyTorch's channels-last time beside."""
    report(f"conv forward + backward: {title}", [(layer.name, *timed(torch, layer)) for layer in layers], target)


def cpu_table(torch, layers):
    """Print the ratios of processor time with one thread each, median and best / best, and both best times."""
    torch.set_num_threads(1)
    tg.set_num_threads(1)
    print(f"{'case':34} {'median':>6} {'best':>6} {'ours':>8} {'PyTorch':>8} ms of one thread")
    found = []
    with threadpool_limits(1):
        for layer in layers:
            calls = [call(torch, layer, False), call(tg, layer, True)]
            times = [[cpu_seconds(each) for each in calls] for _ in range(9)][2:]
            theirs, ours = (min(column) for column in zip(*times))
            found.append(median([b / a for a, b in times]))
            print(f"{layer.name:34} {found[-1]:6.2f} {ours / theirs:6.2f} {ours * 1e3:8.2f} {theirs * 1e3:8.2f}",
                  flush=True)
    print(f"{'geometric mean':34} {geometric_mean(found):6.2f}\n")


def cpu_seconds(function):
    """Processor time of one call in this thread."""
    start = thread_time()
    function()
    return thread_time() - start


def time_parts(torch, layers):
    """Print the ratios of forward pass, input gradient and weight gradient, and our milliseconds."""
    print(f"{'case':34} {'forward':>14} {'dx':>14} {'dw':>14}")
    for layer in layers:
        cells = []
        for part in ("forward", "dx", "dw"):
            if part == "dx" and not layer.needs:
                cells.append(" " * 14)
                continue
            timing = timed(torch, layer, part)
            cells.append(f"{timing.ours / timing.theirs:6.2f} {timing.ours * 1e3:7.2f}")
        print(f"{layer.name:34} {' '.join(cells)}", flush=True)


def error_table(torch, layers):
    """Print each layer's float32 errors over PyTorch's, L2 and largest, the worst of output and gradients."""
    print(f"{'case':34} {'L2':>6} {'max':>6}   (error in float32 over PyTorch's, both against float64)")
    for layer in layers:
        exact = results(torch, layer, torch.float64)
        errors = [[(np.linalg.norm(a - e), np.abs(a - e).max()) for a, e in zip(results(m, layer), exact)]
                  for m in (tg, torch)]
        l2, largest = (max(ours[i] / theirs[i] for ours, theirs in zip(*errors)) for i in (0, 1))
        print(f"{layer.name:34} {l2:6.2f} {largest:6.2f}", flush=True)


def results(m, layer, dtype=None):
    """Output, weight gradient and, where needed, input gradient as flat float64 arrays."""
    x, w, g = tensors(m, layer, False, dtype)
    function = m.nn.functional.conv2d if layer.rank == 2 else m.nn.functional.conv3d
    y = function(x, w, stride=layer.stride, padding=layer.padding, groups=layer.groups)
    y.backward(g)
    found = [y.detach(), w.grad] + ([x.grad] if layer.needs else [])
    return [a.numpy().astype("float64").ravel() for a in found]


def main(argv=()):
    parser = argparse.ArgumentParser(prog="tests.benchmarks.conv")
    parser.add_argument("--only", default="", help="layers whose name contains this")
    parser.add_argument("--parts", action="store_true", help="forward, dx and dw apart")
    parser.add_argument("--errors", action="store_true", help="accuracy instead of time")
    parser.add_argument("--cpu", action="store_true", help="processor time of one thread each")
    options = parser.parse_args(argv)
    torch = need_torch()
    tg.set_num_threads(threads())
    for title, layers, target in TABLES:
        layers = [layer for layer in layers if options.only in layer.name]
        if not layers:
            continue
        if options.cpu:
            cpu_table(torch, layers)
        elif options.errors:
            error_table(torch, layers)
        elif options.parts:
            time_parts(torch, layers)
        else:
            time_table(torch, title, layers, target)


if __name__ == "__main__":
    main(sys.argv[1:])
