"""`python -m tinygrad_cnn doctor` says what is there, and for what is not, what to install."""
import sys

import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.cli import doctor, main


def test_the_report_has_every_section_and_the_versions(capsys):
    assert main(["doctor"]) == 0
    report = capsys.readouterr().out
    for wanted in ("Versions", "BLAS", "Devices", "Extras", np.__version__, tg.__version__, "cpu", "threads"):
        assert wanted in report


def test_a_missing_package_is_named_with_its_extra(monkeypatch):
    monkeypatch.setattr(doctor, "_version", lambda name: None if name == "matplotlib" else "1.0")
    (line,) = [line for line in doctor.extras() if "matplotlib" in line]
    assert "matplotlib missing" in line
    assert "pip install 'tinygrad_cnn[train]'" in line


def test_without_cupy_the_report_says_so_and_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    (line,) = [line for line in doctor.devices() if line.startswith("cuda")]
    assert "CuPy is not installed" in line
    assert "pip install 'tinygrad_cnn[cuda13]'" in line


@pytest.mark.gpu
def test_a_gpu_is_named():
    lines = list(doctor.devices())
    assert any(line.startswith("cuda:0") and "GiB" in line for line in lines)
