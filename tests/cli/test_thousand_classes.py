"""`eval` and `predict` with weights for ImageNet's 1,000 classes, as one downloads them, and one's own few folders."""
import re

import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.cli import main

pytest.importorskip("PIL", reason="pictures need Pillow: pip install 'tinygrad_cnn[images]'")
CAT, DOG = 700, 5
MODELS = {"resnet18": ("fc", 32), "alexnet": ("classifier.6", 64)}


def state_of(model):
    """Random weights of 1,000 classes whose answer is always the class DOG."""
    tg.manual_seed(0)
    state = tg.nn.models.get_model(model).state_dict()
    last, _ = MODELS[model]
    state[f"{last}.weight"].zero_()
    state[f"{last}.bias"].zero_()[DOG] = 5.0
    return state


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Weights of resnet18, val/ with cat and dog of three pictures each, and the names of 1,000 classes."""
    from PIL import Image
    root = tmp_path_factory.mktemp("thousand")
    tg.save(state_of("resnet18"), root / "resnet18.safetensors")
    pixels = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (root / "val" / name).mkdir(parents=True)
        for k in range(3):
            Image.fromarray(pixels.integers(0, 256, (40, 50, 3), np.uint8)).save(root / "val" / name / f"{k}.jpg")
    names = [{CAT: "cat", DOG: "dog"}.get(k, f"thing {k}") for k in range(1000)]
    (root / "names.txt").write_text("\n".join(names), encoding="utf-8")
    (root / "others.txt").write_text("\n".join(f"thing {k}" for k in range(1000)), encoding="utf-8")
    return root


def words(place, *more, model="resnet18", weights="resnet18.safetensors"):
    return ["--model", model, "--weights", str(place / weights), "--image-size", str(MODELS[model][1]),
            *map(str, more)]


def eval_folder(place, *more):
    return main(["eval", *words(place, "--data", "imagefolder", "--data-dir", place, *more)])


def test_folders_are_matched_with_the_models_classes_by_name(place, capsys):
    assert eval_folder(place, "--classes", place / "names.txt") == 0
    shown = capsys.readouterr().out
    assert "resnet18 on imagefolder: top-1 50 % (3 of 6 right)" in shown
    assert re.search(r"^dog +3 +3 +100\.00 %$", shown, re.MULTILINE)
    assert re.search(r"^cat +3 +0 +0\.00 %  dog \(3\)$", shown, re.MULTILINE)


def test_the_table_leaves_out_the_many_classes_without_images(place, capsys):
    assert eval_folder(place, "--classes", place / "names.txt") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert lines[-1] == "998 other classes of the model have no images."


def test_folders_that_are_no_class_of_the_model_are_refused(place, capsys):
    assert eval_folder(place, "--classes", place / "others.txt") == 2
    error = capsys.readouterr().err
    assert "2 of the data set's 2 (cat, dog) are none of the 1000 of the model (thing 0, " in error
    assert "so a right answer cannot be told. Give --classes FILE with the names of the model's classes" in error


def test_a_thousand_classes_and_two_folders_want_a_file_of_names(place, capsys):
    assert eval_folder(place) == 2
    assert ("resnet18.safetensors' holds the weights of a model of 1000 classes, but imagefolder has 2. Give --classes "
            "FILE with the names of all 1000, one a line in the order of their numbers.") in capsys.readouterr().err


def test_a_thousand_classes_and_a_data_set_of_ten_are_refused(place, capsys):
    assert main(["eval", *words(place, "--data", "cifar10", "--data-dir", place)]) == 2
    assert "of 1000 classes, but cifar10 has 10." in capsys.readouterr().err


def test_a_file_with_too_few_names_is_refused_with_both_numbers(place, tmp_path, capsys):
    (tmp_path / "names.txt").write_text("cat\ndog\n", encoding="utf-8")
    assert eval_folder(place, "--classes", tmp_path / "names.txt") == 2
    assert re.search(r"of 1000 classes, but '.*names\.txt' names 2\.", capsys.readouterr().err)


def test_predict_numbers_the_classes_where_nobody_knows_their_names(place, capsys):
    assert main(["predict", str(place / "val/cat/0.jpg"), *words(place)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[:2] == ["class", str(DOG)]
    assert lines[1].endswith(f"{100 * np.exp(5) / (999 + np.exp(5)):6.2f} %")


def test_predict_takes_the_names_of_a_file(place, capsys):
    assert main(["predict", str(place / "val/cat/0.jpg"), *words(place, "--classes", place / "names.txt")]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[0] == "dog"


def test_a_model_of_coloured_pictures_on_the_grey_digits_says_what_to_choose(place, capsys):
    run = ["eval", "--model", "alexnet", "--weights", str(place / "resnet18.safetensors"), "--data", "digits"]
    assert main(run) == 2
    assert "Choose other data (--data) or another model" in capsys.readouterr().err


def test_other_names_for_the_folders_are_taken_in_their_order_and_it_is_said(tmp_path, place, capsys):
    model = tg.nn.models.get_model("resnet20", num_classes=2)
    tg.save(model.state_dict(), tmp_path / "two.npz")
    (tmp_path / "names.txt").write_text("猫\n狗\n", encoding="utf-8")
    assert main(["eval", "--model", "resnet20", "--weights", str(tmp_path / "two.npz"), "--data", "imagefolder",
                 "--data-dir", str(place), "--classes", str(tmp_path / "names.txt")]) == 0
    shown = capsys.readouterr().out
    assert "is one of the data set's: they are taken in its order, 猫 for cat and so on." in shown
    assert re.search(r"^猫 +3 ", shown, re.MULTILINE)


@pytest.mark.oracle
@pytest.mark.parametrize("model", MODELS)
def test_a_file_that_pytorch_wrote_gives_its_answer(model, place, tmp_path, capsys):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle: pip install torch==2.13.0")
    state = {key: torch.from_numpy(value.numpy()) for key, value in state_of(model).items()}
    torch.save(state, tmp_path / "weights.pth")
    options = words(tmp_path, "--classes", place / "names.txt", model=model, weights="weights.pth")
    assert main(["predict", str(place / "val/dog/1.jpg"), *options]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[0] == "dog"


@pytest.mark.parametrize("model, parameters", [("resnet18", "11,689,512"), ("alexnet", "61,100,840")])
def test_summary_counts_the_parameters_of_the_published_weights(model, parameters, capsys):
    assert main(["summary", model, "--lang", "en"]) == 0
    assert f"parameters {parameters} " in capsys.readouterr().out
