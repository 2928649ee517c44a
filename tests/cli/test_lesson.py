"""`python -m tinygrad_cnn lesson` where nobody types: the list, lessons shown through, mistakes."""
import os
import re
import subprocess
import sys

from tinygrad_cnn.cli import main
from tinygrad_cnn.teach.lessons import LESSONS

COMMAND = [sys.executable, "-m", "tinygrad_cnn", "lesson"]
CHINESE = re.compile("[一-鿿]")


def test_without_a_number_the_lessons_are_listed(capsys):
    assert main(["lesson"]) == 0
    shown = capsys.readouterr().out
    for number, lesson in LESSONS.items():
        assert re.search(rf"^{re.escape(number)} .*{re.escape(lesson.title.en)}$", shown, re.MULTILINE)


def test_a_lesson_is_shown_through_where_nobody_can_type(capsys):
    assert main(["lesson", "24.2", "--lang", "en"]) == 0
    shown = capsys.readouterr().out
    assert "-> 11  18  6  22" in shown
    assert not CHINESE.search(shown)


def test_several_lessons_come_one_after_the_other(capsys):
    assert main(["lesson", "24.7", "24.8", "--answers"]) == 0
    shown = capsys.readouterr().out
    assert shown.index("== 24.7") < shown.index("== 24.8")


def test_all_of_them(capsys):
    assert main(["lesson", "all", "--answers", "--lang", "zh"]) == 0
    assert capsys.readouterr().out.count("== ") == len(LESSONS)


def test_an_unknown_lesson_is_one_line_and_code_2(capsys):
    assert main(["lesson", "25.1"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: lesson: there is none with the number '25.1'.")
    assert error.count("\n") == 1


def test_a_console_without_chinese_gets_english():
    done = subprocess.run([*COMMAND, "24.2"], capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"},
                          stdin=subprocess.DEVNULL, timeout=60)
    assert done.returncode == 0, done.stderr
    shown = done.stdout.decode("ascii")
    assert "How many rows and columns has Y = W * X?" in shown
    assert "????" not in shown
