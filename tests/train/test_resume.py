"""Going on: from any checkpoint, in the middle of an epoch or between two, to the very weights of a run left alone."""
import errno
import re
import shutil
import signal

import pytest

from tinygrad_cnn.errors import DataError, TrainingError
from tinygrad_cnn.train import RunFolder, TrainSettings, read_checkpoint, resume, train

from .runs import few_digits, measurements, silent, weights

SHORT = {"epochs": 2, "batch_size": 40, "checkpoint_every": 2, "keep": 100}           # 7 steps an epoch
CASES = {
    "adamw-onecycle": {},
    "sgd-cosine-warmup-average": dict(optimizer="sgd", nesterov=True, lr=0.05, schedule="cosine", warmup=0.5, ema=0.9),
    "rmsprop-step-clip": dict(optimizer="rmsprop", lr=1e-3, schedule="step", step_size=0.6, clip=0.5),
    "adam-multistep-crop-smooth": dict(optimizer="adam", schedule="multistep", milestones=[0.5, 1.4], warmup=0.2,
                                       augment="crop-flip", label_smoothing=0.1),
    "accumulated-read-ahead": dict(batch_size=20, accumulate=2, workers=2, augment="crop-flip", decay_all=False),
}


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """280 images to train on, and no pictures, which have tests of their own."""
    monkeypatch.setattr("tinygrad_cnn.train.run.open_data", few_digits)
    monkeypatch.setattr(RunFolder, "draw", lambda *anything: None)


def settings(**more):
    return TrainSettings.from_dict({**SHORT, **more})


def begun(folder, source, checkpoint=None):
    """A folder as a run would have left it right after one of its checkpoints."""
    (folder / "checkpoints").mkdir(parents=True)
    shutil.copy(source / "config.json", folder)
    if checkpoint is not None:
        shutil.copy(checkpoint, folder / "checkpoints")
    return folder


@pytest.mark.parametrize("case", CASES)
def test_a_run_goes_on_bit_for_bit_from_each_of_its_checkpoints(case, tmp_path):
    whole = train(settings(**CASES[case]), tmp_path / "whole", silent).folder
    paths = sorted((whole / "checkpoints").glob("epoch-*"))
    assert [path.stem[-6:] for path in paths] == ["000002", "000004", "000006", "000000"] * 2
    for path in (paths[1], paths[3], paths[4], paths[7]):
        folder = begun(tmp_path / path.stem, whole, path)
        resume(folder, silent)
        assert weights(folder) == weights(whole), path.name
        assert measurements(folder) == measurements(whole), path.name


def test_a_run_without_any_checkpoint_begins_anew(tmp_path):
    whole = train(settings(epochs=1), tmp_path / "whole", silent).folder
    folder = begun(tmp_path / "again", whole)
    resume(folder, silent)
    assert weights(folder) == weights(whole)


def test_a_damaged_checkpoint_is_left_out_and_named(tmp_path):
    whole = train(settings(), tmp_path / "whole", silent).folder
    first, *_, last = sorted((whole / "checkpoints").glob("epoch-*"))
    folder = begun(tmp_path / "again", whole, first)
    (folder / "checkpoints" / last.name).write_bytes(last.read_bytes()[:-1000])
    lines = []
    resume(folder, lines.append)
    assert lines[0].startswith(f"{last.name} is left out: ")
    assert weights(folder) == weights(whole)


def test_a_finished_run_that_is_resumed_stays_as_it_was(tmp_path):
    folder = train(settings(epochs=1), tmp_path / "run", silent).folder
    before = weights(folder), measurements(folder)
    resume(folder, silent)
    assert (weights(folder), measurements(folder)) == before


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"has no config\.json, so there is no run to go on with"):
        resume(tmp_path, silent)


def test_what_a_kill_left_half_written_is_cleared_away(tmp_path):
    folder = train(settings(epochs=1), tmp_path / "run", silent).folder
    left = [folder / ".metrics.csv.0a1b.part", folder / "checkpoints" / ".epoch-0001-step-000000.safetensors.0a.part"]
    for path in left:
        path.write_bytes(b"half")
    resume(folder, silent)
    assert not any(path.exists() for path in left)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_says_how_to_go_on(number, tmp_path, monkeypatch):
    whole = train(settings(), tmp_path / "whole", silent).folder
    lines, steps = [], []

    def show(bar, tally):
        steps.append(tally.images)
        if len(steps) == 10:
            signal.raise_signal(number)
    with monkeypatch.context() as patch:
        patch.setattr("tinygrad_cnn.train.progress.Progress.show", show)
        outcome = train(settings(checkpoint_every=None), tmp_path / "run", lines.append)
    assert outcome.signal == number
    name = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}[number]
    assert f"Stopped by {name} in epoch 2 of 2, after 120 of its 280 images." in lines
    assert f"Go on with: python -m tinygrad_cnn train --resume {tmp_path / 'run'}" in lines
    assert len(measurements(tmp_path / "run")) == 2
    assert resume(tmp_path / "run", silent).signal is None
    assert weights(tmp_path / "run") == weights(whole)
    assert measurements(tmp_path / "run") == measurements(whole)


def test_a_full_disk_stops_with_the_last_checkpoint_intact(tmp_path, monkeypatch):
    from tinygrad_cnn.train import checkpoints
    whole = train(settings(), tmp_path / "whole", silent).folder
    real, calls = checkpoints.save, []

    def filling(content, path):
        calls.append(path)
        if len(calls) > 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(content, path)
    told = (r"No space left on device while writing to .*The last good checkpoint is .*epoch-0000-step-000004"
            r"\.safetensors; go on from it with --resume")
    with monkeypatch.context() as patch, pytest.raises(TrainingError, match=told):
        patch.setattr(checkpoints, "save", filling)
        train(settings(), tmp_path / "run", silent)
    resume(tmp_path / "run", silent)
    assert weights(tmp_path / "run") == weights(whole)


def test_a_loss_that_is_no_number_stops_with_the_last_checkpoint_intact(tmp_path):
    wild = settings(optimizer="sgd", lr=0.05, schedule="multistep", milestones=[1], gamma=1e30, checkpoint_every=None)
    with pytest.raises(TrainingError, match=r"in epoch 2\. Use a smaller learning rate than 0\.05, or --clip 1\. The "
                                            r"last good checkpoint is .*epoch-0001-step-000000"):
        train(wild, tmp_path / "run", silent)
    (path,) = (tmp_path / "run" / "checkpoints").glob("epoch-*")
    tensors, record = read_checkpoint(path)
    assert record["epoch"] == 1
    assert all(bool(value.isfinite().all()) for value in tensors.values())


def test_the_last_k_checkpoints_and_the_best_are_kept(tmp_path):
    folder = train(settings(epochs=5, checkpoint_every=None, keep=2), tmp_path / "run", silent).folder
    names = {path.name for path in (folder / "checkpoints").iterdir()}
    assert names == {"epoch-0004-step-000000.safetensors", "epoch-0005-step-000000.safetensors", "best.safetensors"}
    rows = measurements(folder)
    best = max(rows, key=lambda row: float(row["test_accuracy"]))
    _, record = read_checkpoint(folder / "checkpoints" / "best.safetensors")
    assert record["rows"][-1]["epoch"] == int(best["epoch"])


def test_config_is_written_back_with_every_setting(tmp_path):
    from tinygrad_cnn.train.run_folder import read_config
    folder = train(settings(epochs=1, lr=2e-3), tmp_path / "run", silent).folder
    assert TrainSettings.from_dict(read_config(folder / "config.json")) == settings(epochs=1, lr=2e-3)


def test_the_line_of_a_resumed_run_says_where_it_goes_on(tmp_path):
    whole = train(settings(), tmp_path / "whole", silent).folder
    folder = begun(tmp_path / "again", whole, whole / "checkpoints" / "epoch-0001-step-000004.safetensors")
    lines = []
    resume(folder, lines.append)
    assert "It goes on after epoch 1 of 2 and 4 of 7 steps." in lines
    assert sum(bool(re.match("epoch", line)) for line in lines) == 1


def test_a_run_never_begins_in_the_folder_of_another(tmp_path):
    train(settings(epochs=1), tmp_path / "run", silent)
    with pytest.raises(ValueError, match=r"is not empty.*--resume"):
        RunFolder(tmp_path / "run")
