"""`tree` prints every node once, in one line, whatever the graph."""
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tinygrad_cnn import nn
from tinygrad_cnn.errors import ArgumentError, ArgumentTypeError, GradError
from tinygrad_cnn.teach.page import WIDTH, columns


def drawn(_, **options):
    """The lines that `tree` prints."""
    page = io.StringIO()
    tg.teach.tree(_, file=page, **{"lang": "en", **options})
    return page.getvalue().splitlines()


def calls(lines):
    return [" ".join(line.split()[:-1]) for line in lines if "●" in line]


def test_a_chain_is_one_line_an_op_newest_first():
    x = tg.ones(2, 3, requires_grad=True)
    y = (x.exp() * 2).sum()
    assert drawn(y) == [f"●  y = sum(x=v2){' ' * 82}()", f"●  v2 = mul(a=v1, b=2){' ' * 72}(2, 3)",
                        f"●  v1 = exp(x=x){' ' * 78}(2, 3)"]


def test_a_shared_node_is_printed_once_and_named_by_its_other_users():
    x = tg.ones(2, requires_grad=True)
    h = x.exp()
    y = h.sin() + h
    lines = drawn(y)
    assert sum("h = exp" in line for line in lines) == 1
    assert "b=h↓" in lines[0]
    assert "used by 2 steps" in next(line for line in lines if "h = exp" in line)
    assert lines[-1].strip() == "↓ is printed further down"


def test_a_branch_stands_one_step_to_the_right_and_the_longer_way_goes_straight_on():
    x = tg.ones(2, requires_grad=True)
    y = x.exp().sin().cos() + x.tanh()
    shape = [line.split("  ")[0] for line in drawn(y)]
    assert shape == ["●", "├─●", "●", "●", "●"]


def test_a_residual_network_is_a_straight_line():
    model = nn.models.get_model("resnet20")
    lines = drawn(model(tg.zeros(1, 3, 32, 32)).sum(), fold=None)
    assert sum(line.startswith("●") for line in lines) >= 69
    assert max(map(columns, lines)) <= WIDTH


def test_twenty_thousand_steps_are_folded_without_recursion():
    x = tg.ones(1, requires_grad=True)
    y = x
    for _ in range(10_000):
        y = y * 2 + x
    lines = drawn(y)
    assert len(lines) == 17
    assert lines[12].startswith("⋮  … 19984 steps folded here: 9992 add, 9992 mul")


def test_a_fold_that_is_none_folds_nothing():
    x = tg.ones(1, requires_grad=True)
    y = x
    for _ in range(100):
        y = y * 2
    assert len(drawn(y, fold=None)) == 100


def test_a_graph_that_doubles_at_each_step_stays_as_small_as_it_is():
    x = tg.ones(1, requires_grad=True)
    y = x
    for _ in range(60):
        y = y * y
    assert len(calls(drawn(y, fold=None))) == 60


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=30))
def test_every_node_is_printed_once_and_the_page_holds(pairs):
    values = [tg.ones(1, requires_grad=True)]
    for i, j in pairs:
        values.append(values[i % len(values)] + values[j % len(values)])
    lines = drawn(values[-1], fold=None, names={"x": values[0]})
    assert max(map(columns, lines)) <= WIDTH
    results = [call.split("●")[1].split()[0] for call in calls(lines)]
    assert len(set(results)) == len(results)
    depth = max(line.index("●") // 2 for line in lines if "●" in line)
    assert 2 ** depth <= len(results) + 1


def test_several_outputs_share_a_line():
    x = tg.ones(2, 2, requires_grad=True)
    a, b = x.split(1)
    y = (a * b).sum()
    assert any("a, b = split(x=x)" in line for line in drawn(y))


def test_it_reads_a_graph_whose_values_were_freed():
    x = tg.ones(2, requires_grad=True)
    y = (x * x).sum()
    y.backward()
    assert calls(drawn(y)) == ["● y = sum(x=v1)", "● v1 = mul(a=x, b=x)"]


def test_it_prints_both_languages(capsys):
    x = tg.ones(2, requires_grad=True)
    h = x.exp()
    tg.teach.tree(h * h.sin())
    assert "被 2 步使用 · used by 2 steps" in capsys.readouterr().out


def test_what_has_no_graph_is_refused():
    with pytest.raises(GradError, match="^tree: this tensor .* no graph to show"):
        tg.teach.tree(tg.ones(1))
    with pytest.raises(ArgumentTypeError, match="tree: expected a Tensor, got int"):
        tg.teach.tree(3)


@pytest.mark.parametrize("fold", [0, 5, 2.5, "all"])
def test_a_fold_that_leaves_nothing_to_fold_is_refused(fold):
    with pytest.raises(ArgumentError, match="tree: fold is"):
        tg.teach.tree(tg.ones(1, requires_grad=True) * 2, fold=fold)
