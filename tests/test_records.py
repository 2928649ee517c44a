"""The promises of the house, kept by every op: each record of tests/records is held to all of them."""
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.records import RECORDS
from tinygrad_cnn.autograd import OPS
from tinygrad_cnn.testing import gradcheck, gradgradcheck

CPU = tg.device("cpu")
every_record = pytest.mark.parametrize("record", RECORDS.values(), ids=lambda r: r.name)

def draws(count):
    """`count` examples in the dev profile, in proportion in the others."""
    return settings(max_examples=max(1, count * settings.default.max_examples // 25),
                    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def is_float(a):
    return isinstance(a, np.ndarray) and a.dtype.kind == "f"


def tensors(record, arrays, device=CPU, dtype=None, grad=True):
    """The case's arrays as Tensors; float ones require grad unless the record holds them constant."""
    result = []
    for k, a in enumerate(arrays):
        if not isinstance(a, np.ndarray):
            result.append(a)
            continue
        a = a.astype(dtype) if dtype and is_float(a) else a
        x = tg.Tensor(device.xp.asarray(a), device)
        result.append(x.requires_grad_() if grad and is_float(a) and k not in record.constant else x)
    return result


def outputs(found):
    found = found if isinstance(found, (tuple, list)) else (found,)
    return [y for y in found if isinstance(y, tg.Tensor)]


def host(x):
    return x.device.asnumpy(x.array)


def call(record, args, kwargs):
    """The function's result with the generators where they were at every call."""
    tg.manual_seed(0)
    return record.function(*args, **kwargs)


def leaves(args):
    return [x for x in args if isinstance(x, tg.Tensor) and x.requires_grad]


def seeds(ys):
    """A fixed gradient for each differentiable output."""
    values = [np.linspace(0.5, 1.5, y.numel()).reshape(y.shape).astype(y.array.dtype) for y in ys]
    return [tg.Tensor(y.device.xp.asarray(v), y.device) for y, v in zip(ys, values)]


def gradients(record, args, kwargs):
    ys = [y for y in outputs(call(record, args, kwargs)) if y.requires_grad]
    xs = leaves(args)
    if not ys or not xs:
        return []
    return tg.autograd.grad(ys, xs, seeds(ys), materialize_grads=True)


@every_record
@draws(8)
@given(data=st.data())
def test_value_is_the_reference_s(record, data):
    arrays, kwargs = data.draw(record.cases)
    found = outputs(call(record, tensors(record, arrays), kwargs))
    expected = record.reference(*arrays, **kwargs)
    expected = expected if isinstance(expected, (tuple, list)) else (expected,)
    assert len(found) == len(expected)
    for y, e in zip(found, expected):
        assert y.shape == np.shape(e)
        np.testing.assert_allclose(host(y), e, rtol=1e-9, atol=1e-10)


@every_record
@draws(8)
@given(data=st.data())
def test_gradient_is_the_derivative(record, data):
    arrays, kwargs = data.draw(record.cases)
    args = tensors(record, arrays)
    if leaves(args) and any(y.requires_grad for y in outputs(call(record, args, kwargs))):
        assert gradcheck(lambda *a: tuple(outputs(call(record, a, kwargs))), args, rtol=1e-4, atol=1e-6)


@every_record
@draws(8)
@given(data=st.data())
def test_second_derivative_is_the_derivative_of_the_first(record, data):
    if not record.second:
        return
    arrays, kwargs = data.draw(record.cases)
    args = tensors(record, arrays)
    if leaves(args) and any(y.requires_grad for y in outputs(call(record, args, kwargs))):
        assert gradgradcheck(lambda *a: tuple(outputs(call(record, a, kwargs))), args, rtol=1e-4, atol=1e-5)


@every_record
@draws(1)
@given(data=st.data())
def test_no_graph_is_made_under_no_grad(record, data):
    arrays, kwargs = data.draw(record.cases)
    with tg.no_grad():
        found = outputs(call(record, tensors(record, arrays), kwargs))
    assert not any(y.requires_grad for y in found)


@every_record
@draws(2)
@given(data=st.data())
def test_a_second_backward_pass_doubles_or_says_the_values_were_freed(record, data):
    arrays, kwargs = data.draw(record.cases)
    args = tensors(record, arrays)
    ys = [y for y in outputs(call(record, args, kwargs)) if y.requires_grad]
    if not ys:
        return
    tg.autograd.backward(ys, seeds(ys))
    once = [None if x.grad is None else host(x.grad).copy() for x in leaves(args)]
    try:
        tg.autograd.backward(ys, seeds(ys))
    except tg.errors.GraphFreedError:
        return
    for x, g in zip(leaves(args), once):
        if g is not None:
            np.testing.assert_allclose(host(x.grad), 2 * g, rtol=1e-12)


@every_record
@draws(3)
@given(data=st.data())
def test_gradients_share_no_memory_with_inputs_or_each_other(record, data):
    arrays, kwargs = data.draw(record.cases)
    args = tensors(record, arrays)
    ys = [y for y in outputs(call(record, args, kwargs)) if y.requires_grad]
    if not ys:
        return
    starts = seeds(ys)
    tg.autograd.backward(ys, starts)
    kept = [x.grad.array for x in leaves(args) if x.grad is not None]
    others = [x.array for x in (*args, *ys, *starts) if isinstance(x, tg.Tensor)]
    for k, g in enumerate(kept):
        assert not any(np.shares_memory(g, o) for o in [*others, *kept[k + 1:]] if g.size)


def strided(a):
    """The same values, every axis strided and the memory order reversed."""
    if a.ndim == 0:
        return a
    wide = np.zeros([2 * n for n in a.shape[::-1]], a.dtype).T
    part = wide[tuple(slice(None, None, 2) for _ in a.shape)]
    part[...] = a
    return part


def channels_last(a):
    """The same values with axis 1 innermost in memory."""
    if a.ndim < 3:
        return a
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(a, 1, -1)), -1, 1)


@every_record
@pytest.mark.parametrize("layout", [strided, channels_last], ids=["strided", "channels_last"])
@draws(2)
@given(data=st.data())
def test_any_memory_layout_gives_the_same(record, layout, data):
    arrays, kwargs = data.draw(record.cases)
    laid = [layout(a) if isinstance(a, np.ndarray) else a for a in arrays]
    plain_args, laid_args = tensors(record, arrays), tensors(record, laid)
    for y, z in zip(outputs(call(record, plain_args, kwargs)), outputs(call(record, laid_args, kwargs))):
        np.testing.assert_allclose(host(z), host(y), rtol=1e-12, atol=1e-12)
    for g, h in zip(gradients(record, plain_args, kwargs), gradients(record, laid_args, kwargs)):
        np.testing.assert_allclose(host(h), host(g), rtol=1e-10, atol=1e-12)


@every_record
@draws(3)
@given(data=st.data())
def test_float32_is_close_to_float64_and_stays_float32(record, data):
    arrays, kwargs = data.draw(record.cases)
    wide_args, narrow_args = tensors(record, arrays), tensors(record, arrays, dtype="float32")
    wide, narrow = outputs(call(record, wide_args, kwargs)), outputs(call(record, narrow_args, kwargs))
    for y, z in zip(wide, narrow):
        if y.dtype.is_floating_point and any(is_float(a) for a in arrays):
            assert z.dtype is tg.float32
            np.testing.assert_allclose(host(z), host(y), rtol=record.float32, atol=record.float32)
    for g, h in zip(gradients(record, wide_args, kwargs), gradients(record, narrow_args, kwargs)):
        assert h.dtype is tg.float32
        np.testing.assert_allclose(host(h), host(g), rtol=10 * record.float32, atol=10 * record.float32)


@pytest.mark.parametrize("record, call, error, message",
                         [(r, *w) for r in RECORDS.values() for w in r.wrong],
                         ids=[f"{r.name}-{k}" for r in RECORDS.values() for k, _ in enumerate(r.wrong)])
def test_wrong_input_is_refused_with_the_numbers_and_the_cure(record, call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_every_op_has_a_record():
    missing = sorted(set(OPS) - {name for r in RECORDS.values() for name in r.ops})
    assert not missing, f"ops without a record: {', '.join(missing)}"


def test_records_name_ops_that_exist():
    unknown = sorted({name for r in RECORDS.values() for name in r.ops} - set(OPS))
    assert not unknown, f"records name unknown ops: {', '.join(unknown)}"
