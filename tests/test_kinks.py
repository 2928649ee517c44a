"""The choices at kinks and ties that README.md lists: each row of its table is tested here, also against PyTorch."""
import pathlib
import re

import pytest

import tinygrad_cnn as tg

NAN, INF = float("nan"), float("inf")
TABLE = (pathlib.Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8").split(
    "## Conventions at kinks and ties")[1].split("\n## ")[0]

# (name as in the table, function of the library and tensors, inputs, their gradients)
CASES = [
    ("relu", lambda lib, x: lib.relu(x), [[0.0]], [[0.0]]),
    ("relu6", lambda lib, x: lib.nn.functional.relu6(x), [[0.0, 6.0]], [[0.0, 0.0]]),
    ("hardtanh", lambda lib, x: lib.nn.functional.hardtanh(x), [[-1.0, 1.0]], [[0.0, 0.0]]),
    ("leaky_relu", lambda lib, x: lib.nn.functional.leaky_relu(x, 0.1), [[0.0]], [[0.1]]),
    ("abs", lambda lib, x: lib.abs(x), [[0.0]], [[0.0]]),
    ("norm", lambda lib, x: x.norm(), [[0.0, 0.0]], [[0.0, 0.0]]),
    ("l1_loss", lambda lib, x, y: lib.nn.functional.l1_loss(x, y), [[2.0], [2.0]], [[0.0], [0.0]]),
    ("sqrt", lambda lib, x: lib.sqrt(x), [[0.0]], [[INF]]),
    ("x ** 0", lambda lib, x: x ** 0, [[0.0]], [[0.0]]),
    ("0 ** b", lambda lib, x, b: x ** b, [[0.0], [2.0]], [[0.0], [0.0]]),
    ("clamp", lambda lib, x: lib.clamp(x, 0.0, 1.0), [[0.0, 1.0, 2.0]], [[1.0, 1.0, 0.0]]),
    ("maximum", lambda lib, x, y: lib.maximum(x, y), [[1.0], [1.0]], [[0.5], [0.5]]),
    ("minimum", lambda lib, x, y: lib.minimum(x, y), [[1.0], [1.0]], [[0.5], [0.5]]),
    ("max()", lambda lib, x: x.max(), [[1.0, 1.0, 0.0]], [[0.5, 0.5, 0.0]]),
    ("min()", lambda lib, x: x.min(), [[1.0, 1.0, 2.0]], [[0.5, 0.5, 0.0]]),
    ("amax", lambda lib, x: lib.amax(x, 0), [[1.0, 1.0, 0.0]], [[0.5, 0.5, 0.0]]),
    ("amin", lambda lib, x: lib.amin(x, 0), [[1.0, 1.0, 2.0]], [[0.5, 0.5, 0.0]]),
    ("scatter_reduce", lambda lib, x, y: x.scatter_reduce(0, lib.tensor([0, 0]), y, "amax"), [[1.0], [1.0, 0.0]],
     [[0.5], [0.5, 0.0]]),
    ("max(dim)", lambda lib, x: x.max(0)[0], [[1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]]),
    ("min(dim)", lambda lib, x: x.min(0)[0], [[1.0, 1.0, 2.0]], [[1.0, 0.0, 0.0]]),
    ("max_pool", lambda lib, x: lib.nn.functional.max_pool1d(x[None, None], 2), [[1.0, 1.0]], [[1.0, 0.0]]),
    ("NaN", lambda lib, x: lib.nn.functional.max_pool1d(x[None, None], 2), [[1.0, NAN]], [[0.0, 1.0]]),
    ("prod", lambda lib, x: x.prod(), [[0.0, 2.0, 3.0]], [[6.0, 0.0, 0.0]]),
    ("cumprod", lambda lib, x: lib.cumprod(x, 0), [[2.0, 0.0, 3.0]], [[1.0, 8.0, 0.0]]),
    ("where", lambda lib, x: lib.where(x > 0, lib.log(x), x), [[0.0]], [[NAN]]),
]
names = pytest.mark.parametrize("name, function, inputs, gradients", CASES, ids=[case[0] for case in CASES])


def gradients_of(lib, function, inputs):
    leaves = [lib.tensor(values, dtype=lib.float64, requires_grad=True) for values in inputs]
    function(lib, *leaves).sum().backward()
    return [leaf.grad.tolist() for leaf in leaves]


def same(found, wanted):
    return [pytest.approx(row, nan_ok=True) for row in wanted] == found


@names
def test_the_derivative_is_the_one_in_the_table(name, function, inputs, gradients):
    assert same(gradients_of(tg, function, inputs), gradients)


@pytest.mark.oracle
@names
def test_pytorch_makes_the_same_choice(name, function, inputs, gradients):
    torch = pytest.importorskip("torch", reason="needs PyTorch: pip install torch==2.13.0")
    assert same(gradients_of(torch, function, inputs), gradients)


def test_every_row_of_the_readme_is_tested_here():
    named = set(re.findall(r"`([^`]+)`", "".join(line.split("|")[1] for line in TABLE.splitlines() if "|" in line)))
    assert named - {"NaN"} == {name for name, *_ in CASES} - {"NaN"}
