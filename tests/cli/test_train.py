"""`python -m tinygrad_cnn train`, run as a user runs it: what it prints, what it leaves, and how it ends."""
import csv
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.cli import main

for _package in ("tqdm", "matplotlib"):
    pytest.importorskip(_package, reason="training needs the extra: pip install 'tinygrad_cnn[train]'")

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = {"config.json", "metrics.csv", "weights.safetensors", "learning_curve.png", "confusion_matrix.png",
         "filters.png", "result.json", "checkpoints"}


def command(*arguments):
    return [sys.executable, "-m", "tinygrad_cnn", *map(str, arguments)]


def environment(**extra):
    return {**os.environ, "PYTHONPATH": str(ROOT), **extra}


def rows_of(folder):
    with open(folder / "metrics.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def short_run(tmp_path_factory):
    """Two epochs as a user would run them: (folder, the finished process)."""
    folder = tmp_path_factory.mktemp("train") / "run"
    done = subprocess.run(command("train", "--epochs", 2, "--out", folder), capture_output=True, text=True,
                          encoding="utf-8", env=environment(), cwd=folder.parent, timeout=120)
    assert done.returncode == 0, done.stderr
    return folder, done


def test_the_folder_holds_every_file_and_no_other(short_run):
    folder, _ = short_run
    assert {path.name for path in folder.iterdir()} == FILES


def test_the_pictures_are_pngs(short_run):
    folder, _ = short_run
    for name in ("learning_curve.png", "confusion_matrix.png", "filters.png"):
        assert (folder / name).read_bytes().startswith(b"\x89PNG\r\n")


def test_there_is_a_line_and_a_row_for_every_epoch(short_run):
    folder, done = short_run
    assert re.findall(r"^epoch (\d)/2 .*loss.*accuracy.*images/s$", done.stdout, re.MULTILINE) == ["1", "2"]
    assert [row["epoch"] for row in rows_of(folder)] == ["1", "2"]


def test_the_bar_shows_loss_accuracy_and_images_per_second(short_run):
    _, done = short_run
    assert re.search(r"epoch 1/2:.*images/s, loss \d\.\d+, accuracy \d+\.\d%", done.stderr)


def test_the_end_says_accuracy_and_where_things_lie(short_run):
    folder, done = short_run
    shown = float(re.search(r"Accuracy on the held-out images: ([\d.]+) %", done.stdout).group(1))
    assert shown == pytest.approx(100 * float(rows_of(folder)[-1]["test_accuracy"]), abs=0.005)
    for name in (str(folder), *FILES):
        assert name in done.stdout


def test_the_weights_give_the_accuracy_that_was_printed(short_run):
    folder, _ = short_run
    model = tg.nn.models.DigitsCNN()
    model.load_state_dict(tg.load(folder / "weights.safetensors"))
    model.eval()
    loader = tg.data.DataLoader(tg.data.Digits(train=False), 512)
    with tg.no_grad():
        right = np.concatenate([(model(images).argmax(1) == labels).numpy() for images, labels in loader])
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    assert right.mean() == pytest.approx(result["held_out_accuracy"])


def test_the_config_says_what_was_asked_for(short_run):
    folder, _ = short_run
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert config["settings"]["epochs"] == 2
    assert config["versions"]["numpy"] == np.__version__


def test_the_same_seed_gives_the_same_weights(short_run, tmp_path, capsys):
    folder, _ = short_run
    assert main(["train", "--epochs", "2", "--out", str(tmp_path / "again")]) == 0
    first, second = (tg.load(path / "weights.safetensors") for path in (folder, tmp_path / "again"))
    assert all((first[name] == second[name]).all() for name in first)


def test_another_seed_gives_other_weights(short_run, tmp_path, capsys):
    folder, _ = short_run
    assert main(["train", "--epochs", "2", "--seed", "1", "--out", str(tmp_path / "other")]) == 0
    first, second = (tg.load(path / "weights.safetensors") for path in (folder, tmp_path / "other"))
    assert any((first[name] != second[name]).any() for name in first)


def test_a_folder_with_something_in_it_ends_as_one_line_and_code_2(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_bytes(b"")
    assert main(["train", "--out", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert "never overwrites" in error
    assert os.listdir(tmp_path) == ["thesis.txt"]


def test_a_missing_package_is_named_before_anything_is_made(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert main(["train", "--out", str(tmp_path / "run")]) == 2
    assert "tqdm not installed. Run: pip install 'tinygrad_cnn[train]'" in capsys.readouterr().err
    assert os.listdir(tmp_path) == []


def test_an_unknown_device_ends_as_one_line_and_code_2(tmp_path, capsys):
    assert main(["train", "--device", "abacus", "--out", str(tmp_path / "run")]) == 2
    assert "abacus" in capsys.readouterr().err
    assert os.listdir(tmp_path) == []


def test_a_loss_that_is_not_finite_stops_and_names_the_learning_rate(tmp_path, capsys):
    assert main(["train", "--epochs", "1", "--lr", "1e30", "--out", str(tmp_path / "run")]) == 2
    assert re.search(r"error: train: the loss is (nan|inf) in epoch 1\. Use a smaller learning rate than 1e\+30",
                     capsys.readouterr().err)


@pytest.mark.parametrize("arguments", [["--epochs", "0"], ["--batch-size", "x"], ["--lr", "-1"], ["--lr", "nan"]])
def test_an_option_outside_its_range_is_refused_by_the_parser(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["train", *arguments])
    assert stop.value.code == 2
    assert arguments[0] in capsys.readouterr().err


def test_a_runs_config_makes_the_same_run_again(short_run, tmp_path, capsys):
    folder, _ = short_run
    assert main(["train", "--config", str(folder / "config.json"), "--out", str(tmp_path / "again")]) == 0
    first, second = (tg.load(path / "weights.safetensors") for path in (folder, tmp_path / "again"))
    assert all((first[name] == second[name]).all() for name in first)
    configs = [json.loads((path / "config.json").read_text(encoding="utf-8")) for path in (folder, tmp_path / "again")]
    assert configs[0] == configs[1]


def test_an_option_comes_before_the_config(tmp_path, capsys):
    (tmp_path / "config.json").write_text('{"epochs": 3, "batch_size": 700}', encoding="utf-8")
    assert main(["train", "--config", str(tmp_path / "config.json"), "--epochs", "1", "--out",
                 str(tmp_path / "run")]) == 0
    settings = json.loads((tmp_path / "run" / "config.json").read_text(encoding="utf-8"))["settings"]
    assert (settings["epochs"], settings["batch_size"]) == (1, 700)


def test_an_unknown_name_in_a_config_is_refused_by_name(tmp_path, capsys):
    (tmp_path / "config.json").write_text('{"epoch": 3}', encoding="utf-8")
    assert main(["train", "--config", str(tmp_path / "config.json"), "--out", str(tmp_path / "run")]) == 2
    assert "'epoch' is no setting. Use model, data, " in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_resume_takes_no_other_option(short_run, capsys):
    folder, _ = short_run
    assert main(["train", "--resume", str(folder), "--epochs", "9"]) == 2
    assert "but --epochs is given too" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_ctrl_c_leaves_a_whole_folder_and_code_130(tmp_path):
    folder = tmp_path / "run"
    process = subprocess.Popen(command("train", "--epochs", 5000, "--out", folder), stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, encoding="utf-8", env=environment(), cwd=tmp_path)
    deadline = time.monotonic() + 60
    while not (folder / "weights.safetensors").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert re.search(r"Stopped by Ctrl-C in epoch \d+ of 5000", output)
    assert "Traceback" not in errors
    assert {path.name for path in folder.iterdir()} == FILES
    assert json.loads((folder / "result.json").read_text(encoding="utf-8"))["interrupted"] is True
    assert tg.load(folder / "weights.safetensors").keys() == tg.nn.models.DigitsCNN().state_dict().keys()


def test_a_console_without_utf_8_does_not_stop_the_run(tmp_path):
    done = subprocess.run(command("train", "--epochs", 1, "--out", tmp_path / "手写"), capture_output=True,
                          env=environment(PYTHONIOENCODING="ascii"), cwd=tmp_path, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_the_main_job_reaches_98_percent(seed, tmp_path, capsys):
    assert main(["train", "--seed", str(seed), "--out", str(tmp_path / "run")]) == 0
    result = json.loads((tmp_path / "run" / "result.json").read_text(encoding="utf-8"))
    assert result["held_out_accuracy"] >= 0.98
