"""The pictures of a run: they are drawn, show what they should, and touch nothing of the user's own plots."""
import subprocess
import sys

import numpy as np
import pytest

from tinygrad_cnn.errors import MissingExtraError
from tinygrad_cnn.train import draw_confusion_matrix, draw_filters, draw_learning_curve

pytest.importorskip("matplotlib", reason="pictures need matplotlib: pip install 'tinygrad_cnn[train]'")
ROWS = [{"epoch": epoch, "train_loss": 1 / epoch, "test_loss": 1.2 / epoch, "train_accuracy": 1 - 0.3 / epoch,
         "test_accuracy": 1 - 0.4 / epoch} for epoch in range(1, 6)]


def pixels(path):
    from matplotlib.image import imread
    return imread(path)


def test_learning_curve_is_a_png_with_both_curves(tmp_path):
    draw_learning_curve(ROWS, tmp_path / "curve.png", "a title")
    image = pixels(tmp_path / "curve.png")[..., :3]
    assert image.shape[0] > 300
    for colour in ("#c44e52", "#4c72b0"):
        rgb = np.array([int(colour[i:i + 2], 16) for i in (1, 3, 5)]) / 255
        assert (np.abs(image - rgb).max(-1) < 0.02).sum() > 200, f"no curve in {colour}"


def test_learning_curve_of_a_single_epoch_is_drawn(tmp_path):
    draw_learning_curve(ROWS[:1], tmp_path / "curve.png", "one epoch")
    assert pixels(tmp_path / "curve.png").std() > 0


def test_confusion_matrix_is_blue_where_right_and_red_where_wrong(tmp_path):
    draw_confusion_matrix([[40, 3], [0, 50]], ["no", "yes"], tmp_path / "confusion.png", "a title")
    image = pixels(tmp_path / "confusion.png")[..., :3]
    red, blue = image[..., 0], image[..., 2]
    assert ((blue - red) > 0.3).sum() > 1000, "no blue cell"
    assert ((red - blue) > 0.3).sum() > 1000, "no red cell"


def test_confusion_matrix_without_mistakes_has_no_red(tmp_path):
    draw_confusion_matrix(np.diag([5, 6, 7]), ["a", "b", "c"], tmp_path / "confusion.png", "a title")
    image = pixels(tmp_path / "confusion.png")[..., :3]
    assert ((image[..., 0] - image[..., 2]) > 0.3).sum() == 0


def test_a_hundred_classes_are_drawn_without_names(tmp_path):
    names = [f"class {k}" for k in range(100)]
    draw_confusion_matrix(np.full((100, 100), 3), names, tmp_path / "confusion.png", "a title")
    assert pixels(tmp_path / "confusion.png").std() > 0


@pytest.mark.parametrize("shape", [(16, 3, 3, 3), (5, 1, 5, 5), (1, 8, 1, 1), (300, 3, 2, 2)])
def test_filters_are_drawn_for_any_number_of_channels(shape, tmp_path):
    draw_filters(np.random.default_rng(0).standard_normal(shape), tmp_path / "filters.png", "a title")
    assert pixels(tmp_path / "filters.png").std() > 0


def test_filters_of_zeros_are_grey(tmp_path):
    draw_filters(np.zeros((4, 3, 3, 3)), tmp_path / "filters.png", "")
    image = pixels(tmp_path / "filters.png")[..., :3]
    middle = image[image.shape[0] // 3, image.shape[1] // 3]
    np.testing.assert_allclose(middle, 0.5, atol=0.01)


def test_drawing_leaves_pyplot_and_the_users_backend_alone(tmp_path):
    program = ("import sys; from tinygrad_cnn.train import draw_confusion_matrix as draw; "
               f"draw([[1]], ['a'], {str(tmp_path / 'c.png')!r}, 't'); print('matplotlib.pyplot' in sys.modules)")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]


def test_without_matplotlib_the_error_says_what_to_install(tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"matplotlib is not installed.*pip install 'tinygrad_cnn\[train\]'"):
        draw_learning_curve(ROWS, tmp_path / "curve.png", "a title")
