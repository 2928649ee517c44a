"""The GPU benchmark where there is no GPU: it says so; its cases and comparisons are tried on the CPU."""
import dataclasses
import json
import math
import subprocess
import sys

import numpy as np
import pytest

import tinygrad_cnn as tg
from tests.benchmarks import gpu
from tests.benchmarks.gpu_cases import OPS, layers
from tests.test_cuda import fake_cupy
from tinygrad_cnn import cuda


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
    found = gpu.attempt(case, gpu.compare, tg, torch, "cpu")
    assert found["passed"], found


@pytest.mark.oracle
def test_layers_are_timed_turn_by_turn():
    import torch
    found = gpu.time_layer(layers(1)[-1], tg, torch, "cpu", 2)
    assert found["tinygrad_cnn_ms"] > 0
    assert found["ratio_range"][0] <= found["ratio"] <= found["ratio_range"][1]


def test_an_op_that_raises_is_reported_and_stops_nothing():
    case = gpu.OPS[0]
    found = gpu.attempt(case, gpu.compare, None, None, "cpu")
    assert not found["passed"]
    assert found["failure"].startswith("AttributeError")


def test_errors_are_relative_to_the_largest_value_and_other_shapes_never_pass():
    assert gpu.largest_error([np.float32([100, 1])], [np.float32([100, 2])]) == pytest.approx(0.01)
    assert gpu.largest_error([np.ones(2)], [np.ones(3)]) == math.inf


def test_the_geometric_mean_is_of_ratios():
    assert gpu.geometric_mean([0.5, 2.0]) == 1.0
    assert gpu.geometric_mean([]) is None


@pytest.fixture
def pretended_gpu(monkeypatch):
    """CuPy's answers about a machine with a GPU; the work is given to the CPU."""
    cupy = fake_cupy(1)
    cupy.cuda.runtime.runtimeGetVersion = cupy.cuda.runtime.driverGetVersion = lambda: 13000
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    monkeypatch.setattr(cuda, "_peaks", cuda._Peaks())
    monkeypatch.setenv("CUPY_TF32", "0")


@pytest.mark.oracle
def test_the_whole_command_writes_its_report_on_a_pretended_gpu(pretended_gpu, monkeypatch, tmp_path, capsys):
    import torch
    monkeypatch.setattr(gpu, "import_torch", lambda: torch)
    monkeypatch.setattr(gpu, "OPS", OPS[:2])
    monkeypatch.setattr(gpu, "layers", lambda batch: layers(batch)[-1:])
    monkeypatch.setattr(gpu, "run_suite", lambda folder: {"exit_code": 0, "tests": 3})
    path = tmp_path / "new" / "report.json"
    assert gpu.main(["--report", str(path), "--batch", "2", "--repeats", "2"], device="cpu") == 0
    report = json.loads(path.read_text(encoding="utf-8"))
    assert report["machine"]["gpu"] == "NVIDIA Imagined"
    assert [found["passed"] for found in report["ops"]] == [True, True]
    assert report["geometric_mean"] == report["layers"][0]["ratio"] > 0
    assert report["suite"]["tests"] == 3
    assert "ratio" in capsys.readouterr().out


@pytest.mark.oracle
def test_a_layer_that_raises_leaves_the_rest_of_the_report_and_fails_the_command(pretended_gpu, monkeypatch, tmp_path):
    import torch
    wrong = dataclasses.replace(layers(1)[-1], function="nn.functional.nothing")
    monkeypatch.setattr(gpu, "import_torch", lambda: torch)
    monkeypatch.setattr(gpu, "OPS", OPS[:1])
    monkeypatch.setattr(gpu, "layers", lambda batch: [wrong, layers(batch)[-1]])
    path = tmp_path / "report.json"
    assert gpu.main(["--report", str(path), "--batch", "2", "--repeats", "2", "--no-suite"], device="cpu") == 1
    report = json.loads(path.read_text(encoding="utf-8"))
    assert report["layers"][0]["failure"].startswith("AttributeError")
    assert report["layers"][1]["ratio"] == report["geometric_mean"]


def test_the_suite_is_run_and_its_failures_are_named(monkeypatch, tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_some.py").write_text(
        "import pytest\n@pytest.mark.gpu\ndef test_good(): assert 1\n@pytest.mark.gpu\ndef test_bad(): assert 0, 'no'\n"
        "def test_other(): assert 0\n", encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = gpu\n    intense\n", encoding="utf-8")
    monkeypatch.setattr(gpu, "ROOT", tmp_path)
    found = gpu.run_suite(tmp_path)
    assert (found["tests"], found["failures"], found["exit_code"]) == (2, 1, 1)
    assert found["failed"][0].startswith("tests.test_some.test_bad")
