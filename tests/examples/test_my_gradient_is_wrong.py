"""The page "my gradient is wrong": its snippets run in order and print what the page says; both languages are there."""
import doctest
import pathlib
import re

import pytest

PAGE = pathlib.Path(__file__).resolve().parents[2] / "examples" / "my_gradient_is_wrong.md"
TEXT = PAGE.read_text(encoding="utf-8")
SECTIONS = re.split(r"^(?=## )", TEXT, flags=re.MULTILINE)
CHINESE = re.compile("[一-鿿]")
WITHOUT_SNIPPETS = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def test_the_snippets_run_in_order_and_print_what_the_page_says():
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    runner, known, said = doctest.DocTestRunner(optionflags=flags, verbose=False), {}, []
    for snippet in re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL):
        test = doctest.DocTestParser().get_doctest(snippet, known, PAGE.name, str(PAGE), 0)
        runner.run(test, out=said.append, clear_globs=False)
        known = test.globs
    assert runner.summarize(verbose=False).failed == 0, "".join(said)
    assert runner.tries > 40


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.splitlines()[0].rpartition("/ ")[2])
def test_every_section_speaks_both_languages(section):
    title, *paragraphs = [part for part in WITHOUT_SNIPPETS.sub("", section).split("\n\n") if part.strip()]
    assert CHINESE.search(title) and re.search(r"/ \w", title)
    chinese = [part for part in paragraphs if CHINESE.search(part)]
    assert chinese and len([part for part in paragraphs if part not in chinese]) >= len(chinese) - 1


def test_what_the_page_points_to_exists():
    for name in set(re.findall(r"`(examples/[\w./]+)`", TEXT)):
        assert (PAGE.parents[1] / name).exists(), name
