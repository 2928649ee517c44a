"""A GPU that is not the thread's current one: every op runs there and leaves its arrays there.

"strict:1" and "strict:2" share a machine, on which the double refuses, in CuPy's words, arrays of another GPU than the
current one, and puts new arrays on the current one."""
import copy
import pickle

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.records import RECORDS
from tests.strict import LEDGER, Refused, array, strict_device, xp
from tests.strict.test_records import computed
from tests.strict.test_training_step import OPTIMIZERS, batches, network, step
from tinygrad_cnn.testing import gradcheck

nn = tg.nn
every_record = pytest.mark.parametrize("record", RECORDS.values(), ids=lambda record: record.name)


@pytest.fixture
def second():
    """The second GPU of several; the first one is current."""
    strict_device()                                     # registers the kind
    assert LEDGER.current == 0
    yield tg.device("strict:1")
    assert LEDGER.current == 0, "a call left its own GPU current"


@pytest.fixture
def third(second):
    return tg.device("strict:2")


def lies_on(tensor):
    return array.gpu(tensor.array._a)


def test_the_double_refuses_an_array_of_another_gpu_and_makes_new_ones_on_the_current():
    LEDGER.current = 1
    x = xp.ones(3)
    LEDGER.current = 0
    assert array.gpu(x._a) == 1 == array.gpu(x[1:]._a)
    for wrong in (lambda: x + 1, lambda: xp.exp(x), lambda: x.sum(), lambda: x[xp.asarray([0])], lambda: x.astype("f4"),
                  lambda: xp.add(xp.ones(3), x), lambda: x.__setitem__(0, 1), lambda: xp.stack([x, x])):
        with pytest.raises(Refused, match="array device = 1 while current = 0"):
            wrong()


@every_record
@settings(max_examples=1, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large,
                                                  HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_an_op_and_its_derivatives_run_on_the_gpu_of_their_inputs(record, second, data):
    arrays, kwargs = data.draw(record.cases)
    found = computed(record, arrays, kwargs, second, 2 if record.second else 1)
    assert {lies_on(y) for y in found} <= {1}


@pytest.mark.parametrize("make", [
    lambda d: tg.zeros(2, device=d), lambda d: tg.ones(2, device=d), lambda d: tg.full((2,), 3.0, device=d),
    lambda d: tg.empty(2, device=d), lambda d: tg.arange(3, device=d), lambda d: tg.linspace(0, 1, 3, device=d),
    lambda d: tg.eye(2, device=d), lambda d: tg.rand(2, device=d), lambda d: tg.randn(2, device=d),
    lambda d: tg.randint(5, (2,), device=d), lambda d: tg.randperm(3, device=d), lambda d: tg.tensor([1, 2], device=d),
    lambda d: tg.ones(2).to(d), lambda d: tg.zeros_like(tg.ones(2, device=d)), lambda d: tg.ones(2, device=d).clone(),
    lambda d: nn.Linear(2, 3).to(d).weight], ids=["zeros", "ones", "full", "empty", "arange", "linspace", "eye", "rand",
                                                  "randn", "randint", "randperm", "tensor", "to", "zeros_like", "clone",
                                                  "module"])
def test_a_new_tensor_lies_on_the_gpu_it_was_asked_for(make, second):
    x = make(second)
    assert x.device is second
    assert lies_on(x) == 1


def test_a_tensor_moves_between_gpus(second, third):
    x = tg.arange(3.0, device=second).requires_grad_()
    y = x.to(third) * 2
    y.sum().backward()
    assert (lies_on(y), lies_on(x.grad)) == (2, 1)
    assert x.grad.tolist() == [2.0, 2.0, 2.0]
    assert y.tolist() == [0.0, 2.0, 4.0]


def test_two_gpus_mixed_are_refused_by_name(second, third):
    with pytest.raises(tg.errors.DeviceError, match=r"add: .*strict:1.*strict:2|add: .*strict:2.*strict:1"):
        tg.ones(2, device=second) + tg.ones(2, device=third)


@pytest.mark.parametrize("optimizer_name", OPTIMIZERS)
def test_a_training_step_stays_on_its_gpu(optimizer_name, second):
    model = network().to(second)
    optimizer = OPTIMIZERS[optimizer_name](model.parameters())
    for images, labels in batches(second, 2):
        loss = step(model, optimizer, images, labels)
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    held = [*model.parameters(), *model.buffers(), *(p.grad for p in model.parameters()),
            *(v for s in optimizer.state.values() for v in s.values() if isinstance(v, tg.Tensor) and v.ndim)]
    assert {lies_on(t) for t in held} == {1}
    assert np.isfinite(loss.item())


def test_two_models_on_two_gpus_take_turns(second, third):
    losses = []
    for device in (second, third):
        model = network().double().to(device)
        optimizer = OPTIMIZERS["sgd"](model.parameters())
        losses.append([step(model, optimizer, *batch).item() for batch in batches(device, 2, "float64")])
    assert losses[0] == losses[1]


def test_printing_reading_and_copying_work_on_any_gpu(second):
    x = tg.arange(4.0, device=second)
    assert "device='strict:1'" in repr(x)
    assert x[2].item() == 2.0
    assert x.cpu().numpy().tolist() == x.tolist() == [0.0, 1.0, 2.0, 3.0]
    x[1] = 7.0
    x[x > 6] = 5.0
    x += 1
    assert x.tolist() == [1.0, 6.0, 3.0, 4.0]
    assert bool((x == x).all())


def test_a_generator_of_another_gpu_repeats_its_numbers(second):
    generator = tg.Generator(second).manual_seed(3)
    first = tg.rand(3, device=second, generator=generator)
    again = tg.rand(3, device=second, generator=generator.manual_seed(3))
    assert first.tolist() == again.tolist()
    assert lies_on(first) == 1


def test_a_gpu_beyond_the_last_is_refused(second):
    with pytest.raises(tg.errors.DeviceError, match="strict:3 is not there"):
        tg.device("strict:3")


def _checkpointed(x):
    x.requires_grad_()
    tg.utils.checkpoint.checkpoint(lambda t: t.exp() * t, x, use_reentrant=False).sum().backward()
    return x.grad


USES = {
    "promotion of integers": lambda x: (x > 1) + x.long() * x,
    "a list of positions": lambda x: x[[0, 2]],
    "a tensor of positions": lambda x: x[x.long() - 1],
    "unique": lambda x: tg.unique(x, return_counts=True)[1],
    "weighted counts": lambda x: tg.bincount(x.long(), weights=x),
    "searchsorted": lambda x: tg.searchsorted(x, x),
    "repeats": lambda x: tg.repeat_interleave(x, x.long()),
    "einsum": lambda x: tg.einsum("i,j->ij", x, x),
    "a copy": copy.deepcopy,
    "a pickle": lambda x: pickle.loads(pickle.dumps(x)),
    "hessian": lambda x: tg.autograd.functional.hessian(lambda t: (t ** 3).sum(), x),
    "checkpoint": _checkpointed,
    "rows of a data set": lambda x: tg.utils.data.TensorDataset(x)[[2, 0]][0],
    "collate": lambda x: tg.utils.data.default_collate([x, x]),
    "initial weights": lambda x: nn.init.orthogonal_(tg.empty(3, 3, device=x.device)).abs().sum(),
    "gradients clipped by value": lambda x: _clipped(x),
}


def _clipped(x):
    x.requires_grad_()
    (x * x).sum().backward()
    nn.utils.clip_grad_value_([x], 3.0)
    return x.grad


@pytest.mark.parametrize("use", USES)
def test_what_is_no_op_runs_on_the_gpu_of_its_tensors_too(use, second):
    found = USES[use](tg.tensor([1.0, 2.0, 3.0], device=second))
    expected = USES[use](tg.tensor([1.0, 2.0, 3.0]))
    assert lies_on(found) == 1
    if use != "initial weights":
        np.testing.assert_allclose(found.cpu().numpy(), expected.numpy(), rtol=1e-6)


def test_gradients_are_checked_on_any_gpu(second):
    assert gradcheck(lambda t: t.tanh(), tg.ones(2, device=second, dtype=tg.float64, requires_grad=True))
