"""Initial values: scales, exact forms, refusals. What they are compared with is in each function's docstring."""
import math

import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn import errors, nn
from tinygrad_cnn.nn import init


def test_gains_are_pytorchs():
    assert init.calculate_gain("linear") == init.calculate_gain("conv2d") == init.calculate_gain("sigmoid") == 1
    assert init.calculate_gain("tanh") == 5 / 3
    assert init.calculate_gain("relu") == math.sqrt(2)
    assert init.calculate_gain("leaky_relu") == pytest.approx(math.sqrt(2 / 1.0001))
    assert init.calculate_gain("leaky_relu", 2) == pytest.approx(math.sqrt(2 / 5))
    assert init.calculate_gain("selu") == 0.75


@pytest.mark.parametrize("fill,std", [
    (lambda t: init.xavier_uniform_(t, gain=2.0), 2 * math.sqrt(2 / (40 * 9 + 50 * 9))),
    (lambda t: init.xavier_normal_(t), math.sqrt(2 / (40 * 9 + 50 * 9))),
    (lambda t: init.kaiming_uniform_(t, nonlinearity="relu"), math.sqrt(2 / 360)),
    (lambda t: init.kaiming_normal_(t, mode="fan_out", nonlinearity="relu"), math.sqrt(2 / 450)),
    (lambda t: init.normal_(t, 0.0, 0.3), 0.3), (lambda t: init.uniform_(t, -1, 1), 1 / math.sqrt(3))])
def test_weights_get_the_standard_deviation_asked_for(fill, std):
    weight = tg.empty(50, 40, 3, 3)
    assert fill(weight) is weight
    assert abs(weight.numpy().std() / std - 1) < 0.02
    assert abs(weight.numpy().mean()) < 0.05 * std


@pytest.mark.parametrize("a,b", [(-2.0, 2.0), (-0.5, 3.0), (1.5, 4.0), (-0.1, 0.1)])
def test_truncated_normal_numbers_lie_between_the_bounds_and_follow_the_density(a, b):
    numbers = init.trunc_normal_(tg.empty(20000), a=a, b=b).numpy().astype(float)
    assert a <= numbers.min() and numbers.max() <= b
    grid = np.linspace(a, b, 2001)
    density = np.exp(-grid ** 2 / 2)
    mean = (grid * density).sum() / density.sum()
    spread = math.sqrt(((grid - mean) ** 2 * density).sum() / density.sum())
    assert abs(numbers.mean() - mean) < 0.03 * spread
    assert abs(numbers.std() / spread - 1) < 0.03


@pytest.mark.parametrize("shape", [(4, 6), (6, 4), (5, 3, 2, 2), (8, 8)])
def test_orthogonal_rows_or_columns_are_orthonormal_times_gain(shape):
    matrix = init.orthogonal_(tg.empty(*shape), gain=2.0).numpy().reshape(shape[0], -1)
    small = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(small, 4 * np.eye(len(small)), atol=1e-5)


def test_sparse_zeroes_the_same_number_in_each_column():
    matrix = init.sparse_(tg.empty(10, 7), sparsity=0.25, std=1.0).numpy()
    assert ((matrix == 0).sum(axis=0) == 3).all()               # ceil(0.25 * 10)


def test_dirac_passes_the_channels_on():
    weight = init.dirac_(tg.empty(4, 2, 3, 3), groups=2)
    x = tg.randn(1, 4, 5, 5)
    with tg.backends.cpu.precise():                             # no transforms, whose rounding would show
        assert tg.equal(tg.nn.functional.conv2d(x, weight, padding=1, groups=2), x)


def test_constant_ones_zeros_and_eye():
    assert init.constant_(tg.empty(2), 0.5).tolist() == [0.5, 0.5]
    assert init.ones_(tg.empty(2)).tolist() == [1.0, 1.0] and init.zeros_(tg.empty(2)).tolist() == [0.0, 0.0]
    assert init.eye_(tg.empty(2, 3)).tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]


def test_a_parameter_is_filled_outside_the_graph():
    weight = tg.nn.Parameter(tg.empty(3, 3))
    assert init.normal_(weight) is weight
    assert weight.is_leaf and weight.requires_grad


def test_a_generator_makes_the_numbers_repeatable():
    def draw(fill):
        return fill(tg.empty(4, 4), generator=tg.Generator().manual_seed(3)).tolist()
    for fill in (init.uniform_, init.normal_, init.xavier_normal_, init.kaiming_uniform_, init.trunc_normal_,
                 init.orthogonal_):
        assert draw(fill) == draw(fill)


def test_an_empty_weight_is_left_alone_with_a_warning():
    with pytest.warns(UserWarning, match="kaiming_normal_: the tensor has no elements"):
        init.kaiming_normal_(tg.empty(0, 3))


@pytest.mark.parametrize("call,error,message", [
    (lambda: init.calculate_gain("cubic"), errors.ArgumentError, "nonlinearity is 'cubic'. Use one of linear"),
    (lambda: init.calculate_gain("leaky_relu", True), errors.ArgumentError, "param is True"),
    (lambda: init.xavier_uniform_(tg.empty(3)), errors.ShapeError,
     r"shape \(3,\), and fan_in and fan_out need at least 2 axes"),
    (lambda: init.kaiming_normal_(tg.empty(3, 3), mode="fan"), errors.ArgumentError,
     "mode is 'fan'. Use 'fan_in' or 'fan_out'"),
    (lambda: init.eye_(tg.empty(3)), errors.ShapeError, "Give a matrix, with 2 axes"),
    (lambda: init.dirac_(tg.empty(3, 3)), errors.ShapeError, "Pass a convolution's weight, with 3 to 5 axes"),
    (lambda: init.dirac_(tg.empty(3, 3, 3), groups=2), errors.ArgumentError,
     "3 output channels are not a multiple of 2 groups"),
    (lambda: init.orthogonal_(tg.empty(3)), errors.ShapeError, "with at least 2 axes"),
    (lambda: init.sparse_(tg.empty(3), 0.1), errors.ShapeError, "must be a matrix"),
    (lambda: init.trunc_normal_(tg.empty(3), a=1, b=1), errors.ArgumentError, "a is 1, b is 1 and std is 1.0"),
    (lambda: init.normal_([1.0]), errors.ArgumentTypeError, "normal_: it fills a Tensor, not a list")])
def test_initialisers_refuse_what_they_cannot_fill(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_the_old_names_fill_and_say_what_they_are_called_now():
    with pytest.warns(FutureWarning, match="use nn.init.constant_"):
        assert init.constant(tg.zeros(2), 3.0).tolist() == [3.0, 3.0]


def test_modules_made_without_initial_weights_draw_nothing():
    before = tg.manual_seed(0).get_state()
    layer = nn.utils.skip_init(nn.Conv2d, 3, 8, 3)
    assert tg.device("cpu").generator.get_state() == before
    assert layer.weight.shape == (8, 3, 3, 3) and layer.weight.requires_grad
    nn.init.ones_(layer.weight)
    assert layer.weight.min().item() == 1
