"""`models`, `data` and `summary`: lists that say what there is."""
import os
import pathlib
import subprocess
import sys

import pytest

from tinygrad_cnn.cli import main
from tinygrad_cnn.nn.models import list_models

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_models_lists_every_name_with_its_parameters(capsys):
    assert main(["models"]) == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    assert [line.split()[0] for line in lines] == list_models()
    assert "resnet20                  269,722  3x32x32" in lines
    assert "alexnet                61,100,840  3x224x224" in lines


def test_models_can_be_asked_for_by_a_pattern(capsys):
    assert main(["models", "lenet*"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["model", "lenet", "lenet5"]


def test_data_lists_every_set_that_train_takes(capsys):
    from tinygrad_cnn.train.settings import DATA
    assert main(["data"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(DATA)


def test_data_looks_into_a_set(capsys):
    assert main(["data", "digits"]) == 0
    shown = capsys.readouterr().out
    assert "1442 images, 1x8x8 as the model gets them, 10 classes" in shown
    assert "355 images" in shown


def test_data_that_is_not_there_says_where_to_get_it(tmp_path, capsys):
    assert main(["data", "mnist", "--data-dir", str(tmp_path)]) == 2
    assert "train-images-idx3-ubyte" in capsys.readouterr().err


def test_summary_has_the_total_of_the_parameters(capsys):
    assert main(["summary", "lenet", "--lang", "en"]) == 0
    assert "62,958" in capsys.readouterr().out


def test_summary_refuses_a_shape_that_is_none(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["summary", "lenet", "--shape", "3,32"])
    assert stop.value.code == 2
    assert "invalid shape value: '3,32'" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no head")
def test_a_reader_that_has_seen_enough_is_no_error():
    done = subprocess.run(f"{sys.executable} -m tinygrad_cnn data digits | head -n 1", shell=True, capture_output=True,
                          text=True, timeout=60, cwd=ROOT)
    assert done.stderr == ""
    assert done.stdout.startswith("Training images")
