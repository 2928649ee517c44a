"""Where the time of a network's training step goes: our kernels, and PyTorch's ops beside them.

Run: python -m tests.benchmarks profile [part of a net's name]    (ResNet-20 if none is named)

The steps follow one another without a pause, each side by itself. A kernel's time includes the kernels it calls; what
is not a kernel's is the engine's: recording the graph, walking it back, modules, the optimizer's loop.
"""
import json
import sys
from collections import defaultdict
from statistics import median
from time import perf_counter

import tinygrad_cnn as tg
from tests.benchmarks.nets import NETS, training_step
from tests.benchmarks.pairs import need_torch, once, threads
from tinygrad_cnn.device import Device

WARMUP, STEPS, SHOWN = 5, 30, 12


class KernelTimes:
    """While it is entered, the time of every kernel that is looked up: name -> [calls, seconds]."""

    def __init__(self):
        self.found, self.inside = defaultdict(lambda: [0, 0.0]), False

    def __enter__(self):
        self.look_up = look_up = Device.kernel
        Device.kernel = lambda device, name: self.timed(name, look_up(device, name))
        return self

    def __exit__(self, *error):
        Device.kernel = self.look_up

    def timed(self, name, kernel):
        """The kernel, with the time of each of its calls noted; one that is called by another is the other's."""
        def run(*arrays, **attrs):
            if self.inside:
                return kernel(*arrays, **attrs)
            self.inside, start = True, perf_counter()
            try:
                return kernel(*arrays, **attrs)
            finally:
                self.inside = False
                entry = self.found[name]
                entry[0] += 1
                entry[1] += perf_counter() - start
        return run


def ours(net):
    """(milliseconds of a step, [(kernel, calls a step, milliseconds)]), the longest first."""
    tg.set_num_threads(threads())
    with KernelTimes() as kernels:                      # ops look their kernels up when they are first called
        step = training_step(net, True)
        for _ in range(WARMUP):
            step()
        kernels.found.clear()
        times = timed(step)
    rows = [(name, calls / STEPS, 1e3 * seconds / STEPS) for name, (calls, seconds) in kernels.found.items()]
    return times, sorted(rows, key=lambda row: -row[2])


def theirs(torch, net):
    """The same of PyTorch: its ops by their own time."""
    step = training_step(net, False)
    for _ in range(WARMUP):
        step()
    times = timed(step)
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        for _ in range(STEPS):
            step()
    rows = [(row.key, row.count / STEPS, row.self_cpu_time_total / 1e3 / STEPS) for row in profile.key_averages()]
    return times, sorted(rows, key=lambda row: -row[2])


def timed(step):
    """The median milliseconds of a step."""
    return 1e3 * median(once(step) for _ in range(STEPS))


def main():
    torch = need_torch()
    part = sys.argv[1] if sys.argv[1:] else "ResNet-20"
    name = next((name for name in NETS if part in name), None)
    if name is None:
        print(f"There is no net with {part!r} in its name. Use part of one of: {'; '.join(NETS)}.", file=sys.stderr)
        return 2
    found = {"ours": ours(NETS[name]), "PyTorch": theirs(torch, NETS[name])}
    for side, (whole, rows) in found.items():
        print(f"\n{name}, a training step: {side}, {whole:.2f} ms, {threads()} threads")
        print(f"{'kernel' if side == 'ours' else 'op':48} {'calls':>7} {'ms':>8} {'share':>7}")
        for kernel, calls, milliseconds in rows[:SHOWN]:
            print(f"{kernel:48.48} {calls:7.0f} {milliseconds:8.2f} {milliseconds / whole:7.0%}")
    whole, rows = found["ours"]
    engine = whole - sum(row[2] for row in rows)
    print(f"\nours outside of kernels: {engine:.2f} ms, {engine / whole:.0%}")
    print(json.dumps({"benchmark": "profile", "net": name, "rows": [
        {"side": side, "name": kernel, "calls": calls, "ms": round(milliseconds, 3)}
        for side, (_, rows) in found.items() for kernel, calls, milliseconds in rows[:SHOWN]]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
