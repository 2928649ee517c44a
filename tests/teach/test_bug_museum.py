"""Every exhibit of the museum is wrong where it says, and its cure is right everywhere; the texts are complete."""
import re

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

import tinygrad_cnn as tg
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.teach import bug_museum
from tinygrad_cnn.testing import GradcheckError, gradcheck, gradgradcheck

NAMES = list(bug_museum.EXHIBITS)
CHINESE = re.compile("[一-鿿]")
FOUND_AT_ONCE = {"divide", "expm1", "convolve2d", "batch_norm", "dropout", "memory_saving_dropout", "polynomial",
                 "tower", "two_heads"}


def check_of(piece):
    return gradgradcheck if piece.second_order else gradcheck


def test_there_are_two_dozen_exhibits_or_more():
    assert len(NAMES) >= 24


@pytest.mark.parametrize("name", NAMES)
def test_the_check_convicts_the_wrong_rule_at_the_revealing_input(name):
    piece = bug_museum.exhibit(name)
    with pytest.raises(GradcheckError, match="gradcheck: the gradient of"):
        check_of(piece)(piece.function, piece.revealing())


@pytest.mark.parametrize("name", NAMES)
def test_the_check_passes_the_cure_at_every_input(name):
    piece = bug_museum.exhibit(name)
    for inputs in (piece.inputs(), piece.revealing()):
        assert check_of(piece)(piece.cured, inputs)


@given(st.sampled_from(["conv2d", "strided_conv2d", "same_conv2d"]), st.integers(1, 3), st.integers(1, 3),
       st.integers(0, 3), st.integers(0, 3))
def test_the_cures_of_convolution_are_right_for_every_size(name, KH, KW, more_rows, more_columns):
    x = tg.randn(1, 2, KH + more_rows, KW + more_columns, dtype=tg.float64, requires_grad=True)
    w = tg.randn(2, 2, KH, KW, dtype=tg.float64, requires_grad=True)
    assert gradcheck(bug_museum.exhibit(name).cured, (x, w))


@given(st.integers(1, 3), st.integers(1, 3), st.integers(3, 5), st.integers(3, 5))
def test_the_cure_of_max_pooling_is_right_for_every_overlap(kernel, stride, H, W):
    x = tg.randperm(2 * H * W).double().reshape(1, 2, H, W).requires_grad_()
    assert gradcheck(bug_museum.exhibit("max_pool2d").cured, (x, kernel, stride))


@pytest.mark.parametrize("name", sorted(set(NAMES) - FOUND_AT_ONCE))
def test_gradcheck_at_the_first_inputs_finds_nothing_where_the_mistake_is_hidden(name):
    piece = bug_museum.exhibit(name)
    assert gradcheck(piece.function, piece.inputs())


@pytest.mark.parametrize("name", sorted(FOUND_AT_ONCE))
def test_gradcheck_at_the_first_inputs_finds_what_is_not_hidden(name):
    piece = bug_museum.exhibit(name)
    assert not gradcheck(piece.function, piece.inputs(), raise_exception=False)


@pytest.mark.parametrize("name", NAMES)
def test_the_wrong_operation_and_the_cure_compute_the_same_value(name):
    piece = bug_museum.exhibit(name)
    for inputs in (piece.inputs(), piece.revealing()):
        found, cured = piece.function(*inputs), piece.cured(*inputs)
        for one, other in zip(found, cured) if isinstance(found, tuple) else [(found, cured)]:
            np.testing.assert_array_equal(one.detach().numpy(), other.detach().numpy())


@pytest.mark.parametrize("name", NAMES)
def test_every_text_is_there_in_both_languages(name):
    for field, words in bug_museum.exhibit(name).plaque._asdict().items():
        assert words.zh and words.en, field
        assert not CHINESE.search(words.en), field
        if field not in ("title", "cure"):                  # those may be a formula
            assert CHINESE.search(words.zh), field


@pytest.mark.parametrize("name", NAMES)
def test_what_is_shown_before_the_reveal_does_not_show_the_rule(name):
    shown = bug_museum.exhibit(name).describe()
    assert "def " not in shown
    assert bug_museum.exhibit(name).plaque.cure.en not in shown


def test_a_visit_lists_every_exhibit(capsys):
    bug_museum.visit()
    shown = capsys.readouterr().out
    assert [name for name in NAMES if f"   {name} " not in shown] == []


def test_a_visit_in_one_language_speaks_no_other(capsys):
    bug_museum.visit("en")
    assert not CHINESE.search(capsys.readouterr().out)


def test_examine_says_what_it_found_and_where(capsys):
    assert bug_museum.exhibit("divide").examine(lang="en")
    shown = " ".join(capsys.readouterr().out.split())
    assert shown.startswith("They differ: gradcheck: the gradient of divide")
    assert "for argument 1 at index" in shown


def test_examine_at_harmless_inputs_says_what_else_to_try(capsys):
    assert not bug_museum.exhibit("bias").examine(lang="en")
    assert "a larger batch" in " ".join(capsys.readouterr().out.split())


def test_examine_takes_the_student_s_own_inputs(capsys):
    piece = bug_museum.exhibit("tanh")
    assert piece.examine(*piece.inputs(), second_order=True, lang="en")
    assert "They differ" in capsys.readouterr().out


def test_a_rule_on_bare_arrays_is_said_to_have_one_derivative_only(capsys):
    assert not bug_museum.exhibit("take").examine(second_order=True, lang="en")
    assert "a first derivative only" in capsys.readouterr().out


def test_the_reveal_shows_the_wrong_rule_then_the_right_one(capsys):
    bug_museum.exhibit("expm1").reveal("en")
    shown = capsys.readouterr().out
    parts = ("overwritten in place", "e.sub_(1)", "They differ", "StaleValueError", "e - 1")
    places = [shown.index(part) for part in parts]
    assert places == sorted(places)


def test_a_hint_is_given_in_the_language_asked_for(capsys):
    bug_museum.exhibit("relu").hint("zh")
    assert CHINESE.search(capsys.readouterr().out)


def test_an_unknown_exhibit_is_refused_with_the_nearest_names():
    with pytest.raises(ArgumentError, match=r"no exhibit is called 'max_pool'\. Did you mean .*max_pool2d"):
        bug_museum.exhibit("max_pool")


def test_an_unknown_language_is_refused():
    with pytest.raises(ArgumentError, match="lang='fr' is not known. Give one of 'both', 'zh', 'en'"):
        bug_museum.visit("fr")
