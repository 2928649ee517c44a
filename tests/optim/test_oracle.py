"""Ten steps with every combination of options beside PyTorch's optimizers, and state dicts handed across."""
from itertools import product

import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn import optim

pytestmark = pytest.mark.oracle
SHAPES = (2, 3), (4,), ()


def combinations(**choices):
    """Every dict that takes one value for each option."""
    return [dict(zip(choices, values)) for values in product(*choices.values())]


SGD_OPTIONS = [c for c in combinations(momentum=(0, 0.9), dampening=(0, 0.3), weight_decay=(0, 0.1),
                                       nesterov=(False, True), maximize=(False, True))
               if not c["nesterov"] or (c["momentum"] and not c["dampening"])]
ADAM_OPTIONS = combinations(betas=((0.9, 0.999), (0.5, 0.0)), weight_decay=(0, 0.1), amsgrad=(False, True),
                            maximize=(False, True))
RMSPROP_OPTIONS = combinations(alpha=(0.99, 0.5), weight_decay=(0, 0.1), momentum=(0, 0.9), centered=(False, True),
                               maximize=(False, True))
CASES = [("SGD", c) for c in SGD_OPTIONS] + [("Adam", c) for c in ADAM_OPTIONS] + [("AdamW", c) for c in ADAM_OPTIONS]
CASES += [("Adam", {"decoupled_weight_decay": True, "weight_decay": 0.1})] + [("RMSprop", c) for c in RMSPROP_OPTIONS]


def named(value):
    return value if isinstance(value, str) else "-".join(f"{k}={v}" for k, v in value.items() if v)


def pair(name, options, dtype="float64", seed=0):
    """Our optimizer and PyTorch's on equal parameters in two groups of different learning rates."""
    import torch
    draw = np.random.default_rng(seed)
    arrays = [np.asarray(draw.standard_normal(shape), dtype) for shape in SHAPES]
    ours = [tg.tensor(a, requires_grad=True) for a in arrays]
    theirs = [torch.tensor(a, requires_grad=True) for a in arrays]

    def groups(params):
        return [{"params": params[:2]}, {"params": params[2:], "lr": 0.02}]

    return (getattr(optim, name)(groups(ours), lr=0.1, **options), ours,
            getattr(torch.optim, name)(groups(theirs), lr=0.1, **options), theirs)


def take_steps(count, optimizer, ours, oracle, theirs, draw):
    """Steps with the same random gradients; now and then a parameter has none."""
    import torch
    for _ in range(count):
        for p, q in zip(ours, theirs):
            gradient = np.asarray(draw.standard_normal(p.shape), p.array.dtype)
            missing = draw.random() < 0.2
            p.grad = None if missing else tg.tensor(gradient)
            q.grad = None if missing else torch.tensor(gradient)
        optimizer.step()
        oracle.step()


def assert_equal(ours, theirs, rtol=1e-10, atol=1e-12):
    for p, q in zip(ours, theirs):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=rtol, atol=atol)


@pytest.mark.parametrize(("name", "options"), CASES, ids=named)
def test_ten_steps_go_where_pytorchs_go(name, options):
    optimizer, ours, oracle, theirs = pair(name, options)
    draw = np.random.default_rng(1)
    for _ in range(10):
        take_steps(1, optimizer, ours, oracle, theirs, draw)
        assert_equal(ours, theirs)


@pytest.mark.parametrize(("name", "options"), [("SGD", {"momentum": 0.9, "weight_decay": 0.1}), ("Adam", {}),
                                               ("AdamW", {"amsgrad": True}), ("RMSprop", {"momentum": 0.9})], ids=named)
def test_float32_steps_go_where_pytorchs_go(name, options):
    optimizer, ours, oracle, theirs = pair(name, options, "float32")
    take_steps(10, optimizer, ours, oracle, theirs, np.random.default_rng(1))
    assert_equal(ours, theirs, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize(("name", "options"), [("SGD", {"momentum": 0.9}), ("Adam", {"amsgrad": True}),
                                               ("RMSprop", {"centered": True, "momentum": 0.9})], ids=named)
def test_pytorchs_state_dict_can_be_loaded_and_ours_by_pytorch(name, options):
    import torch
    optimizer, ours, oracle, theirs = pair(name, options)
    draw = np.random.default_rng(1)
    take_steps(3, optimizer, ours, oracle, theirs, draw)
    from_torch = converted(oracle.state_dict(), torch.Tensor, lambda t: tg.tensor(t.numpy()))
    from_ours = converted(optimizer.state_dict(), tg.Tensor, lambda t: torch.tensor(t.numpy()))
    optimizer.load_state_dict(from_torch)
    oracle.load_state_dict(from_ours)
    take_steps(3, optimizer, ours, oracle, theirs, draw)
    assert_equal(ours, theirs)


def converted(value, kind, convert):
    """A state dict with its tensors replaced."""
    if isinstance(value, kind):
        return convert(value)
    if isinstance(value, dict):
        return {key: converted(entry, kind, convert) for key, entry in value.items()}
    if isinstance(value, list):
        return [converted(entry, kind, convert) for entry in value]
    return value


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop"])
def test_signature_defaults_and_repr_are_pytorchs(name):
    import inspect
    optimizer, _, oracle, _ = pair(name, {})
    assert optimizer.defaults == oracle.defaults
    assert repr(optimizer) == repr(oracle)
    ours, theirs = ([(p.name, p.default, p.kind) for p in inspect.signature(type(o).__init__).parameters.values()]
                    for o in (optimizer, oracle))
    assert ours == theirs
