"""A run killed with SIGKILL at random moments, and resumed each time, ends with the weights of a run left alone."""
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

import pytest

from tinygrad_cnn.train import read_checkpoint

from .runs import measurements, weights

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
ROOT = pathlib.Path(__file__).resolve().parents[2]
OPTIONS = ["--batch-size", "128", "--checkpoint-every", "3", "--ema", "0.9", "--augment", "crop-flip", "--threads", "1"]


def begin(folder, epochs):
    """The command that begins the run, or goes on with it where it was begun."""
    begun = (folder / "config.json").is_file()
    more = ["--resume", folder] if begun else [*OPTIONS, "--epochs", epochs, "--out", folder]
    return subprocess.Popen([sys.executable, "-m", "tinygrad_cnn", "train", *map(str, more)], cwd=folder.parent,
                            env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, encoding="utf-8")


def finish(folder, epochs):
    process = begin(folder, epochs)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors


def kill_at_random_moments(folder, epochs, kills, moments):
    """Begin and kill `kills` times; after each, read every checkpoint there is."""
    killed = 0
    while killed < kills:
        process = begin(folder, epochs)
        time.sleep(moments.uniform(0.2, 2.0))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        killed += process.returncode == -signal.SIGKILL
        for path in (folder / "checkpoints").glob("*.safetensors"):
            tensors, record = read_checkpoint(path)
            assert {"epoch", "step", "random"} <= set(record)
            assert len(tensors) > 10


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_a_run_killed_again_and_again_ends_with_the_weights_of_one_left_alone(kills, tmp_path):
    epochs = 2 if kills < 10 else 6
    finish(tmp_path / "whole", epochs)
    kill_at_random_moments(tmp_path / "killed", epochs, kills, random.Random(kills))
    finish(tmp_path / "killed", epochs)
    assert weights(tmp_path / "killed") == weights(tmp_path / "whole")
    assert measurements(tmp_path / "killed") == measurements(tmp_path / "whole")


def test_a_file_that_cannot_be_written_stops_with_one_line(tmp_path):
    """A limit on the size of files stands for a full disk: the system itself refuses the bytes."""
    program = ("import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000)); "
               "from tinygrad_cnn.cli import main; sys.exit(main(['train', '--epochs', '1', '--out', 'run']))")
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True,
                          encoding="utf-8", env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=120)
    assert done.returncode == 2
    (line,) = [line for line in done.stderr.splitlines() if "error: " in line]
    assert "File too large while writing to 'run'. No checkpoint had been written." in line
    assert list((tmp_path / "run" / "checkpoints").iterdir()) == []
