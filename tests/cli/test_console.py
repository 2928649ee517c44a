"""Consoles with few characters: no UnicodeEncodeError, UTF-8 untouched."""
import io

from tinygrad_cnn.cli.console import tolerate_any_character


def test_a_console_of_another_code_page_gets_a_question_mark():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="cp1252")
    tolerate_any_character(stream)
    stream.write("café 手写")
    stream.flush()
    assert raw.getvalue().decode("cp1252") == "café ??"


def test_utf_8_stays_as_it_is():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="UTF-8")
    tolerate_any_character(stream)
    stream.write("手写")
    stream.flush()
    assert raw.getvalue().decode("utf-8") == "手写"
    assert stream.errors == "strict"


def test_a_stream_that_cannot_be_changed_is_left():
    tolerate_any_character(io.StringIO(), None)
