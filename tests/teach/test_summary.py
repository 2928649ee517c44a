"""summary: totals that are published, rows that are the book's, and a model left as it was."""
import pathlib
import string
from math import prod

import pytest
from hypothesis import given

import tinygrad_cnn as tg
from tests.teach.twice import Twice
from tinygrad_cnn import nn
from tinygrad_cnn.errors import ArgumentTypeError
from tinygrad_cnn.nn import functional as F
from tinygrad_cnn.teach.summary import summary
from tinygrad_cnn.teach.texts_layers import TEXTS
from tinygrad_cnn.testing import conv_cases


@pytest.mark.parametrize("make, parameters, giga", [
    (nn.models.alexnet, 61_100_840, 0.714), (nn.models.resnet18, 11_689_512, 1.814),
    (nn.models.resnet50, 25_557_032, 4.089)
], ids=["alexnet", "resnet18", "resnet50"])
def test_the_totals_are_those_published_for_torchvisions_models(make, parameters, giga):
    found = summary(nn.utils.skip_init(make), (1, 3, 224, 224))
    assert found.parameters == parameters == sum(row.parameters for row in found.rows)
    assert round(found.multiply_adds / 1e9, 3) == giga
    assert found.multiply_adds == sum(row.multiply_adds for row in found.rows)
    assert not found.unlisted


def test_table_24_1_is_written_by_it():
    listed = ("Conv2d", "MaxPool2d", "Linear")
    rows = [row for row in summary(nn.models.LeNet(), (1, 3, 32, 32)).rows if row.kind in listed]
    assert [(row.kernel_text, row.size, row.parameters) for row in rows] == [
        ("5x5x3x8", "28x28x8", 608), ("2x2", "14x14x8", 0), ("5x5x8x16", "10x10x16", 3_216), ("2x2", "5x5x16", 0),
        ("400x120", "120", 48_120), ("120x84", "84", 10_164), ("84x10", "10", 850)]
    assert [row.field for row in rows] == [(5, 5), (6, 6), (14, 14), (16, 16), "all", "all", "all"]


def test_the_printed_table():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 10))
    assert str(summary(network, (1, 1, 4, 4), "en")) == """\
Sequential on an input of 1x1x4x4

layer  kind      kernel  stride  padding  output  parameters  multiply-adds  field  memory
-----  -------  -------  ------  -------  ------  ----------  -------------  -----  ------
0      Conv2d   3x3x1x2       1        0   2x2x2          20             72      3    32 B
1      ReLU           -       -        -   2x2x2           -              -      3    32 B
2      Flatten        -       -        -       8           -              -    all    32 B
3      Linear      8x10       -        -      10          90             80    all    40 B

parameters 110 (trainable 110, 440 B); multiply-adds 152 (152); activations 136 B"""


def test_the_table_in_the_readme_is_what_it_prints():
    text = (pathlib.Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    assert str(summary(nn.models.LeNet(), (1, 3, 32, 32), "en")) in text


@pytest.mark.parametrize("layer, shape, expected", [
    (nn.Conv1d(2, 6, 3, groups=2), (2, 2, 10), 2 * 6 * 8 * 1 * 3),
    (nn.Conv2d(4, 8, (3, 1), stride=2, padding=1), (1, 4, 9, 9), 8 * 5 * 6 * 4 * 3),
    (nn.Conv3d(2, 3, 2), (1, 2, 4, 4, 4), 3 * 27 * 2 * 8),
    (nn.Conv2d(6, 6, 3, groups=6), (1, 6, 8, 8), 6 * 36 * 9),
    (nn.ConvTranspose2d(4, 2, 2, stride=2), (1, 4, 5, 5), 25 * 4 * 2 * 4),
    (nn.ConvTranspose1d(4, 6, 3, groups=2), (3, 4, 5), 3 * 5 * 4 * 3 * 3),
    (nn.Linear(5, 7), (3, 5), 105), (nn.Linear(5, 7, bias=False), (2, 3, 5), 210),
], ids=["1-d, groups", "stride and padding", "3-d", "depthwise", "transposed", "transposed, groups", "linear",
        "sequence"])
def test_multiply_adds_by_hand(layer, shape, expected):
    (row,) = summary(layer, shape).rows
    assert row.multiply_adds == expected
    assert row.parameters == sum(p.numel() for p in layer.parameters())


@given(case=conv_cases())
def test_multiply_adds_of_any_convolution_are_the_terms_of_its_sum(case):
    x, w, _, options = case
    conv = getattr(nn, f"Conv{x.ndim - 2}d")(x.shape[1], w.shape[0], w.shape[2:], **options)
    (row,) = summary(conv, x.shape).rows
    assert row.multiply_adds == prod(conv(tg.zeros(*x.shape)).shape) * prod(w.shape[1:])
    assert row.kernel_text == "x".join(map(str, (*w.shape[2:], w.shape[1], w.shape[0])))


class Functional(nn.Module):
    """A shared layer called twice, functions with weights, a token, and a layer that is never called."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.same = self.conv
        self.weight = nn.Parameter(tg.randn(5, 16))
        self.token = nn.Parameter(tg.zeros(1, 4, 1, 1))
        self.never = nn.Linear(3, 3)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv(x + self.token)), 2)
        return F.linear(F.avg_pool2d(self.same(x), 2).flatten(1), self.weight)


def test_a_module_called_twice_has_two_rows_and_its_parameters_count_once():
    rows = [row for row in summary(Functional(), (1, 4, 8, 8)).rows if row.kind == "Conv2d"]
    assert [(row.parameters, row.again, row.multiply_adds) for row in rows] == [
        (148, False, 9_216), (0, True, 2_304)]


def test_functions_are_listed_and_said_to_be_functions():
    found = summary(Functional(), (1, 4, 8, 8), "en")
    assert [row.path for row in found.rows] == ["(add)", "conv", "(max_pool)", "conv", "(avg_pool)", "(linear)"]
    assert (found.rows[0].parameters, found.rows[0].multiply_adds) == (4, 0)        # the token, which has no layer
    assert (found.rows[-1].parameters, found.rows[-1].multiply_adds) == (80, 80)
    assert dict(found.functions) == {"relu": 1, "reshape": 1}
    assert found.unlisted == ["never.weight", "never.bias"]
    text = str(found)
    assert "In parentheses: functions" in text and "never.weight, never.bias" in text and "relu, reshape" in text
    assert found.parameters == 148 + 80 + 4 + 12


def test_a_model_without_submodules_is_seen_through_its_functions():
    class Bare(nn.Module):
        def __init__(self):
            super().__init__()
            self.w, self.v = nn.Parameter(tg.randn(2, 1, 3, 3)), nn.Parameter(tg.randn(2, 2, 3, 3))

        def forward(self, x):
            return F.conv2d(F.conv2d(x, self.w), self.v)

    found = summary(Bare(), (1, 1, 8, 8))
    assert [(row.kind, row.parameters, row.multiply_adds, row.field) for row in found.rows] == [
        ("conv", 18, 648, (3, 3)), ("conv", 36, 576, (5, 5))]


@pytest.mark.parametrize("program, expected", [
    (lambda x, w: x @ w, 2 * 3 * 4), (lambda x, w: tg.einsum("nk,kj->nj", x, w), 24), (lambda x, w: (x @ w).T @ x, 48),
], ids=["matmul", "einsum", "two products"])
def test_products_of_matrices_are_counted(program, expected):
    class Product(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(tg.randn(3, 4))

        def forward(self, x):
            return program(x, self.w)

    found = summary(Product(), (2, 3))
    assert found.multiply_adds == expected
    assert found.rows[0].kernel_text == "3x4" and found.rows[0].parameters == 12


def test_frozen_weights_and_integer_inputs_are_seen_too():
    model = nn.Sequential(nn.Embedding(10, 4), nn.Linear(4, 3)).requires_grad_(False)
    found = summary(model, tg.zeros(2, 5, dtype=tg.int64))
    assert [row.size for row in found.rows] == ["5x4", "5x3"]
    assert found.multiply_adds == 2 * 5 * 12 and found.trainable == 0 and found.parameters == 55
    assert not any(p.requires_grad for p in model.parameters())


def test_memory_counts_what_is_new_and_not_what_is_written_in_place():
    inplace = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(inplace=True))
    fresh = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU())
    assert [row.bytes for row in summary(inplace, (1, 1, 6, 6)).rows] == [128, 0]
    assert [row.bytes for row in summary(fresh, (1, 1, 6, 6)).rows] == [128, 128]


def test_the_model_is_left_as_it_was():
    class Counting(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("calls", tg.zeros(1))
            self.register_buffer("seen", None)
            self.norm, self.drop = nn.BatchNorm2d(2), nn.Dropout(0.5)

        def forward(self, x):
            self.calls += 1
            self.seen = x
            return self.drop(self.norm(x)) + tg.rand(1)

    model = Counting()
    model.norm.eval()
    model.norm.weight.grad = tg.ones(2)
    model.norm.bias.requires_grad_(False)
    state = {name: value.clone() for name, value in model.state_dict().items()}
    calls = model.calls
    numbers = tg.generator.default_generator().get_state()
    summary(model, (3, 2, 4, 4))
    assert (model.training, model.norm.training, model.drop.training) == (True, False, True)
    assert all(tg.equal(value, state[name]) for name, value in model.state_dict().items())
    assert model.calls is calls and model.seen is None
    assert tg.generator.default_generator().get_state() == numbers
    assert model.norm.weight.grad.tolist() == [1, 1] and not model.norm.bias.requires_grad
    assert model._hooks is None or not model._hooks


def test_it_is_left_as_it_was_when_its_forward_raises_too():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Linear(7, 2))
    with pytest.raises(tg.errors.ShapeError, match="linear"):
        summary(model, (1, 3, 8, 8))
    assert model.training and all(module._hooks is None or not module._hooks for module in model.modules())
    assert model(tg.zeros(1, 3, 8, 9)).shape == (1, 4, 6, 2)


def test_an_input_may_be_given_itself_and_there_may_be_several():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 1, 1)

        def forward(self, x, y):
            return self.conv(x) * y

    x = tg.ones(1, 1, 3, 3)
    assert summary(Two(), (x, (1, 1, 3, 3))).input_shapes == [(1, 1, 3, 3)] * 2
    assert not x.requires_grad


@pytest.mark.parametrize("wrong", ["32", 3.5, (1, "a"), None], ids=["text", "number", "letters", "nothing"])
def test_what_is_no_input_is_refused(wrong):
    with pytest.raises(ArgumentTypeError, match=r"summary: .* neither a Tensor nor a shape.*tg.zeros\(1, 3, 32, 32\)"):
        summary(nn.Conv2d(1, 1, 1), wrong)


def test_what_is_no_model_is_refused():
    with pytest.raises(ArgumentTypeError, match="summary: function is not a Module"):
        summary(lambda x: x, (1, 3))


def test_names_that_would_colour_the_terminal_are_escaped():
    model = nn.Sequential()
    model.add_module("\x1b[31mred", nn.Linear(2, 2))
    assert "\x1b" not in str(summary(model, (1, 2))) and "\\x1b[31mred" in str(summary(model, (1, 2)))


def test_both_languages_have_every_text_with_the_same_names():
    names = lambda text: sorted(field for _, field, _, _ in string.Formatter().parse(text) if field)
    for key, words in TEXTS.items():
        assert words.zh.strip() and words.en.strip(), key
        assert names(words.zh) == names(words.en), key
        assert words.zh.count("|") == words.en.count("|"), key
        assert any("\u4e00" <= letter <= "\u9fff" for letter in words.zh), key


def test_the_text_is_in_the_language_asked_for():
    english, chinese = (str(summary(nn.Conv2d(1, 1, 1), (1, 1, 2, 2), lang)) for lang in ("en", "zh"))
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in english)
    assert "乘加" in chinese and "multiply" not in chinese
    with pytest.raises(tg.errors.ArgumentError, match="lang='fr'"):
        str(summary(nn.Conv2d(1, 1, 1), (1, 1, 2, 2), "fr"))


def test_float64_counts_eight_bytes_and_numbers_are_drawn_in_the_models_dtype():
    found = summary(nn.Conv2d(1, 1, 1).double(), (1, 1, 2, 2))
    assert found.activation_bytes == 32 and found.parameter_bytes == 16


def test_a_function_of_the_users_is_counted_by_its_name_and_has_no_field():
    class Doubled(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Conv2d(1, 2, 3), nn.Conv2d(2, 2, 3)

        def forward(self, x):
            return self.second(Twice.apply(self.first(x)))

    found = summary(Doubled(), (1, 1, 9, 9), lang="en")
    assert found.functions == {"Twice": 1}
    assert [row.field for row in found.rows] == [(3, 3), None]


def test_a_long_list_of_functions_is_wrapped():
    class Many(nn.Module):
        def forward(self, x):
            return x.exp().sin().cos().tanh().sigmoid().abs().log1p().sqrt().relu().floor().square().erf().neg().sinh()

    net = nn.Sequential(nn.Conv2d(1, 1, 1), nn.Sequential(Many(), Many()))
    assert max(map(len, str(summary(net, (1, 1, 4, 4), lang="en")).splitlines())) <= 100
