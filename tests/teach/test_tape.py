"""The tape's JSON form: complete, strict, checked when it is read, and safe to put into a page."""
import copy
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.teach.golden_cases import CASES, text_of
from tinygrad_cnn.errors import ArgumentError, DataError
from tinygrad_cnn.teach.tape import EVENTS, tape_from_json
from tinygrad_cnn.teach.values import Value


def recorded(name="x"):
    """A small tape whose leaf has a name of one's choice."""
    x = tg.tensor([1.0, -1.0], requires_grad=True)
    with tg.teach.record(names={name: x}) as tape:
        (x.log() * x).sum().backward()
    return tape


FORM = json.loads(recorded().to_json())


@pytest.mark.parametrize("name", list(CASES))
def test_a_tape_survives_its_json_form(name):
    tape = CASES[name]()[0]
    again = tape_from_json(json.loads(tape.to_json()))
    assert again.to_json() == tape.to_json()
    assert again.events == tape.events
    assert again.tensors == tape.tensors


def test_a_tape_survives_its_file(tmp_path):
    tape = recorded()
    tape.save(tmp_path / "tape.json")
    assert tg.teach.load_tape(tmp_path / "tape.json").to_json() == tape.to_json()
    assert [path.name for path in tmp_path.iterdir()] == ["tape.json"]


def test_a_save_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    tape = recorded()
    tape.save(tmp_path / "tape.json")
    before = (tmp_path / "tape.json").read_text(encoding="utf-8")
    monkeypatch.setattr("os.replace", lambda *paths: (_ for _ in ()).throw(OSError("the disk is full")))
    with pytest.raises(OSError, match="the disk is full"):
        recorded("y").save(tmp_path / "tape.json")
    assert (tmp_path / "tape.json").read_text(encoding="utf-8") == before
    assert [path.name for path in tmp_path.iterdir()] == ["tape.json"]


def test_the_json_is_strict_and_has_names_for_what_json_lacks():
    text = recorded().to_json()
    form = json.loads(text, parse_constant=lambda constant: pytest.fail(f"{constant} is not JSON"))
    assert "NaN" in json.dumps(form["values"])


def test_the_form_says_what_it_is_which_version_and_what_was_left_out():
    assert {key: FORM[key] for key in ("format", "version", "limit", "source")} == {
        "format": "tinygrad_cnn.tape", "version": 1, "limit": 1024, "source": "record"}


def test_the_form_can_stand_inside_a_page():
    text = recorded("</script><b>&\u2028").to_json()
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text)["tensors"][0]["name"] == "</script><b>&\\u2028"


def test_a_lone_surrogate_in_a_name_can_be_saved_and_read(tmp_path):
    recorded("a\ud800b").save(tmp_path / "tape.json")
    assert tg.teach.load_tape(tmp_path / "tape.json").tensors[0].name == "a\\ud800b"


def test_every_kind_of_event_has_only_the_fields_of_the_table():
    tape = recorded()
    for event in tape.events:
        assert set(vars(event)) == {"kind", *EVENTS[event.kind]}
    with pytest.raises(ArgumentError, match="has the fields module, not path"):
        tape.add("leave", path="x")


def test_equal_values_are_written_once():
    values = [json.dumps(value) for value in FORM["values"]]
    assert len(set(values)) == len(values)


# ---- what is read is checked ----------------------------------------------------------------------------------------

def damaged(path, value):
    """The form with the entry at `path` replaced; None deletes it."""
    form = copy.deepcopy(FORM)
    place = form
    for step in path[:-1]:
        place = place[step]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return form


FIRST_ADD = next(k for k, event in enumerate(FORM["events"]) if event["kind"] == "add")
FIRST_VISIT = next(k for k, event in enumerate(FORM["events"]) if event["kind"] == "visit")


@pytest.mark.parametrize(("path", "value", "words"), [
    (("format",), "other", "this is not a tape"),
    (("version",), 2, "has version 2; this program reads version 1"),
    (("limit",), 0, "the limit is 0"),
    (("source",), "rumour", "a source"),
    (("events",), {}, "has the lists tensors, events and values"),
    (("events", 0, "kind"), "boo", r"events\[0\]: there is no kind of event 'boo'"),
    (("events", 0, "kind"), ["op"], r"events\[0\]: there is no kind of event"),
    (("events", 0, "op"), ..., r"events\[0\]: the fields must be step, op"),
    (("events", 0, "op"), 3, r"events\[0\]: op is not a text"),
    (("events", 0, "outputs"), [99], r"events\[0\]: outputs is not a tensors"),
    (("events", 0, "inputs"), [{"tensor": -1}], r"events\[0\]: inputs is not a operands"),
    (("events", 0, "inside"), 5, r"events\[0\]: inside must be the number of an earlier event of kind 'visit'"),
    (("events", 0, "extra"), 5, r"events\[0\]: the fields must be"),
    (("events", FIRST_ADD, "value"), 10 ** 6, r": value is not a value"),
    (("events", FIRST_VISIT, "call"), FIRST_VISIT, "call must be the number of an earlier event of kind 'op'"),
    (("events", 1), {"kind": "add", "tensor": 0, "arrival": 1, "value": 0}, "must follow the visit of a node"),
    (("events", 1), {"kind": "note", "note": "boo", "about": ""}, "there is no note 'boo'"),
    (("tensors", 0, "kind"), "pet", r"tensors\[0\]: the kind is 'pet'"),
    (("tensors", 0, "shape"), [-1], r"tensors\[0\]: shape is not a shape"),
    (("tensors", 0, "shape"), [1] * 65, r"tensors\[0\]: shape is not a shape"),
    (("values", 0, "dtype"), "object", r"values\[0\]: a value needs a shape"),
    (("values", 0, "shape"), [3], r"values\[0\]: the data do not have the shape \[3\]"),
    (("values", 0, "data"), [1e300, 0], r"values\[0\]: a number does not fit into float32"),
    (("values", 0, "dtype"), "int64", r"values\[0\]: a number is none of int64"),
    (("values", 0, "data"), [True, False], r"values\[0\]: a number is none of float32"),
    (("values", 0, "data"), ["one", "two"], r"values\[0\]: str in the place of a number"),
    (("values", 0, "summary"), {"min": 0}, r"values\[0\]: a summary has the numbers min, max"),
], ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else "")
def test_a_form_that_is_not_a_tape_is_refused_by_the_place_that_is_wrong(path, value, words):
    with pytest.raises(DataError, match=words):
        tape_from_json(damaged(path, value))


@pytest.mark.parametrize("text", ["", "{", "[" * 10 ** 5, "\x00", "3"], ids=["empty", "cut", "deep", "zero", "number"])
def test_a_file_that_is_no_tape_is_refused(tmp_path, text):
    (tmp_path / "file.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="load_tape: "):
        tg.teach.load_tape(tmp_path / "file.json")


def paths(form, here=()):
    """The place of every entry in a form."""
    yield here
    for key, value in form.items() if isinstance(form, dict) else enumerate(form) if isinstance(form, list) else ():
        yield from paths(value, (*here, key))


PATHS = [path for path in paths(FORM) if path]
JUNK = st.sampled_from([None, True, -1, 0, 1, 7, 1e300, "", "NaN", "op", "x\x1b[0m", [], [0], [[0]], {}, {"tensor": 0},
                        ...])


@given(st.sampled_from(PATHS), JUNK)
def test_whatever_is_damaged_is_refused_or_can_be_explained(path, junk):
    form = damaged(path, junk)
    try:
        tape = tape_from_json(form)
    except DataError:
        return
    assert "\x1b" not in text_of(tape)


@pytest.mark.intense
def test_every_single_damage_is_refused_or_can_be_explained():
    for path in PATHS:
        for junk in (None, True, -1, 0, 7, 1e300, "", "NaN", "op", [], [0], {}, {"tensor": 0}, ...):
            try:
                tape = tape_from_json(damaged(path, junk))
            except DataError:
                continue
            assert text_of(tape)


# ---- values ---------------------------------------------------------------------------------------------------------

@given(st.sampled_from(["float16", "float32", "float64", "int8", "uint8", "int64", "bool"]), st.data())
def test_a_value_survives_its_json_form_whatever_its_dtype(dtype, data):
    shape = tuple(data.draw(st.lists(st.integers(0, 3), max_size=3)))
    elements = {"f": st.floats(width=16), "i": st.integers(-100, 100), "u": st.integers(0, 200), "b": st.booleans()}
    count = math.prod(shape)
    numbers = data.draw(st.lists(elements[np.dtype(dtype).kind], min_size=count, max_size=count))
    value = Value(shape, dtype, np.array(numbers, dtype).reshape(shape))
    again = Value.from_json(json.loads(json.dumps(value.to_json(), allow_nan=False)), "here")
    assert again.array.dtype == value.array.dtype
    np.testing.assert_array_equal(again.array, value.array)


def test_a_summary_counts_what_is_no_finite_number():
    value = Value.of(tg.tensor([1.0, float("nan"), float("inf"), -float("inf"), -3.0]), limit=2)
    assert value.summary == {"min": -3, "max": 1, "mean": -1, "norm": pytest.approx(10 ** 0.5), "nan": 1, "inf": 2}


def test_a_summary_of_nothing_finite_is_nan():
    assert math.isnan(Value.of(tg.full((3,), float("nan")), limit=2).summary["max"])
