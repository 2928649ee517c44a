"""Pools, adaptive pools and unpooling: PyTorch's numbers, PyTorch's conventions, and the failures of peers."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.ops.oracle import agree
from tinygrad_cnn.autograd import OPS
from tinygrad_cnn.autograd import grad as gradients
from tinygrad_cnn.testing.strategies import pool_cases

F = tg.nn.functional
NAN = float("nan")


def leaf(array):
    return tg.tensor(np.asarray(array, np.float64), requires_grad=True)


# ---- PyTorch as the oracle ------------------------------------------------------------------------------------------

def both(name, rank):
    """Our function and PyTorch's."""
    import torch
    return getattr(F, f"{name}{rank}d"), getattr(torch.nn.functional, f"{name}{rank}d")


def compare(name, x, **options):
    ours, theirs = both(name, x.ndim - 2)
    agree(lambda t: ours(t, **options), lambda t: theirs(t, **options), [x])


@pytest.mark.oracle
@given(case=pool_cases(max_extra=4))
def test_max_pool_is_pytorch_s(case):
    compare("max_pool", case[0] - 3, **case[1])         # all negative: padding must not win


@pytest.mark.oracle
@given(case=pool_cases(max_dilation=3, max_extra=4))
def test_dilated_max_pool_and_its_indices_are_pytorch_s(case):
    import torch
    x, options = case
    ours, theirs = both("max_pool", x.ndim - 2)
    y, index = ours(tg.tensor(x), **options, return_indices=True)
    z, place = theirs(torch.tensor(x), **options, return_indices=True)
    np.testing.assert_array_equal(y.numpy(), z.numpy())
    inside = np.isfinite(z.numpy())                     # a dilated window can lie in the padding whole
    np.testing.assert_array_equal(index.numpy()[inside], place.numpy()[inside])
    assert index.dtype is tg.int64


@pytest.mark.oracle
@given(case=pool_cases(max_extra=4), count_include_pad=st.booleans(), divisor=st.sampled_from([None, 3]))
def test_avg_pool_is_pytorch_s(case, count_include_pad, divisor):
    x, options = case
    if x.ndim == 5 and any(n < k for n, k in zip(x.shape[2:], options["kernel_size"])):
        return                                          # PyTorch refuses a kernel larger than the unpadded volume
    more = {} if x.ndim == 3 else {"divisor_override": divisor}
    compare("avg_pool", x, **options, count_include_pad=count_include_pad, **more)


@pytest.mark.oracle
@given(rank=st.integers(1, 3), data=st.data())
def test_adaptive_pools_are_pytorch_s(rank, data):
    size, output = (tuple(data.draw(st.integers(1, 6)) for _ in range(rank)) for _ in range(2))
    x = np.random.default_rng(0).permutation(4 * np.prod(size)).reshape(2, 2, *size) / 4.0
    compare("adaptive_avg_pool", x, output_size=output)
    compare("adaptive_max_pool", x, output_size=output)


@pytest.mark.oracle
@pytest.mark.parametrize("norm_type", [1, 2, 3])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_lp_pool_is_pytorch_s(rank, norm_type):
    x = np.random.default_rng(0).uniform(0.5, 2, (2, 2, 5, 4, 5)[:rank + 2])
    compare("lp_pool", x, norm_type=norm_type, kernel_size=2, stride=3, ceil_mode=True)


@pytest.mark.oracle
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_unpooling_undoes_pooling_as_pytorch_s_does(rank):
    import torch
    ours, theirs = both("max_unpool", rank)
    x = np.random.default_rng(0).standard_normal((2, 2, 7, 6, 4)[:rank + 2])
    pool = getattr(torch.nn.functional, f"max_pool{rank}d")
    y, index = pool(torch.tensor(x), 2, return_indices=True)
    mine = tg.tensor(index.numpy())
    for size in (None, x.shape):
        agree(lambda t, s=size: ours(t, mine, 2, output_size=s), lambda t, s=size: theirs(t, index, 2, output_size=s),
              [y.numpy()])


@pytest.mark.oracle
def test_overlapping_unpooling_gives_every_value_its_gradient_as_pytorch_s_does():
    import torch
    x = np.array([[[0.0, 5, 0, 1, 0]]])
    ours, theirs = both("max_unpool", 1)
    y, index = torch.nn.functional.max_pool1d(torch.tensor(x), 3, 1, return_indices=True)
    mine = tg.tensor(index.numpy())
    agree(lambda t: ours(t, mine, 3, 1), lambda t: theirs(t, index, 3, 1), [y.numpy()], order=1)


@pytest.mark.oracle
def test_nan_wins_and_takes_the_gradient_as_in_pytorch():
    import torch
    x = np.array([[[[1.0, NAN, 2, 3], [NAN, 4, 5, NAN], [0, 0, 1, 1], [0, 0, 1, 1]]]])
    mine, other = leaf(x), torch.tensor(x, requires_grad=True)
    tg.max_pool2d(mine, 2).sum().backward()
    torch.nn.functional.max_pool2d(other, 2).sum().backward()
    np.testing.assert_array_equal(mine.grad.numpy(), other.grad.numpy())


# ---- conventions ----------------------------------------------------------------------------------------------------

def test_max_pool_pads_with_minus_infinity():
    """Peers pad with zeros: an all -1 input pooled to 0."""
    assert tg.max_pool2d(tg.full((1, 1, 4, 4), -1.0), 3, 2, 1).tolist() == [[[[-1, -1], [-1, -1]]]]


def test_padding_wins_no_window_where_all_is_minus_infinity():
    x = leaf([[[-np.inf, -np.inf, 1, 2]]])
    y, index = F.max_pool1d(x, 2, 1, 1, return_indices=True)
    assert index.tolist() == [[[0, 0, 2, 3, 3]]]
    assert gradients(y, x, tg.ones_like(y))[0].tolist() == [[[2, 0, 1, 2]]]


@pytest.mark.oracle
@given(case=pool_cases(max_dilation=2, max_extra=4), keep=st.integers(0, 3))
def test_minus_infinities_have_pytorch_s_indices(case, keep):
    import torch
    x, options = case
    x = np.where(np.arange(x.size).reshape(x.shape) % 7 < keep, x, -np.inf)
    ours, theirs = both("max_pool", x.ndim - 2)
    index = ours(tg.tensor(x), **options, return_indices=True)[1]
    place = theirs(torch.tensor(x), **options, return_indices=True)[1]
    assert index.tolist() == place.tolist()


def test_windows_that_padding_would_fill_are_not_made():
    """A peer's default emits -inf for 5x5, kernel 2, stride 2, padding 1."""
    assert tg.isfinite(tg.max_pool2d(tg.randn(1, 1, 5, 5), 2, 2, 1)).all()


def test_a_tie_gives_the_whole_gradient_to_the_first():
    x = leaf([[[1.0, 1, 1, 1]]])
    tg.max_pool1d(x, 2).sum().backward()
    assert x.grad.tolist() == [[[1, 0, 1, 0]]]
    x = leaf([[[1.0, 1, 1, 1, 1]]])
    tg.adaptive_max_pool1d(x, 2).sum().backward()
    assert x.grad.tolist() == [[[1, 0, 1, 0, 0]]]


def test_a_position_that_wins_in_several_windows_gets_all_their_gradients():
    x = leaf([[[0.0, 5, 1]]])
    tg.max_pool1d(x, 2, 1).sum().backward()
    assert x.grad.tolist() == [[[0, 2, 0]]]


def test_ceil_mode_gives_the_window_that_floor_drops():
    x = tg.arange(5.0)[None, None]
    assert tg.max_pool1d(x, 2, ceil_mode=True).tolist() == [[[1, 3, 4]]]
    assert tg.avg_pool1d(x, 2, ceil_mode=True).tolist() == [[[0.5, 2.5, 4]]]


def test_average_counts_the_padding_unless_told_not_to():
    x = tg.ones(1, 1, 2)
    assert tg.avg_pool1d(x, 2, 2, 1).tolist() == [[[0.5, 0.5]]]
    assert tg.avg_pool1d(x, 2, 2, 1, count_include_pad=False).tolist() == [[[1, 1]]]


def test_a_non_square_average_has_its_gradient():
    """A peer swapped height and width in the backward pass."""
    x = leaf(np.ones((1, 1, 4, 6)))
    tg.avg_pool2d(x, (2, 3), divisor_override=1).sum().backward()
    assert (x.grad.numpy() == 1).all()


def test_mean_pooling_is_a_convolution_with_a_constant_kernel():
    x = tg.randn(2, 1, 6, 6).double()
    convolved = tg.conv2d(x, tg.full((1, 1, 2, 2), 0.25).double(), stride=2)
    np.testing.assert_allclose(tg.avg_pool2d(x, 2).numpy(), convolved.numpy(), rtol=1e-13)


def test_resnet_s_pool_takes_112_to_56():
    """A peer refuses it: the stride does not divide exactly."""
    assert tg.max_pool2d(tg.zeros(1, 1, 112, 112), 3, 2, 1).shape == (1, 1, 56, 56)


def test_an_input_without_a_batch_gives_a_result_without_a_batch():
    x = tg.randn(3, 7, 6)
    for pool in (lambda t: tg.max_pool2d(t, 2), lambda t: tg.avg_pool2d(t, 2), lambda t: F.lp_pool2d(t, 1, 2),
                 lambda t: F.adaptive_avg_pool2d(t, (3, 2)), lambda t: F.adaptive_max_pool2d(t, (3, 4)),
                 lambda t: tg.max_pool2d(t, 2, return_indices=True)[1]):
        np.testing.assert_array_equal(pool(x).numpy(), pool(x[None])[0].numpy())
    y, index = tg.max_pool2d(x, 2, return_indices=True)
    assert F.max_unpool2d(y, index, 2, output_size=(7, 6)).shape == (3, 7, 6)


def test_none_keeps_an_axis_and_one_is_the_global_mean():
    x = tg.randn(2, 3, 7, 5).double()
    assert F.adaptive_avg_pool2d(x, (None, 1)).shape == (2, 3, 7, 1)
    np.testing.assert_allclose(F.adaptive_avg_pool2d(x, 1)[..., 0, 0].numpy(), x.numpy().mean((2, 3)), rtol=1e-13)


def test_with_indices_gives_what_return_indices_gives():
    x = tg.randn(1, 2, 6, 6)
    for one, two in ((tg.max_pool2d_with_indices(x, 2), tg.max_pool2d(x, 2, return_indices=True)),
                     (tg.adaptive_max_pool2d_with_indices(x, 4), tg.adaptive_max_pool2d(x, 4, return_indices=True))):
        assert all((a == b).all() for a, b in zip(one, two))
        assert (x.reshape(2, 36).gather(1, one[1].reshape(2, -1)) == one[0].reshape(2, -1)).all()


def test_integers_are_pooled_by_their_maximum():
    y = tg.max_pool1d(tg.tensor([[[-5, -7, -1]]]), 2, 2, 1)
    assert y.tolist() == [[[-5, -1]]] and y.dtype is tg.int64


# ---- what it costs --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("grad, wanted", [(False, frozenset()), (True, frozenset(["index"]))])
def test_the_winning_taps_are_noted_only_for_a_backward_pass(monkeypatch, grad, wanted):
    device, seen = tg.device("cpu"), []
    kernel = OPS["max_pool"].kernel(device)

    def spy(*args, wants, **attrs):
        seen.append(wants)
        return kernel(*args, wants=wants, **attrs)

    monkeypatch.setitem(OPS["max_pool"].kernels, device, spy)
    tg.max_pool2d(tg.randn(1, 1, 4, 4, requires_grad=grad), 2)
    assert seen == [wanted]


def test_a_max_pool_keeps_one_byte_a_window_and_not_its_input():
    saved = tg.max_pool2d(tg.randn(1, 1, 8, 8, requires_grad=True), 2).grad_fn.saved
    assert [s.array.nbytes for s in saved] == [16]


def test_the_second_derivative_of_a_max_pool_is_zero_in_its_input_and_a_choice_in_the_gradient():
    x, g = leaf([[[0.0, 5, 1, 2]]]), leaf([[[3.0, 4]]])
    dx, = gradients(tg.max_pool1d(x, 2), x, g, create_graph=True)
    of_g, of_x = gradients(dx, (g, x), tg.tensor([[[10.0, 20, 30, 40]]]).double(), allow_unused=True)
    assert of_g.tolist() == [[[20, 40]]] and of_x is None
