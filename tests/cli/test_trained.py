"""`eval` and `predict`: what they print of a run that was trained here, and of files that do not fit."""
import json
import re

import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.cli import main
from tinygrad_cnn.cli.evaluate import by_class, percent
from tinygrad_cnn.cli.predict import likeliest

for _package in ("tqdm", "matplotlib"):
    pytest.importorskip(_package, reason="training needs the extra: pip install 'tinygrad_cnn[train]'")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a short run on the digits."""
    from tinygrad_cnn.train import TrainSettings, train
    return train(TrainSettings(epochs=3, ema=0.9), tmp_path_factory.mktemp("trained") / "run", lambda line: None).folder


def result(folder):
    return json.loads((folder / "result.json").read_text(encoding="utf-8"))


def first_percentage(text):
    return float(re.search(r"([\d.]+) %", text).group(1))


def test_eval_of_a_run_prints_its_accuracy_first(run, capsys):
    assert main(["eval", "--run", str(run)]) == 0
    shown = capsys.readouterr().out
    assert first_percentage(shown) == pytest.approx(100 * result(run)["held_out_accuracy"], abs=0.006)
    assert f"top-5 {percent(result(run)['held_out_top5'])}" in shown


def test_eval_has_a_row_for_every_class_and_the_rows_add_up(run, capsys):
    assert main(["eval", "--run", str(run)]) == 0
    rows = re.findall(r"^(\d)\s+(\d+)\s+(\d+)\s+[\d.]+ %", capsys.readouterr().out, re.MULTILINE)
    assert [row[0] for row in rows] == list("0123456789")
    assert sum(int(row[1]) for row in rows) == 355
    assert sum(int(row[2]) for row in rows) == round(355 * result(run)["held_out_accuracy"])


def test_eval_takes_weights_by_themselves(run, capsys):
    assert main(["eval", "--model", "digits_cnn", "--data", "digits", "--weights",
                 str(run / "weights.safetensors")]) == 0
    assert first_percentage(capsys.readouterr().out) == pytest.approx(100 * result(run)["held_out_accuracy"], abs=0.006)


def test_eval_takes_a_checkpoint_and_its_average(run, capsys):
    (path,) = (run / "checkpoints").glob("epoch-0003-*")
    assert main(["eval", "--model", "digits_cnn", "--weights", str(path)]) == 0
    assert first_percentage(capsys.readouterr().out) == pytest.approx(100 * result(run)["held_out_accuracy"], abs=0.006)


def test_weights_of_another_model_end_as_one_line_and_code_2(run, capsys):
    assert main(["eval", "--model", "lenet", "--weights", str(run / "weights.safetensors")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_eval_without_weights_says_what_to_give(capsys):
    assert main(["eval", "--model", "lenet"]) == 2
    assert "Give --run FOLDER, or --model NAME --weights FILE" in capsys.readouterr().err


def test_a_data_set_without_its_folder_says_what_to_give(run, capsys):
    assert main(["eval", "--run", str(run), "--data", "cifar10"]) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_predict_names_the_digit_in_a_picture_file(run, tmp_path, capsys):
    image = pytest.importorskip("PIL.Image", reason="pictures need Pillow: pip install 'tinygrad_cnn[images]'")
    digits = tg.data.Digits(train=True)
    for k in (0, 7):
        pixels = (digits.data[k][0].numpy() * 255).astype(np.uint8)
        image.fromarray(pixels).save(tmp_path / f"{k}.png")
    paths = [str(tmp_path / f"{k}.png") for k in (0, 7)]
    assert main(["predict", *paths, "--run", str(run)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if not line.startswith("  ")] == paths
    for start, k in ((1, 0), (7, 7)):
        assert lines[start].split()[0] == str(digits[k][1])
        assert len(lines[start:start + 5]) == 5


def test_predict_takes_names_of_classes_from_a_file(run, tmp_path, capsys):
    image = pytest.importorskip("PIL.Image", reason="pictures need Pillow: pip install 'tinygrad_cnn[images]'")
    image.fromarray(np.zeros((20, 30), np.uint8)).save(tmp_path / "black.png")
    (tmp_path / "names.txt").write_text("\n".join(f"数字 {k}" for k in range(10)), encoding="utf-8")
    assert main(["predict", str(tmp_path / "black.png"), "--run", str(run), "--classes",
                 str(tmp_path / "names.txt")]) == 0
    assert "  数字 " in capsys.readouterr().out


def test_a_picture_that_is_not_there_ends_as_one_line_and_code_2(run, capsys):
    assert main(["predict", "nowhere.png", "--run", str(run)]) == 2
    assert "nowhere.png" in capsys.readouterr().err


def test_the_likeliest_five_come_in_order_with_bars_as_long_as_their_chances():
    lines = list(likeliest([0.5, 0.0, 0.1, 0.2, 0.15, 0.05], list("abcdef")))
    assert [line[0] for line in lines] == list("adecf")
    assert [line.count("#") for line in lines] == [15, 6, round(4.5), 3, round(1.5)]


def test_percentages_have_as_many_decimals_as_they_need():
    assert [percent(part) for part in (0.915, 1.0, 0.12345)] == ["91.5 %", "100 %", "12.35 %"]


def test_a_class_without_images_has_no_percentage():
    lines = list(by_class(np.array([[2, 1], [0, 0]]), ["cat", "dog"]))
    assert lines[1].split() == ["cat", "3", "2", "66.67", "%", "dog", "(1)"]
    assert lines[2].split() == ["dog", "0", "0", "-"]
