"""The GPU benchmark where there is no GPU: it says so; its cases and comparisons are tried on the CPU."""
import math
import subprocess
import sys

import numpy as np
import pytest

import tinygrad_cnn as tg
from tests.benchmarks import gpu
from tests.benchmarks.gpu_cases import OPS, layers


def test_without_a_gpu_it_says_what_is_missing_and_exits_with_2():
    code = "import sys; sys.modules['cupy'] = None; from tests.benchmarks.gpu import main; sys.exit(main([]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=gpu.ROOT)
    assert done.returncode == 2
    assert "No GPU to measure on. cuda: the package CuPy is not installed" in done.stderr


def test_every_case_draws_the_same_arguments_each_time():
    for case in OPS:
        for first, second in zip(case.arguments(), case.arguments()):
            np.testing.assert_array_equal(first, second)


@pytest.mark.oracle
@pytest.mark.parametrize("case", OPS, ids=lambda case: case.name)
def test_the_comparison_with_pytorch_passes_on_the_cpu(case):
    import torch
    found = gpu.compare(case, tg, torch, "cpu")
    assert found["passed"], found


@pytest.mark.oracle
def test_layers_are_timed_turn_by_turn():
    import torch
    found = gpu.time_layer(layers(1)[-1], tg, torch, "cpu", 2)
    assert found["tinygrad_cnn_ms"] > 0
    assert found["ratio_range"][0] <= found["ratio"] <= found["ratio_range"][1]


def test_an_op_that_raises_is_reported_and_stops_nothing():
    case = gpu.OPS[0]
    found = gpu.compare(case, None, None, "cpu")
    assert not found["passed"]
    assert found["failure"].startswith("AttributeError")


def test_errors_are_relative_to_the_largest_value_and_other_shapes_never_pass():
    assert gpu.largest_error([np.float32([100, 1])], [np.float32([100, 2])]) == pytest.approx(0.01)
    assert gpu.largest_error([np.ones(2)], [np.ones(3)]) == math.inf


def test_the_geometric_mean_is_of_ratios():
    assert gpu.geometric_mean([0.5, 2.0]) == 1.0
    assert gpu.geometric_mean([]) is None
