"""How the time of a training step grows with batch, depth, channels and pixels: 1 means in proportion to the work.

Run: python -m tests.benchmarks scaling
"""
import json
import math

import numpy as np

import tinygrad_cnn as tg
from tests.benchmarks.pairs import once, threads

BASE = {"batch": 16, "depth": 4, "channels": 32, "size": 32}
GROWTH = {"batch": (8, 16, 32, 64), "depth": (2, 4, 8, 16), "channels": (16, 32, 64, 128), "size": (16, 32, 64, 128)}
WORK = {"batch": 1, "depth": 1, "channels": 2, "size": 2}          # the power of it that the work grows with


def training_step(batch, depth, channels, size):
    """Forward, loss and backward of `depth` blocks of 3x3 convolution, batch norm and ReLU."""
    nn = tg.nn
    layers = []
    for _ in range(depth):
        layers += [nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU(True)]
    model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))
    x = tg.from_numpy(np.random.default_rng(0).standard_normal((batch, channels, size, size), np.float32))
    labels = tg.arange(batch) % 10

    def step():
        model.zero_grad()
        nn.functional.cross_entropy(model(x), labels).backward()
    return step


def best_seconds(**settings):
    """The best of several steps, in seconds."""
    step = training_step(**{**BASE, **settings})
    step()
    return min(once(step) for _ in range(7))


def main():
    tg.set_num_threads(threads())
    print(f"time of a training step ({threads()} threads), base {BASE}")
    print(f"{'grows':10} {'values':22} {'ms':34} {'power of the time':>18} {'of the work':>12}")
    rows = []
    for name, values in GROWTH.items():
        times = [best_seconds(**{name: value}) for value in values]
        power = math.log(times[-1] / times[0]) / math.log(values[-1] / values[0])
        rows.append({"grows": name, "values": values, "seconds": times, "power": round(power, 2), "work": WORK[name]})
        milliseconds = ", ".join(f"{1e3 * t:.1f}" for t in times)
        print(f"{name:10} {', '.join(map(str, values)):22} {milliseconds:34} {power:18.2f} {WORK[name]:12}")
    print(json.dumps({"benchmark": "scaling", "rows": rows}))


if __name__ == "__main__":
    main()
