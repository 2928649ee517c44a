"""erf, erfc, erfinv and the exact GELU: the stated errors, against math.erf and by the functions' own identities."""
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cnn as tg
import tinygrad_cnn.nn.functional as F

NAN, INF = float("nan"), float("inf")


def points(low=-6.0, high=6.0, count=20001):
    """Points close together, with more of them where the branches meet and near 0."""
    joints = [s * (1 + d) for s in (-1, 1) for d in np.linspace(-1e-6, 1e-6, 101)]
    return np.unique([*np.linspace(low, high, count), *joints, *np.geomspace(1e-300, 1e-3, 200)])


def truth(function, x):
    return np.array([function(float(v)) for v in x])


def test_erf_in_float64_is_within_a_few_units_of_the_last_place():
    x = points()
    error = np.abs(tg.erf(tg.tensor(x)).numpy() - truth(math.erf, x))
    assert error.max() <= 5e-16
    assert (error <= 5e-16 * np.abs(truth(math.erf, x))).all()


def test_erf_in_float32_is_within_one_unit_of_the_last_place_of_one():
    x = points(-5, 5).astype("float32")
    exact = truth(math.erf, x)
    error = np.abs(tg.erf(tg.tensor(x)).numpy() - exact)
    assert error.max() <= 1.2e-7
    normal = np.abs(exact) > 1e-36
    assert (error[normal] <= 2.5e-7 * np.abs(exact[normal])).all()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_erf_in_sixteen_bits_is_the_float32_one_rounded(dtype):
    pytest.importorskip("ml_dtypes", reason="bfloat16 needs ml_dtypes")
    x = tg.tensor(np.linspace(-4, 4, 999)).to(getattr(tg, dtype))
    assert tg.equal(tg.erf(x), tg.erf(x.float()).to(x.dtype))


def test_erfc_in_float64_keeps_its_digits_where_erf_is_near_one():
    x = points(-6, 26)
    exact = truth(math.erfc, x)
    error = np.abs(tg.erfc(tg.tensor(x)).numpy() - exact)
    assert (error <= 2e-15 * exact).all()


def test_erfc_in_float32_is_rounded_once():
    x = points(-4, 9).astype("float32")
    exact = truth(math.erfc, x)
    assert (np.abs(tg.erfc(tg.tensor(x)).numpy() - exact) <= 1e-7 * exact).all()


@given(st.floats(-1, 1, exclude_min=True, exclude_max=True))
def test_erfinv_undoes_erf(y):
    x = tg.erfinv(tg.tensor(y, dtype=tg.float64))
    assert abs(math.erf(x.item()) - y) <= 2e-15 * abs(y) + 5e-324


def test_erfinv_is_exact_far_out():
    x = np.linspace(3, 5.8, 50)
    below_one = 1 - truth(math.erfc, x)                        # 1 - y is exact here
    back = tg.erfinv(tg.tensor(below_one)).numpy()
    assert np.abs(truth(math.erfc, back) / (1 - below_one) - 1).max() <= 1e-13


@pytest.mark.parametrize("dtype", [tg.float32, tg.float64])
def test_the_ends_are_the_limits(dtype):
    ends = tg.tensor([-INF, -0.0, INF, NAN], dtype=dtype)
    assert str(tg.erf(ends).tolist()) == "[-1.0, -0.0, 1.0, nan]"
    assert str(tg.erfc(ends).tolist()) == "[2.0, 1.0, 0.0, nan]"
    assert str(tg.erfinv(tg.tensor([-1.0, -0.0, 1.0, 1.5, NAN], dtype=dtype)).tolist()) == "[-inf, -0.0, inf, nan, nan]"


@given(st.floats(-30, 30, width=32))
def test_erf_is_odd_and_erfc_is_one_less_erf(x):
    x = tg.tensor(x, dtype=tg.float32)
    assert tg.erf(-x).item() == -tg.erf(x).item()
    assert abs(tg.erfc(x).item() + tg.erf(x).item() - 1) <= 2.5e-7


def test_erf_never_exceeds_one():
    x = tg.tensor(np.linspace(0, 30, 100001).astype("float32"))
    assert tg.erf(x).max().item() == 1.0
    assert tg.erf(x.double()).max().item() == 1.0


@pytest.mark.parametrize("dtype, bound", [("float32", 2.8e-7), ("float64", 1e-15)])
def test_exact_gelu_is_within_its_stated_error_of_the_input(dtype, bound):
    x = np.linspace(-9, 9, 20001).astype(dtype)
    exact = x.astype("float64") * truth(lambda v: 0.5 * math.erfc(-v / math.sqrt(2)), x)
    assert (np.abs(F.gelu(tg.tensor(x)).numpy() - exact) <= bound * np.maximum(np.abs(x), 1e-30)).all()


def test_the_fast_normal_distribution_agrees_with_erf():
    x = tg.tensor(np.linspace(-9, 9, 20001).astype("float32")).double()
    by_erf = x * (1 + tg.erf(x / math.sqrt(2))) / 2
    assert (F.gelu(x.float()).double() - by_erf).abs().max().item() <= 1e-6
    assert (F.gelu(x) - by_erf).abs().max().item() <= 1e-14


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["erf", "erfc", "erfinv"])
def test_float32_is_as_near_to_pytorchs_as_the_errors_allow(name):
    import torch
    x = np.linspace(-0.999, 0.999, 5001).astype("float32")
    ours, theirs = getattr(tg, name)(tg.tensor(x)).numpy(), getattr(torch, name)(torch.tensor(x)).numpy()
    np.testing.assert_allclose(ours, theirs, rtol=5e-7, atol=1.3e-7)
