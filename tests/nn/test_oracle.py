"""Every layer against PyTorch's with the same weights: printed form, keys, output, gradients, statistics."""
import importlib.util
import inspect

import numpy as np
import pytest

import tinygrad_cnn as tg
from tests.nn.oracle_cases import (
    CLASSES,
    LOSSES,
    POSITIVE,
    PROBABILITIES,
    RANDOM,
    REAL,
    SIGNS,
    UNIT,
    WEIGHTED,
    WITHOUT_WEIGHTS,
)
from tinygrad_cnn import nn

pytestmark = pytest.mark.oracle

if importlib.util.find_spec("torch"):
    import torch

DRAWS = np.random.default_rng


def label(case):
    return f"{case[0]}-{case[1]}-{case[2]}".replace(" ", "")


def pair(name, args, kwargs, dtype="float64"):
    """The same layer of both libraries, with PyTorch's weights."""
    theirs = getattr(torch.nn, name)(*args, **kwargs).to(getattr(torch, dtype))
    ours = getattr(nn, name)(*args, **kwargs).to(getattr(tg, dtype))
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def close(ours, theirs, what):
    assert tuple(ours.shape) == tuple(theirs.shape), what
    assert ours.dtype.name == str(theirs.dtype).split(".")[1], what
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-7, atol=1e-9, err_msg=what)


def inputs(shapes, seed=0):
    """Distinct numbers away from kinks at 0, in both libraries, requiring grad."""
    draw = DRAWS(seed)
    arrays = [draw.permutation(np.linspace(-1.9, 2.1, int(np.prod(shape)))).reshape(shape) for shape in shapes]
    arrays = [np.where(abs(a) < 0.02, a + 0.05, a) for a in arrays]
    return [tg.tensor(a).requires_grad_() for a in arrays], [torch.tensor(a, requires_grad=True) for a in arrays]


def compare_call(ours, theirs, shapes):
    xs, their_xs = inputs(shapes)
    y, their_y = ours(*xs), theirs(*their_xs)
    close(y, their_y, "output")
    g = DRAWS(1).standard_normal(tuple(y.shape))
    y.backward(tg.tensor(g))
    their_y.backward(torch.tensor(g))
    for k, (x, their_x) in enumerate(zip(xs, their_xs)):
        close(x.grad, their_x.grad, f"gradient of input {k}")
    for (key, p), their_p in zip(ours.named_parameters(), theirs.parameters()):
        close(p.grad, their_p.grad, f"gradient of {key}")
    for (key, b), their_b in zip(ours.named_buffers(), theirs.buffers()):
        close(b, their_b, key)


COMPUTED = WEIGHTED + WITHOUT_WEIGHTS


@pytest.mark.parametrize("name,args,kwargs,shapes", COMPUTED, ids=map(label, COMPUTED))
def test_a_layer_computes_and_differentiates_as_pytorchs(name, args, kwargs, shapes):
    ours, theirs = pair(name, args, kwargs)
    compare_call(ours, theirs, shapes)
    ours.zero_grad()
    theirs.zero_grad()
    compare_call(ours.eval(), theirs.eval(), shapes)


ALL = [case[:3] for case in COMPUTED] + RANDOM


@pytest.mark.parametrize("name,args,kwargs", ALL, ids=map(label, ALL))
def test_a_layer_prints_as_pytorchs(name, args, kwargs):
    ours, theirs = pair(name, args, kwargs)
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("name,args,kwargs,shapes", WEIGHTED, ids=map(label, WEIGHTED))
def test_a_state_dict_has_pytorchs_keys_in_order_and_goes_both_ways(name, args, kwargs, shapes):
    ours, theirs = pair(name, args, kwargs, "float32")
    state = ours.state_dict()
    assert list(state) == list(theirs.state_dict())
    theirs.load_state_dict({key: torch.from_numpy(value.numpy()) for key, value in state.items()})
    for key, value in theirs.state_dict().items():
        assert np.array_equal(state[key].numpy(), value.numpy()), key


def values(kind, shape, draw):
    """An array that can be the target of a loss on an input of a shape."""
    if kind == CLASSES:
        return draw.integers(0, shape[1], (shape[0], *shape[2:]))
    if kind == "row signs":
        return draw.choice([-1.0, 1.0], shape[0])
    return {REAL: lambda: draw.standard_normal(shape), SIGNS: lambda: draw.choice([-1.0, 1.0], shape),
            UNIT: lambda: draw.uniform(0.05, 0.95, shape), POSITIVE: lambda: draw.uniform(0.2, 3, shape),
            PROBABILITIES: lambda: draw.dirichlet(np.ones(shape[1]), shape[0])}[kind]()


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name,kwargs,shape,targets", LOSSES, ids=[f"{c[0]}-{c[1]}-{c[3]}" for c in LOSSES])
@pytest.mark.filterwarnings("ignore:reduction:UserWarning")
def test_a_loss_computes_and_differentiates_as_pytorchs(name, kwargs, shape, targets, reduction):
    draw = DRAWS(3)
    x = draw.uniform(0.1, 0.9, shape) if name == "BCELoss" else draw.standard_normal(shape)
    others = [values(kind, shape, draw) for kind in targets]
    tensors = {key for key in kwargs if key.endswith("weight")}
    plain = {key: value for key, value in kwargs.items() if key not in tensors}
    ours = getattr(nn, name)(reduction=reduction, **plain,
                             **{key: tg.tensor(kwargs[key], dtype=tg.float64) for key in tensors})
    theirs = getattr(torch.nn, name)(reduction=reduction, **plain,
                                     **{key: torch.tensor(kwargs[key], dtype=torch.float64) for key in tensors})
    a, b = tg.tensor(x).requires_grad_(), torch.tensor(x, requires_grad=True)
    loss, their_loss = ours(a, *map(tg.tensor, others)), theirs(b, *map(torch.tensor, others))
    close(loss, their_loss, "loss")
    loss.sum().backward()
    their_loss.sum().backward()
    close(a.grad, b.grad, "gradient")
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())


# Hardtanh's older names for its bounds, and layers that in PyTorch take and ignore anything
OTHER_SIGNATURES = {"Hardtanh", "LogSigmoid", "Module", "Parameter", "Buffer", "Sigmoid", "Softmax2d", "Softsign",
                    "Tanh", "Tanhshrink"}
SHARED = [name for name, value in vars(nn).items() if inspect.isclass(value) and name not in OTHER_SIGNATURES]


@pytest.mark.parametrize("name", SHARED)
def test_a_constructor_takes_pytorchs_arguments(name):
    ours, theirs = (inspect.signature(getattr(lib, name).__init__).parameters for lib in (nn, torch.nn))
    assert [(p.name, p.default) for p in ours.values()] == [(p.name, p.default) for p in theirs.values()]


@pytest.mark.parametrize("padding_idx", [None, 2, -1])
def test_an_embedding_reads_and_differentiates_as_pytorchs(padding_idx):
    ours, theirs = pair("Embedding", (5, 3), {"padding_idx": padding_idx})
    places = DRAWS(0).integers(0, 5, (4, 6))
    y, their_y = ours(tg.tensor(places)), theirs(torch.tensor(places))
    close(y, their_y, "output")
    (y * y).sum().backward()
    (their_y * their_y).sum().backward()
    close(ours.weight.grad, theirs.weight.grad, "gradient")
    assert repr(ours) == repr(theirs)
    fresh = nn.Embedding(50, 40, padding_idx=padding_idx).weight.detach().numpy()
    assert abs(fresh.std() - 1) < 0.05
    assert padding_idx is None or not fresh[padding_idx].any()


def test_a_max_pool_with_indices_and_its_unpool_agree_with_pytorch():
    for axes, shape in ((1, (2, 3, 8)), (2, (2, 3, 6, 4)), (3, (1, 2, 4, 2, 4))):
        x = DRAWS(0).standard_normal(shape)
        pool, unpool = getattr(nn, f"MaxPool{axes}d"), getattr(nn, f"MaxUnpool{axes}d")
        y, index = pool(2, return_indices=True)(tg.tensor(x))
        back = unpool(2)(y, index)
        their_y, their_index = getattr(torch.nn, f"MaxPool{axes}d")(2, return_indices=True)(torch.tensor(x))
        their_back = getattr(torch.nn, f"MaxUnpool{axes}d")(2)(their_y, their_index)
        assert np.array_equal(index.numpy(), their_index.numpy())
        close(back, their_back, "unpooled")


def test_a_transposed_convolution_takes_output_size_as_pytorchs():
    ours, theirs = pair("ConvTranspose2d", (3, 2, 3), {"stride": 2, "padding": 1})
    x = DRAWS(0).standard_normal((1, 3, 4, 5))
    close(ours(tg.tensor(x), output_size=(8, 9)), theirs(torch.tensor(x), output_size=(8, 9)), "output")


@pytest.mark.parametrize("name,args,shape", [("Linear", (60, 50), None), ("Conv2d", (8, 40, 3), None),
                                             ("ConvTranspose2d", (40, 60, 3), None), ("Conv1d", (12, 40, 5), None)])
def test_default_weights_have_pytorchs_bounds_and_spread(name, args, shape):
    tg.manual_seed(0)
    torch.manual_seed(0)
    ours, theirs = getattr(nn, name)(*args), getattr(torch.nn, name)(*args)
    for mine, other in ((ours.weight, theirs.weight), (ours.bias, theirs.bias)):
        mine, other = mine.detach().numpy(), other.detach().numpy()
        bound = 1 / np.sqrt(np.prod(theirs.weight.shape[1:]))
        assert abs(mine).max() <= bound
        assert abs(mine).max() > 0.8 * bound
        assert abs(mine.mean()) < 0.35 * bound
        assert abs(mine.std() - other.std()) < 0.15 * bound


@pytest.mark.parametrize("name,kwargs", [
    ("xavier_uniform_", {"gain": 2.0}), ("xavier_normal_", {}), ("kaiming_uniform_", {"nonlinearity": "relu"}),
    ("kaiming_normal_", {"a": 0.2, "mode": "fan_out"}), ("trunc_normal_", {"std": 0.5, "a": -0.6, "b": 1.0}),
    ("trunc_normal_", {"mean": 0.0, "std": 1.0, "a": 1.0, "b": 3.0}), ("normal_", {"mean": 1.0, "std": 0.3}),
    ("uniform_", {"a": -2.0, "b": 1.0}), ("sparse_", {"sparsity": 0.25})])
def test_initial_values_are_spread_as_pytorchs(name, kwargs):
    ours = getattr(nn.init, name)(tg.empty(120, 100), **kwargs).numpy()
    theirs = getattr(torch.nn.init, name)(torch.empty(120, 100), **kwargs).numpy()
    spread = theirs.std()
    assert abs(ours.mean() - theirs.mean()) < 0.06 * spread
    assert abs(ours.std() - spread) < 0.04 * spread
    for q in (0.01, 0.1, 0.5, 0.9, 0.99):
        assert abs(np.quantile(ours, q) - np.quantile(theirs, q)) < 0.15 * spread


@pytest.mark.parametrize("groups,shape", [(1, (4, 3, 3)), (2, (4, 2, 3, 2)), (1, (2, 5, 3, 3, 3))])
def test_dirac_and_eye_are_pytorchs(groups, shape):
    ours, theirs = tg.empty(*shape), torch.empty(*shape)
    assert np.array_equal(nn.init.dirac_(ours, groups).numpy(), torch.nn.init.dirac_(theirs, groups).numpy())
    assert np.array_equal(nn.init.eye_(tg.empty(3, 5)).numpy(), torch.nn.init.eye_(torch.empty(3, 5)).numpy())


def twins():
    """The same small network of both libraries, with the same weights."""
    def build(lib):
        return lib.Sequential(lib.Conv2d(1, 4, 3, padding=1), lib.BatchNorm2d(4), lib.ReLU(), lib.MaxPool2d(2),
                              lib.Sequential(lib.Flatten(), lib.Linear(64, 10)))
    ours, theirs = build(nn).double(), build(torch.nn).double()
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def test_a_network_prints_as_pytorchs():
    ours, theirs = twins()
    assert repr(ours) == repr(theirs)
    assert repr(nn.ModuleList([nn.Linear(2, 2)] * 3 + [nn.ReLU()])) == \
        repr(torch.nn.ModuleList([torch.nn.Linear(2, 2)] * 3 + [torch.nn.ReLU()]))
    assert repr(nn.ModuleDict({"a": nn.Linear(2, 2)})) == repr(torch.nn.ModuleDict({"a": torch.nn.Linear(2, 2)}))


def test_gradients_of_a_network_agree_with_pytorchs():
    ours, theirs = twins()
    x, target = DRAWS(0).standard_normal((5, 1, 8, 8)), DRAWS(1).integers(0, 10, 5)
    loss = nn.functional.cross_entropy(ours(tg.tensor(x)), tg.tensor(target))
    their_loss = torch.nn.functional.cross_entropy(theirs(torch.tensor(x)), torch.tensor(target))
    close(loss, their_loss, "loss")
    loss.backward()
    their_loss.backward()
    for (name, p), (their_name, q) in zip(ours.named_parameters(), theirs.named_parameters()):
        assert name == their_name
        close(p.grad, q.grad, name)


@pytest.mark.parametrize("norm_type", [1.0, 2.0, 3.0, float("inf")])
def test_clip_grad_norm_scales_as_pytorchs(norm_type):
    ours, theirs = twins()
    draw = DRAWS(0)
    for p, q in zip(ours.parameters(), theirs.parameters()):
        g = draw.standard_normal(tuple(p.shape))
        p.grad, q.grad = tg.tensor(g), torch.tensor(g)
    total = nn.utils.clip_grad_norm_(ours.parameters(), 0.7, norm_type)
    close(total, torch.nn.utils.clip_grad_norm_(theirs.parameters(), 0.7, norm_type), "total")
    for p, q in zip(ours.parameters(), theirs.parameters()):
        close(p.grad, q.grad, "clipped")


@pytest.mark.filterwarnings("ignore:Full backward hook is firing:UserWarning")
def test_backward_hooks_see_the_gradients_that_pytorchs_see():
    ours, theirs = twins()
    x = DRAWS(0).standard_normal((5, 1, 8, 8))
    seen, their_seen = [], []
    for model, record in ((ours, seen), (theirs, their_seen)):
        for module in list(model.modules())[1:]:
            module.register_full_backward_hook(
                lambda m, gi, go, record=record: record.append((type(m).__name__, gi, go)))
    ours(tg.tensor(x)).sum().backward()
    theirs(torch.tensor(x)).sum().backward()
    assert [name for name, _, _ in seen] == [name for name, _, _ in their_seen]
    for (name, gi, go), (_, their_gi, their_go) in zip(seen, their_seen):
        for g, other in zip((*gi, *go), (*their_gi, *their_go)):
            assert (g is None) == (other is None), name
            if g is not None:
                close(g, other, name)


@pytest.mark.parametrize("call", [
    lambda F, x, t: F.normalize(x, dim=0), lambda F, x, t: F.softmax(x, -1, dtype=t.float64),
    lambda F, x, t: F.one_hot(t.tensor([0, 2, 1]), 4), lambda F, x, t: F.one_hot(t.tensor([[0], [2]])),
    lambda F, x, t: F.interpolate(x[None], scale_factor=1.5, recompute_scale_factor=True, mode="linear"),
    lambda F, x, t: F.pixel_shuffle(x.reshape(4, 1, 3), 2), lambda F, x, t: F.softmin(x, 0),
    lambda F, x, t: F.gelu(x), lambda F, x, t: F.rms_norm(x, (4,)), lambda F, x, t: F.glu(x, 1)],
    ids=["normalize", "softmax", "one_hot", "one_hot_counted", "interpolate", "pixel_shuffle", "softmin", "gelu",
         "rms_norm", "glu"])
def test_functions_agree_with_pytorchs(call):
    x = DRAWS(0).standard_normal((3, 4))
    close(call(nn.functional, tg.tensor(x), tg), call(torch.nn.functional, torch.tensor(x), torch), "value")
