"""Timing side by side with PyTorch: call by call in one process, so that both meet the same machine.

A shared machine changes its speed for seconds at a time; only the median of the ratios of neighbouring calls means
anything. PyTorch's worker threads spin for a while after a call, so ours waits a moment for them. After a wait threads
are asleep, and may wake on the core of the other for a millisecond or more: a short call is made twice and the second
one counts, for both sides, as in a loop. Where other processes took part of the processors meanwhile (Linux tells), two
threads wait for them and one thread does not: a case is timed again, and marked if it is never alone.
"""
import json
import os
import platform
import statistics
import sys
from pathlib import Path
from time import perf_counter, process_time, sleep
from typing import NamedTuple

LONG = 0.1                  # seconds of a call beside which waking its threads is nothing
ALONE = 0.05                # share of one processor that others may take during a case
TRIES = 3


class Timing(NamedTuple):
    """ratio: the median of ours / theirs, call by call. ours, theirs: the best seconds. last: the median of ours over
    PyTorch's time for channels-last memory, or None where it was not asked for. others: the share of one processor
    that other processes took meanwhile."""
    ratio: float
    ours: float
    theirs: float
    last: float | None = None
    others: float = 0.0


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


def awake(call):
    """Seconds of a call whose threads are awake."""
    first = once(call)
    return first if first > LONG else once(call)


def busy_seconds():
    """Seconds that all processors together have been busy, or None where the system does not say (not Linux)."""
    try:
        numbers = [int(n) for n in Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:]]
    except OSError:
        return None
    return (sum(numbers) - numbers[3] - numbers[4]) / os.sysconf("SC_CLK_TCK")      # all but idle and waiting for disk


def compare(ours, theirs, channels_last=None, repeats=15, warmup=2, pause=0.0):
    """The Timing of two calls, or of three: `channels_last` is PyTorch's call for channels-last memory."""
    its_calls = [call for call in (theirs, channels_last) if call]
    for _ in range(warmup):
        for call in (*its_calls, ours):
            call()
    timings = []
    for _ in range(TRIES):
        timings.append(_timed(ours, its_calls, repeats, pause))
        if timings[-1].others <= ALONE:
            break
    return min(timings, key=lambda timing: timing.others)


def _timed(ours, its_calls, repeats, pause):
    start, busy, own = perf_counter(), busy_seconds(), process_time()
    mine, its = [], [[] for _ in its_calls]
    for _ in range(repeats):
        for call, times in zip(its_calls, its):
            times.append(awake(call))
            if pause:
                sleep(pause)
        mine.append(awake(ours))
    ratios = [statistics.median(a / b for a, b in zip(mine, times)) for times in its]
    others = 0.0
    if busy is not None:
        others = max(0.0, (busy_seconds() - busy - (process_time() - own)) / (perf_counter() - start))
    return Timing(ratios[0], min(mine), min(its[0]), ratios[1] if ratios[1:] else None, others)


def geometric_mean(values):
    """The geometric mean of positive numbers."""
    return statistics.geometric_mean(values)


def report(title, rows, target=None, unit=1e3, unit_name="ms"):
    """Print a table of (name, *Timing) and, as the last line, the same as JSON; returns the geometric mean."""
    rows = [(name, Timing(*timing)) for name, *timing in rows]
    mean = geometric_mean([timing.ratio for _, timing in rows])
    print(f"\n{title} (ratio of our time to PyTorch's, {threads()} threads; smaller is better)")
    print(f"{'case':34} {'ratio':>6} {'ours':>9} {'PyTorch':>9} {unit_name}"
          + "   ratio to channels-last" * _has_last(rows))
    for name, timing in rows:
        last = "" if timing.last is None else f" {timing.last:15.2f}"
        last += f"   others took {timing.others:.0%}" * (timing.others > ALONE)
        print(f"{name:34} {timing.ratio:6.2f} {timing.ours * unit:9.2f} {timing.theirs * unit:9.2f}{last}")
    print(f"{'geometric mean':34} {mean:6.2f}" + ("" if target is None else f"   (target {target})"))
    print(json.dumps({"benchmark": title, "geometric_mean": round(mean, 3), "target": target,
                      "python": platform.python_version(), "threads": threads(),
                      "rows": [_as_json(name, timing) for name, timing in rows]}))
    return mean


def _has_last(rows):
    return any(timing.last is not None for _, timing in rows)


def _as_json(name, timing):
    row = {"case": name, "ratio": round(timing.ratio, 3), "ours_s": timing.ours, "torch_s": timing.theirs}
    if timing.others > ALONE:
        row["others_took"] = round(timing.others, 2)
    return row if timing.last is None else {**row, "ratio_to_channels_last": round(timing.last, 3)}
