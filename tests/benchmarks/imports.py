"""`python -m tests.benchmarks.imports`: the time of `import tinygrad_cnn` against that of `import numpy`.

Each is imported in fresh interpreters, turn by turn, so that both meet the same moods of the machine; the clock runs
inside, so Python's own start is not counted. A warm-up compiles both into one folder of byte code, as an installation
does. Exit code 1 if the median of the paired ratios is above 1.5.
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile

LIMIT = 1.5
STATEMENTS = "import numpy", "import tinygrad_cnn"
_TIMED = "import time; start = time.perf_counter(); {}; print(time.perf_counter() - start)"


def seconds(statement, bytecode):
    """The time one fresh interpreter takes for an import statement, in seconds; `bytecode` is the cache folder."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run([sys.executable, "-c", _TIMED.format(statement)], capture_output=True, text=True, check=True,
                          env={**environment, "PYTHONPYCACHEPREFIX": bytecode})
    return float(done.stdout)


def measure(pairs):
    """Times of (import numpy, import tinygrad_cnn), `pairs` times, after a warm-up of each."""
    with tempfile.TemporaryDirectory() as bytecode:
        for statement in STATEMENTS:
            seconds(statement, bytecode)
        return [tuple(seconds(statement, bytecode) for statement in STATEMENTS) for _ in range(pairs)]


def main():
    """Measure, print, and return 1 if the ratio is above the limit."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pairs", type=int, default=15)
    times = measure(parser.parse_args().pairs)
    numpy_time, our_time = (statistics.median(column) for column in zip(*times))
    ratios = sorted(ours / numpys for numpys, ours in times)
    ratio = statistics.median(ratios)
    print(f"import numpy         {1e3 * numpy_time:6.1f} ms (median of {len(times)})")
    print(f"import tinygrad_cnn  {1e3 * our_time:6.1f} ms")
    print(f"ratio                {ratio:6.2f}    (pairs from {ratios[0]:.2f} to {ratios[-1]:.2f}; limit {LIMIT})")
    return int(ratio > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
