"""Sentences in two languages: what is said, and how it is broken into lines."""
import io
import sys

import hypothesis.strategies as st
import pytest
from hypothesis import given

from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.teach.page import columns as width
from tinygrad_cnn.teach.words import LANGUAGES, Words, tell

SAID = Words("梯度与数组同形，求和。", "A gradient has the shape of its array.")


def test_one_language_or_both_are_said():
    assert [SAID.said(lang) for lang in ("zh", "en", "both")] == [SAID.zh, SAID.en, f"{SAID.zh}\n{SAID.en}"]


def test_an_unknown_language_is_refused():
    with pytest.raises(ArgumentError, match="lang='de' is not known. Give one of 'both', 'zh', 'en'"):
        SAID.said("de")


def test_lines_break_at_spaces_and_between_chinese_letters_but_not_before_punctuation():
    assert SAID.filled("en", columns=15) == "A gradient has\nthe shape of\nits array."
    assert SAID.filled("zh", columns=14) == "梯度与数组同\n形，求和。"


@given(st.text("a b梯度，。 xyz", max_size=60), st.sampled_from(LANGUAGES), st.integers(8, 40))
def test_no_line_is_too_long_and_nothing_is_lost(text, lang, columns):
    words = Words(text, text)
    lines = words.filled(lang, columns, indent="  ").splitlines()
    assert "".join(words.said(lang).split()) == "".join("".join(lines).split())
    longest_word = max((width(part) for part in text.split()), default=0)
    assert all(width(line) <= max(columns, longest_word + 2) for line in lines)


def test_a_console_without_chinese_letters_gets_question_marks(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="cp1252", newline="\n"))
    tell("café 卷积")
    sys.stdout.flush()
    assert raw.getvalue().decode("cp1252") == "café ??\n"
