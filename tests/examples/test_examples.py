"""Every program under examples/chapter24 and examples/steps runs to its end, its asserts holding, and says something.

The programs run in this process, as `python examples/...` would run them: their folder in front of the path, their own
name in sys.argv, nothing imported by one left over for the next.
"""
import ast
import contextlib
import io
import pathlib
import re
import runpy
import sys

import pytest

import tinygrad_cnn as tg

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
CHAPTER = sorted((EXAMPLES / "chapter24").glob("[0-9][0-9]_*.py"))
STEPS = sorted((EXAMPLES / "steps").glob("step*.py"))
CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.fixture
def run(monkeypatch, tmp_path):
    """run(program, *options) -> what it prints."""
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)

    def run(program, *options):
        monkeypatch.syspath_prepend(str(program.parent))
        monkeypatch.setattr(sys, "argv", [str(program), *options])
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            runpy.run_path(str(program), run_name="__main__")
        return printed.getvalue()

    yield run
    tg.set_default_dtype(tg.float32)
    for name in set(sys.modules) - before:
        if name == "board" or name.startswith("step"):
            del sys.modules[name]


@pytest.mark.parametrize("program", CHAPTER, ids=lambda program: program.stem)
def test_a_program_of_the_chapter_runs_and_speaks_both_languages(program, run):
    printed = run(program)
    lines = printed.splitlines()
    said = [number for number, line in enumerate(lines) if CHINESE.search(line) and not line.startswith(" ")]
    assert said
    for number in said:
        assert re.match("[A-Z0-9a-z]", lines[number + 1]), f"no English line after: {lines[number]}"


@pytest.mark.parametrize("program", STEPS, ids=lambda program: program.stem)
def test_a_step_runs_and_prints_what_it_found(program, run):
    assert run(program).strip()


@pytest.mark.parametrize("program", [*CHAPTER, *STEPS], ids=lambda program: program.stem)
def test_a_program_explains_itself_and_ends_with_asserts(program):
    tree = ast.parse(program.read_text(encoding="utf-8"))
    assert len(ast.get_docstring(tree).splitlines()) > 2
    assert sum(isinstance(node, ast.Assert) for node in ast.walk(tree)) >= 2


@pytest.mark.parametrize("program", STEPS, ids=lambda program: program.stem)
def test_a_step_says_what_it_left_out(program):
    assert "# What we left out: " in program.read_text(encoding="utf-8").split("__main__")[1]


def test_a_picture_is_drawn_when_it_is_asked_for_and_only_then(run, tmp_path):
    pytest.importorskip("matplotlib", reason="the option --png draws with matplotlib: pip install matplotlib")
    program = EXAMPLES / "chapter24" / "02_mathematical_convolution.py"
    run(program)
    assert not list(tmp_path.iterdir())
    run(program, "--png")
    assert (tmp_path / "02_mathematical_convolution.png").read_bytes().startswith(b"\x89PNG")


def test_the_index_names_every_program_and_no_other():
    index = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\]\(((?:chapter24|steps|exercises)/[\w.]+\.py)\)", index))
    exercises = (EXAMPLES / "exercises").glob("*.py")
    assert named == {path.relative_to(EXAMPLES).as_posix() for path in [*CHAPTER, *STEPS, *exercises]}
