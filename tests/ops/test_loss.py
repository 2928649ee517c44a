"""Losses: stable at the ends, right about what counts, and never silently wrong about a target."""
import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.ops.oracle import agree
from tests.records.loss import class_cases, soft_cases
from tests.strict import strict_device
from tinygrad_cnn.kernels import cpu, generic
from tinygrad_cnn.ops.class_loss import Terms
from tinygrad_cnn.testing.strategies import arrays, shapes

CLASS_LOSSES = [tg.cross_entropy, tg.nll_loss]


def test_cross_entropy_of_huge_logits_is_exact():
    x = tg.tensor([[1000.0, 0.0], [-1000.0, 0.0]], requires_grad=True)
    y = tg.cross_entropy(x, tg.tensor([1, 1]), reduction="none")
    y.sum().backward()
    assert y.tolist() == [1000.0, 0.0]
    assert x.grad.tolist() == [[1.0, -1.0], [0.0, 0.0]]


def test_cross_entropy_keeps_its_digits_beside_a_large_offset():
    logits = np.array([[0.25, -0.5, 1.0]], np.float32)
    near = tg.tensor(logits, requires_grad=True)
    far = tg.tensor(logits + np.float32(2 ** 14), requires_grad=True)
    for x in (near, far):
        tg.cross_entropy(x, tg.tensor([1])).backward()
    np.testing.assert_allclose(far.grad.numpy(), near.grad.numpy(), rtol=1e-6)


@pytest.mark.parametrize("loss", CLASS_LOSSES)
def test_the_mean_over_no_counting_target_is_nan_and_the_sum_0(loss):
    x, t = tg.zeros(2, 3), tg.tensor([-100, -100])
    assert math.isnan(loss(x, t).item())
    assert loss(x, t, reduction="sum").item() == 0
    assert loss(x, t, reduction="none").tolist() == [0, 0]


@pytest.mark.parametrize("loss", CLASS_LOSSES)
def test_an_ignored_target_gives_no_gradient(loss):
    x = tg.randn(3, 4, requires_grad=True)
    loss(x, tg.tensor([1, 7, 2]), ignore_index=7).backward()
    assert x.grad[1].tolist() == [0, 0, 0, 0]
    assert (x.grad[0] != 0).any()


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_mean_over_no_counting_target_has_a_gradient_of_0(smoothing):
    x, target = tg.randn(3, 4, requires_grad=True), tg.tensor([-100, -100, -100])
    tg.cross_entropy(x, target, label_smoothing=smoothing).backward()
    assert not x.grad.numpy().any()
    x.grad = None
    tg.nll_loss(x, target).backward()
    assert not x.grad.numpy().any()


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_an_ignored_target_gives_no_gradient_to_an_infinite_one(smoothing):
    x = tg.randn(2, 3, requires_grad=True)
    losses = tg.cross_entropy(x, tg.tensor([1, -100]), reduction="none", label_smoothing=smoothing)
    losses.backward(tg.tensor([1.0, float("inf")]))
    assert x.grad[1].tolist() == [0, 0, 0]


def test_an_ignored_row_of_minus_infinity_costs_nothing():
    x = tg.tensor([[0.0, 0.0], [-float("inf"), -float("inf")]])
    assert tg.nll_loss(x, tg.tensor([0, -100])).item() == 0


def test_the_mean_divides_by_the_weights_of_the_targets_that_count():
    x, t = tg.randn(3, 2), tg.tensor([0, 1, -100])
    weight = tg.tensor([1.0, 3.0])
    losses = tg.cross_entropy(x, t, weight, reduction="none")
    assert tg.cross_entropy(x, t, weight).item() == pytest.approx(losses.sum().item() / 4, rel=1e-6)


@pytest.mark.parametrize("dtype", [tg.uint8, tg.int16, tg.int32, tg.int64])
def test_every_integer_dtype_names_classes(dtype):
    assert tg.cross_entropy(tg.zeros(1, 2), tg.tensor([1], dtype=dtype)).item() == pytest.approx(math.log(2))


@pytest.mark.parametrize("loss", CLASS_LOSSES)
def test_a_class_that_is_not_there_gives_nan_where_an_error_would_make_the_host_wait(loss):
    device = strict_device()
    x, t = tg.zeros(2, 3, device=device), tg.tensor([0, 3], device=device)
    losses = loss(x, t, reduction="none").cpu().numpy()
    assert np.isnan(losses).tolist() == [False, True]


def test_a_class_that_is_not_there_is_refused_before_any_work():
    with pytest.raises(tg.errors.TensorIndexError, match=r"target 5 at \(0, 1, 0\) is not a class; .* 3 classes"):
        tg.cross_entropy(tg.zeros(1, 3, 2, 1), tg.tensor([[[0], [5]]]))


def test_no_samples_give_nan_and_an_empty_gradient():
    x = tg.zeros(0, 3, requires_grad=True)
    y = tg.cross_entropy(x, tg.zeros(0, dtype=tg.int64))
    y.backward()
    assert math.isnan(y.item()) and x.grad.shape == (0, 3)


def test_float16_logits_are_summed_in_float32():
    x = tg.zeros(1, 40000, dtype=tg.float16)
    y = tg.cross_entropy(x, tg.tensor([3]))
    assert y.dtype is tg.float16
    assert y.item() == pytest.approx(math.log(40000), rel=1e-3)


def test_cross_entropy_s_gradient_is_channels_last_as_its_input_is():
    x = tg.tensor(np.moveaxis(np.zeros((2, 4, 5, 3), np.float32), -1, 1), requires_grad=True)
    g, = tg.autograd.grad(tg.cross_entropy(x, tg.zeros(2, 4, 5, dtype=tg.int64)), x)
    assert np.moveaxis(g.array, 1, -1).flags.c_contiguous


@given(data=st.data())
def test_the_kernel_in_blocks_agrees_with_its_plain_twin(data):
    (x, target, weight), options = data.draw(class_cases())
    how = Terms(options.get("ignore_index", -100), options["reduction"], options.get("label_smoothing", 0.0))
    device = tg.device("cpu")
    rooms = (cpu, generic)
    (y, peak, log_sum), (z, *_) = (room.cross_entropy(device, x, target, weight, how, wants=()) for room in rooms)
    np.testing.assert_allclose(y, z, rtol=1e-12)
    g = np.ones(np.shape(y))
    found, plain = (room.cross_entropy_grad(device, g, x, peak, log_sum, target, weight, how) for room in rooms)
    np.testing.assert_allclose(found, plain, rtol=1e-10, atol=1e-14)


def test_many_rows_in_several_blocks_agree_with_the_plain_twin():
    rng = np.random.default_rng(0)
    x, target, device = rng.standard_normal((700, 300)), rng.integers(0, 300, 700), tg.device("cpu")
    how = Terms(5, "mean", 0.1)
    rooms = (cpu, generic)
    (y, *rest), (z, *_) = (room.cross_entropy(device, x, target, None, how, wants=()) for room in rooms)
    assert y == pytest.approx(z, rel=1e-12)
    found, plain = (room.cross_entropy_grad(device, np.ones(()), x, *rest, target, None, how) for room in rooms)
    np.testing.assert_allclose(found, plain, rtol=1e-10, atol=1e-14)


def test_the_third_derivative_of_cross_entropy_is_that_of_its_parts():
    values, target = np.array([[0.3, -0.7, 1.1], [0.2, 0.1, -0.4]]), tg.tensor([2, 0])
    weight = tg.tensor([1.0, 0.5, 2.0], dtype=tg.float64)

    def third(f):
        x = tg.tensor(values, requires_grad=True)
        y = f(x)
        for _ in range(3):
            g, = tg.autograd.grad(y, x, create_graph=True)
            y = (g * g * g).sum()
        return g.detach().numpy()

    np.testing.assert_allclose(third(lambda x: tg.cross_entropy(x, target, weight)),
                               third(lambda x: tg.nll_loss(tg.log_softmax(x, 1), target, weight)), rtol=1e-9)


def test_logits_of_100_are_as_exact_as_logits_of_0():
    x = tg.tensor([100.0, -100.0, 100.0, -100.0], dtype=tg.float64, requires_grad=True)
    y = tg.binary_cross_entropy_with_logits(x, x.new_tensor([1.0, 0.0, 0.0, 1.0]), reduction="none")
    y.sum().backward()
    tiny = math.exp(-100)
    np.testing.assert_allclose(y.tolist(), [tiny, tiny, 100, 100])
    np.testing.assert_allclose(x.grad.tolist(), [-tiny, tiny, 1, -1])


def test_a_certain_mistake_costs_100_not_infinity():
    p = tg.tensor([0.0, 1.0], requires_grad=True)
    y = tg.binary_cross_entropy(p, tg.tensor([1.0, 0.0]), reduction="none")
    y.sum().backward()
    assert y.tolist() == [100.0, 100.0]
    assert np.isfinite(p.grad.numpy()).all()


def test_probabilities_outside_0_to_1_give_nan_where_an_error_would_make_the_host_wait():
    device = strict_device()
    y = tg.binary_cross_entropy(tg.tensor([1.5], device=device), tg.tensor([0.5], device=device))
    assert math.isnan(y.item())


def test_an_infinite_difference_has_hubers_bounded_gradient():
    x = tg.tensor([float("inf"), -float("inf")], requires_grad=True)
    y = tg.huber_loss(x, tg.zeros(2), reduction="sum")
    y.backward()
    assert y.item() == float("inf") and x.grad.tolist() == [1, -1]


def test_shapes_that_broadcast_are_warned_about():
    with pytest.warns(UserWarning, match=r"mse_loss: input has shape \(3, 1\) and target \(3,\); they are broadcast"):
        y = tg.mse_loss(tg.zeros(3, 1), tg.zeros(3), reduction="none")
    assert y.shape == (3, 3)


@pytest.mark.parametrize(("words", "reduction"), [({"size_average": False}, "sum"), ({"reduce": False}, "none"),
                                                  ({"size_average": True}, "mean"), ({"reduce": True}, "mean")])
@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss", "kl_div",
                                  "binary_cross_entropy_with_logits"])
def test_pytorch_s_older_words_for_the_reduction_are_understood(name, words, reduction):
    x, t, f = tg.randn(2, 3), tg.rand(2, 3), getattr(tg, name)
    assert f(x, t, **words).tolist() == f(x, t, reduction=reduction).tolist()


def test_kl_div_batchmean_divides_by_the_batch():
    x, t = tg.randn(4, 3), tg.rand(4, 3)
    assert tg.kl_div(x, t, reduction="batchmean").item() == pytest.approx(tg.kl_div(x, t, reduction="sum").item() / 4)


def test_kl_div_of_a_probability_of_0_is_0():
    assert tg.kl_div(tg.tensor([-3.0]), tg.tensor([0.0])).item() == 0


@pytest.mark.oracle
@given(case=class_cases())
def test_cross_entropy_agrees_with_pytorch(case):
    from torch.nn import functional as F
    (x, target, weight), options = case
    agree(lambda *a: tg.cross_entropy(*a, **options), lambda *a: F.cross_entropy(*a, **options), [x, target, weight],
          constant=(2,))


@pytest.mark.oracle
@given(case=class_cases(smoothing=False))
def test_nll_loss_agrees_with_pytorch(case):
    from torch.nn import functional as F
    (x, target, weight), options = case
    agree(lambda *a: tg.nll_loss(*a, **options), lambda *a: F.nll_loss(*a, **options), [x, target, weight],
          constant=(2,))


@pytest.mark.oracle
@given(case=soft_cases())
def test_soft_cross_entropy_agrees_with_pytorch(case):
    from torch.nn import functional as F
    (x, target, weight), options = case
    agree(lambda *a: tg.cross_entropy(*a, **options), lambda *a: F.cross_entropy(*a, **options), [x, target, weight],
          constant=(2,))


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(("name", "options"), [
    ("mse_loss", {}), ("l1_loss", {}), ("huber_loss", {"delta": 0.7}), ("smooth_l1_loss", {"beta": 0.7}),
    ("smooth_l1_loss", {"beta": 0.0}), ("binary_cross_entropy", {}), ("binary_cross_entropy_with_logits", {}),
    ("kl_div", {}), ("kl_div", {"log_target": True})])
def test_elementwise_losses_agree_with_pytorch(name, options, reduction, dtype):
    from torch.nn import functional as F
    rng = np.random.default_rng(3)
    x, t = rng.uniform(0.05, 0.95, (2, 3, 4)), rng.uniform(0.05, 0.95, (3, 2, 4)).transpose(1, 0, 2)
    if name not in ("binary_cross_entropy", "kl_div"):
        x = 4 * x - 2
    options = {**options, "reduction": reduction}
    fine = {"rtol": 1e-5, "atol": 1e-5, "order": 1} if dtype == "float32" else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")                 # PyTorch's about kl_div's mean
        agree(lambda *a: getattr(tg, name)(*a, **options), lambda *a: getattr(F, name)(*a, **options), [x, t],
              dtype=dtype, **fine)


@pytest.mark.oracle
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "huber_loss", "binary_cross_entropy",
                                  "binary_cross_entropy_with_logits"])
def test_weighted_losses_agree_with_pytorch(name, reduction):
    from torch.nn import functional as F
    rng = np.random.default_rng(3)
    x, t, w = rng.uniform(0.05, 0.95, (3, 2, 3))
    agree(lambda x, t, w: getattr(tg, name)(x, t, weight=w, reduction=reduction),
          lambda x, t, w: getattr(F, name)(x, t, weight=w, reduction=reduction), [x, t, w], constant=(2,))


@pytest.mark.oracle
@given(data=st.data())
def test_positive_weights_agree_with_pytorch(data):
    from torch.nn import functional as F
    shape = data.draw(shapes(1, 3))
    x, t = data.draw(arrays(shape, low=-9, high=9)), data.draw(arrays(shape, low=0, high=1))
    w = data.draw(arrays(shape[-1:], low=0.1, high=4))
    agree(lambda x, t, w: tg.binary_cross_entropy_with_logits(x, t, pos_weight=w),
          lambda x, t, w: F.binary_cross_entropy_with_logits(x, t, pos_weight=w), [x, t, w], constant=(2,))
