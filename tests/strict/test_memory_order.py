"""On a GPU, element-wise ops keep the memory order of their first full-size input, although CuPy's functions do not."""
import numpy as np
import pytest

import tinygrad_cnn as tg
from tests.strict import strict_device, xp
from tinygrad_cnn.kernels.cuda.elementwise import PLAIN, memory_order

DEVICE = strict_device()
HOST = np.random.default_rng(0).standard_normal((2, 3, 4, 5)).astype(np.float32)


def channels_last():
    """HOST on the device with axis 1 innermost in memory."""
    return xp.asarray(np.moveaxis(np.ascontiguousarray(np.moveaxis(HOST, 1, -1)), -1, 1))


def is_channels_last(array):
    return array.transpose(0, 2, 3, 1).flags.c_contiguous


@pytest.mark.parametrize("other", [
    lambda: 2.0, channels_last, lambda: xp.asarray(HOST), lambda: xp.asarray(HOST[0, :, :1, :1]),
    lambda: xp.asarray(HOST[:1, :, :1, :1]), lambda: xp.asarray(HOST[0, 0, 0, 0])])
def test_a_plain_function_keeps_the_order_of_its_first_full_size_input(other):
    b = other()
    y = PLAIN["add"](DEVICE, channels_last(), b)
    assert is_channels_last(y)
    np.testing.assert_array_equal(y.get(), HOST + (b.get() if hasattr(b, "get") else b))


def test_a_small_first_input_does_not_decide_the_order():
    y = PLAIN["mul"](DEVICE, xp.asarray(HOST[:1, :, :1, :1]), channels_last())
    assert is_channels_last(y)
    np.testing.assert_array_equal(y.get(), HOST[:1, :, :1, :1] * HOST)


def test_contiguous_inputs_are_not_turned():
    assert PLAIN["exp"](DEVICE, xp.asarray(HOST)).flags.c_contiguous
    assert memory_order(xp.asarray(HOST)) is None
    assert memory_order(channels_last()) == [0, 2, 3, 1]


@pytest.mark.parametrize("dim", [0, 1, 3])
def test_joined_activations_stay_channels_last(dim):
    x = tg.Tensor(channels_last(), DEVICE)
    y = tg.cat([x, x * 2], dim)
    assert is_channels_last(y.array)
    np.testing.assert_array_equal(y.cpu().numpy(), np.concatenate([HOST, HOST * 2], dim))


def test_integers_and_scalars_pass_through():
    assert PLAIN["neg"](DEVICE, xp.asarray(np.int64(3))).item() == -3


@pytest.mark.parametrize("name", ["relu", "add", "mul", "exp", "sigmoid", "tanh", "clamp", "where", "gelu", "dropout"])
def test_an_activation_stays_channels_last_through_an_op_and_its_gradient(name):
    x = tg.Tensor(channels_last(), DEVICE).requires_grad_()
    functional = tg.nn.functional
    y = {"relu": lambda: functional.relu(x), "add": lambda: x + 1.0, "mul": lambda: x * x, "exp": lambda: tg.exp(x),
         "sigmoid": lambda: tg.sigmoid(x), "tanh": lambda: tg.tanh(x), "clamp": lambda: tg.clamp(x, -1, 1),
         "where": lambda: tg.where(x > 0, x, 0.5), "gelu": lambda: functional.gelu(x),
         "dropout": lambda: functional.dropout(x, 0.5, True)}[name]()
    assert is_channels_last(y.array)
    [gradient] = tg.autograd.grad(y, x, tg.Tensor(channels_last(), DEVICE))
    assert is_channels_last(gradient.array)
