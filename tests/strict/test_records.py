"""Every op record on the strict device, and on the GPU where there is one: the CPU's values, gradients and second
gradients, in any memory layout, and never a wait for the device."""
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.records import RECORDS
from tests.strict import counting, strict_device
from tests.test_records import call, channels_last, host, leaves, outputs, strided, tensors

FEW = settings(max_examples=4, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
# Ops whose result has a size that depends on values, or that bring values to the host: they must wait.
WAITS = frozenset({"nonzero", "masked_select", "unique", "bincount", "argwhere", "transfer"})


def open_device(name):
    return strict_device() if name == "strict" else tg.device(name)


every_record = pytest.mark.parametrize("record", RECORDS.values(), ids=lambda record: record.name)
every_device = pytest.mark.parametrize("device", ["strict", pytest.param("cuda", marks=pytest.mark.gpu)])


def weighing(y):
    """A fixed incoming gradient for y."""
    values = np.linspace(0.5, 1.5, y.array.size).reshape(y.array.shape).astype(y.array.dtype)
    return tg.Tensor(y.device.xp.asarray(values), y.device)


def derivatives(ys, xs, *, order):
    """Gradients of a weighted sum of `ys`, then (for order 2) of a weighted sum of those; zeros where there is none."""
    found, create = [], order > 1
    ys = [y for y in ys if y.requires_grad]
    while order and ys:
        weights = [weighing(y) for y in ys]
        ys = tg.autograd.grad(ys, xs, weights, materialize_grads=True, create_graph=create)
        found += ys
        ys, order, create = [y for y in ys if y.requires_grad], order - 1, False
    return found


def computed(record, arrays, kwargs, device, order):
    """Outputs and derivatives of a record's function on a device, as Tensors of that device."""
    args = tensors(record, arrays, device)
    ys = outputs(call(record, args, kwargs))
    assert all(y.device is device for y in ys), "an output lives elsewhere"
    return ys + derivatives(ys, leaves(args), order=order)


def compare(record, arrays, kwargs, device, order, tolerance=1e-8):
    expected = computed(record, arrays, kwargs, tg.device("cpu"), order)
    found = computed(record, arrays, kwargs, device, order)
    assert len(found) == len(expected)
    for y, e in zip(found, expected):
        assert (y.array.dtype, y.array.shape) == (e.array.dtype, e.array.shape)
        if not record.strict and device.type == "cuda":
            continue                                    # a GPU's random numbers are others
        found_values, expected_values = (np.asarray(host(t), t.array.dtype if t.array.dtype.kind in "biu" else "f8")
                                         for t in (y, e))
        np.testing.assert_allclose(found_values, expected_values, rtol=tolerance, atol=tolerance)


@every_device
@every_record
@FEW
@given(data=st.data())
def test_values_and_derivatives_are_those_of_the_cpu(record, device, data):
    arrays, kwargs = data.draw(record.cases)
    compare(record, arrays, kwargs, open_device(device), 2 if record.second else 1)


@every_device
@every_record
@pytest.mark.parametrize("layout", [strided, channels_last], ids=["strided", "channels_last"])
@settings(max_examples=2, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_any_memory_layout_gives_the_same_on_the_device(record, layout, device, data):
    arrays, kwargs = data.draw(record.cases)
    laid = [layout(a) if isinstance(a, np.ndarray) else a for a in arrays]
    compare(record, laid, kwargs, open_device(device), 1)


@every_device
@every_record
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@settings(max_examples=2, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_sixteen_bits_give_the_cpus_dtypes_and_nearly_its_values(record, dtype, device, data):
    pytest.importorskip("ml_dtypes", reason="bfloat16 needs ml_dtypes")
    arrays, kwargs = data.draw(record.cases)
    target = getattr(tg, dtype).numpy
    narrow = [a.astype(target) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in arrays]
    compare(record, narrow, kwargs, open_device(device), 1, tolerance=0.02)


@every_record
@FEW
@given(data=st.data())
def test_forward_and_backward_never_wait_for_the_device(record, data):
    arrays, kwargs = data.draw(record.cases)
    args = tensors(record, arrays, strict_device())
    tg.manual_seed(0)
    with counting() as count:
        ys = outputs(record.function(*args, **kwargs))
    may_wait = bool(WAITS.intersection(record.ops))
    assert may_wait or count.synchronisations == 0, count.where
    ys = [y for y in ys if y.requires_grad]
    if ys and not may_wait:
        weights = [tg.ones_like(y) for y in ys]
        with counting() as count:
            tg.autograd.grad(ys, leaves(args), weights, materialize_grads=True)
        assert count.synchronisations == 0, count.where
