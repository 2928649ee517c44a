"""Jacobians and Hessians against their closed forms, and checkpointing against no checkpointing."""
import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.autograd import functional
from tinygrad_cnn.utils.checkpoint import checkpoint, checkpoint_sequential


def leaf(values):
    return tg.tensor(values, dtype=tg.float64, requires_grad=True)


A = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])


def test_jacobian_of_a_linear_map_is_its_matrix():
    j = functional.jacobian(lambda x: tg.tensor(A) @ x, leaf([1.0, -1.0]))
    np.testing.assert_allclose(j.numpy(), A)


def test_jacobian_with_several_inputs_and_outputs():
    j = functional.jacobian(lambda a, b: (a * b, a + b), (leaf([1.0, 2.0]), leaf([3.0, 4.0])))
    np.testing.assert_allclose(j[0][0].numpy(), np.diag([3.0, 4.0]))
    np.testing.assert_allclose(j[1][1].numpy(), np.eye(2))


def test_hessian_of_a_quadratic_form():
    q = np.array([[2.0, 1.0], [0.0, 3.0]])
    h = functional.hessian(lambda x: x @ tg.tensor(q) @ x, leaf([1.0, 2.0]))
    np.testing.assert_allclose(h.numpy(), q + q.T)


def test_vjp_and_jvp_are_products_with_the_jacobian():
    f = lambda x: tg.tensor(A) @ (x * x)
    x, v, w = leaf([1.0, 2.0]), tg.tensor([1.0, 0.5, -1.0], dtype=tg.float64), tg.tensor([2.0, 1.0], dtype=tg.float64)
    j = functional.jacobian(f, x).numpy()
    np.testing.assert_allclose(functional.vjp(f, x, v)[1].numpy(), v.numpy() @ j)
    np.testing.assert_allclose(functional.jvp(f, x, w)[1].numpy(), j @ w.numpy())


def test_hvp_is_the_product_with_the_hessian():
    f = lambda x: (x ** 3).sum() + x[0] * x[1]
    x, v = leaf([1.0, 2.0]), tg.tensor([1.0, -1.0], dtype=tg.float64)
    h = functional.hessian(f, x).numpy()
    np.testing.assert_allclose(functional.hvp(f, x, v)[1].numpy(), h @ v.numpy())
    np.testing.assert_allclose(functional.vhp(f, x, v)[1].numpy(), v.numpy() @ h)


def test_create_graph_makes_the_jacobian_differentiable():
    x = leaf([1.0, 2.0])
    functional.jacobian(lambda x: x ** 3, x, create_graph=True).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [6.0, 12.0])


def test_strict_makes_independence_an_error():
    with pytest.raises(tg.errors.GradError, match="strict"):
        functional.jacobian(lambda x: tg.ones(2), leaf([1.0]), strict=True)
    assert functional.jacobian(lambda x: tg.ones(2), leaf([1.0])).tolist() == [[0.0], [0.0]]


def test_hessian_needs_one_number():
    with pytest.raises(tg.errors.ShapeError, match=r"hessian.*\(2,\).*one"):
        functional.hessian(lambda x: x * x, leaf([1.0, 2.0]))


def test_a_vector_of_the_wrong_shape_is_refused():
    with pytest.raises(tg.errors.ShapeError, match=r"jvp.*\(3,\).*\(2,\)"):
        functional.jvp(lambda x: x * x, leaf([1.0, 2.0]), tg.ones(3))


def block(x, w):
    return (x @ w).exp().sum(0) * x.sin()


def test_checkpoint_gives_the_same_value_and_gradients():
    x, w = leaf(np.ones((2, 2)) * 0.3), leaf([[0.1, 0.2], [0.3, 0.4]])
    plain = tg.autograd.grad(block(x, w).sum(), [x, w])
    kept = tg.autograd.grad(checkpoint(block, x, w).sum(), [x, w])
    for a, b in zip(plain, kept):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_checkpoint_is_differentiable_twice():
    x, w = leaf(np.ones((2, 2)) * 0.3), leaf([[0.1, 0.2], [0.3, 0.4]])
    assert tg.testing.gradgradcheck(lambda x, w: checkpoint(block, x, w), (x, w))


def test_checkpoint_finds_leaves_that_are_not_arguments():
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    checkpoint(lambda x: (x * w).exp(), x).sum().backward()
    assert w.grad is not None


def test_checkpoint_draws_the_same_random_numbers_twice():
    x = leaf(np.ones(100))
    y = checkpoint(lambda x: tg.nn.functional.dropout(x, 0.5) * x, x)
    after = tg.rand(1)
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * y.detach().numpy())
    assert tg.rand(1).item() != after.item()


def test_checkpoint_keeps_no_saved_values():
    x = leaf(np.ones(3))
    saved = []
    checkpoint(lambda x: saved.append(x * 2) or (saved[0] * saved[0]).exp(), x)
    node = saved[0].grad_fn
    assert not any(isinstance(v, tg.Tensor) for v in node.saved)


def test_checkpoint_notices_a_changed_argument():
    x = leaf([1.0, 2.0])
    a = x * 1
    y = checkpoint(lambda a: a.exp() * 2, a)
    with tg.no_grad():
        a.add_(1)
    with pytest.raises(tg.errors.StaleValueError, match="checkpoint: argument 0"):
        y.sum().backward()


def test_checkpoint_notices_a_function_that_changes():
    x, calls = leaf([1.0]), []

    def fickle(x):
        calls.append(1)
        return x.exp() if len(calls) == 1 else x.exp().exp()
    with pytest.raises(tg.errors.GradError, match="checkpoint: run again"):
        checkpoint(fickle, x).sum().backward()


def test_checkpoint_sequential_is_the_chain():
    x = leaf([0.1, 0.2])
    chain = [tg.sin, tg.exp, tg.cos, tg.exp]
    expected = x.sin().exp().cos().exp()
    assert checkpoint_sequential(chain, 2, x).tolist() == expected.tolist()
    with pytest.raises(tg.errors.ArgumentError, match="4 functions.*5 segments"):
        checkpoint_sequential(chain, 5, x)
