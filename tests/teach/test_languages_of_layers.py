"""Every tool that looks at layers speaks Chinese, English, or both, and no other language."""
import re

import pytest

import tinygrad_cnn as tg
from tinygrad_cnn import nn, teach

CHINESE = re.compile("[\u4e00-\u9fff]")


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.f, self.shortcut = nn.Linear(2, 2), nn.Identity()

    def forward(self, x):
        return self.shortcut(x) + self.f(x)


TOOLS = {
    "summary": lambda lang: teach.summary(nn.Linear(2, 2), (1, 2), lang=lang),
    "receptive_field": lambda lang: teach.receptive_field(nn.Conv2d(1, 1, 3), (1, 1, 4, 4), lang=lang),
    "receptive_field, cut": lambda lang: teach.receptive_field(nn.Conv2d(1, 1, 3, padding=1), (1, 1, 1, 1), lang=lang),
    "equivariance": lambda lang: teach.equivariance(nn.ReLU(), (1, 1, 4, 4), lang=lang),
    "unrolled_paths": lambda lang: teach.unrolled_paths(nn.Sequential(Residual()), (1, 2), lang=lang),
    "lesion": lambda lang: teach.lesion(nn.Sequential(Residual()), (tg.ones(1, 2), tg.tensor([0])), lang=lang),
    "gradient_flow": lambda lang: teach.gradient_flow(nn.Linear(2, 2), lambda m: m(tg.ones(1, 2)).sum(), lang=lang),
    "four_ways": lambda lang: teach.four_ways((1, 1, 4, 4), (1, 1, 3, 3), repeats=1, lang=lang),
}
every_tool = pytest.mark.parametrize("tool", TOOLS)


@every_tool
def test_english_has_no_chinese_letter(tool):
    assert not CHINESE.search(str(TOOLS[tool]("en")))


@every_tool
def test_chinese_says_every_sentence_in_chinese(tool):
    lines = [line for line in str(TOOLS[tool]("zh")).splitlines() if re.search(r"[a-z]{3,} [a-z]{2,} [a-z]{2,}", line)]
    assert not lines and CHINESE.search(str(TOOLS[tool]("zh")))


@every_tool
def test_both_begins_with_chinese_and_says_it_again_in_english(tool):
    first, second, *_ = str(TOOLS[tool]("both")).splitlines()
    assert CHINESE.search(first) and not CHINESE.search(second) and second


@every_tool
def test_an_interactive_session_shows_what_is_printed(tool):
    found = TOOLS[tool]("en")
    assert repr(found) == str(found)


@every_tool
def test_another_language_is_refused(tool):
    with pytest.raises(tg.errors.ArgumentError, match="lang='fr'.*'zh'.*'en'"):
        str(TOOLS[tool]("fr"))
