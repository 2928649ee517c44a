"""How the time of a training step grows with batch, depth, channels and pixels.

Small cases are dominated by what does not grow, calls and the waking of threads, so two powers are given: over all the
values, and of the last doubling, which should come near that of the work and never be above it.

Run: python -m tests.benchmarks scaling
"""
import json
import math

import numpy as np

import tinygrad_cnn as tg
from tests.benchmarks.pairs import once, threads

BASE = {"batch": 16, "depth": 4, "channels": 32, "size": 32}
GROWTH = {"batch": (16, 32, 64, 128), "depth": (2, 4, 8, 16), "channels": (32, 64, 128, 256),
          "size": (32, 64, 128, 256)}
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
    print(f"{'grows':10} {'values':20} {'ms':32} {'power of the time':>18} {'at the end':>11} {'of the work':>12}")
    rows = []
    for name, values in GROWTH.items():
        times = [best_seconds(**{name: value}) for value in values]
        power, last = (math.log(times[-1] / times[k]) / math.log(values[-1] / values[k]) for k in (0, -2))
        rows.append({"grows": name, "values": values, "seconds": times, "power": round(power, 2),
                     "power_at_the_end": round(last, 2), "work": WORK[name]})
        milliseconds = ", ".join(f"{1e3 * t:.0f}" for t in times)
        listed = ", ".join(map(str, values))
        print(f"{name:10} {listed:20} {milliseconds:32} {power:18.2f} {last:11.2f} {WORK[name]:12}")
    print(json.dumps({"benchmark": "scaling", "rows": rows}))


if __name__ == "__main__":
    main()
