"""The lessons: their numbers are the book's, a learner is asked, told and never stopped by what was typed."""
import pathlib
import re

import pytest

from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.teach.lessons import LESSONS, lesson, teach

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHINESE = re.compile("[一-鿿]")
QUESTIONS = [(number, k) for number, each in LESSONS.items() for k in range(len(each.questions))]
BOOK = {
    "24.2": [[2, 2], [11, 18, 6, 22]],
    "24.3": [[4], [10, 2, 7, 0]],
    "24.4": [[3], [11, 4, 11]],
    "24.5": [[2, 2], [20]],
    "24.6": [[27], [24, 25, 14, 30]],
    "24.7": [[3, 2, 3, 3], [0]],
    "24.8": [[1.75, 1, 1.75, 1.5], [0.25]],
    "24.9": [[12], [4, 1, 3, 2]],
    "24.10": [[20, 20], [8]],
    "24.19": [[5], [16]],
    "24.24": [[3, 8, 0, 3], [3]],
    "24.25": [[1, 0, 0, 2], [3]],
    "24.26": [[1, 1], [0]],
    "alg24.1": [[2, 3], [2.8]],
    "residual": [[0.001], [1.331], [8]],
}


def taught(number, lines, lang="en"):
    """(what teach returns, everything said) to a learner who types the lines and then ends the input."""
    waiting, said = iter(lines), []

    def ask(prompt):
        said.append(prompt)
        try:
            return next(waiting)
        except StopIteration:
            raise EOFError from None

    score = teach(lesson(number), lang, ask, said.append)
    return score, "\n".join(said)


@pytest.mark.parametrize("number", LESSONS)
def test_the_engine_s_answers_are_the_book_s(number):
    found = [question.answer() for question in lesson(number).questions]
    assert len(found) == len(BOOK[number])
    for one, expected in zip(found, BOOK[number]):
        assert one == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("number", LESSONS)
def test_a_lesson_points_to_a_program_that_is_there(number):
    assert (ROOT / "examples" / lesson(number).program).is_file()


@pytest.mark.parametrize("number, k", QUESTIONS)
def test_question_and_explanation_are_there_in_both_languages(number, k):
    question = lesson(number).questions[k]
    for words in (lesson(number).title, question.text, question.why):
        assert words.zh and words.en
        assert not CHINESE.search(words.en.replace("三维卷积", "").replace("三维汇聚", ""))
    assert CHINESE.search(question.text.zh) and "?" in question.text.en


@pytest.mark.parametrize("number", LESSONS)
def test_without_a_learner_everything_is_shown(number):
    said = []
    teach(lesson(number), "en", None, said.append)
    shown = "\n".join(said)
    for question in lesson(number).questions:
        assert question.code().splitlines()[-1].strip() in shown
        assert " ".join(question.why.en.split()) in " ".join(shown.split())
    assert f"python examples/{lesson(number).program}" in shown
    assert "Your prediction" not in shown


def test_right_predictions_are_counted():
    score, said = taught("24.2", ["2 2", "11 18 6 22"])
    assert score == 2
    assert "Right at the first try: 2/2." in said


def test_a_wrong_number_is_named_and_there_is_a_second_try():
    score, said = taught("24.2", ["2 2", "11 17 6 22", "11 18 6 22"])
    assert score == 1
    assert "3/4 right; number 2 is not 17." in said
    assert said.count("Right.") == 2


def test_after_two_tries_the_answer_is_shown():
    score, said = taught("24.5", ["2 2", "5", "6"])
    assert score == 1
    assert said.index("It is not 6.") < said.index("Five times 2 times 2 = 20")


def test_an_empty_line_shows_the_answer():
    score, said = taught("24.5", ["", "20"])
    assert score == 1
    assert "The engine runs:" in said


@pytest.mark.parametrize("line", ["eleven", "1 2 x", "--", "[", "nan", "1/0", "(1", "1 2 3 4 5", "1", "\ufffd"],
                         ids=["word", "letter", "dashes", "bracket", "nan", "by-zero", "open", "many", "few", "bytes"])
def test_nonsense_is_answered_with_what_is_wanted_and_costs_no_try(line):
    score, said = taught("24.2", [line] * 5 + ["2 2", ""])
    assert score == 1
    assert said.count("Type 2 numbers, for example: 1 2") + said.count("2 numbers wanted, you gave ") == 5


@pytest.mark.parametrize("line", ["2 2", "2,2", "2，2", "[2, 2]", "(2; 2)", " 2.0  2e0 ", "+2 4/2"])
def test_numbers_may_be_written_in_many_ways(line):
    assert taught("24.2", [line, ""])[0] == 1


@pytest.mark.parametrize("line", ["0.25", ".25", "1/4", "0.250"])
def test_a_fraction_is_a_number_too(line):
    assert taught("24.8", ["", line])[0] == 1


def test_three_digits_are_enough():
    assert taught("residual", ["0.001", "1.33", "8"])[0] == 3


@pytest.mark.parametrize("lines", [["q"], ["2 2", "quit"], [], ["2 2"]], ids=["q", "quit", "no input", "end of input"])
def test_a_learner_may_leave_at_any_time(lines):
    score, said = taught("24.2", lines)
    assert score is None
    assert said.endswith("The lesson ends here.")


def test_chinese_alone_says_no_english():
    _, said = taught("24.2", ["x", "2 2", "1 1 1 1", ""], "zh")
    assert CHINESE.search(said)
    assert "Right" not in said and "numbers" not in said


def test_an_unknown_number_is_refused_with_those_there_are():
    with pytest.raises(ArgumentError, match=r"none with the number '24\.1'\. Choose one of 24\.2, 24\.3, .*alg24\.1"):
        lesson("24.1")
