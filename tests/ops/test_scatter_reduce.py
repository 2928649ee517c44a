"""scatter_reduce: PyTorch's values, dtypes and derivatives, at places that are met once, often and never."""
import numpy as np
import pytest

import tinygrad_cnn as tg
from tests.ops.oracle import agree
from tinygrad_cnn.testing import gradcheck, gradgradcheck

REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")
every_reduction = pytest.mark.parametrize("reduce", REDUCTIONS)
with_and_without_self = pytest.mark.parametrize("include_self", [True, False])
RANDOM = np.random.default_rng(0)
INDEX = RANDOM.integers(0, 3, (4, 3))
REAL = RANDOM.normal(size=(3, 4)), RANDOM.normal(size=(4, 3))
SMALL = RANDOM.integers(-1, 2, (3, 4)), RANDOM.integers(-1, 2, (4, 3))              # many zeros, many ties


def call(lib, reduce, include_self, index=INDEX):
    return lambda x, src: lib.scatter_reduce(x, 0, lib.tensor(index), src, reduce, include_self=include_self)


def compare(reduce, include_self, arrays, index=INDEX, **options):
    import torch
    agree(call(tg, reduce, include_self, index), call(torch, reduce, include_self, index), arrays, **options)


@pytest.mark.oracle
@every_reduction
@with_and_without_self
def test_value_and_derivatives_are_pytorch_s(reduce, include_self):
    compare(reduce, include_self, REAL)


@pytest.mark.oracle
@every_reduction
def test_ties_and_zeros_have_pytorch_s_gradient(reduce):
    compare(reduce, True, [array.astype(float) for array in SMALL], order=2 if reduce in ("sum", "mean") else 1)


@pytest.mark.oracle
@every_reduction
@with_and_without_self
@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
def test_integers_give_pytorch_s_values_and_dtype(reduce, include_self, dtype):
    compare(reduce, include_self, [(array + 1).astype(dtype) for array in SMALL])


@pytest.mark.oracle
@every_reduction
@with_and_without_self
def test_nan_and_infinity_flow_as_in_pytorch(reduce, include_self):
    x, src = (array.copy() for array in REAL)
    x[0, 0], src[1], src[2] = np.nan, np.nan, np.inf
    compare(reduce, include_self, [x, src], order=0)


@pytest.mark.oracle
@every_reduction
@with_and_without_self
def test_an_index_without_places_changes_nothing(reduce, include_self):
    compare(reduce, include_self, REAL, np.zeros((0, 3), int), order=0)


@pytest.mark.oracle
@every_reduction
@with_and_without_self
def test_numbers_without_axes_are_taken_as_one_place(reduce, include_self):
    compare(reduce, include_self, [np.array(2.0), np.array(3.0)], np.array(0))


@every_reduction
@with_and_without_self
def test_first_and_second_derivatives_match_differences(reduce, include_self):
    x, src = (tg.tensor(array, requires_grad=True) for array in REAL)
    assert gradcheck(call(tg, reduce, include_self), [x, src])
    assert gradgradcheck(call(tg, reduce, include_self), [x, src])


def test_the_product_of_several_zeros_is_differentiated_twice():
    src = tg.tensor([0.0, 0.0, 3.0], requires_grad=True)
    y = tg.ones(1).scatter_reduce(0, tg.tensor([0, 0, 0]), src, "prod")
    (g,) = tg.autograd.grad(y.sum(), src, create_graph=True)
    (h,) = tg.autograd.grad(g[0], src)
    assert g.tolist() == [0, 0, 0]
    assert h.tolist() == [0, 3, 0]


def test_a_replaced_element_has_no_share_of_the_gradient_even_if_it_was_equal():
    x, src = tg.tensor([2.0], requires_grad=True), tg.tensor([2.0, 2.0], requires_grad=True)
    x.scatter_reduce(0, tg.tensor([0, 0]), src, "amax", include_self=False).sum().backward()
    assert x.grad.tolist() == [0.0]
    assert src.grad.tolist() == [0.5, 0.5]


def test_in_place_it_writes_into_the_tensor():
    x = tg.ones(3)
    assert x.scatter_reduce_(0, tg.tensor([0, 0]), tg.tensor([2.0, 5.0]), reduce="amax") is x
    assert x.tolist() == [5, 1, 1]
