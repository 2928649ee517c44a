"""Steps on the strict device: no NumPy array in a CuPy path, and nothing waits for the device."""
import numpy as np
import pytest

import tinygrad_cnn as tg
from tests.strict import counting, strict_device
from tinygrad_cnn.optim import SGD, Adam, AdamW, RMSprop

CASES = {
    "sgd": (SGD, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    "dampened sgd": (SGD, {"momentum": 0.9, "dampening": 0.1, "maximize": True}),
    "adam": (Adam, {"amsgrad": True, "weight_decay": 0.1}),
    "adamw": (AdamW, {}),
    "rmsprop": (RMSprop, {"centered": True, "momentum": 0.9}),
}
VALUES = [[1.0, -2.0, 3.0], [[0.5, 0.25]], 4.0]


def parameters(device, dtype):
    return [tg.tensor(values, dtype=dtype, device=device, requires_grad=True) for values in VALUES]


def give_gradients(params):
    for p in params:
        p.grad = tg.tensor(np.full(p.shape, 0.5).tolist(), dtype=p.dtype, device=p.device)


@pytest.mark.parametrize("dtype", [tg.float32, tg.float16], ids=str)
@pytest.mark.parametrize("case", CASES)
def test_the_strict_device_goes_where_the_cpu_goes_without_synchronising(case, dtype):
    kind, options = CASES[case]
    ours, theirs = parameters(strict_device(), dtype), parameters("cpu", dtype)
    optimizer, twin = kind(ours, lr=0.1, **options), kind(theirs, lr=0.1, **options)
    for _ in range(3):
        give_gradients(ours)
        give_gradients(theirs)
        with counting() as counted:
            optimizer.step()
            optimizer.zero_grad()
        assert counted.synchronisations == 0
        twin.step()
    for p, q in zip(ours, theirs):
        np.testing.assert_allclose(p.tolist(), q.tolist(), rtol=1e-3 if dtype is tg.float16 else 1e-5)


def test_a_state_dict_of_the_cpu_moves_to_the_parameters_device():
    p, q = parameters("cpu", tg.float32), parameters(strict_device(), tg.float32)
    optimizer, twin = Adam(p), Adam(q)
    give_gradients(p)
    optimizer.step()
    twin.load_state_dict(optimizer.state_dict())
    give_gradients(q)
    twin.step()
    assert twin.state[q[0]]["exp_avg"].device is strict_device()
    assert twin.state[q[0]]["step"] == 2
