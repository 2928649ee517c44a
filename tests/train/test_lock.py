"""The lock of the run folder: one process at a time, and none after a kill."""
import contextlib
import errno
import os
import pathlib
import signal
import subprocess
import sys
import time
import types

import pytest

from tinygrad_cnn.cli import main
from tinygrad_cnn.errors import TrainingError
from tinygrad_cnn.train import RunFolder, TrainSettings, lock, resume, train

from .runs import few_digits, measurements, silent, weights

ROOT = pathlib.Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
HOLD = """
import sys
from tinygrad_cnn.train.lock import locked
with locked(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def holder(folder):
    """Another process that holds the folder until it is killed, at the latest when the context is left."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], env=ENVIRONMENT, text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def small(monkeypatch):
    """280 images to train on, and no pictures."""
    monkeypatch.setattr("tinygrad_cnn.train.run.open_data", few_digits)
    monkeypatch.setattr(RunFolder, "draw", lambda *anything: None)


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_run_that_another_process_trains_is_not_resumed(small, tmp_path, capsys):
    folder = train(TrainSettings(epochs=1), tmp_path / "run", silent).folder
    with holder(folder) as other:
        before = contents(folder)
        assert main(["train", "--resume", str(folder)]) == 2
        assert contents(folder) == before
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith(f"error: train: process {other.pid} on ")
    assert f"is training in {str(folder)!r}" in line
    assert "Wait until it ends or stop it, then --resume; or begin a new run with another --out." in line


def test_files_that_another_process_is_writing_stay(small, tmp_path):
    folder = train(TrainSettings(epochs=1), tmp_path / "run", silent).folder
    part = folder / "checkpoints" / ".epoch-0001-step-000000.safetensors.0a.part"
    part.write_bytes(b"half")
    with holder(folder), pytest.raises(TrainingError):
        resume(folder, silent)
    assert part.exists()
    resume(folder, silent)
    assert not part.exists()


def test_no_run_begins_in_a_folder_that_another_process_has_just_taken(small, tmp_path):
    with holder(tmp_path), pytest.raises(TrainingError, match="another --out"):
        train(TrainSettings(epochs=1), tmp_path, silent)
    assert not (tmp_path / "config.json").exists()


def test_a_run_goes_on_at_once_after_its_process_is_killed(small, tmp_path):
    whole = train(TrainSettings(epochs=2), tmp_path / "whole", silent).folder
    folder = train(TrainSettings(epochs=2), tmp_path / "run", silent).folder
    (folder / "checkpoints" / "epoch-0002-step-000000.safetensors").unlink()
    with holder(folder) as other:
        other.kill()
        other.wait()
        assert (folder / ".lock").exists()
        resume(folder, silent)
    assert weights(folder) == weights(whole)
    assert measurements(folder) == measurements(whole)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_run_in_training_refuses_a_second_until_it_is_killed(tmp_path, capsys):
    command = [sys.executable, "-m", "tinygrad_cnn", "train", "--threads", "1"]
    folder = tmp_path / "run"
    first = subprocess.Popen([*command, "--epochs", "5000", "--out", str(folder)], env=ENVIRONMENT, cwd=tmp_path,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with first:
        deadline = time.monotonic() + 60
        while not (folder / "weights.safetensors").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert main(["train", "--resume", str(folder)]) == 2
        assert f"process {first.pid} on " in capsys.readouterr().err
        first.send_signal(signal.SIGKILL)
    second = subprocess.Popen([*command[:-2], "--resume", str(folder)], env=ENVIRONMENT, cwd=tmp_path, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8")
    with second:
        second.stdout.readline()
        assert second.stdout.readline().startswith("It goes on after epoch ")
        second.kill()


def test_the_lock_is_gone_after_a_run_and_after_one_that_failed(tmp_path):
    with lock.locked(tmp_path):
        assert (tmp_path / ".lock").exists()
    with pytest.raises(ZeroDivisionError), lock.locked(tmp_path):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_second_run_of_the_same_process_is_refused_too(tmp_path):
    with lock.locked(tmp_path), pytest.raises(TrainingError, match=f"process {os.getpid()} on"), lock.locked(tmp_path):
        pytest.fail("the lock was given twice")
    with lock.locked(tmp_path):
        assert (tmp_path / ".lock").exists()


@pytest.mark.skipif(lock.fcntl is None, reason="Windows removes no file that is open")
def test_a_lock_on_a_file_that_was_taken_away_does_not_count(tmp_path, monkeypatch):
    real, files = lock._lock, []

    def slow(file):
        got = real(file)
        files.append(file)
        if len(files) == 1:
            (tmp_path / ".lock").unlink()                   # as its last holder does between our opening and locking
        return got
    monkeypatch.setattr(lock, "_lock", slow)
    with lock.locked(tmp_path):
        assert (tmp_path / ".lock").exists()
    assert [file.closed for file in files] == [True, True]


def test_a_file_system_without_locks_is_told_and_does_not_stop_a_run(tmp_path, monkeypatch):
    def flock(file, how):
        raise OSError(errno.ENOLCK, "No locks available")
    monkeypatch.setattr(lock, "fcntl", types.SimpleNamespace(flock=flock, LOCK_EX=2, LOCK_NB=4))
    with pytest.warns(UserWarning, match="cannot be locked.*See to it that no other process trains"), \
            lock.locked(tmp_path):
        pass


class WindowsLocks:
    """A stand-in for msvcrt: locks a byte of a file, for whoever opens the file, until the same handle unlocks it."""
    LK_NBLCK, LK_UNLCK = 2, 0

    def __init__(self):
        self.held = {}

    def locking(self, handle, how, count):
        place = os.fstat(handle).st_ino, os.lseek(handle, 0, os.SEEK_CUR)
        if how == self.LK_UNLCK:
            assert self.held.pop(place) == handle
        elif place in self.held:
            raise PermissionError(errno.EACCES, "Permission denied")
        else:
            self.held[place] = handle


def test_on_windows_a_byte_past_the_text_is_locked(tmp_path, monkeypatch):
    locks = WindowsLocks()
    monkeypatch.setattr(lock, "fcntl", None)
    monkeypatch.setattr(lock, "msvcrt", locks, raising=False)
    with lock.locked(tmp_path):
        ((_, position),) = locks.held
        assert position > (tmp_path / ".lock").stat().st_size
        with pytest.raises(TrainingError, match=f"process {os.getpid()} on"), lock.locked(tmp_path):
            pytest.fail("the lock was given twice")
    assert locks.held == {}
    assert list(tmp_path.iterdir()) == []
