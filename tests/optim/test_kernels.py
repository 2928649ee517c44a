"""The update kernels by themselves: the fast ones against the plain ones, memory, dtypes, threads."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_cnn.device import CPU
from tinygrad_cnn.kernels.cpu import optim as fast
from tinygrad_cnn.kernels.generic import optim as plain

SHAPES = st.lists(st.lists(st.integers(0, 4), max_size=3).map(tuple), min_size=1, max_size=4)
RATE = st.sampled_from([0.0, 0.1, 0.9])
FLAG = st.booleans()


def random_arrays(shapes, seed, dtype=np.float64, positive=False):
    draw = np.random.default_rng(seed)
    arrays = [draw.standard_normal(shape).astype(dtype) if shape else np.array(draw.standard_normal(), dtype)
              for shape in shapes]
    return [np.square(a, out=a) for a in arrays] if positive else arrays


def sgd_case(shapes, momentum, decay, damped, nesterov, maximize, dtype=np.float64, average=np.float64):
    buffers = random_arrays(shapes, 2, average) if momentum else None
    options = dict(lr=0.1, momentum=momentum, dampening=0.3 * damped, weight_decay=decay, nesterov=nesterov,
                   maximize=maximize)
    return "sgd_", [random_arrays(shapes, 0, dtype), random_arrays(shapes, 1, dtype), buffers], options


def adam_case(shapes, momentum, decay, amsgrad, decoupled, maximize, dtype=np.float64, average=np.float64):
    averages = [random_arrays(shapes, 2, average), random_arrays(shapes, 3, average, positive=True),
                random_arrays(shapes, 4, average, positive=True) if amsgrad else None]
    options = dict(step=7, lr=0.1, beta1=momentum, beta2=0.99, eps=1e-8, weight_decay=decay, decoupled=decoupled,
                   maximize=maximize)
    return "adam_", [random_arrays(shapes, 0, dtype), random_arrays(shapes, 1, dtype), *averages], options


def rmsprop_case(shapes, momentum, decay, centered, _, maximize, dtype=np.float64, average=np.float64):
    averages = [random_arrays(shapes, 2, average, positive=True),
                random_arrays(shapes, 3, average) if momentum else None,
                random_arrays(shapes, 4, average) if centered else None]
    options = dict(lr=0.1, alpha=0.9, eps=1e-8, weight_decay=decay, momentum=momentum, maximize=maximize)
    return "rmsprop_", [random_arrays(shapes, 0, dtype), random_arrays(shapes, 1, dtype), *averages], options


CASES = st.sampled_from([sgd_case, adam_case, rmsprop_case])


def updated(room, name, lists, options):
    """Copies of the lists after the kernel has run on them."""
    lists = [None if arrays is None else [a.copy() for a in arrays] for arrays in lists]
    with np.errstate(all="ignore"):
        getattr(room, name)(CPU, *lists, **options)
    return [a for arrays in lists if arrays is not None for a in arrays]


@given(CASES, SHAPES, RATE, RATE, FLAG, FLAG, FLAG)
def test_fast_and_plain_kernels_agree(case, shapes, momentum, decay, first, second, maximize):
    given_case = case(shapes, momentum, decay, first, second, maximize)
    for a, b in zip(updated(fast, *given_case), updated(plain, *given_case)):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


@given(CASES, SHAPES, FLAG)
def test_gradients_are_not_written_to(case, shapes, flag):
    name, lists, options = case(shapes, 0.9, 0.1, flag, flag, flag)
    for room in (fast, plain):
        gradients = [g.copy() for g in lists[1]]
        with np.errstate(all="ignore"):
            getattr(room, name)(CPU, lists[0], gradients, *lists[2:], **options)
        for before, after in zip(lists[1], gradients):
            np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("case", [sgd_case, adam_case, rmsprop_case])
@pytest.mark.parametrize("shape", [(7, 9), (80, 90)], ids=["packed", "by itself"])
def test_strided_parameters_gradients_and_averages_are_updated_in_their_place(case, shape):
    name, lists, options = case([shape, shape], 0.9, 0.1, True, True, False)
    expected = updated(plain, name, lists, options)
    turned = [None if arrays is None else [np.ascontiguousarray(a.T).T for a in arrays] for arrays in lists]
    assert not turned[0][0].flags.c_contiguous
    getattr(fast, name)(CPU, *turned, **options)
    for a, b in zip([a for arrays in turned if arrays is not None for a in arrays], expected):
        np.testing.assert_allclose(a, b, rtol=1e-9)


@pytest.mark.parametrize("case", [sgd_case, adam_case, rmsprop_case])
def test_results_do_not_depend_on_threads_or_blocks(case, monkeypatch):
    given_case = case([(300,), (90, 80), (5, 2), (70, 70)], 0.9, 0.1, False, True, False, np.float32, np.float32)
    alone = updated(fast, *given_case)
    monkeypatch.setattr(fast, "PARALLEL", 1)
    monkeypatch.setattr(fast, "BLOCK", 1000)
    for a, b in zip(alone, updated(fast, *given_case)):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("case", [sgd_case, adam_case, rmsprop_case])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_parameters_are_updated_in_float32_and_rounded_once(case, dtype):
    dtype = np.dtype(pytest.importorskip("ml_dtypes").bfloat16 if dtype == "bfloat16" else dtype)
    name, lists, options = case([(40,), (90, 60)], 0.9, 0.1, False, False, False, dtype, np.float32)
    wide = [None if arrays is None else [a.astype(np.float32) for a in arrays] for arrays in lists]
    for room in (fast, plain):
        halves, floats = updated(room, name, lists, options), updated(room, name, wide, options)
        for half, full in zip(halves, floats):
            assert half.dtype in (dtype, np.float32)
            np.testing.assert_array_equal(half, full.astype(half.dtype))


@pytest.mark.parametrize("case", [sgd_case, adam_case, rmsprop_case])
def test_float32_stays_float32_with_numpy_float64_options(case):
    name, lists, options = case([(3,), ()], 0.9, 0.1, True, True, False, np.float32, np.float32)
    options = {key: np.float64(value) if isinstance(value, float) else value for key, value in options.items()}
    assert {a.dtype for a in updated(fast, name, lists, options)} == {np.dtype("float32")}


def test_centred_variance_below_zero_counts_as_zero():
    p, g, square, mean = (np.full(2, value, np.float32) for value in (1, 0.1, 0.01, 0.2))
    options = dict(lr=1e-3, alpha=1.0, eps=1.0, weight_decay=0, momentum=0, maximize=False)
    for room in (fast, plain):
        weights = p.copy()
        room.rmsprop_(CPU, [weights], [g], [square.copy()], None, [mean.copy()], **options)
        np.testing.assert_allclose(weights, 1 - 1e-4, rtol=1e-6)
