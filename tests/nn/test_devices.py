"""Layers and losses where the GPU's kernels run: the strict device (no NumPy array in a CuPy path, no hidden wait in a
step) and, with -m gpu, CUDA."""
import numpy as np
import pytest

import tinygrad_cnn as tg
from tests.nn.oracle_cases import CLASSES, LOSSES, RANDOM, WEIGHTED, WITHOUT_WEIGHTS
from tests.strict import counting, strict_device
from tinygrad_cnn import nn

CASES = WEIGHTED + WITHOUT_WEIGHTS
DRAWN = [case for case in RANDOM if "Unpool" not in case[0]]


def label(case):
    return f"{case[0]}-{case[1]}-{case[2]}".replace(" ", "")


@pytest.fixture(params=["strict", pytest.param("cuda", marks=pytest.mark.gpu)])
def place(request):
    """A device other than the CPU."""
    return strict_device() if request.param == "strict" else tg.device(request.param)


def run(layer, arrays, device):
    """Output and gradients of a layer, of its inputs first, as NumPy arrays; how often the device was waited for."""
    inputs = [tg.tensor(a, device=device).requires_grad_() for a in arrays]
    layer(*inputs).sum().backward()                     # constants of a size are made once, at the first call
    layer.zero_grad()
    for x in inputs:
        x.grad = None
    with counting() as counted:
        y = layer(*inputs)
        (y * y).sum().backward()
    tensors = [y.detach(), *(x.grad for x in inputs), *(p.grad for p in layer.parameters())]
    return [t.cpu().numpy() for t in tensors], counted


@pytest.mark.parametrize("name,args,kwargs,shapes", CASES, ids=map(label, CASES))
def test_a_layer_computes_as_on_the_cpu_without_synchronising(place, name, args, kwargs, shapes):
    layer = getattr(nn, name)(*args, **kwargs)
    twin = getattr(nn, name)(*args, **kwargs).to(place)
    twin.load_state_dict(layer.state_dict())
    assert all(t.device is place for t in [*twin.parameters(), *twin.buffers()])
    draw = np.random.default_rng(0)
    arrays = [draw.permutation(np.linspace(-1.9, 2.1, int(np.prod(s)), dtype=np.float32)).reshape(s) for s in shapes]
    here, _ = run(layer, arrays, "cpu")
    there, counted = run(twin, arrays, place)
    for a, b in zip(here, there):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    assert counted.synchronisations == 0 or kwargs.get("momentum", 0) is None, counted.where


@pytest.mark.parametrize("name,args,kwargs", DRAWN, ids=map(label, DRAWN))
def test_random_and_inplace_layers_run_without_synchronising(place, name, args, kwargs):
    layer = getattr(nn, name)(*args, **kwargs).to(place)
    shape = (2, 3, 4) if name.endswith("1d") else (2, 3, 4, 4, 2) if name.endswith("3d") else (2, 3, 4, 4)
    x = tg.ones(*shape, device=place, requires_grad=True)
    with counting() as counted:
        layer(x * 1).sum().backward()
    assert x.grad.device is place and x.grad.shape == x.shape
    assert counted.synchronisations == 0, counted.where


@pytest.mark.parametrize("name,kwargs,shape,targets", LOSSES, ids=[f"{c[0]}-{c[1]}-{c[3]}" for c in LOSSES])
def test_a_loss_computes_as_on_the_cpu_without_synchronising(place, name, kwargs, shape, targets):
    draw = np.random.default_rng(0)
    x = draw.uniform(0.1, 0.9, shape).astype(np.float32)
    rows = (shape[0], *shape[2:]) if targets[0] == CLASSES else shape
    others = [draw.integers(0, shape[1], rows) if kind == CLASSES else
              draw.uniform(0.2, 0.8, shape[:1] if kind == "row signs" else shape).astype(np.float32)
              for kind in targets]

    def value(device):
        settings = {k: tg.tensor(v) if k.endswith("weight") else v for k, v in kwargs.items()}
        loss = getattr(nn, name)(**settings).to(device)
        leaf = tg.tensor(x, device=device).requires_grad_()
        rest = [tg.tensor(o, device=device) for o in others]
        with counting() as counted:
            y = loss(leaf, *rest)
            y.backward()
        return float(y.cpu()), leaf.grad.cpu().numpy(), counted
    here, gradient, _ = value("cpu")
    there, its_gradient, waits = value(place)
    assert there == pytest.approx(here, rel=1e-4)
    np.testing.assert_allclose(its_gradient, gradient, rtol=1e-4, atol=1e-6)
    assert waits.synchronisations == 0, waits.where


def test_clipping_gradients_does_not_wait_for_the_device(place):
    layer = nn.Linear(3, 2).to(place)
    layer(tg.ones(2, 3, device=place)).sum().backward()
    with counting() as counted:
        nn.utils.clip_grad_norm_(layer.parameters(), 0.5)
        nn.utils.clip_grad_value_(layer.parameters(), 0.1)
    assert counted.synchronisations == 0, counted.where


@pytest.mark.parametrize("name", ["uniform_", "normal_", "ones_", "xavier_normal_", "kaiming_uniform_", "trunc_normal_",
                                  "orthogonal_", "eye_"])
def test_initial_values_are_drawn_where_the_weights_are(place, name):
    weight = getattr(nn.init, name)(tg.empty(4, 4, device=place))
    assert np.isfinite(weight.cpu().numpy()).all()
