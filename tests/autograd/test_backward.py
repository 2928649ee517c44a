"""The backward pass: what it gives, in which order, how often, and what it refuses."""
import time

import numpy as np
import pytest

import tinygrad_cnn as tg


def leaf(values):
    return tg.tensor(values, dtype=tg.float64, requires_grad=True)


def test_a_shared_input_gets_the_sum_of_its_gradients():
    x = leaf([1.0, 2.0])
    (x * x + x).sum().backward()
    assert x.grad.tolist() == [3.0, 5.0]


def test_backward_adds_to_grad_over_two_graphs():
    x = leaf(2.0)
    (3 * x).backward()
    (3 * x * x).backward()
    assert x.grad.item() == 3 + 12


def test_backward_twice_raises_and_says_how_to_retain():
    x = leaf([1.0, 2.0])
    y = (x * x).sum()
    y.backward()
    with pytest.raises(tg.errors.GraphFreedError, match=r"mul saved were freed.*retain_graph=True"):
        y.backward()


def test_backward_twice_with_retain_graph_adds():
    x = leaf(3.0)
    y = x * x * 4
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 2 * 24


def test_backward_twice_adds_where_nothing_was_saved():
    x = leaf(3.0)
    y = x + 1
    y.backward()
    y.backward()
    assert x.grad.item() == 2


def test_intermediate_gradients_do_not_leak_into_a_second_pass():
    x = leaf(6.0)                                       # micrograd gives 324 here
    y = x * x
    z = y * y / 2
    z.backward(retain_graph=True)
    first = x.grad.item()
    x.grad = None
    z.backward()
    assert x.grad.item() == first == 2 * 6 ** 3


def test_sixty_shared_doublings_take_linear_time():
    x = leaf(1.0)
    y = x
    for _ in range(60):
        y = y + y
    y.backward()
    assert x.grad.item() == 2.0 ** 60


def test_a_hundred_thousand_ops_deep_is_no_deeper_than_memory():
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y + x
    y.backward()
    assert x.grad.item() == 100_001
    del y


def test_time_grows_linearly_with_depth():
    def seconds(depth):
        x = leaf(1.0)
        y = x
        start = time.perf_counter()
        for _ in range(depth):
            y = y * x
        y.backward()
        return time.perf_counter() - start

    seconds(1000)
    short = min(seconds(4000) for _ in range(3))
    long = min(seconds(32000) for _ in range(3))
    assert long / short < 8 * 4                         # 8 times the work; quadratic would be 64


def test_second_and_third_derivatives():
    x = leaf(2.0)
    g1, = tg.autograd.grad(x ** 4, x, create_graph=True)
    g2, = tg.autograd.grad(g1, x, create_graph=True)
    g3, = tg.autograd.grad(g2, x)
    assert (g1.item(), g2.item(), g3.item()) == (32.0, 48.0, 48.0)


def test_broadcast_gradients_are_summed_to_the_input_s_shape():
    a, b = leaf(np.ones((3, 1))), leaf(np.ones(4))
    (a * b * 2).sum().backward()
    assert a.grad.shape == (3, 1) and a.grad.tolist() == [[8.0]] * 3
    assert b.grad.shape == (4,) and b.grad.tolist() == [6.0] * 4


def test_second_derivative_through_broadcasting():
    a, b = leaf(np.full((3, 1), 2.0)), leaf([1.0, 2.0])
    assert tg.testing.gradgradcheck(lambda a, b: (a * b) * (a + b), (a, b))


def test_the_gradient_has_the_dtype_of_its_tensor_after_promotion():
    a = tg.ones(2, requires_grad=True)
    b = tg.ones(2, dtype=tg.float64, requires_grad=True)
    (a * b).sum().backward()
    assert a.grad.dtype is tg.float32 and b.grad.dtype is tg.float64


def test_a_tensor_of_several_elements_needs_a_gradient():
    x = leaf([1.0, 2.0])
    with pytest.raises(tg.errors.GradError, match=r"shape \(2,\).*gradient="):
        (x * 2).backward()


def test_a_gradient_of_the_wrong_shape_is_refused_with_both_shapes():
    x = leaf([1.0, 2.0])
    with pytest.raises(tg.errors.ShapeError, match=r"\(3,\).*\(2,\)"):
        (x * 2).backward(tg.ones(3, dtype=tg.float64))


def test_a_gradient_of_another_dtype_is_converted_to_the_tensors():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    (x * x).backward(tg.tensor([1, 3]))
    assert x.grad.dtype is tg.float32 and x.grad.tolist() == [2.0, 12.0]
    (x * x).backward(tg.ones(2, dtype=tg.float64))
    assert x.grad.dtype is tg.float32 and x.grad.tolist() == [4.0, 16.0]


def test_backward_from_a_constant_says_what_to_set():
    with pytest.raises(tg.errors.GradError, match="requires_grad=True"):
        tg.ones(()).backward()


def test_grad_leaves_every_grad_alone():
    x, w = leaf(2.0), leaf(3.0)
    g, = tg.autograd.grad(x * w, x)
    assert g.item() == 3.0 and x.grad is None and w.grad is None


def test_grad_of_an_unused_input_is_refused_or_none_or_zeros():
    x, unused = leaf(2.0), leaf([1.0, 2.0])
    with pytest.raises(tg.errors.GradError, match=r"input 1 \(shape \(2,\)\).*allow_unused"):
        tg.autograd.grad(x * 2, [x, unused])
    assert tg.autograd.grad(x * 2, [x, unused], allow_unused=True)[1] is None
    assert tg.autograd.grad(x * 2, [x, unused], materialize_grads=True)[1].tolist() == [0.0, 0.0]


def test_grad_with_respect_to_an_intermediate_tensor():
    x = leaf(2.0)
    y = x * x
    z = y * 3
    assert tg.autograd.grad(z, y)[0].item() == 3.0


def test_grad_with_respect_to_an_intermediate_tensor_leaves_what_made_it_alone():
    x = leaf([2.0, 3.0])
    a = x * x
    assert tg.autograd.grad((a * a).sum(), a)[0].tolist() == [8.0, 18.0]
    a.sum().backward()                                  # the values that made a are still there
    assert x.grad.tolist() == [4.0, 6.0]


def test_grad_applies_only_the_rules_for_what_is_asked_for():
    calls = []
    counted = tg.autograd.Op("counted_for_a_test", "a b").rules(a=lambda g: calls.append("a") or g,
                                                                b=lambda g: calls.append("b") or g)
    counted.kernels[tg.device("cpu")] = np.add
    x, w = leaf([1.0]), leaf([2.0])
    tg.autograd.grad(counted(x, w), x, tg.ones(1, dtype=tg.float64))
    del tg.autograd.OPS["counted_for_a_test"]
    assert calls == ["a"]


def test_a_leaf_that_was_frozen_since_gets_no_gradient():
    x, w = leaf([1.0]), leaf([2.0])
    y = (x * w).sum()
    w.requires_grad_(False)
    y.backward()
    assert x.grad.tolist() == [2.0] and w.grad is None
    w.requires_grad_()
    (x * w).sum().backward()
    assert w.grad.tolist() == [1.0]


def test_grad_visits_only_what_leads_to_its_inputs():
    x, w = leaf(2.0), leaf(3.0)
    expensive = w
    seen = []
    for _ in range(5):
        expensive = expensive * w
        expensive.register_hook(lambda g: seen.append(1))
    tg.autograd.grad(x * expensive, x)
    assert not seen


def test_backward_with_inputs_adds_to_those_alone():
    x, w = leaf(2.0), leaf(3.0)
    (x * w).backward(inputs=[x])
    assert x.grad.item() == 3.0 and w.grad is None


def test_grads_share_no_memory():
    a, b = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    g = tg.ones(2, dtype=tg.float64)
    (a + b).backward(g)
    assert not np.shares_memory(a.grad.numpy(), b.grad.numpy())
    assert not np.shares_memory(a.grad.numpy(), g.numpy())


def test_create_graph_gives_a_grad_that_can_be_differentiated():
    x = leaf(3.0)
    (x ** 3).backward(create_graph=True)
    g = x.grad
    x.grad = None
    g.backward()
    assert x.grad.item() == 18.0


def test_several_roots_at_once():
    x = leaf([1.0, 2.0])
    tg.autograd.backward([(x * 2).sum(), (x * 3).sum()])
    assert x.grad.tolist() == [5.0, 5.0]


def test_integer_tensors_have_no_gradient():
    with pytest.raises(tg.errors.DTypeError, match="int64"):
        tg.tensor([1, 2], requires_grad=True)


def test_a_rule_with_an_unknown_name_is_refused_at_registration():
    op = tg.autograd.Op("registration test", "x")
    try:
        with pytest.raises(tg.errors.ArgumentError, match="'z'"):
            op.rules(x=lambda g, z: g)
    finally:
        del tg.autograd.OPS["registration test"]


def test_next_functions_lead_to_the_inputs():
    x = leaf(2.0)
    y = x * x + 1
    node = y.grad_fn
    assert node.name() == "AddBackward"
    inner, index = node.next_functions[0]
    assert inner.name() == "MulBackward" and index == 0
    assert inner.next_functions[0][0] is x.edge
