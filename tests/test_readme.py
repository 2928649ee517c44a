"""README.md says only what is so: its programs run, its files exist, its commands are there to be read by `.ci/run`."""
import contextlib
import io
import pathlib
import re

import pytest

import tinygrad_cnn as tg

ROOT = pathlib.Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.strip().splitlines()[-1][:40])
def test_a_program_of_the_readme_runs(program, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(program, "README.md", "exec"), {"tg": tg, "__name__": "readme"})


@pytest.mark.parametrize("ending", ["-m tinygrad_cnn train", "-m pytest"])
def test_each_of_the_two_commands_stands_once_on_a_line_of_its_own(ending):
    assert len(re.findall(rf"^python3 -m venv .* {re.escape(ending)}$", TEXT, re.MULTILINE)) == 1


def test_every_path_and_module_that_is_named_exists():
    for name in set(re.findall(r"`((?:tests|tinygrad_cnn|examples|\.ci)/[\w./]*)`", TEXT)):
        assert (ROOT / name).exists(), name
    for module in set(re.findall(r"python -m (tests\.[\w.]+)", TEXT)):
        place = ROOT / module.replace(".", "/")
        assert place.with_suffix(".py").exists() or (place / "__main__.py").exists(), module
