"""The exercises: unfilled they say what to do, a solution passes, wrong answers are told what is wrong with them."""
import ast
import contextlib
import importlib.util
import inspect
import io
import pathlib
import re
import runpy
import sys

import numpy as np
import pytest

from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.teach.exercises import EXERCISES, check

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = sorted((ROOT / "examples" / "exercises").glob("exercise*.py"))
SOLUTIONS = pathlib.Path(__file__).parent / "solutions"
CHINESE = re.compile("[一-鿿]")
MISTAKES = [(name, k) for name, exercise in EXERCISES.items() for k in range(len(exercise.mistakes))]


def name_of(program):
    return program.stem.split("_", 1)[1]


def function_in(path):
    """The function of an exercise or a solution, which is named in its file's name."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name_of(path))


def verdict(function, lang="en"):
    """(what check returns, what it prints)."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        right = check(function, lang)
    return right, printed.getvalue()


def named(function, name):
    """The function under the name of an exercise, as if its source could not be read."""
    def renamed(*arguments):
        return function(*arguments)
    renamed.__name__ = name
    return renamed


def test_every_exercise_has_a_file_a_solution_and_a_check():
    names = [name_of(program) for program in PROGRAMS]
    assert len(names) >= 12
    assert sorted(names) == sorted(EXERCISES)
    assert [path.name for path in sorted(SOLUTIONS.glob("exercise*.py"))] == [program.name for program in PROGRAMS]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_an_unfilled_exercise_runs_and_says_which_line_to_fill(program, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [str(program)])
    runpy.run_path(str(program), run_name="__main__")
    shown = capsys.readouterr().out
    number = int(re.search(r"line (\d+) still has a hole", shown).group(1))
    assert "..." in program.read_text(encoding="utf-8").splitlines()[number - 1]
    assert "Put your answer in place of the ..." in shown
    assert CHINESE.search(shown)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_an_exercise_explains_its_task_in_both_languages(program):
    text = ast.get_docstring(ast.parse(program.read_text(encoding="utf-8")))
    assert re.match(r"练习 \d+：.* / Exercise \d+: ", text)
    assert len([line for line in text.splitlines()[2:] if not CHINESE.search(line)]) >= 2


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_the_solution_is_right(program):
    right, said = verdict(function_in(SOLUTIONS / program.name))
    assert right
    assert re.fullmatch(r"\w+: right, in \d+ cases\.\n", said)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_the_solution_fills_the_exercise_s_holes_and_changes_nothing_else(program):
    paths = program, SOLUTIONS / program.name
    exercise, solution = (inspect.getsource(function_in(path)).splitlines() for path in paths)
    assert len(exercise) == len(solution)
    for given, filled in zip(exercise, solution):
        assert re.fullmatch(re.escape(given).replace(re.escape("..."), ".+"), filled)


@pytest.mark.parametrize("name, k", MISTAKES)
def test_a_typical_mistake_is_recognised_and_told_what_it_is(name, k):
    mistake = EXERCISES[name].mistakes[k]
    right, said = verdict(named(mistake.answer, name))
    assert not right
    assert "Not yet: " in said
    assert mistake.remark.en in " ".join(said.split())


@pytest.mark.parametrize("name, k", MISTAKES)
def test_a_remark_is_there_in_both_languages(name, k):
    remark = EXERCISES[name].mistakes[k].remark
    assert CHINESE.search(remark.zh)
    assert remark.en and not CHINESE.search(remark.en)


@pytest.mark.parametrize("name", sorted(EXERCISES))
def test_no_mistake_is_right(name):
    exercise = EXERCISES[name]
    for mistake in exercise.mistakes:
        differs = [str(mistake.answer(*case)) != str(exercise.answer(*case)) for case in exercise.cases]
        assert any(differs)


def test_a_wrong_number_is_named_with_its_place_and_what_was_expected():
    def cross_correlation(X, W):
        Y = EXERCISES["cross_correlation"].answer(X, W)
        Y[1, 0] += 1
        return Y
    right, said = verdict(cross_correlation)
    assert not right
    assert "1/4 numbers are wrong; at [1, 0] got 7, expected 6." in said
    assert "cross_correlation([[3, 2, 0, 1]," in said


def test_a_wrong_shape_is_named():
    def bias_gradient(g):
        return g.sum(axis=0, keepdims=True)
    assert "the result has shape (1, 2), expected (2,)." in verdict(bias_gradient)[1]


def test_a_forgotten_return_is_named():
    def tanh_rule(g, y):
        g * (1 - y**2)
    assert "it returned nothing. Is there a `return`?" in verdict(tanh_rule)[1]


def test_one_result_where_two_are_expected_is_named():
    def product_rule(g, a, b):
        return g * b
    assert "2 results are expected, but it returned 2.0." in verdict(product_rule)[1]


@pytest.mark.parametrize("result", ["6", [[1, 2], [3]], ...], ids=["text", "ragged", "hole"])
def test_what_is_no_number_is_named(result):
    assert "it returned no numbers: " in verdict(named(lambda delta: result, "mean_pool_delta"))[1]


def test_a_function_that_changes_its_argument_is_told_so():
    def max_pool_delta(X, delta):
        below = EXERCISES["max_pool_delta"].answer(X, delta)
        X *= 0
        return below
    assert "the function changed its argument number 1. Copy it first." in verdict(max_pool_delta)[1]


def test_an_error_of_the_student_s_comes_out_as_it_is_after_the_case_that_made_it(capsys):
    def slope(f, x, h):
        return f(x) / (h - h)
    with pytest.raises(ZeroDivisionError):
        check(slope)
    assert capsys.readouterr().out == "slope(cubic, 1.0, 0.01):\n"


def test_exchanging_kernel_and_matrix_in_exercise_12_is_told_as_such():
    program = next(path for path in PROGRAMS if path.stem.startswith("exercise12"))
    scope = {"__name__": "filled"}
    exec(program.read_text(encoding="utf-8").replace("correlate(..., ...)", "correlate(X, delta)"), scope)
    with pytest.raises(ValueError, match="which of the two is the kernel"):
        scope["kernel_gradient"](np.ones((2, 2)), np.ones((4, 4)))


def test_a_result_in_another_float_type_or_as_a_list_is_right():
    def bias_gradient(g):
        return np.float32(g.sum(axis=0)).tolist()
    assert verdict(bias_gradient)[0]


def test_an_unknown_function_is_told_the_names_there_are():
    def tanh_rul(g, y):
        return g
    with pytest.raises(ArgumentError, match="no exercise asks for a function called 'tanh_rul'.*tanh_rule"):
        check(tanh_rul)


def test_an_unknown_language_is_refused():
    with pytest.raises(ArgumentError, match="lang='fr' is not known"):
        check(function_in(SOLUTIONS / PROGRAMS[0].name), "fr")
