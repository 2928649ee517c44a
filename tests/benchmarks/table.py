"""The README's table from what the benchmarks printed, one run of them or several: median ratio, and its range.

Run: python -m tests.benchmarks > first.txt, as often as you like, then python -m tests.benchmarks table first.txt ...
"""
import json
import statistics
import sys
from pathlib import Path


def runs(texts):
    """benchmark -> case -> the ratios of its runs; the case None holds the geometric means."""
    found = {}
    for text in texts:
        for line in text.splitlines():
            if line.startswith("{"):
                read = json.loads(line)
                for row in [*read["rows"], {"case": None, "ratio": read.get("geometric_mean")}]:
                    if row.get("ratio") is not None:
                        found.setdefault(read["benchmark"], {}).setdefault(row["case"], []).append(row["ratio"])
    return found


def cell(ratios):
    """0.91, or 0.91 (0.88-0.95) where runs differ."""
    low, middle, high = (f"{f(ratios):.2f}" for f in (min, statistics.median, max))
    return middle if low == high else f"{middle} ({low}-{high})"


def markdown(found):
    """One row a benchmark: its geometric mean, and its cases from the fastest to the slowest beside PyTorch's."""
    lines = ["| our time / PyTorch's | geometric mean | case by case |", "|---|---|---|"]
    for benchmark, cases in found.items():
        cases = dict(cases)
        mean = cell(cases.pop(None)) if None in cases else ""
        cases = sorted(cases.items(), key=lambda case: statistics.median(case[1]))
        each = "; ".join(f"{name} {cell(ratios)}" for name, ratios in cases)
        lines.append(f"| {benchmark} | {mean} | {each} |")
    return "\n".join(lines)


def main():
    """Print the table of the files named; returns 2 if there are none."""
    if len(sys.argv) < 2:
        print("Name the files that benchmarks were printed to.", file=sys.stderr)
        return 2
    print(markdown(runs([Path(name).read_text(encoding="utf-8") for name in sys.argv[1:]])))
    return 0
