"""Memory goes when the last tensor does, with the garbage collector off."""
import gc
import weakref

import numpy as np
import pytest

import tinygrad_cnn as tg


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_a_dropped_graph_is_freed_without_the_garbage_collector(no_collector):
    x = tg.ones(3, requires_grad=True)
    y = x
    nodes = []
    for _ in range(10):
        y = (y * x).exp() + y
        nodes.append(weakref.ref(y.grad_fn))
    del y
    assert all(node() is None for node in nodes)


def test_a_graph_with_views_and_writes_is_freed_too(no_collector):
    x = tg.ones(4, requires_grad=True)
    y = x * 2
    y[1:].mul_(3)
    node = weakref.ref(y.grad_fn)
    v = y.view(2, 2)
    v.sum().backward()
    del y, v
    assert node() is None


def test_a_user_s_function_is_freed_too(no_collector):
    class Square(tg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x * x
            ctx.save_for_backward(x, y)
            return y

        @staticmethod
        def backward(ctx, g):
            x, y = ctx.saved_tensors
            return 2 * x * g

    y = Square.apply(tg.ones(2, requires_grad=True))
    node = weakref.ref(y.grad_fn)
    del y
    assert node() is None


def test_saved_values_are_freed_as_the_pass_goes(no_collector):
    x = tg.ones(1000, requires_grad=True)
    a = x * 2
    b = a * a
    seen = weakref.ref(a)
    loss = b.sum()
    del a, b
    assert seen() is not None
    loss.backward()
    assert seen() is None


def test_an_op_keeps_only_what_its_live_rules_name():
    x, w = tg.ones(3, requires_grad=True), tg.ones(3)
    assert (x * w).grad_fn.saved == [w]
    assert (x + w).grad_fn.saved == []


def test_a_million_dropped_ops_do_not_overflow_the_stack():
    x = tg.ones((), requires_grad=True)
    y = x
    for _ in range(300_000):
        y = y + x
    del y


def test_no_gradient_s_memory_is_a_saved_value_s():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    w = tg.tensor([3.0, 4.0], requires_grad=True)
    (x * w).sum().backward()
    for a in (x.grad, w.grad):
        for b in (x, w):
            assert not np.shares_memory(a.numpy(), b.detach().numpy())
