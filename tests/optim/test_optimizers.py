"""What a step does: its numbers by hand, and that it stays outside the graph."""
import copy
import pickle
import warnings

import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.optim import SGD, Adam, AdamW, Optimizer, RMSprop

ALL = [SGD, Adam, AdamW, RMSprop]


def parameter(values=(1.0, -2.0), grad=None, dtype=None):
    p = tg.tensor(list(values), requires_grad=True, dtype=dtype)
    if grad is not None:
        p.grad = tg.tensor(list(grad), dtype=dtype)
    return p


def test_sgd_goes_against_the_gradient():
    p = parameter([1.0, -2.0], grad=[0.5, 1.0])
    SGD([p], lr=0.1).step()
    np.testing.assert_allclose(p.tolist(), [0.95, -2.1], rtol=1e-6)


def test_maximize_goes_with_the_gradient():
    p = parameter([1.0, -2.0], grad=[0.5, 1.0])
    SGD([p], lr=0.1, maximize=True).step()
    np.testing.assert_allclose(p.tolist(), [1.05, -1.9], rtol=1e-6)


def test_weight_decay_pulls_sgd_to_zero():
    p = parameter([1.0, -2.0], grad=[0.0, 0.0])
    SGD([p], lr=0.1, weight_decay=0.5).step()
    np.testing.assert_allclose(p.tolist(), [0.95, -1.9], rtol=1e-6)


def test_momentum_sums_the_gradients():
    p = parameter([0.0], grad=[1.0])
    optimizer = SGD([p], lr=1.0, momentum=0.5)
    positions = []
    for _ in range(3):
        optimizer.step()
        positions.append(p.item())
    assert positions == [-1.0, -2.5, -4.25]             # steps 1, 1.5, 1.75


def test_nesterov_looks_one_step_ahead():
    p = parameter([0.0], grad=[1.0])
    SGD([p], lr=1.0, momentum=0.5, nesterov=True).step()
    assert p.item() == -1.5


def test_dampening_spares_the_first_step():
    p = parameter([0.0], grad=[1.0])
    optimizer = SGD([p], lr=1.0, momentum=0.5, dampening=0.5)
    optimizer.step()
    assert p.item() == -1.0
    optimizer.step()
    assert p.item() == -2.0                             # 0.5 * 1 + (1 - 0.5) * 1


def test_dampening_spares_the_first_step_of_a_parameter_that_joins_late():
    p, q = parameter([0.0], grad=[1.0]), parameter([0.0])
    optimizer = SGD([p, q], lr=1.0, momentum=0.5, dampening=0.5)
    optimizer.step()
    q.grad = tg.tensor([1.0])
    optimizer.step()
    assert (p.item(), q.item()) == (-2.0, -1.0)


def test_adams_first_step_has_the_size_of_the_learning_rate():
    p = parameter([1.0, 1.0], grad=[1e-3, -100.0])
    Adam([p], lr=0.1).step()
    np.testing.assert_allclose(p.tolist(), [0.9, 1.1], rtol=1e-5)


def test_adamw_shrinks_by_lr_times_weight_decay_where_the_gradient_is_zero():
    p = parameter([1.0, -2.0], grad=[0.0, 0.0])
    AdamW([p], lr=0.1, weight_decay=0.5).step()
    np.testing.assert_allclose(p.tolist(), [0.95, -1.9], rtol=1e-6)


def test_adam_counts_steps_for_each_parameter_by_itself():
    p, q = parameter([1.0], grad=[1.0]), parameter([1.0])
    optimizer = Adam([p, q], lr=0.1)
    optimizer.step()
    q.grad = tg.tensor([1.0])
    optimizer.step()
    assert (optimizer.state[p]["step"], optimizer.state[q]["step"]) == (2, 1)
    np.testing.assert_allclose(q.item(), 0.9, rtol=1e-5)


def test_rmsprop_divides_by_the_root_of_the_mean_square():
    p = parameter([1.0], grad=[4.0])
    RMSprop([p], lr=0.1, alpha=0.75, eps=0.0).step()
    np.testing.assert_allclose(p.item(), 1 - 0.1 * 4 / 2, rtol=1e-6)


@pytest.mark.parametrize("kind", ALL)
def test_a_convex_loss_falls(kind):
    p = parameter([3.0, -2.0, 1.0])
    optimizer = kind([p], lr=0.05)
    for _ in range(200):
        p.grad = tg.tensor([2 * value for value in p.tolist()])
        optimizer.step()
    assert np.abs(p.detach().numpy()).max() < 0.2


@pytest.mark.parametrize("kind", ALL)
def test_a_parameter_without_gradient_stays_and_gets_no_state(kind):
    p, q = parameter(grad=[1.0, 1.0]), parameter()
    optimizer = kind([p, q], lr=0.1)
    optimizer.step()
    assert q.tolist() == [1.0, -2.0]
    assert q not in optimizer.state


@pytest.mark.parametrize("kind", ALL)
def test_a_step_records_no_graph_and_leaves_the_parameter_a_leaf(kind):
    p = parameter(grad=[1.0, 1.0])
    kind([p], lr=0.1).step()
    assert p.is_leaf
    assert p.requires_grad
    assert p.grad_fn is None


@pytest.mark.parametrize("kind", ALL)
def test_a_step_writes_in_place_and_is_counted(kind):
    p = parameter(grad=[1.0, 1.0])
    array, version = p.array, p.version
    kind([p], lr=0.1).step()
    assert p.array is array
    assert p.version == version + 1


def test_a_value_saved_before_the_step_is_stale_after_it():
    p = parameter(grad=[1.0, 1.0])
    loss = (p * p).sum()
    SGD([p], lr=0.1).step()
    with pytest.raises(tg.errors.StaleValueError, match=r"SGD\.step"):
        loss.backward()


@pytest.mark.parametrize("kind", ALL)
def test_infinite_gradients_cause_no_warning(kind):
    p = parameter(grad=[float("inf"), float("-inf")])
    optimizer = kind([p], lr=0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizer.step()
        optimizer.step()


@pytest.mark.parametrize("kind", ALL)
def test_float16_parameters_stay_float16_and_their_averages_are_float32(kind):
    p = parameter(grad=[1e-4, 1e-4], dtype=tg.float16)
    optimizer = kind([p], lr=0.01, **({"momentum": 0.9} if kind is SGD else {}))
    optimizer.step()
    assert p.dtype is tg.float16
    averages = [value for key, value in optimizer.state[p].items() if key != "step"]
    assert averages
    assert all(average.dtype is tg.float32 for average in averages)


def test_parameters_of_two_dtypes_share_an_optimizer():
    p, q = parameter(grad=[1.0, 1.0]), parameter(grad=[1.0, 1.0], dtype=tg.float64)
    SGD([p, q], lr=0.5).step()
    assert p.tolist() == q.tolist() == [0.5, -2.5]
    assert (p.dtype, q.dtype) == (tg.float32, tg.float64)


def test_step_gives_the_closures_loss_and_turns_gradients_on_for_it():
    p = parameter([2.0])
    optimizer = SGD([p], lr=0.25)

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with tg.no_grad():
        loss = optimizer.step(closure)
    assert (loss.item(), p.item()) == (4.0, 1.0)


def test_step_without_closure_gives_none():
    assert SGD([parameter(grad=[1.0, 1.0])]).step() is None


def test_zero_grad_forgets_the_gradients():
    p = parameter(grad=[1.0, 1.0])
    SGD([p]).zero_grad()
    assert p.grad is None


def test_zero_grad_can_fill_with_zeros_in_place():
    p = parameter(grad=[1.0, 1.0])
    grad = p.grad
    SGD([p]).zero_grad(set_to_none=False)
    assert p.grad is grad
    assert grad.tolist() == [0.0, 0.0]


def test_zero_grad_drops_the_history_of_a_gradient():
    p = parameter()
    p.grad = parameter([1.0, 1.0])
    SGD([p]).zero_grad(set_to_none=False)
    assert not p.grad.requires_grad
    assert p.grad.tolist() == [0.0, 0.0]


def test_hooks_run_around_the_step_until_removed():
    p = parameter([1.0], grad=[1.0])
    optimizer = SGD([p], lr=0.5)
    seen = []
    before = optimizer.register_step_pre_hook(lambda opt, args, kwargs: seen.append(("before", p.item())))
    optimizer.register_step_post_hook(lambda opt, args, kwargs: seen.append(("after", p.item())))
    optimizer.step()
    before.remove()
    optimizer.step()
    assert seen == [("before", 1.0), ("after", 0.5), ("after", 0.0)]


def test_a_pre_hook_can_change_the_arguments():
    p = parameter([1.0], grad=[1.0])
    optimizer = SGD([p], lr=0.5)
    optimizer.register_step_pre_hook(lambda opt, args, kwargs: ((lambda: 42,), {}))
    assert optimizer.step() == 42


class Halving(Optimizer):
    """An optimizer of a user's own that overrides step."""

    def __init__(self, params):
        super().__init__(params, {})

    @tg.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                p.array[...] *= 0.5


def test_hooks_run_around_a_step_that_a_subclass_overrides():
    p = parameter([4.0])
    optimizer = Halving([p])
    seen = []
    optimizer.register_step_post_hook(lambda opt, args, kwargs: seen.append(p.item()))
    optimizer.step()
    assert seen == [2.0]


class Sign(Optimizer):
    """An optimizer of a user's own that gives update, in tensor arithmetic."""

    def __init__(self, params, lr=0.1):
        super().__init__(params, {"lr": lr})

    def update(self, group, device, params):
        for p in params:
            p -= group["lr"] * p.grad


def test_a_subclass_may_write_its_update_in_tensor_arithmetic():
    p = parameter([1.0, -2.0], grad=[1.0, 1.0])
    Sign([p], lr=0.5).step()
    assert p.tolist() == [0.5, -2.5]
    assert p.is_leaf


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))],
                         ids=["deepcopy", "pickle"])
def test_a_copy_with_its_parameters_goes_on_by_itself(duplicate):
    p = parameter([1.0], grad=[1.0])
    optimizer = Adam([p], lr=0.1)
    optimizer.step()
    q, twin = duplicate((p, optimizer))
    assert twin.param_groups[0]["params"][0] is q
    q.grad = tg.tensor([1.0])
    twin.step()
    optimizer.step()
    assert p.item() == q.item()
    assert (twin.state[q]["step"], optimizer.state[p]["step"]) == (2, 2)
    assert twin.state[q]["exp_avg"] is not optimizer.state[p]["exp_avg"]
