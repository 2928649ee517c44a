"""Errors of convolution in float32 against float64 on the same input, beside PyTorch's: relative L2 and largest.

Run: python -m tests.benchmarks accuracy
"""
import json

import numpy as np

import tinygrad_cnn as tg
from tests.benchmarks.pairs import need_torch

# name, N, C, size, O, kernel, stride, padding, groups
LAYERS = [
    ("64,28 3x3", 2, 64, 28, 64, 3, 1, 1, 1), ("512,7 3x3", 2, 512, 7, 512, 3, 1, 1, 1),
    ("64,27 5x5", 2, 64, 27, 96, 5, 1, 2, 1), ("16,32 3x3", 8, 16, 32, 16, 3, 1, 1, 1),
    ("64,28 3x3 stride 2", 2, 64, 28, 128, 3, 2, 1, 1), ("256,14 1x1", 2, 256, 14, 64, 1, 1, 0, 1),
    ("3,112 7x7 stride 2", 2, 3, 112, 64, 7, 2, 3, 1), ("64,14 3x3 8 groups", 2, 64, 14, 64, 3, 1, 1, 8),
    ("64,14 3x3 depthwise", 2, 64, 14, 64, 3, 1, 1, 64),
]
RESULTS = "y", "dx", "dw"


def results(m, arrays, stride, padding, groups):
    """y, dx and dw of one convolution as NumPy arrays."""
    x, w, g = (m.from_numpy(a) for a in arrays)
    x.requires_grad_()
    w.requires_grad_()
    y = m.nn.functional.conv2d(x, w, stride=stride, padding=padding, groups=groups)
    y.backward(g)
    return [np.asarray(t.detach().numpy()) for t in (y, x.grad, w.grad)]


def errors(found, exact):
    """(relative L2 error, largest error over the largest number)."""
    off = found.astype(np.float64) - exact
    return np.linalg.norm(off) / np.linalg.norm(exact), np.abs(off).max() / np.abs(exact).max()


def main():
    torch = need_torch()
    rng = np.random.default_rng(0)
    rows = []
    print(f"{'layer':24} {'':3} {'L2 / PyTorch':>13} {'largest / its':>14} {'precise L2':>11} {'precise largest':>16}")
    for name, n, c, size, o, k, stride, padding, groups in LAYERS:
        out = (size + 2 * padding - k) // stride + 1
        exact_arrays = [rng.standard_normal(shape).astype(np.float32).astype(np.float64) for shape in
                        ((n, c, size, size), (o, c // groups, k, k), (n, o, out, out))]
        arrays = [a.astype(np.float32) for a in exact_arrays]
        how = stride, padding, groups
        exact = results(torch, exact_arrays, *how)
        theirs, ours = results(torch, arrays, *how), results(tg, arrays, *how)
        with tg.backends.cpu.precise():
            careful = results(tg, arrays, *how)
        for result, right, a, b, d in zip(RESULTS, exact, ours, theirs, careful):
            its = errors(b, right)
            ratios = [mine / other for found in (a, d) for mine, other in zip(errors(found, right), its)]
            rows.append({"layer": name, "result": result, "ratios": [round(r, 2) for r in ratios]})
            print(f"{name:24} {result:3} {ratios[0]:13.2f} {ratios[1]:14.2f} {ratios[2]:11.2f} {ratios[3]:16.2f}")
    worst, worst_careful = (max(max(row["ratios"][part]) for row in rows) for part in (slice(2), slice(2, 4)))
    print(f"largest of all: {worst:.1f} (bound 25), without Winograd {worst_careful:.1f} (bound 3)")
    print(json.dumps({"benchmark": "accuracy", "worst": worst, "worst_precise": worst_careful, "rows": rows}))


if __name__ == "__main__":
    main()
