"""Timing side by side with PyTorch: call by call in one process, so that both meet the same machine.

A shared machine changes its speed for seconds at a time; only the median of the ratios of neighbouring calls means
anything. PyTorch's worker threads spin for a while after a call, so ours waits a moment for them.
"""
import json
import os
import platform
import statistics
import sys
from time import perf_counter, sleep


def need_torch():
    """The module torch with 2 threads (or TINYGRAD_CNN_BENCH_THREADS), or a message and exit code 2."""
    try:
        import torch
    except ImportError:
        print("This benchmark compares with PyTorch, which is not installed. Run: pip install torch==2.13.0")
        sys.exit(2)
    torch.set_num_threads(threads())
    return torch


def threads():
    """How many threads both sides use."""
    return int(os.environ.get("TINYGRAD_CNN_BENCH_THREADS", 2))


def once(call):
    """Seconds of one call."""
    start = perf_counter()
    call()
    return perf_counter() - start


def compare(ours, theirs, repeats=15, warmup=2, pause=0.0):
    """(median of ours / theirs call by call, our best seconds, their best seconds)."""
    for _ in range(warmup):
        theirs()
        ours()
    ratios, mine, its = [], [], []
    for _ in range(repeats):
        b = once(theirs)
        if pause:
            sleep(pause)
        a = once(ours)
        ratios.append(a / b)
        mine.append(a)
        its.append(b)
    return statistics.median(ratios), min(mine), min(its)


def geometric_mean(values):
    """The geometric mean of positive numbers."""
    return statistics.geometric_mean(values)


def report(title, rows, target=None, unit=1e3, unit_name="ms"):
    """Print a table of (name, ratio, ours, theirs) and, as the last line, the same as JSON; returns the geometric mean."""
    mean = geometric_mean([r[1] for r in rows])
    print(f"\n{title} (ratio of our time to PyTorch's, {threads()} threads; smaller is better)")
    print(f"{'case':34} {'ratio':>6} {'ours':>9} {'PyTorch':>9} {unit_name}")
    for name, ratio, ours, theirs in rows:
        print(f"{name:34} {ratio:6.2f} {ours * unit:9.2f} {theirs * unit:9.2f}")
    print(f"{'geometric mean':34} {mean:6.2f}" + ("" if target is None else f"   (target {target})"))
    print(json.dumps({"benchmark": title, "geometric_mean": round(mean, 3), "target": target, "python": platform.python_version(),
                      "rows": [{"case": n, "ratio": round(r, 3), "ours_s": a, "torch_s": b} for n, r, a, b in rows]}))
    return mean
