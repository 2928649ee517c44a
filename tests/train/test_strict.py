"""A run on the strict device: nothing moves by itself, and a checkpoint brings everything back."""
import pytest

import tinygrad_cnn as tg
from tests.strict import strict_device
from tinygrad_cnn.train import Checkpoints, Run, TrainSettings, read_checkpoint

from .runs import few_digits


def open_device(name):
    return strict_device() if name == "strict" else tg.device(name)


def a_run(name, monkeypatch):
    """A run with an average, clipping and accumulation, on that device."""
    monkeypatch.setattr("tinygrad_cnn.train.run.open_data", few_digits)
    return Run(TrainSettings(device=str(open_device(name)), batch_size=40, accumulate=2, ema=0.9, clip=1.0,
                             augment="crop-flip", label_smoothing=0.1, epochs=2))


@pytest.mark.parametrize("name", ["strict", pytest.param("cuda", marks=pytest.mark.gpu)])
def test_a_run_trains_tests_and_goes_on_from_its_checkpoint(name, monkeypatch, tmp_path):
    run = a_run(name, monkeypatch)
    assert run.train(lambda run: run.step == 3) is False
    path = Checkpoints(tmp_path).write(run.epoch, run.step, *run.state())
    assert run.train(lambda run: False) is True
    row = run.row(run.test())
    again = a_run(name, monkeypatch)
    again.load_state(*read_checkpoint(path))
    again.train(lambda run: False)
    assert again.row(again.test())["train_loss"] == pytest.approx(row["train_loss"], rel=1e-4)
    assert row["images"] == 280
    again.require_finite()
