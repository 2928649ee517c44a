"""Labels mean the model's class of the same name, in training and in tests; what cannot be matched is refused."""
import numpy as np
import pytest

from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.train import Run, TrainSettings
from tinygrad_cnn.train.labels import label_numbers
from tinygrad_cnn.train.sources import class_names


def folder(root, **halves):
    """train=["cat", ...], val=[...]: root with a picture of each class."""
    image = pytest.importorskip("PIL.Image", reason="pictures need Pillow: pip install 'tinygrad_cnn[images]'")
    for half, names in halves.items():
        for name in names:
            (root / half / name).mkdir(parents=True)
            image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(root / half / name / "0.png")
    return TrainSettings(model="resnet20", data="imagefolder", data_dir=str(root), image_size=8)


def test_the_same_names_need_no_new_numbers():
    assert label_numbers(("cat", "dog"), ["cat", "dog"], "") is None


def test_classes_are_found_by_name():
    assert label_numbers(["a", "c"], ["c", "b", "a"], "").tolist() == [2, 0]


def test_a_class_that_the_model_has_not_is_refused():
    with pytest.raises(ArgumentError, match=r"1 of the data set's 2 \(dog\) are none of the 3 of the model \(cat, cow, "
                                            r"hen\), so a right answer cannot be told\. Cure\."):
        label_numbers(["cat", "dog"], ["cat", "cow", "hen"], "Cure.")


def test_a_name_that_two_classes_of_the_model_have_is_refused():
    with pytest.raises(ArgumentError, match="more than one called crane"):
        label_numbers(["crane"], ["crane", "lorry", "crane"], "")


def test_other_names_for_the_same_classes_are_taken_in_order_only_if_none_is_the_same():
    assert label_numbers(["cat", "dog"], ["猫", "狗"], "", renamed=True) is None
    for names in (["dog", "狗"], ["猫"], ["猫", "狗", "鸟"]):
        with pytest.raises(ArgumentError, match="cannot be told"):
            label_numbers(["cat", "dog"], names, "", renamed=True)


def test_held_out_folders_that_lack_a_class_keep_the_numbers_of_the_training_folders(tmp_path):
    settings = folder(tmp_path, train=["bird", "cat", "dog"], val=["cat", "dog"])
    assert class_names(settings) == ["bird", "cat", "dog"]
    assert Run(settings).test().targets.tolist() == [1, 2]


def test_a_held_out_folder_that_was_never_trained_on_is_refused_before_anything_is_done(tmp_path):
    with pytest.raises(ArgumentError, match=r"\(wolf\) are none of the 1 of the model \(cat\).*Give the held-out half "
                                            "no class that the training half has not"):
        Run(folder(tmp_path, train=["cat"], val=["cat", "wolf"]))
