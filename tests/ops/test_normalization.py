"""Normalisations: PyTorch's numbers and running statistics, derivatives of any order, one result for every layout."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.ops.oracle import agree, assert_same
from tests.records.normalization import batch_cases, evaluation_cases, group_cases, instance_cases, row_cases
from tinygrad_cnn.kernels import cpu, generic
from tinygrad_cnn.ops import normalization

CPU = tg.device("cpu")


def plain(x, weight, bias, dims, eps):
    """The definition, in ops that have nothing to do with the normalisations."""
    away = x - x.mean(dims, keepdim=True)
    y = away / ((away * away).mean(dims, keepdim=True) + eps).sqrt()
    return y * weight + bias


def chained_gradients(f, values, order):
    """The gradient of a function of the gradient of ... of f, for each of the inputs."""
    xs = [tg.tensor(v, requires_grad=True) for v in values]
    y = f(*xs)
    y = (y * tg.linspace(0.5, 1.5, y.array.size, dtype=tg.float64).reshape(y.shape)).sum()
    for _ in range(order):
        gs = tg.autograd.grad(y, xs, create_graph=True, materialize_grads=True)
        y = sum((g * g).sum() for g in gs)
    return [g.detach().numpy() for g in gs]


@pytest.mark.parametrize("weight", [[0.7, -1.3], [0.0, 1.0]], ids=["any weight", "a weight of 0"])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_derivatives_of_batch_norm_are_those_of_its_definition(order, weight):
    rng = np.random.default_rng(0)
    values = rng.standard_normal((3, 2, 2)), np.array(weight), rng.standard_normal(2)

    def ours(x, w, b):
        return tg.batch_norm(x, None, None, w, b, training=True, eps=0.01)

    def definition(x, w, b):
        return plain(x, w.reshape(2, 1), b.reshape(2, 1), (0, 2), 0.01)

    for found, expected in zip(chained_gradients(ours, values, order), chained_gradients(definition, values, order)):
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_derivatives_of_layer_norm_are_those_of_its_definition(order):
    rng = np.random.default_rng(0)
    values = rng.standard_normal((3, 2, 2)), rng.standard_normal((2, 2)), rng.standard_normal((2, 2))
    ours = chained_gradients(lambda x, w, b: tg.layer_norm(x, (2, 2), w, b, 0.01), values, order)
    expected = chained_gradients(lambda x, w, b: plain(x, w, b, (1, 2), 0.01), values, order)
    for found, e in zip(ours, expected):
        np.testing.assert_allclose(found, e, rtol=1e-8, atol=1e-10)


def test_running_statistics_move_by_momentum_and_keep_the_unbiased_variance():
    mean, var = tg.zeros(1), tg.ones(1)
    tg.batch_norm(tg.tensor([[1.0], [3.0]]), mean, var, training=True, momentum=0.5)
    assert (mean.item(), var.item()) == (1.0, 1.5)      # the biased variance of 1 and 3 is 1, the unbiased 2


def test_the_batch_itself_is_normalised_by_the_biased_variance():
    y = tg.batch_norm(tg.tensor([[1.0], [3.0]]), None, None, training=True, eps=0.0)
    assert y.tolist() == [[-1.0], [1.0]]


def test_updating_running_statistics_counts_as_a_write():
    mean, var = tg.zeros(2), tg.ones(2)
    tg.batch_norm(tg.randn(4, 2), mean, var, training=True)
    assert (mean.version, var.version) == (1, 1)


def test_evaluation_leaves_the_running_statistics_alone():
    mean, var = tg.ones(2), tg.full((2,), 4.0)
    y = tg.batch_norm(tg.full((1, 2), 5.0), mean, var, eps=0.0)
    assert y.tolist() == [[2.0, 2.0]] and mean.tolist() == [1, 1] and var.tolist() == [4, 4]


def test_a_graph_of_evaluation_survives_a_later_training_step():
    mean, var = tg.zeros(2), tg.ones(2)
    x = tg.randn(4, 2, requires_grad=True)
    y = tg.batch_norm(x, mean, var, eps=0.0)
    tg.batch_norm(tg.randn(4, 2), mean, var, training=True)
    y.sum().backward()
    assert x.grad.tolist() == [[1.0, 1.0]] * 4


def test_instance_norm_keeps_the_mean_of_the_samples_statistics():
    x = tg.tensor([[[0.0, 2.0]], [[4.0, 8.0]]])
    mean, var = tg.zeros(1), tg.zeros(1)
    tg.instance_norm(x, mean, var, momentum=1.0)
    assert (mean.item(), var.item()) == (3.5, 5.0)      # of 1 and 6; of 2 and 8


def test_one_value_per_channel_is_refused_before_the_running_statistics_move():
    mean, var = tg.zeros(2), tg.ones(2)
    with pytest.raises(tg.errors.ArgumentError, match="more than 1 value per channel"):
        tg.batch_norm(tg.ones(1, 2, 1, 1), mean, var, training=True)
    assert mean.version == var.version == 0


@pytest.mark.parametrize("channels_first", [True, False])
@pytest.mark.parametrize("name", ["batch_norm", "instance_norm", "group_norm"])
def test_results_and_gradients_are_channels_last_in_memory(name, channels_first):
    values = np.random.default_rng(0).standard_normal((2, 4, 3, 5)).astype(np.float32)
    if not channels_first:
        values = np.moveaxis(np.ascontiguousarray(np.moveaxis(values, 1, -1)), -1, 1)
    x = tg.Tensor(values, CPU).requires_grad_()
    y = {"batch_norm": lambda: tg.batch_norm(x, None, None, training=True), "group_norm": lambda: tg.group_norm(x, 2),
         "instance_norm": lambda: tg.instance_norm(x)}[name]()
    g, = tg.autograd.grad(y, x, tg.ones_like(y))
    assert all(np.moveaxis(a.array, 1, -1).flags.c_contiguous for a in (y, g))


@pytest.mark.parametrize("dtype", [tg.float16, tg.bfloat16])
def test_16_bit_inputs_are_normalised_in_float32(dtype):
    pytest.importorskip("ml_dtypes", reason="bfloat16 needs ml_dtypes")
    x = tg.tensor(np.random.default_rng(0).standard_normal((64, 3, 8)) * 100 + 200).to(dtype)
    weight, bias = tg.ones(3, requires_grad=True), tg.zeros(3, requires_grad=True)
    y = tg.batch_norm(x, tg.zeros(3), tg.ones(3), weight, bias, training=True)
    y.sum().backward()
    wide = tg.batch_norm(x.float(), None, None, training=True)
    assert y.dtype is dtype and weight.grad.dtype is tg.float32
    np.testing.assert_allclose(y.detach().float().numpy(), wide.numpy(), atol=0.02)


def test_a_large_mean_costs_the_variance_no_digits():
    values = (np.random.default_rng(0).standard_normal((8, 2, 50, 50)) + 1000).astype(np.float32)
    form = normalization._channel_form(values.shape, (0, 2, 3))
    _, variance, _ = cpu.norm_statistics(CPU, values, form, 0.0)
    np.testing.assert_allclose(variance.reshape(-1), values.astype(np.float64).var((0, 2, 3)), rtol=1e-4)


def forms(x, groups):
    """Every way to normalise the channels of x."""
    n, channels, *spatial = x.shape
    found = [normalization._channel_form(x.shape, (0, *range(2, x.ndim)))]
    if spatial:
        found.append(normalization._channel_form(x.shape, tuple(range(2, x.ndim))))
        view, wide = (n, groups, channels // groups, *spatial), (groups, channels // groups, *(1 for _ in spatial))
        found.append(normalization.Form(view, tuple(range(2, len(view))), wide, (channels,), True))
    return found


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("shape", [(5, 6), (4, 6, 7), (3, 4, 5, 4), (2, 4, 3, 2, 3), (2, 4, 130, 70), (40, 8, 30, 33)],
                         ids=str)
def test_the_kernels_in_blocks_agree_with_their_plain_twins(shape, affine):
    rng = np.random.default_rng(0)
    x, g = rng.standard_normal((2, *shape))
    for form in forms(x, 2):
        w, b = rng.standard_normal((2, *form.affine)) if affine else (None, None)
        fast, slow = ([room.norm_statistics(CPU, x, form, 1e-5)] for room in (cpu, generic))
        mean, _, rstd = slow[0]
        for room, found in ((cpu, fast), (generic, slow)):
            found.append([room.batch_norm(CPU, x, w, b, mean, rstd, form)])
            found.append(room.norm_grad(CPU, g, x, w, mean, rstd, form, 1e-5, True))
        for ours, theirs in zip((a for part in fast for a in part), (a for part in slow for a in part)):
            assert ours.shape == theirs.shape
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-10)


def test_the_number_of_threads_changes_no_bit():
    x = np.random.default_rng(0).standard_normal((8, 16, 64, 64)).astype(np.float32)
    form = normalization._channel_form(x.shape, (0, 2, 3))
    before, found = CPU.workers.num_threads, []
    try:
        for count in (1, 2, 3):
            CPU.workers.set_num_threads(count)
            found.append(cpu.norm_statistics(CPU, x, form, 1e-5))
    finally:
        CPU.workers.set_num_threads(before)
    for other in found[1:]:
        assert all((a == b).all() for a, b in zip(found[0], other))


@pytest.mark.parametrize("training", [True, False])
def test_no_samples_give_none_and_gradients_of_0(training):
    x, w, b = tg.zeros(0, 3, 4, requires_grad=True), tg.ones(3, requires_grad=True), tg.zeros(3, requires_grad=True)
    mean, var = tg.zeros(3), tg.ones(3)
    y = tg.batch_norm(x, mean, var, w, b, training)
    y.sum().backward()
    assert y.shape == x.grad.shape == (0, 3, 4) and w.grad.tolist() == b.grad.tolist() == [0, 0, 0]
    assert mean.tolist() == [0, 0, 0]


def test_local_response_norm_looks_further_back_than_ahead():
    x = tg.zeros(1, 4, 1)
    x[0, 1, 0] = 1.0
    y = tg.local_response_norm(tg.ones(1, 4, 1) * 1e-3 + x, 2, alpha=2.0, beta=1.0, k=1.0)
    shrunk = (y / (tg.ones(1, 4, 1) * 1e-3 + x)).reshape(4)
    assert [round(s, 2) for s in shrunk.tolist()] == [1.0, 0.5, 0.5, 1.0]       # channel 2 sees 1 and 2, 0 only itself


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(case=batch_cases())
def test_batch_norm_agrees_with_pytorch(case, dtype):
    from torch.nn import functional as F
    arrays, options = case
    fine = {"rtol": 1e-3, "atol": 1e-3, "order": 1} if dtype == "float32" else {}
    agree(lambda x, w, b: tg.batch_norm(x, None, None, w, b, True, **options),
          lambda x, w, b: F.batch_norm(x, None, None, w, b, True, **options), arrays, dtype=dtype, **fine)


@pytest.mark.oracle
@given(case=evaluation_cases())
def test_batch_norm_in_evaluation_agrees_with_pytorch(case):
    from torch.nn import functional as F
    arrays, options = case
    agree(lambda *a: tg.batch_norm(*a, **options), lambda *a: F.batch_norm(*a, **options), arrays, constant=(1, 2))


@pytest.mark.oracle
@given(case=instance_cases())
def test_instance_norm_agrees_with_pytorch(case):
    from torch.nn import functional as F
    arrays, options = case
    agree(lambda x, w, b: tg.instance_norm(x, weight=w, bias=b, **options),
          lambda x, w, b: F.instance_norm(x, weight=w, bias=b, **options), arrays)


@pytest.mark.oracle
@given(case=group_cases())
def test_group_norm_agrees_with_pytorch(case):
    from torch.nn import functional as F
    (x, w, b), options = case
    b = b if w is not None else None                    # PyTorch's second derivative fails for a bias without weight
    agree(lambda x, w, b: tg.group_norm(x, options["num_groups"], w, b, options["eps"]),
          lambda x, w, b: F.group_norm(x, options["num_groups"], w, b, options["eps"]), [x, w, b])


@pytest.mark.oracle
@given(case=row_cases())
def test_layer_norm_and_rms_norm_agree_with_pytorch(case):
    from torch.nn import functional as F
    (x, w, b), options = case
    shape, eps = options["normalized_shape"], options["eps"]
    agree(lambda x, w, b: tg.layer_norm(x, shape, w, b, eps),
          lambda x, w, b: F.layer_norm(x, shape, w, b, eps), [x, w, b])
    agree(lambda x, w: tg.rms_norm(x, shape, w), lambda x, w: F.rms_norm(x, shape, w), [x, w])


@pytest.mark.oracle
@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("shape", [(2, 6, 3), (2, 6, 3, 2), (1, 4, 2, 2, 2)], ids=str)
def test_local_response_norm_agrees_with_pytorch(shape, size):
    from torch.nn import functional as F
    x = np.random.default_rng(0).standard_normal(shape)
    options = {"alpha": 0.3, "beta": 0.75, "k": 2.0}
    agree(lambda x: tg.local_response_norm(x, size, **options),
          lambda x: F.local_response_norm(x, size, **options), [x])


@pytest.mark.oracle
@given(data=st.data())
def test_running_statistics_agree_with_pytorch(data):
    import torch
    from torch.nn import functional as F
    (x, _, _), _ = data.draw(instance_cases())
    name, momentum = data.draw(st.sampled_from(["batch_norm", "instance_norm"])), data.draw(st.sampled_from([0.1, 1.0]))
    start = np.linspace(0.5, 1, x.shape[1])
    ours, theirs = [tg.tensor(start), tg.tensor(start)], [torch.tensor(start), torch.tensor(start)]
    for room, make, running in ((tg, tg.tensor, ours), (F, torch.tensor, theirs)):
        for _ in range(2):
            getattr(room, name)(make(x), *running, None, None, True, momentum)
    for a, b in zip(ours, theirs):
        assert_same(a, b, 1e-9, 1e-12)


def test_second_derivatives_of_large_float16_numbers_are_those_of_float32():
    r = np.random.default_rng(0)
    values = [a.astype(np.float16) for a in (r.standard_normal((6, 4)) * 1000, r.uniform(1, 2, 4), np.zeros(4))]
    g, u = r.standard_normal((2, 6, 4)).astype(np.float16)
    results = []
    for dtype in (tg.float16, tg.float32):
        x, weight, bias = (tg.tensor(v, dtype=dtype, requires_grad=True) for v in values)
        dx, = tg.autograd.grad(tg.layer_norm(x, (4,), weight, bias), [x], tg.tensor(g, dtype=dtype), create_graph=True)
        results.append(tg.autograd.grad(dx, [x, weight], tg.tensor(1000 * u, dtype=dtype)))
    for half, single in zip(*results):
        np.testing.assert_allclose(half.numpy(), single.numpy(), rtol=1e-3, atol=1e-3 * abs(single.numpy()).max())
