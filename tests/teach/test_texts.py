"""Both languages say the same things, and every text that is used is there."""
import ast
import pathlib
import string

import pytest

import tinygrad_cnn.teach as teach
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.teach.page import Page, columns, wrapped
from tinygrad_cnn.teach.tape import NOTES
from tinygrad_cnn.teach.texts import TEXTS, Texts

ROOM = pathlib.Path(teach.__file__).parent
SOURCES = [ROOM / f"{name}.py" for name in ("explain", "telling", "tree")]


def fields(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name} - {"s"}   # English alone has plurals


def test_both_languages_have_the_same_texts():
    assert TEXTS["zh"].keys() == TEXTS["en"].keys()


@pytest.mark.parametrize("key", list(TEXTS["zh"]))
def test_both_languages_fill_in_the_same_things(key):
    assert fields(TEXTS["zh"][key]) == fields(TEXTS["en"][key])


def test_no_text_is_left_untranslated():
    assert all(any("\u4e00" <= c <= "\u9fff" for c in text) for text in TEXTS["zh"].values())
    assert not any("\u4e00" <= c <= "\u9fff" for text in TEXTS["en"].values() for c in text)


def test_every_text_is_used_and_every_text_used_is_there():
    strings = {node.value for path in SOURCES for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
               if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    built = {f"note_{note}" for note in NOTES} | {"parameter", "leaf", "computed"}
    assert TEXTS["zh"].keys() <= strings | built
    assert built <= TEXTS["zh"].keys()


def test_with_both_languages_chinese_comes_first():
    assert Texts("both").sentences("start") == ["起点", "start"]
    assert Texts("both").phrase("start") == "起点 · start"


def test_another_language_is_refused():
    with pytest.raises(ArgumentError, match="'zh', 'en'"):
        Texts("fr")


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("卷积", 4), ("∂L/∂x → [x > 0]", 15), ("e\u0301", 1)])
def test_a_chinese_character_takes_two_columns(text, width):
    assert columns(text) == width


def test_long_texts_are_cut_at_spaces_and_between_chinese_characters():
    lines = wrapped("one two three 卷积神经网络的反向传播算法", 12)
    assert max(map(columns, lines)) <= 12
    assert "".join(lines).replace(" ", "") == "onetwothree卷积神经网络的反向传播算法"


def test_what_does_not_fit_beside_goes_on_a_line_of_its_own():
    page = Page(20)
    page.line("a" * 15, "right")
    assert page.lines == ["a" * 15, " " * 15 + "right"]
