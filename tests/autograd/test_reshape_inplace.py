"""unsqueeze_, squeeze_, t_, transpose_: the shape changes in place, with a history; what could go wrong is refused."""
import numpy as np
import pytest

import tinygrad_cnn as tg
from tests.ops.oracle import agree
from tinygrad_cnn.errors import InPlaceError, ShapeError, StaleValueError, TensorIndexError

CASES = {"unsqueeze_": (1,), "squeeze_": (0,), "t_": (), "transpose_": (0, -1), "swapaxes_": (0, 1),
         "swapdims_": (-1, 0)}
every_case = pytest.mark.parametrize("name", CASES)
X = np.arange(1.0, 4.0).reshape(1, 3)


def leaf():
    return tg.tensor(X, requires_grad=True)


@every_case
def test_the_shape_is_that_of_the_plain_function_and_the_memory_stays(name):
    x = tg.tensor(X)
    array, plain = x.array, getattr(x, name[:-1])(*CASES[name])
    assert getattr(x, name)(*CASES[name]) is x
    assert x.shape == plain.shape
    assert x.tolist() == plain.tolist()
    assert np.shares_memory(x.array, array)


@pytest.mark.oracle
@every_case
def test_value_and_derivatives_are_pytorch_s(name):
    import torch

    def function(x):
        y = x * 2
        y = getattr(y, name)(*CASES[name])
        return y * y
    assert torch
    agree(function, function, [X])


@pytest.mark.oracle
@every_case
def test_a_view_reshaped_and_written_reaches_its_source_as_in_pytorch(name):
    import torch

    def function(x):
        y = x * 2
        v = y[:, 1:]
        getattr(v, name)(*CASES[name]).mul_(3.0)
        return y * y
    assert torch
    agree(function, function, [X])


@every_case
def test_a_value_saved_before_is_stale(name):
    y = leaf() * 1
    z = y * y
    getattr(y, name)(*CASES[name])
    with pytest.raises(StaleValueError, match=name):
        z.sum().backward()


@every_case
def test_it_counts_as_a_write(name):
    x = tg.tensor(X)
    getattr(x, name)(*CASES[name])
    assert x._version == 1


@every_case
def test_a_leaf_that_requires_grad_is_refused(name):
    with pytest.raises(InPlaceError, match=f"{name}: a leaf that requires grad"):
        getattr(leaf(), name)(*CASES[name])


@every_case
def test_under_no_grad_a_tensor_with_a_history_is_refused_with_the_cure(name):
    y = leaf() * 1
    with tg.no_grad(), pytest.raises(InPlaceError, match=rf"Use the out-of-place form, x = x\.{name[:-1]}\(\.\.\.\)"):
        getattr(y, name)(*CASES[name])
    assert y.shape == (1, 3)


def test_a_tensor_that_has_a_gradient_is_refused():
    x = leaf()
    x.sum().backward()
    with pytest.raises(InPlaceError, match="a gradient to come or to keep"):
        x.requires_grad_(False).t_()


def test_a_view_made_before_is_refused_where_its_history_would_be_followed():
    y = leaf() * 1
    v = y[0]
    y.t_()
    with pytest.raises(InPlaceError, match="had its shape changed in place.*Make the view afterwards"):
        v.sum()


def test_a_view_made_before_is_not_written_where_a_gradient_would_get_lost():
    y, w = tg.tensor(X), leaf()
    v = y[0]
    y.t_()
    with pytest.raises(InPlaceError, match="mul_: the tensor this is a view of had its shape changed in place"):
        v.mul_(w[0])
    assert y.flatten().tolist() == [1, 2, 3]
    v.mul_(2.0)
    assert y.flatten().tolist() == [2, 4, 6]


def test_a_view_made_afterwards_is_followed():
    x = leaf()
    y = (x * 1).t_()
    y[1].mul_(5.0)
    y.sum().backward()
    assert x.grad.tolist() == [[1, 5, 1]]


def test_a_tensor_that_is_to_keep_its_gradient_keeps_one_of_its_new_shape():
    x = leaf()
    y = x * 1
    y.retain_grad()
    y.unsqueeze_(0)
    (y * y).sum().backward()
    assert y.grad.shape == (1, 1, 3)
    assert x.grad.tolist() == [[2, 4, 6]]


def test_what_requires_grad_afterwards_gets_a_gradient_of_its_new_shape():
    x = tg.tensor(X).t_().requires_grad_()
    (x * x).sum().backward()
    assert x.grad.shape == (3, 1)


def test_bad_input_changes_nothing():
    x = tg.zeros(2, 2, 2)
    with pytest.raises(ShapeError, match="at most 2 dimensions"):
        x.t_()
    with pytest.raises(TensorIndexError, match="dim=9 is out of range"):
        x.unsqueeze_(9)
    assert x.shape == (2, 2, 2)
    assert x._version == 0


def test_in_inference_mode_it_works_and_afterwards_it_is_refused():
    with tg.inference_mode():
        x = tg.zeros(3) + 1
        assert x.unsqueeze_(0).shape == (1, 3)
    with pytest.raises(InPlaceError, match="inference mode"):
        x.squeeze_()
    assert x.shape == (1, 3)


def test_axis_is_taken_for_dim():
    assert tg.zeros(3).unsqueeze_(axis=0).shape == (1, 3)


def test_an_expanded_tensor_takes_another_shape_too_since_nothing_is_written():
    x = tg.arange(3.0, requires_grad=True)
    y = (x * 1).expand(2, 3)
    assert y.t_() is y and y.shape == (3, 2)
    (y * tg.tensor([1.0, 10.0])).sum().backward()
    assert x.grad.tolist() == [11, 11, 11]
