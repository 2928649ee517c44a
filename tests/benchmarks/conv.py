"""Convolution forward + backward through the engine, layer by layer, beside PyTorch's (NCHW).

Run: python -m tests.benchmarks.conv
"""
import numpy as np

import tinygrad_cnn as tg
from tests.benchmarks.pairs import compare, need_torch, report

# name, N, C, H, O, kernel, stride, padding, groups, whether the input needs a gradient
LAYERS = [
    ("64,56 3x3", 8, 64, 56, 64, 3, 1, 1, 1, True),
    ("128,28 3x3", 8, 128, 28, 128, 3, 1, 1, 1, True),
    ("256,14 3x3", 8, 256, 14, 256, 3, 1, 1, 1, True),
    ("512,7 3x3", 8, 512, 7, 512, 3, 1, 1, 1, True),
    ("64,27->192 5x5", 8, 64, 27, 192, 5, 1, 2, 1, True),
    ("64,56->128 3x3 stride 2", 8, 64, 56, 128, 3, 2, 1, 1, True),
    ("64,56 1x1", 8, 64, 56, 64, 1, 1, 0, 1, True),
    ("256,56->64 1x1", 8, 256, 56, 64, 1, 1, 0, 1, True),
    ("3,224->64 7x7 stride 2", 8, 3, 224, 64, 7, 2, 3, 1, False),
    ("3,224->64 11x11 stride 4", 8, 3, 224, 64, 11, 4, 2, 1, False),
    ("128x16,32 3x3", 128, 16, 32, 16, 3, 1, 1, 1, True),
    ("128x32,16 3x3", 128, 32, 16, 32, 3, 1, 1, 1, True),
    ("128x64,8 3x3", 128, 64, 8, 64, 3, 1, 1, 1, True),
    ("128,28 3x3 32 groups", 8, 128, 28, 128, 3, 1, 1, 32, True),
    ("128,28 3x3 depthwise", 8, 128, 28, 128, 3, 1, 1, 128, True),
    ("64x1,28->6 5x5", 64, 1, 28, 6, 5, 1, 2, 1, True),
    ("64x6,14->16 5x5", 64, 6, 14, 16, 5, 1, 0, 1, True),
]


def layer(m, x, w, g, needs_input_grad, stride, padding, groups):
    """One forward and backward pass, as a function of no arguments."""
    x, w, g = (m.from_numpy(a) for a in (x, w, g))
    if m is tg:                                         # activations live channels-last, as a layer before would leave them
        x, g = (a.contiguous(memory_format=tg.channels_last) for a in (x, g))
    x.requires_grad_(needs_input_grad)
    w.requires_grad_()
    conv2d = m.nn.functional.conv2d

    def run():
        conv2d(x, w, stride=stride, padding=padding, groups=groups).backward(g)
        x.grad = w.grad = None
    return run


def main():
    torch = need_torch()
    rng = np.random.default_rng(0)
    rows = []
    for name, n, c, size, o, k, stride, padding, groups, needs in LAYERS:
        out = (size + 2 * padding - k) // stride + 1
        x = rng.standard_normal((n, c, size, size), np.float32)
        w = rng.standard_normal((o, c // groups, k, k), np.float32) * 0.05
        g = rng.standard_normal((n, o, out, out), np.float32)
        calls = [layer(m, x, w, g, needs, stride, padding, groups) for m in (tg, torch)]
        rows.append((name, *compare(*calls, repeats=9, pause=0.02)))
        print(f"{rows[-1][0]:34} {rows[-1][1]:6.2f}", flush=True)
    report("conv2d forward + backward", rows, 1.6)


if __name__ == "__main__":
    main()
