"""The run folder: nothing is overwritten, and every file is whole after every write."""
import csv
import json

import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.train import RunFolder


def test_a_folder_with_something_in_it_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_bytes(b"")
    with pytest.raises(ArgumentError, match=r"is not empty.*never overwrites.*--out"):
        RunFolder(tmp_path)


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_bytes(b"")
    with pytest.raises(ArgumentError, match="never overwrites"):
        RunFolder(tmp_path / "thesis.txt")


def test_an_empty_folder_and_a_new_one_are_taken(tmp_path):
    assert RunFolder(tmp_path).path == tmp_path
    assert RunFolder(tmp_path / "a" / "b").path.is_dir()


def test_two_runs_in_one_second_get_two_folders(tmp_path, monkeypatch):
    monkeypatch.setattr("time.strftime", lambda form: "20250131-235959")
    names = [RunFolder.stamped("digits", tmp_path).path.name for _ in range(3)]
    assert names == ["digits-20250131-235959", "digits-20250131-235959-2", "digits-20250131-235959-3"]


def test_metrics_hold_a_row_for_every_epoch_so_far(tmp_path):
    folder = RunFolder(tmp_path / "run")
    written = []
    for epoch in (1, 2, 3):
        written.append({"epoch": epoch, "loss": 1 / epoch})
        folder.write_rows(written)
        with open(tmp_path / "run" / "metrics.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert [float(row["epoch"]) for row in rows] == list(range(1, epoch + 1))
    assert float(rows[2]["loss"]) == 1 / 3


def test_weights_go_back_into_the_model(tmp_path):
    model, other = tg.nn.Linear(2, 2), tg.nn.Linear(2, 2)
    folder = RunFolder(tmp_path / "run")
    folder.write_weights(model)
    other.load_state_dict(tg.load(folder.path / "weights.safetensors"))
    assert other.weight.tolist() == model.weight.tolist()


def test_config_is_json_and_keeps_other_alphabets_readable(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.write_config({"note": "手写数字", "lr": 0.1})
    text = (folder.path / "config.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"note": "手写数字", "lr": 0.1}
    assert "手写数字" in text
