"""Ops of the user's own."""
import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.autograd import Function, once_differentiable
from tinygrad_cnn.testing import gradcheck, gradgradcheck


class Cube(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx, g):
        x, = ctx.saved_tensors
        return 3 * x * x * g


class Exp(Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        y, = ctx.saved_tensors
        return g * y


class SumAndProduct(Function):
    @staticmethod
    def forward(ctx, a, b, scale):
        ctx.save_for_backward(a, b)
        ctx.scale = scale
        return a + b, a * b * scale

    @staticmethod
    def backward(ctx, g_sum, g_product):
        a, b = ctx.saved_tensors
        return g_sum + g_product * b * ctx.scale, g_sum + g_product * a * ctx.scale, None


def leaf(values):
    return tg.tensor(values, dtype=tg.float64, requires_grad=True)


@pytest.mark.parametrize("function", [Cube, Exp], ids=lambda f: f.__name__)
def test_a_user_s_function_is_differentiable_twice(function):
    x = leaf([0.5, -1.0])
    assert gradcheck(function.apply, x) and gradgradcheck(function.apply, x)


def test_several_outputs_and_other_arguments():
    a, b = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    f = lambda a, b: SumAndProduct.apply(a, b, 2.0)
    assert gradcheck(f, (a, b)) and gradgradcheck(f, (a, b))
    s, p = f(a, b)
    assert s.grad_fn.name() == "SumAndProductBackward" and s.grad_fn is p.grad_fn


def test_an_output_without_gradient_counts_as_zeros():
    a, b = leaf([1.0]), leaf([3.0])
    SumAndProduct.apply(a, b, 2.0)[0].sum().backward()
    assert a.grad.item() == 1.0


def test_materialize_grads_off_gives_none():
    seen = []

    class Two(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 1, x * 2

        @staticmethod
        def backward(ctx, g, h):
            seen.append(h)
            return g
    Two.apply(leaf([1.0]))[0].sum().backward()
    assert seen == [None]


def test_needs_input_grad_says_which():
    seen = []

    class Mul(Function):
        @staticmethod
        def forward(ctx, a, b):
            seen.append(ctx.needs_input_grad)
            return a * b

        @staticmethod
        def backward(ctx, g):
            return g, None
    Mul.apply(leaf([1.0]), tg.ones(1, dtype=tg.float64))
    assert seen == [(True, False)]


def test_the_wrong_number_of_gradients_is_refused_with_both_numbers():
    class Wrong(Function):
        @staticmethod
        def forward(ctx, a, b):
            return a * b

        @staticmethod
        def backward(ctx, g):
            return g
    with pytest.raises(tg.errors.GradError, match="WrongBackward: backward returned 1 gradients but forward took 2"):
        Wrong.apply(leaf([1.0]), leaf([2.0])).sum().backward()


def test_a_gradient_of_the_wrong_shape_is_refused():
    class Wrong(Function):
        @staticmethod
        def forward(ctx, a):
            return a * 1

        @staticmethod
        def backward(ctx, g):
            return tg.ones(5, dtype=tg.float64)
    with pytest.raises(tg.errors.ShapeError, match=r"\(5,\)"):
        Wrong.apply(leaf([1.0, 2.0])).sum().backward()


def test_a_saved_tensor_written_since_is_noticed():
    x = leaf([1.0, 2.0])
    a = x * 1
    y = Cube.apply(a)
    a.zero_()
    with pytest.raises(tg.errors.StaleValueError, match=r"Cube: saved_tensors\[0\].*zero_"):
        y.sum().backward()


def test_saved_tensors_are_freed_after_the_pass():
    y = Cube.apply(leaf([1.0])).sum()
    y.backward()
    with pytest.raises(tg.errors.GraphFreedError, match="Cube.*retain_graph"):
        y.backward()


def test_mark_non_differentiable_gives_a_constant():
    class Split(Function):
        @staticmethod
        def forward(ctx, x):
            mask = (x > 0).to(tg.float64)
            ctx.mark_non_differentiable(mask)
            ctx.save_for_backward(mask)
            return x * mask, mask

        @staticmethod
        def backward(ctx, g, _):
            mask, = ctx.saved_tensors
            return g * mask
    y, mask = Split.apply(leaf([-1.0, 2.0]))
    assert y.requires_grad and not mask.requires_grad
    y.sum().backward()


def test_mark_dirty_writes_in_place_with_history():
    class Double(Function):
        @staticmethod
        def forward(ctx, x):
            x.mul_(2)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx, g):
            return 2 * g
    x = leaf([1.0, 2.0])
    y = x * 3
    z = Double.apply(y)
    assert z is y and z.tolist() == [6.0, 12.0]
    z.sum().backward()
    assert x.grad.tolist() == [6.0, 6.0]


class Doubled(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        return x.mul_(2)

    @staticmethod
    def backward(ctx, g):
        return g * 2


def test_mark_dirty_of_a_view_reaches_what_it_is_a_view_of():
    x = leaf([1.0, 2.0])
    a = x * 1
    Doubled.apply(a[1:])
    a.sum().backward()
    assert a.tolist() == [1.0, 4.0] and x.grad.tolist() == [1.0, 2.0]


class AsItIs(Function):
    @staticmethod
    def forward(ctx, x):
        return x

    @staticmethod
    def backward(ctx, g):
        return g * 5


class Turned(Function):
    @staticmethod
    def forward(ctx, x):
        return x.view_as(x)

    @staticmethod
    def backward(ctx, g):
        return g * 5


@pytest.mark.parametrize("function", [AsItIs, Turned])
def test_a_view_that_a_function_returned_is_not_written_nor_used_after_a_write(function):
    a = leaf([1.0, 2.0]) * 1
    b = function.apply(a)
    with pytest.raises(tg.errors.InPlaceError, match=r"mul_: a Function returned this.*clone\(\)"):
        b.mul_(2)
    part = b[:1]
    a.mul_(2)
    for stale in (b, part):
        with pytest.raises(tg.errors.InPlaceError, match="Function: mul_ has written"):
            stale.sum()
        with tg.no_grad():
            assert stale.sum().item() > 0


def test_once_differentiable_refuses_a_second_derivative():
    class Once(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @once_differentiable
        def backward(ctx, g):
            x, = ctx.saved_tensors
            return tg.from_numpy(2 * x.detach().numpy() * g.numpy())
    x = leaf([3.0])
    assert tg.autograd.grad(Once.apply(x).sum(), x)[0].item() == 6.0
    g, = tg.autograd.grad(Once.apply(x).sum(), x, create_graph=True)
    with pytest.raises(tg.errors.GradError, match="once_differentiable"):
        g.sum().backward()


def test_setup_context_form():
    class Square(Function):
        @staticmethod
        def forward(x):
            return x * x

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx, g):
            x, = ctx.saved_tensors
            return 2 * x * g
    assert gradcheck(Square.apply, leaf([1.5, 2.0]))


def test_saving_something_else_than_a_tensor_says_what_to_do():
    class Wrong(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x, 3)
            return x * 1
    with pytest.raises(tg.errors.ArgumentError, match="int is not a Tensor"):
        Wrong.apply(leaf([1.0]))


def test_an_input_returned_as_it_is_gets_the_user_s_gradient():
    class Flip(Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, g):
            return -g
    x = leaf([1.0, 2.0])
    y = Flip.apply(x)
    assert y is not x and np.shares_memory(y.detach().numpy(), x.detach().numpy())
    y.sum().backward()
    assert x.grad.tolist() == [-1.0, -1.0]
