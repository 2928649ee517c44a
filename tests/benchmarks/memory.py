"""Peak memory of training steps over that of the imports, beside PyTorch's, each in a fresh process.

Run: python -m tests.benchmarks memory        (Linux: the peak is VmHWM of /proc/self/status)
"""
import json
import pathlib
import subprocess
import sys

from tests.benchmarks.pairs import geometric_mean, need_torch, threads

CASES = "ResNet-18, 224, batch 8", "AlexNet, 224, batch 32", "ResNet-20, 32, batch 128"
STEPS = 3
MIB = 1 << 20


def peak_bytes():
    """The most memory this process has held so far."""
    status = pathlib.Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def child(name, ours):
    """Print the bytes that STEPS training steps take over the imports."""
    from tests.benchmarks.nets import NETS, library, training_step
    m = library(ours)
    m.set_num_threads(threads())
    before = peak_bytes()
    step = training_step(NETS[name], ours)
    for _ in range(STEPS):
        step()
    print(peak_bytes() - before)


def measured(name, ours):
    """The bytes that a fresh process reports."""
    command = [sys.executable, "-m", "tests.benchmarks.memory", name, "ours" if ours else "torch"]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main():
    if len(sys.argv) == 3:
        return child(sys.argv[1], sys.argv[2] == "ours")
    if not pathlib.Path("/proc/self/status").exists():
        print("This benchmark reads /proc/self/status, which only Linux has.")
        return 2
    need_torch()
    rows = [(name, measured(name, True), measured(name, False)) for name in CASES]
    print(f"peak memory of {STEPS} training steps over the imports ({threads()} threads)")
    print(f"{'case':34} {'ratio':>6} {'ours':>9} {'PyTorch':>9} MiB")
    for name, ours, theirs in rows:
        print(f"{name:34} {ours / theirs:6.2f} {ours / MIB:9.0f} {theirs / MIB:9.0f}")
    mean = geometric_mean([ours / theirs for _, ours, theirs in rows])
    print(f"{'geometric mean':34} {mean:6.2f}   (target 1.1 each)")
    print(json.dumps({"benchmark": "memory", "geometric_mean": round(mean, 3), "rows": [
        {"case": name, "ratio": round(a / b, 3), "ours_bytes": a, "torch_bytes": b} for name, a, b in rows]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
