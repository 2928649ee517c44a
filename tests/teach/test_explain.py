"""`explain` prints what the engine did: golden texts, the very sums, both languages, and what it cannot know."""
import contextlib
import io
import json
import pathlib
import re

import numpy as np
import pytest

import tinygrad_cnn as tg
from tests.teach.golden_cases import CASES, FOLDER, LANGUAGES, text_of
from tinygrad_cnn import nn
from tinygrad_cnn.errors import ArgumentError, ArgumentTypeError, GradError
from tinygrad_cnn.teach.page import WIDTH, columns, numbers
from tinygrad_cnn.teach.values import Value

case = pytest.mark.parametrize("name", list(CASES))


def small():
    """A recorded product of two leaves: (tape, a, b)."""
    a = tg.tensor([1.0, 2.0], requires_grad=True)
    b = tg.tensor([[3.0], [4.0]], requires_grad=True)
    with tg.teach.record() as tape:
        loss = (a * b).sum()
        loss.backward()
    return tape, a, b


@case
def test_the_explanation_is_the_golden_text(name):
    golden = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    assert text_of(CASES[name]()[0], LANGUAGES[name]) == golden


@case
def test_the_sums_it_prints_are_the_gradients_to_the_printed_digits(name):
    tape, model, others = CASES[name]()
    result = text_of(tape, "en").rpartition("Result")[2].splitlines()
    for label, p in [*model.named_parameters(), *others.items()]:
        start = next(k for k, line in enumerate(result) if line.split()[:1] == [f"{label}.grad"])
        room = WIDTH - columns(result[start].partition("= ")[0]) - 2
        for k, line in enumerate(numbers(Value.of(p.grad), room)):
            assert result[start + k].endswith(line)


@case
def test_the_last_sum_on_the_tape_is_the_gradient_bit_for_bit(name):
    tape, model, others = CASES[name]()
    totals = {tape.label(event.tensor): tape.values[event.value] for event in tape.events if event.kind == "add"}
    for label, p in [*model.named_parameters(), *others.items()]:
        assert totals[label].key() == Value.of(p.grad).key()


@case
@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_no_line_is_wider_than_the_page(name, lang):
    assert max(map(columns, text_of(CASES[name]()[0], lang).splitlines())) <= WIDTH


@case
def test_a_tape_read_from_its_json_is_explained_in_the_same_words(name):
    tape = CASES[name]()[0]
    again = tg.teach.tape_from_json(json.loads(tape.to_json()))
    assert text_of(again) == text_of(tape)


def test_a_sum_over_broadcast_axes_is_told_with_its_axes_and_shapes():
    text = text_of(small()[0], "en")
    assert "a was broadcast: summed over axis 0" in text
    assert "b was broadcast: summed over axis 1" in text
    assert "(2, 2) → (2, 1)" in text


def test_a_second_contribution_is_added_and_the_running_sum_printed():
    x = tg.tensor(3.0, requires_grad=True)
    with tg.teach.record() as tape:
        y = x * x
        y.backward()
    lines = [line.strip() for line in text_of(tape, "en").splitlines()]
    assert "∂L/∂a = g · b  → x = 3." in lines
    assert "∂L/∂b = g · a  → x + 3." in lines
    assert any(line.startswith("= 6.") and line.endswith("sum so far") for line in lines)


def test_what_was_in_grad_before_is_shown_and_added_to():
    x = tg.tensor(3.0, requires_grad=True)
    x.grad = tg.tensor(10.0)
    with tg.teach.record() as tape:
        (x * 2).backward()
    result = text_of(tape, "en").rpartition("Result")[2]
    assert [line.split()[-3] for line in result.splitlines() if "there before" in line] == ["10."]
    assert "+ 2." in result
    assert "= 12." in result


def test_a_recorded_second_derivative_is_told_with_the_ops_of_the_rules():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    with tg.teach.record() as tape:
        y = (x ** 3).sum()
        dy, = tg.autograd.grad(y, x, create_graph=True)
        z = (dy * dy).sum()
        z.backward()
    text = text_of(tape, "en")
    assert "the rule itself is recorded" in text
    assert "dy = mul(" in text
    assert "x.grad  (2,)  = [ 36., 288.]" in text
    np.testing.assert_array_equal(x.grad.numpy(), [36, 288])


def test_a_function_of_the_user_s_is_told_by_its_own_name_and_letters():
    class Cube(tg.autograd.Function):
        @staticmethod
        def forward(ctx, base, factor):
            ctx.save_for_backward(base)
            ctx.factor = factor
            return base * base * base * factor

        @staticmethod
        def backward(ctx, g):
            base, = ctx.saved_tensors
            return 3 * base * base * g * ctx.factor, None

    x = tg.tensor(2.0, requires_grad=True)
    with tg.teach.record() as tape:
        Cube.apply(x, 0.5).backward()
    text = text_of(tape, "en")
    assert "v1 = Cube(base=x, factor=0.5)" in text
    assert "∂L/∂base = Cube.backward(g)  → x = 6." in text


def test_a_gradient_that_a_hook_changed_is_told_as_such():
    x = tg.tensor(2.0, requires_grad=True)
    with tg.teach.record() as tape:
        h = x * 3
        h.register_hook(lambda g: g * 10)
        h.backward()
    text = text_of(tape, "en")
    assert "∂L/∂h changed by a hook to 10." in text
    assert [event.op for event in tape.events if event.kind == "op"] == ["mul"]


def test_what_a_checkpoint_computes_again_is_not_called_a_recorded_rule():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    with tg.teach.record() as tape:
        tg.autograd.checkpoint(lambda x: x.exp().tanh(), x).sum().backward()
    page = text_of(tape, "en")
    assert "computed on the way back" in page and "the rule itself is recorded" not in page


def test_attributes_are_short_and_those_that_say_nothing_are_left_out():
    x = tg.ones(1, 1, 5, 5, requires_grad=True)
    with tg.teach.record() as tape:
        nn.functional.max_pool2d(nn.functional.dropout(x, 0.25), 2, ceil_mode=True).sum().backward()
    page = text_of(tape, "en")
    assert "scale = 1.33333," in page and "Generator" not in page
    assert "kernel (2, 2), s = 2, pad = 0, ceil_mode" in page


def test_every_forward_pass_and_every_backward_pass_has_its_heading():
    w = tg.tensor(1.0, requires_grad=True)
    with tg.teach.record() as tape:
        for _ in range(2):
            (w * w).backward()
    text = text_of(tape, "en")
    assert text.count(" Forward   ") == text.count(" Backward   ") == text.count(" Result   ") == 2


def test_a_recording_without_backward_says_how_to_get_one():
    x = tg.ones(2, requires_grad=True)
    with tg.teach.record() as tape:
        x * 2
    assert "call backward() inside the with block" in text_of(tape, "en").replace("\n ", " ")


def test_an_empty_recording_says_so():
    with tg.teach.record() as tape:
        pass
    assert "The tape is empty" in text_of(tape, "en")
    assert "磁带是空的" in text_of(tape, "zh")


# ---- from the graph alone -------------------------------------------------------------------------------------------

def test_a_loss_that_was_not_recorded_is_explained_from_its_graph_and_the_page_says_so():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    loss = (x * x).sum()
    text = text_of(loss, "en")
    assert "Nothing was recorded" in text
    assert "x.grad  (2,)  = [2., 4.]" in text


def test_explaining_a_loss_touches_no_grad_and_leaves_the_graph_to_backward():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    loss = (x * x).sum()
    text_of(loss)
    assert x.grad is None
    loss.backward()
    np.testing.assert_array_equal(x.grad.numpy(), [2, 4])


def test_explaining_a_loss_calls_no_hook_and_says_that_there_is_one():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    h = x * x
    seen = []
    h.register_hook(seen.append)
    assert "h has hooks; they are not called here" in text_of(h.sum(), "en")
    assert not seen


def test_the_graph_of_every_golden_case_gives_the_same_sums_as_its_recording():
    x = tg.tensor([[1.0, 2.0], [3.0, -1.0]])
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.ReLU(), nn.Linear(3, 2))
    text = text_of(model(x).logsumexp(1).sum(), "en").rpartition("Result")[2]
    model(x).logsumexp(1).sum().backward()
    for label, p in model.named_parameters():
        assert label + ".grad" in text
        for line in numbers(Value.of(p.grad), 80):
            assert line.strip() in text


def test_a_graph_whose_values_were_freed_is_explained_without_numbers_and_says_how_to_get_them():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    loss = (x * x).sum()
    loss.backward()
    text = text_of(loss, "en").replace("\n ", " ")
    assert "were freed by an earlier backward pass (mul)" in text
    assert "retain_graph=True" in text
    assert "∂L/∂a = g · b  → x" in text
    assert "sum so far" not in text


def test_a_graph_with_an_overwritten_value_says_which():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    h = x * 2
    y = (h * h).sum()
    h.add_(1)
    text = text_of(y, "en").replace("\n ", " ")
    assert "has been overwritten" in text
    assert "add_ has written into it" in text


def test_a_graph_of_ops_with_several_outputs_is_explained_too():
    x = tg.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    a, b = x.split(1)
    text = text_of((a * b).sum(), "en")
    assert "a, b = split(x=x)" in text
    assert "x.grad  (2, 2)  = [[3., 4.]," in text


def test_a_very_deep_graph_is_explained_without_recursion():
    x = tg.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(1500):
        y = y + x
    assert "x.grad  ()  = 1501." in text_of(y, "en")


def test_the_readme_shows_what_is_printed():
    readme = (pathlib.Path(tg.__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## See backpropagation")[2].partition("\n## ")[0]
    program, shown = re.search(r"```python\n(.*?)```\n\n```text\n(.*?)```", section, re.DOTALL).groups()
    page = io.StringIO()
    with contextlib.redirect_stdout(page):
        exec(compile(program, "README.md", "exec"), {"tg": tg, "__name__": "readme"})
    assert shown in page.getvalue()


# ---- arguments ------------------------------------------------------------------------------------------------------

def test_what_is_neither_a_tape_nor_a_tensor_is_refused():
    with pytest.raises(ArgumentTypeError, match="explain: expected the tape of a record.. block or a Tensor, got list"):
        tg.teach.explain([])


def test_a_language_it_does_not_speak_is_refused():
    with pytest.raises(ArgumentError, match="lang='de'"):
        tg.teach.explain(small()[0], lang="de")


def test_a_tensor_without_a_graph_is_refused_with_the_cure():
    with pytest.raises(GradError, match="there is no graph to show. Set requires_grad=True"):
        tg.teach.explain(tg.ones(2).sum())


def test_a_result_that_is_no_single_number_is_refused_with_the_cure():
    with pytest.raises(GradError, match=r"explain: the tensor has shape \(2,\).*Reduce it"):
        tg.teach.explain(tg.ones(2, requires_grad=True) * 2)


def test_it_prints_to_standard_output_by_default(capsys):
    tg.teach.explain(small()[0], lang="en")
    assert capsys.readouterr().out.startswith("━━━")


def test_a_stream_that_cannot_write_every_character_gets_a_question_mark_for_it():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    tg.teach.explain(small()[0], lang="en", file=stream)
    stream.flush()
    assert b"?L/?a = g ? b" in stream.buffer.getvalue()


# ---- names ----------------------------------------------------------------------------------------------------------

def test_a_name_cannot_move_the_cursor_or_colour_the_terminal():
    x = tg.tensor(2.0, requires_grad=True)
    with tg.teach.record(names={"evil\x1b[31m\nname\u202e": x}) as tape:
        (x * 2).backward()
    text = text_of(tape)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "evil\\x1b[31m\\nname\\u202e" in text


def test_a_long_name_is_cut_in_its_middle():
    x = tg.tensor(2.0, requires_grad=True)
    with tg.teach.record(names={"n" * 500 + "end": x}) as tape:
        (x * 2).backward()
    text = text_of(tape, "en")
    assert max(map(columns, text.splitlines())) <= WIDTH
    assert "end.grad" in text


def test_a_tensor_written_in_place_is_given_again_and_said_to_be_written():
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    with tg.teach.record() as tape:
        (w * w).sum().backward()
        with tg.no_grad():
            w -= 0.25 * w.grad
        (w * w).sum().backward()
    lines = [line.split() for line in text_of(tape, "en").splitlines() if line.startswith("   w ")]
    assert lines == [["w", "(2,)", "[1.,", "2.]", "wants", "a", "gradient"],
                     ["w", "(2,)", "[0.5000,", "1.0000]", "after", "a", "write", "in", "place"]]


def test_a_long_name_does_not_cost_the_others_their_numbers():
    x, y = tg.tensor([2.0, 3.0], requires_grad=True), tg.tensor([4.0, 5.0])
    with tg.teach.record(names={"层" * 60: x, "y": y}) as tape:
        (x * y).sum().backward()
    assert "[4., 5.]" in text_of(tape, "en").partition("mul(")[0]


def test_nan_and_infinity_are_printed_as_such():
    x = tg.tensor([0.0, -1.0, 1.0], requires_grad=True)
    with tg.teach.record() as tape:
        x.log().sum().backward()
    text = text_of(tape, "en")
    assert "= [-inf, nan, 0.]" in text
    assert "x.grad  (3,)  = [inf, -1.,  1.]" in text


def test_a_term_whose_input_is_not_given_is_not_in_the_formula():
    x = tg.ones(1, 1, 3, 3, requires_grad=True)
    with tg.teach.record() as tape:
        nn.functional.conv2d(x, tg.ones(1, 1, 2, 2)).sum()
        nn.functional.conv2d(x, tg.ones(1, 1, 2, 2), tg.ones(1)).sum()
    first, second = (line for line in text_of(tape, "en").splitlines() if "Σ_c,t" in line)
    assert "bias" not in first
    assert "+ bias[o]" in second


def test_many_equal_shapes_are_counted():
    x = tg.ones(2, requires_grad=True)
    with tg.teach.record() as tape:
        tg.stack([x] * 60).sum().backward()
    text = text_of(tape, "en")
    assert "60 × (2,) → (60, 2)" in text
    assert max(map(columns, text.splitlines())) <= WIDTH


def test_an_argument_without_a_name_is_shown_at_its_step():
    x = tg.tensor([[1.0, 2.0]], requires_grad=True)
    with tg.teach.record() as tape:
        nn.functional.cross_entropy(x, tg.tensor([1]))
    given, _, step = text_of(tape, "en").partition("  1  ")
    assert "target" not in given
    assert "     target = [1]" in step
