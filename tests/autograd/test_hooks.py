"""Hooks see gradients, may replace them, and can be taken out again."""
import pytest

import tinygrad_cnn as tg


@pytest.fixture
def x():
    return tg.tensor([1.0, 2.0], requires_grad=True)


def test_a_hook_on_a_leaf_sees_the_whole_gradient_once(x):
    seen = []
    x.register_hook(lambda g: seen.append(g.tolist()))
    (x * x + x).sum().backward()
    assert seen == [[3.0, 5.0]]


def test_a_hook_may_return_another_gradient(x):
    y = x * 2
    y.register_hook(lambda g: g * 10)
    y.sum().backward()
    assert x.grad.tolist() == [20.0, 20.0]


def test_a_removed_hook_is_silent(x):
    seen = []
    handle = x.register_hook(seen.append)
    handle.remove()
    handle.remove()
    (x * 2).sum().backward()
    assert not seen


def test_a_hook_s_gradient_must_fit(x):
    x.register_hook(lambda g: tg.ones(3))
    with pytest.raises(tg.errors.ShapeError, match=r"hook.*\(3,\).*\(2,\)"):
        (x * 2).sum().backward()


def test_retain_grad_keeps_an_intermediate_gradient(x):
    y = x * 2
    y.retain_grad()
    assert y.retains_grad and y.grad is None
    (y * y).sum().backward()
    assert y.grad.tolist() == [4.0, 8.0]


@pytest.mark.parametrize("write", [lambda y: y.mul_(3), lambda y: y[:1].mul_(3)])
def test_retain_grad_follows_a_tensor_that_is_written(x, write):
    y = x * 1
    y.retain_grad()
    write(y)
    (y * y).sum().backward()
    assert y.retains_grad and y.grad.tolist() == (2 * y).tolist()


def test_the_post_accumulate_hook_runs_after_grad_is_there(x):
    seen = []
    x.register_post_accumulate_grad_hook(lambda t: seen.append(t.grad.tolist()))
    (x * 2).sum().backward()
    assert seen == [[2.0, 2.0]]


def test_node_hooks_see_the_gradient_of_the_node_s_output(x):
    y = x * 2
    seen = []
    y.grad_fn.register_hook(lambda g: seen.append(g.tolist()))
    (y * 3).sum().backward()
    assert seen == [[3.0, 3.0]]


def test_a_hook_on_a_constant_is_refused():
    with pytest.raises(tg.errors.GradError, match="register_hook"):
        tg.ones(2).register_hook(print)
