"""Random programs of views, in-place writes and detached writes, run here and in PyTorch side by side.

What PyTorch computes we compute; what it refuses we refuse; nothing else is refused, and no gradient differs. Two
differences are meant: where the memory read and written overlap in part, PyTorch refuses and NumPy copies first; and a
view of a detached leaf is to PyTorch still a view of the leaf.
"""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_cnn as tg

torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
pytestmark = pytest.mark.oracle

SHAPE = (2, 3)


def pick(tensors, k):
    return tensors[k % len(tensors)]


def no_grad_write(m, x, k):
    with m.no_grad():
        x.mul_(0.5)


# Each action: (library, tensors, two numbers that choose) -> a new tensor, or None for an action in place.
ACTIONS = {
    "add": lambda m, ts, i, j: pick(ts, i) + pick(ts, j),
    "mul": lambda m, ts, i, j: pick(ts, i) * pick(ts, j),
    "exp": lambda m, ts, i, j: (pick(ts, i) * 0.1).exp(),
    "tanh": lambda m, ts, i, j: pick(ts, i).tanh(),
    "square": lambda m, ts, i, j: pick(ts, i) ** 2,
    "row": lambda m, ts, i, j: pick(ts, i)[j % 2:j % 2 + 1] if pick(ts, i).shape[0] == 2 else pick(ts, i),
    "columns": lambda m, ts, i, j: pick(ts, i)[:, j % 3:] if pick(ts, i).shape[1] == 3 else pick(ts, i),
    "transpose": lambda m, ts, i, j: pick(ts, i).t().t(),
    "view": lambda m, ts, i, j: (pick(ts, i).view(-1).view(*pick(ts, i).shape) if pick(ts, i).is_contiguous()
                                 else pick(ts, i) * 1),
    "detach": lambda m, ts, i, j: pick(ts, i).detach(),
    "clone": lambda m, ts, i, j: pick(ts, i).clone(),
    "relu": lambda m, ts, i, j: m.relu(pick(ts, i)),
    "mul_": lambda m, ts, i, j: pick(ts, i).mul_(1.5) and None,
    "add_": lambda m, ts, i, j: pick(ts, i).add_(pick(ts, j)) and None,
    "mul_tensor_": lambda m, ts, i, j: pick(ts, i).mul_(pick(ts, j)) and None,
    "sin_": lambda m, ts, i, j: pick(ts, i).sin_() and None,
    "sigmoid_": lambda m, ts, i, j: pick(ts, i).sigmoid_() and None,
    "zero_": lambda m, ts, i, j: pick(ts, i).zero_() and None,
    "set_row": lambda m, ts, i, j: pick(ts, i).__setitem__(0, pick(ts, j)[0, :pick(ts, i).shape[1]]),
    "set_mask": lambda m, ts, i, j: pick(ts, i).__setitem__(pick(ts, i) > 0.5, 0.25),
    "no_grad_mul_": lambda m, ts, i, j: no_grad_write(m, pick(ts, i), j),
}
IN_PLACE = {"mul_", "add_", "mul_tensor_", "sin_", "sigmoid_", "zero_", "set_row", "set_mask", "no_grad_mul_"}
programs = st.lists(st.tuples(st.sampled_from(sorted(ACTIONS)), st.integers(0, 30), st.integers(0, 30)),
                    min_size=2, max_size=9)


def act(m, tensors, name, i, j):
    """Perform one action; returns the library's refusal, or an empty text."""
    try:
        found = ACTIONS[name](m, tensors, i, j) if name not in IN_PLACE else in_place(m, tensors, name, i, j)
    except (RuntimeError, ValueError, TypeError) as error:
        return str(error)
    if found is not None:
        tensors.append(found)
    return ""


def in_place(m, tensors, name, i, j):
    try:
        ACTIONS[name](m, tensors, i, j)
    except (RuntimeError, ValueError) as error:
        if "neither true nor false" in str(error) or "is ambiguous" in str(error):
            return                                      # the `and None` of the table, after the write was done
        raise


def gradient(m, tensors, leaf):
    """The gradient of the sum of everything, or None where the library refuses."""
    loss = sum((t * t).sum() for t in tensors[1:])
    try:
        loss.backward()
    except RuntimeError:
        return None
    return np.zeros(SHAPE) if leaf.grad is None else leaf.grad.numpy()


@settings(max_examples=20 * settings.default.max_examples)
@given(program=programs, seed=st.integers(0, 1000))
def test_a_random_program_gives_pytorch_s_values_gradients_and_refusals(program, seed):
    start = np.random.default_rng(seed).uniform(-1, 1, SHAPE)
    ours, theirs = tg.tensor(start, requires_grad=True), torch.tensor(start, requires_grad=True)
    mine, its = [ours, ours * 1], [theirs, theirs * 1]
    for name, i, j in program:
        refused, expected = act(tg, mine, name, i, j), act(torch, its, name, i, j)
        if "single memory location" in expected or "overlap" in expected:
            return
        if "leaf Variable" in expected and not refused and any(action == "detach" for action, _, _ in program):
            return
        assert bool(refused) == bool(expected), (name, i % len(mine), j % len(mine), refused, expected)
    for k, (a, b) in enumerate(zip(mine, its)):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-12, err_msg=f"tensor {k}")
        assert a.requires_grad == b.requires_grad, f"tensor {k}"
    g, h = gradient(tg, mine, ours), gradient(torch, its, theirs)
    assert (g is None) == (h is None), "ours refused" if g is None else "PyTorch refused"
    if g is not None:
        np.testing.assert_allclose(g, h, rtol=1e-9, atol=1e-12)
