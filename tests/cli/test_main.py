"""The front door: help, versions, unknown commands."""
import subprocess
import sys

import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.cli import main


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    shown = capsys.readouterr().out
    assert "train" in shown
    assert "doctor" in shown


def test_version_is_the_packages(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.split() == ["tinygrad_cnn", tg.__version__]


def test_no_command_is_a_mistake(capsys):
    with pytest.raises(SystemExit) as stop:
        main([])
    assert stop.value.code == 2


def test_an_error_of_ours_is_one_line_without_a_traceback(capsys, monkeypatch):
    def fail(arguments):
        raise tg.errors.DataError("first\nsecond")
    monkeypatch.setattr("tinygrad_cnn.cli.doctor.run", fail)
    assert main(["doctor"]) == 2
    assert capsys.readouterr().err == "error: first second\n"


def test_ctrl_c_anywhere_ends_with_code_130(capsys, monkeypatch):
    def interrupt(arguments):
        raise KeyboardInterrupt
    monkeypatch.setattr("tinygrad_cnn.cli.doctor.run", interrupt)
    assert main(["doctor"]) == 130


def test_the_command_line_is_there_as_a_module():
    done = subprocess.run([sys.executable, "-m", "tinygrad_cnn", "--version"], capture_output=True, text=True,
                          check=True)
    assert done.stdout.startswith("tinygrad_cnn ")
