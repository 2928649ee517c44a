"""gradcheck catches wrong rules, says where, and knows kinks, float32 and functions that cannot be checked."""
import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.testing import gradcheck, gradgradcheck
from tinygrad_cnn.testing.gradcheck import GradcheckError


def x(*shape):
    return tg.tensor(np.random.default_rng(0).uniform(0.5, 2, shape), requires_grad=True)


def cube(derivative, function=lambda t: t * t * t):
    """An op with x^3 for its value, unless told otherwise, and a rule derivative(g, x)."""
    class Cube(tg.autograd.Function):
        @staticmethod
        def forward(ctx, t):
            ctx.save_for_backward(t)
            return function(t)

        @staticmethod
        def backward(ctx, g):
            (t,) = ctx.saved_tensors
            return derivative(g, t)
    return Cube.apply


def right(g, t):
    return 3 * t * t * g


def wrong_in_the_last_element(factor):
    def rule(g, t):
        scale = np.ones(tuple(t.shape))
        scale.flat[-1] = factor
        return right(g, t) * tg.tensor(scale)
    return rule


WRONG = {
    "sign": lambda g, t: -right(g, t),
    "1 % too large": lambda g, t: 1.01 * right(g, t),
    "incoming gradient forgotten": lambda g, t: 3 * t * t,
    "mean of the incoming gradient": lambda g, t: 3 * t * t * g.mean(),
    "turned over": lambda g, t: right(g, t).flip(0),
    "one element 1 % too large": wrong_in_the_last_element(1.01),
    "one element zero": wrong_in_the_last_element(0.0),
    "no gradient": lambda g, t: None,
    "NaN": lambda g, t: right(g, t) * float("nan"),
}


@pytest.mark.parametrize("name, shape", [(name, (3, 4)) for name in WRONG] + [("one element 1 % too large", (20, 40))])
def test_a_wrong_rule_is_caught(name, shape):
    said = r"Cube.* for argument 0 at index \(.* but differences with step 1e-06 give"
    with pytest.raises(GradcheckError, match=said):
        gradcheck(cube(WRONG[name]), x(*shape))
    assert gradcheck(cube(WRONG[name]), x(*shape), raise_exception=False) is False


@pytest.mark.parametrize("shape", [(), (1,), (3, 4), (2, 0)], ids=str)
def test_the_right_rule_passes(shape):
    assert gradcheck(cube(right), x(*shape))
    assert gradgradcheck(cube(right), x(*shape))
    assert gradcheck(cube(right), x(*shape), full=True)


def test_the_message_has_the_element_both_values_and_the_step():
    with pytest.raises(GradcheckError, match=r"\(output 0 at \(1,\)\) for argument 0 at index \(1,\) is 2.4, but "
                                             r"differences with step 1e-06 give 12(\.0*)? \(input 2\)"):
        gradcheck(cube(lambda g, t: right(g, t) * tg.tensor([1.0, 0.2]).double()),
                  tg.tensor([1.0, 2.0], dtype=tg.float64, requires_grad=True))


@pytest.mark.parametrize("rule", [lambda g, t: right(g, t) if t.is_contiguous() else g * t,
                                  lambda g, t: right(g, t) if g.is_contiguous() else g * t],
                         ids=["saved value", "incoming gradient"])
def test_a_rule_that_is_wrong_for_strided_memory_only_is_caught(rule):
    with pytest.raises(GradcheckError, match=r"argument 0 at index \(0, 0\) is 7.2.* strided in memory"):
        gradcheck(cube(rule), x(3, 4))


def test_a_value_that_is_wrong_for_strided_memory_only_is_caught():
    with pytest.raises(GradcheckError, match=r"output 0 at index \(0, 0\) is .* where inputs .* strided in memory"):
        gradcheck(cube(right, lambda t: t * t * t if t.is_contiguous() else t * t), x(3, 4))


def test_a_function_that_refuses_strided_memory_can_be_checked():
    assert gradcheck(lambda t: t.view(-1) * 2, x(3, 4))


def test_a_sum_over_broadcast_axes_left_out_is_caught():
    class Scale(tg.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.save_for_backward(a, b)
            return a * b

        @staticmethod
        def backward(ctx, g):
            a, b = ctx.saved_tensors
            return g * b, (g * a)[0]
    with pytest.raises(GradcheckError, match="for argument 1 at index"):
        gradcheck(Scale.apply, (x(3, 4), x(4)))


def test_a_rule_that_is_right_once_but_cannot_be_differentiated_is_caught():
    detached = cube(lambda g, t: right(g, t.detach()))
    assert gradcheck(detached, x(3))
    with pytest.raises(GradcheckError, match="is 0, but differences"):
        gradgradcheck(detached, x(3))


@pytest.mark.parametrize("function", [tg.relu, lambda t: t.max(), lambda t: t.clamp(min=0)],
                         ids=["relu", "max", "clamp"])
def test_a_kink_is_recognised_and_said(function):
    zeros = tg.zeros(3, dtype=tg.float64, requires_grad=True)
    with pytest.raises(GradcheckError, match=r"slope is 0 to the left and .* kink or a tie here.*another point"):
        gradcheck(function, zeros)


def test_float32_is_refused_with_the_reason():
    with pytest.raises(ArgumentError, match=r"input 0 is tinygrad_cnn.float32, too coarse .* 1e-06. Make it float64"):
        gradcheck(tg.exp, tg.ones(2, requires_grad=True))


def test_random_functions_are_refused_with_the_reason():
    with pytest.raises(GradcheckError, match="output 0 differs between two evaluations .*manual_seed"):
        gradcheck(tg.nn.functional.dropout, x(50))


def test_inputs_without_gradients_are_refused():
    with pytest.raises(ArgumentError, match="none of the inputs is a tensor with requires_grad=True"):
        gradcheck(tg.exp, tg.ones(2))


def test_a_function_that_gives_nan_is_said_to_and_not_called_a_kink():
    with pytest.raises(GradcheckError, match=r"log .*gives nan for output 0 at \(1,\).*for which it is defined"):
        gradcheck(tg.log, tg.tensor([1.0, -1.0], dtype=tg.float64, requires_grad=True))
