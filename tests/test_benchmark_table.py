"""The table of benchmarks: the median of several runs, their range, the fastest case first."""
import json

from tests.benchmarks.table import markdown, runs


def printed(mean, **ratios):
    rows = [{"case": name, "ratio": ratio, "ours_s": 1.0} for name, ratio in ratios.items()]
    return "a table\n" + json.dumps({"benchmark": "step", "geometric_mean": mean, "rows": rows}) + "\n"


def test_several_runs_give_their_median_and_their_range():
    table = markdown(runs([printed(1.0, slow=1.5, fast=0.5), printed(1.2, slow=1.7, fast=0.5),
                           printed(1.1, slow=1.6, fast=0.5)]))
    assert table.splitlines()[-1] == "| step | 1.10 (1.00-1.20) | fast 0.50; slow 1.60 (1.50-1.70) |"


def test_what_has_no_ratio_is_left_out():
    line = json.dumps({"benchmark": "accuracy", "worst": 3.0, "rows": [{"layer": "a", "ratios": [1.0]}]})
    assert runs([line]) == {}
