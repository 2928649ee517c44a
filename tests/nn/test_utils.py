"""nn.utils: clipping, and parameters as one vector."""
import math

import pytest

import tinygrad_cnn as tg
from tinygrad_cnn import errors, nn
from tinygrad_cnn.nn.utils import (
    clip_grad_norm_,
    clip_grad_value_,
    get_total_norm,
    parameters_to_vector,
    vector_to_parameters,
)


def with_gradients(*gradients):
    """One parameter for each list, with that gradient."""
    parameters = []
    for g in gradients:
        p = nn.Parameter(tg.zeros(len(g)))
        p.grad = tg.tensor(g)
        parameters.append(p)
    return parameters


@pytest.mark.parametrize("norm_type,expected", [(1, 19.0), (2, 13.0), (math.inf, 12.0), (0, 3.0)])
def test_the_total_norm_is_that_of_all_numbers_together(norm_type, expected):
    grads = [p.grad for p in with_gradients([3.0, 0.0], [-4.0], [12.0])]
    assert float(get_total_norm(grads, norm_type)) == pytest.approx(expected if norm_type else 3.0)


def test_clipping_scales_all_gradients_by_one_factor_and_returns_the_norm_before():
    a, b = with_gradients([3.0], [4.0])
    assert float(clip_grad_norm_([a, b], 1.0)) == pytest.approx(5.0)
    assert a.grad.tolist() == pytest.approx([0.6]) and b.grad.tolist() == pytest.approx([0.8])


def test_gradients_within_the_limit_stay_as_they_are():
    a, = with_gradients([3.0, 4.0])
    clip_grad_norm_(a, 10.0)
    assert a.grad.tolist() == [3.0, 4.0]


def test_parameters_without_gradients_are_passed_over():
    assert float(clip_grad_norm_([nn.Parameter(tg.ones(2))], 1.0)) == 0.0


def test_clipping_refuses_a_norm_that_is_not_finite_where_asked_to():
    a, = with_gradients([math.inf])
    with pytest.raises(errors.GradError, match="total norm of order 2 of the gradients is inf"):
        clip_grad_norm_(a, 1.0, error_if_nonfinite=True)
    with pytest.raises(errors.ArgumentTypeError, match="clip_grad_norm_: parameters has a int"):
        clip_grad_norm_([1], 1.0)
    with pytest.raises(errors.ArgumentError, match="norm_type is -1.0"):
        clip_grad_norm_(a, 1.0, norm_type=-1)


def test_values_are_clamped_each_by_itself():
    a, = with_gradients([-3.0, 0.2, 5.0])
    clip_grad_value_(a, 0.5)
    assert a.grad.tolist() == pytest.approx([-0.5, 0.2, 0.5])


def test_parameters_become_a_vector_and_come_back():
    net = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    vector = parameters_to_vector(net.parameters())
    assert vector.shape == (11,) and vector.requires_grad
    weight = net[0].weight
    vector_to_parameters(tg.arange(11.0), net.parameters())
    assert net[0].weight is weight and weight.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert net[1].bias.tolist() == [10.0]


def test_a_vector_of_another_length_is_refused():
    with pytest.raises(errors.ShapeError, match=r"vec has shape \(4,\) but the parameters have 6 numbers"):
        vector_to_parameters(tg.zeros(4), nn.Linear(2, 2).parameters())
    with pytest.raises(errors.ArgumentTypeError, match="vec is a list"):
        vector_to_parameters([1.0], nn.Linear(2, 2).parameters())
