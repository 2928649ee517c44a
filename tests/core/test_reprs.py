"""What a notebook shows of tensors and modules: static, escaped, small, and true."""
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.strict import strict_device
from tinygrad_cnn import nn

TAGS = {"div", "table", "tr", "td", "th"}
PROPERTIES = {"font-family", "font-size", "vertical-align", "padding", "border-collapse", "border", "color",
              "background-color", "text-align", "white-space"}


class Reader(HTMLParser):
    """Fails on anything but plain tags with plain styles; collects the texts of cells."""

    def __init__(self, html):
        super().__init__()
        self.open, self.cells, self.texts = [], [], []
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        assert tag in TAGS
        for name, value in attrs:
            assert name == "style"
            assert {part.split(":")[0].strip() for part in value.split(";")} <= PROPERTIES
            assert "url" not in value
        self.open.append(tag)
        if tag == "td":
            self.cells.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)
        if "td" in self.open:
            self.cells[-1] += data


TENSORS = {
    "matrix": tg.tensor([[1.0, -2.5], [0.0, 4.0]]), "vector": tg.arange(5), "number": tg.tensor(3.5),
    "bool": tg.tensor([True, False]), "special": tg.tensor([float("nan"), float("inf"), -float("inf"), 1.0]),
    "empty": tg.zeros(0, 3), "emptier": tg.zeros(2, 0, 3, 3), "images": tg.ones(8, 3, 100, 90), "zeros": tg.zeros(3),
    "huge": tg.tensor([1e300, -1e300], dtype=tg.float64), "half": tg.ones(2, dtype=tg.float16),
    "view": tg.arange(12).reshape(3, 4).t(),
}
every = pytest.mark.parametrize("name", list(TENSORS))


@every
def test_the_html_is_plain_tables_with_plain_styles(name):
    assert "Tensor" in Reader(TENSORS[name]._repr_html_()).texts[0]


@every
def test_the_svg_is_rectangles_and_texts(name):
    root = ElementTree.fromstring(TENSORS[name]._repr_svg_())
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= {"svg", "rect", "text"}
    assert not any(key.startswith("on") or "href" in key for element in root.iter() for key in element.attrib)


@every
def test_both_forms_are_small(name):
    assert len(TENSORS[name]._repr_html_()) < 150_000
    assert len(TENSORS[name]._repr_svg_()) < 200_000


def test_few_numbers_are_written_into_their_cells():
    assert Reader(TENSORS["matrix"]._repr_html_()).cells[1:] == ["1", "-2.5", "0", "4"]
    assert Reader(TENSORS["bool"]._repr_html_()).cells[1:] == ["True", "False"]
    assert Reader(TENSORS["special"]._repr_html_()).cells[1:] == ["nan", "inf", "-inf", "1"]


def test_zero_is_white_positive_red_negative_blue_and_nan_grey():
    colours = re.findall(r"background-color:(#\w{6})", tg.tensor([0.0, 1.0, -1.0, float("nan")])._repr_html_())
    assert colours == ["#f7f7f7", "#b2182b", "#2166ac", "#999999"]


def test_what_is_left_out_is_said():
    text = " ".join(Reader(TENSORS["images"]._repr_html_()).texts)
    assert "4 of 24 planes" in text
    assert "at most 24 x 24 of its elements" in text
    assert "no elements" in " ".join(Reader(TENSORS["empty"]._repr_html_()).texts)


def test_the_line_of_facts_has_shape_dtype_and_history():
    x = tg.ones(2, requires_grad=True)
    assert Reader(x._repr_html_()).texts[0].split() == ["Tensor", "(2,)", "float32", "requires_grad"]
    assert "grad_fn=<MulBackward>" in Reader((x * 2)._repr_html_()).texts[0]


def test_a_tensor_that_requires_grad_is_shown_without_leaving_a_trace():
    x = tg.ones(2, requires_grad=True)
    y = x * 2
    y._repr_html_()
    assert y.version == 0
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [2, 2])


def test_a_tensor_on_another_device_is_shown():
    x = tg.arange(3).to(strict_device())
    reader = Reader(x._repr_html_())
    assert reader.cells[1:] == ["0", "1", "2"]
    assert "strict" in reader.texts[0]


@given(st.lists(st.integers(0, 40), max_size=4), st.sampled_from([tg.float32, tg.int64, tg.bool]))
def test_every_shape_can_be_shown(shape, dtype):
    x = tg.zeros(*shape, dtype=dtype)
    assert str(tuple(shape)) in Reader(x._repr_html_()).texts[0]
    ElementTree.fromstring(x._repr_svg_())


def test_a_module_is_a_table_of_its_tree():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Sequential(nn.ReLU(), nn.Linear(4, 2, bias=False)))
    cells = Reader(model._repr_html_()).cells
    rows = [cells[k:k + 4] for k in range(0, len(cells), 4)]
    assert [row[0] for row in rows] == ["", "  0", "  1", "    0", "    1"]
    assert rows[1][1:] == ["Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1))", "weight (2, 1, 3, 3), bias (2,)", "20"]
    assert rows[0][3] == "28"


def test_a_module_counts_shared_parameters_once_and_says_what_is_trained():
    layer = nn.Linear(2, 2)
    model = nn.Sequential(layer, layer, nn.Linear(2, 1).requires_grad_(False))
    assert "9 parameters, 6 of them trained" in " ".join(Reader(model._repr_html_()).texts)


def test_names_and_classes_are_escaped():
    evil = "<img src=x onerror=alert(1)>"
    model = nn.Sequential()
    model.add_module(evil, type(evil, (nn.Linear,), {"extra_repr": lambda self: "</td><script>"})(1, 1))
    reader = Reader(model._repr_html_())
    assert evil in reader.cells[4]
    assert "<script>" in reader.cells[5]
    x = tg.Tensor.__new__(type("<b>", (tg.Tensor,), {}))
    x.__init__(np.zeros(1), tg.ones(1).device)
    assert Reader(x._repr_html_()).texts[0].startswith("<b>")


def test_a_very_large_module_is_cut_and_says_so():
    model = nn.Sequential(*[nn.ReLU() for _ in range(500)])
    assert "301 more layers not shown" in " ".join(Reader(model._repr_html_()).texts)


def test_the_core_does_not_load_what_makes_them():
    program = "import sys, tinygrad_cnn as tg; tg.nn; repr(tg.ones(2)); print('tinygrad_cnn.reprs' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
