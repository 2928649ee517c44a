"""Softmax, log-softmax and log-sum-exp: no overflow, PyTorch's answers at infinity, derivatives of any order."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.ops.oracle import agree
from tinygrad_cnn.testing.strategies import arrays, shapes

INF = float("inf")


def test_large_logits_do_not_overflow():
    assert tg.softmax(tg.tensor([1000.0, 1000.0]), 0).tolist() == [0.5, 0.5]
    assert tg.log_softmax(tg.tensor([0.0, 1000.0]), 0).tolist() == [-1000.0, 0.0]
    assert tg.logsumexp(tg.tensor([1000.0, -1000.0]), 0).item() == 1000.0


def test_a_forbidden_class_has_probability_0_and_gradient_0():
    x = tg.tensor([0.0, -INF, 0.0], requires_grad=True)
    y = tg.softmax(x, 0)
    y[0].backward()
    assert y.tolist() == [0.5, 0.0, 0.5]
    assert x.grad.tolist() == [0.25, 0.0, -0.25]


def test_a_row_of_minus_infinity_gives_nan_as_in_pytorch():
    x = tg.tensor([[-INF, -INF], [0.0, 0.0]])
    assert np.isnan(tg.softmax(x, 1).numpy()).tolist() == [[True, True], [False, False]]
    assert np.isnan(tg.log_softmax(x, 1).numpy()).tolist() == [[True, True], [False, False]]


def test_logsumexp_of_infinities_and_of_nothing():
    assert tg.logsumexp(tg.tensor([[-INF, -INF], [INF, 0.0]]), 1).tolist() == [-INF, INF]
    assert tg.logsumexp(tg.zeros(0, 2), 0).tolist() == [-INF, -INF]


def test_logsumexp_of_integers_is_of_the_default_dtype():
    assert tg.logsumexp(tg.tensor([0, 0]), 0).dtype is tg.float32


def test_a_0d_tensor_is_a_row_of_one():
    x = tg.tensor(3.0, requires_grad=True)
    assert [f(x, d).item() for f in (tg.softmax, tg.log_softmax, tg.logsumexp) for d in (0, -1)] == [1, 1, 0, 0, 3, 3]


def test_no_rows_give_no_rows():
    x = tg.zeros(0, 3, requires_grad=True)
    tg.softmax(x, 0).sum().backward()
    assert x.grad.shape == (0, 3)


def test_float16_is_computed_in_float32():
    x = tg.full((4096,), 1.0, dtype=tg.float16)
    assert tg.logsumexp(x, 0).item() == pytest.approx(1 + np.log(4096), rel=5e-4)
    assert tg.softmax(x, 0).tolist()[0] == 1 / 4096


def test_dtype_converts_the_input_first():
    assert tg.softmax(tg.tensor([0, 0]), 0, dtype=tg.float64).dtype is tg.float64


def test_the_third_derivative_is_that_of_the_formula():
    values = np.array([0.3, -0.7, 1.1])

    def third(f):
        x = tg.tensor(values, requires_grad=True)
        y = (f(x) * tg.tensor([1.0, 2.0, -1.0], dtype=tg.float64)).sum()
        for _ in range(3):
            g, = tg.autograd.grad(y, x, create_graph=True)
            y = (g * g).sum()
        return g.tolist()

    assert third(lambda x: tg.softmax(x, 0)) == pytest.approx(third(lambda x: x.exp() / x.exp().sum()), rel=1e-9)
    assert third(lambda x: tg.log_softmax(x, 0)) == pytest.approx(third(lambda x: x - x.exp().sum().log()), rel=1e-9)


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin"])
@given(data=st.data())
def test_agrees_with_pytorch(name, data):
    import torch
    x = data.draw(arrays(shapes(0, 4), low=-5, high=5))
    dim = data.draw(st.integers(-max(x.ndim, 1), max(x.ndim, 1) - 1))
    theirs = getattr(torch.nn.functional, name)
    agree(lambda a: getattr(tg, name)(a, dim), lambda a: theirs(a, dim), [x])


@pytest.mark.oracle
@given(data=st.data())
def test_logsumexp_agrees_with_pytorch(data):
    import torch
    x = data.draw(arrays(shapes(1, 4), low=-5, high=5))
    dims = tuple(data.draw(st.lists(st.integers(0, x.ndim - 1), unique=True, min_size=1)))
    keepdim = data.draw(st.booleans())
    agree(lambda a: tg.logsumexp(a, dims, keepdim), lambda a: torch.logsumexp(a, dims, keepdim), [x])


@pytest.mark.oracle
@pytest.mark.parametrize("row", [[-INF, -INF], [INF, 0.0], [-INF, 0.0], [float("nan"), 0.0]])
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp"])
def test_infinities_agree_with_pytorch(name, row):
    import torch
    agree(lambda a: getattr(tg, name)(a, 0), lambda a: getattr(torch, name)(a, 0), [np.array(row)], order=1)
