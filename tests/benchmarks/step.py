"""A whole training step of six networks, beside PyTorch's: forward, loss, backward, SGD with momentum.

Run: python -m tests.benchmarks step [part of a net's name ...]
"""
import sys

from tests.benchmarks.nets import NETS, channels_last, training_step
from tests.benchmarks.pairs import compare, need_torch, report

REPEATS = {"LeNet": 60, "3-D": 20}


def rows(names, make, title, target):
    """Time make(net, ours, memory_format) for the nets in whose name one of `names` stands (all if there are none)."""
    need_torch()
    timed = []
    for name, net in NETS.items():
        if names and not any(part in name for part in names):
            continue
        repeats = next((count for part, count in REPEATS.items() if part in name), 7)
        calls = make(net, True), make(net, False), make(net, False, channels_last(net))
        timed.append((name, *compare(*calls, repeats=repeats, pause=0.02)))
        print(f"{name:34} {timed[-1][1]:6.2f}", flush=True)
    report(title, timed, target)


def main():
    rows(sys.argv[1:], training_step, "training step", 1.0)


if __name__ == "__main__":
    main()
