"""Settings: every bound is held, unknown names are refused by name, and JSON gives back what was written."""
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_cnn.errors import ArgumentError, DataError
from tinygrad_cnn.train import TrainSettings
from tinygrad_cnn.train.run_folder import read_config

numbers = st.floats(1e-6, 0.9)


@given(st.fixed_dictionaries({}, optional={
    "epochs": st.integers(1, 500), "lr": numbers, "seed": st.integers(), "optimizer": st.sampled_from(["sgd", "adam"]),
    "clip": st.none() | numbers, "ema": numbers, "decay_all": st.booleans(), "data_dir": st.none() | st.text(),
    "milestones": st.none() | st.lists(st.floats(1, 50), max_size=4)}))
def test_settings_come_back_from_json_as_they_were(entries):
    settings = TrainSettings.from_dict(entries)
    assert TrainSettings.from_dict(json.loads(json.dumps(settings.as_dict()))) == settings


def test_an_unknown_name_is_refused_by_name():
    with pytest.raises(ArgumentError, match=r"settings: 'learning_rate' is no setting\. Use model, data, "):
        TrainSettings.from_dict({"learning_rate": 0.1})


@pytest.mark.parametrize("name, value, told", [
    ("epochs", 0, "must be at least 1"), ("epochs", 2.5, "must be an integer"), ("epochs", True, "must be an integer"),
    ("lr", 0, "must be above 0"), ("lr", float("nan"), "must be above 0"), ("lr", "0.1", "must be a number"),
    ("momentum", 1.0, "at least 0 and below 1"), ("optimizer", "adagrad", "one of sgd, adam, adamw, rmsprop"),
    ("nesterov", "yes", "must be true or false"), ("data", "cifar11", "one of digits, mnist"),
    ("milestones", 3, "must be a list of epochs"), ("milestones", [0], "must be above 0"),
    ("model", None, "must be a text"), ("ema", -0.1, "at least 0"),
])
def test_a_value_out_of_bounds_is_refused_with_its_name_and_the_bound(name, value, told):
    with pytest.raises(ArgumentError, match=f"settings: {name} is .*{told}"):
        TrainSettings.from_dict({name: value})


@pytest.mark.parametrize("entries, told", [
    ({"nesterov": True}, "nesterov is for sgd"),
    ({"nesterov": True, "optimizer": "sgd", "momentum": 0.0}, "nesterov is for sgd with a momentum"),
    ({"schedule": "multistep"}, "Give --milestones"),
    ({"warmup": 20.0}, "warmup is 20.0 epochs of 20"),
])
def test_settings_that_contradict_each_other_are_refused(entries, told):
    with pytest.raises(ArgumentError, match=told):
        TrainSettings.from_dict(entries)


def test_a_config_may_be_a_whole_run_s_or_settings_alone(tmp_path):
    for content in ({"settings": {"epochs": 3}, "versions": {}}, {"epochs": 3}):
        (tmp_path / "config.json").write_text(json.dumps(content), encoding="utf-8")
        assert read_config(tmp_path / "config.json") == {"epochs": 3}


@pytest.mark.parametrize("text, told", [("{", "is no JSON"), ("[1]", "holds a list")])
def test_a_config_that_holds_no_settings_is_refused(text, told, tmp_path):
    (tmp_path / "config.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=told):
        read_config(tmp_path / "config.json")
