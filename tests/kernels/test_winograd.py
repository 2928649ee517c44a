"""Winograd's algorithm against plain sums in float64: every padding and odd size, its error, infinities, and the switches."""
import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.backends import cpu


def both(x, w, g, padding, bias, dtype):
    """(output, input gradient, weight gradient) in one dtype."""
    x, w, g, bias = (tg.tensor(a.astype(dtype)) for a in (x, w, g, bias))
    x.requires_grad_()
    w.requires_grad_()
    y = tg.conv2d(x, w, bias, padding=padding)
    y.backward(g)
    return y.detach().numpy(), x.grad.numpy(), w.grad.numpy()


@pytest.mark.parametrize("n, c, o, size, kernel, padding", [
    (2, 8, 8, (12, 12), 3, 1), (3, 9, 16, (11, 7), 3, 0), (1, 16, 8, (5, 6), 3, 2), (4, 64, 64, (8, 8), 3, 1),
    (2, 200, 200, (7, 7), 3, 1), (2, 8, 12, (13, 9), 5, 2), (3, 16, 16, (48, 44), 3, 1), (2, 8, 8, (6, 6), 5, 0)])
def test_value_and_gradients_are_those_of_plain_sums_in_float64(n, c, o, size, kernel, padding):
    rng = np.random.default_rng(0)
    out = [s + 2 * padding - kernel + 1 for s in size]
    x, w, g, b = (rng.standard_normal(s) for s in ((n, c, *size), (o, c, kernel, kernel), (n, o, *out), (o,)))
    with cpu.algorithm("winograd"):
        fast = both(x, w, g, padding, b, "float32")
    exact = both(*(a.astype("float32") for a in (x, w, g)), padding, b.astype("float32"), "float64")
    for a, e in zip(fast, exact):
        assert np.abs(a - e).max() <= 3e-5 * np.abs(e).max()


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_an_infinity_stays_where_a_plain_sum_leaves_it(value):
    x, w = np.ones((1, 8, 12, 12), np.float32), np.ones((8, 8, 3, 3), np.float32)
    x[0, 0, 5, 5] = value
    y = tg.conv2d(tg.tensor(x), tg.tensor(w)).numpy()
    assert (~np.isfinite(y)).sum() == 8 * 9


def test_precise_forbids_it_and_a_forced_algorithm_is_used_or_refused():
    x, w = tg.randn(1, 16, 12, 12), tg.randn(16, 16, 3, 3)
    with cpu.precise():
        plain = tg.conv2d(x, w)
    with cpu.algorithm("blocks"):
        assert (tg.conv2d(x, w) == plain).all()
    assert not (tg.conv2d(x, w) == plain).all() and tg.allclose(tg.conv2d(x, w), plain, rtol=1e-3, atol=1e-3)
    with pytest.raises(tg.errors.ArgumentError, match="'winograd'.*Possible here: blocks"), cpu.algorithm("winograd"):
        tg.conv2d(x, w, stride=2)
    with pytest.raises(tg.errors.ArgumentError, match="'fft'.*blocks"), cpu.algorithm("fft"):
        pass
