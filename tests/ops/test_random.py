"""Random numbers: repeatable from a seed, distributed as promised, bound by autograd's rules when written in place."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.strict import strict_device
from tinygrad_cnn.testing.strategies import shapes

E = tg.errors
MAKERS = {
    "rand": lambda g: tg.rand(100, generator=g), "randn": lambda g: tg.randn(100, generator=g),
    "randint": lambda g: tg.randint(10**6, (100,), generator=g), "randperm": lambda g: tg.randperm(100, generator=g),
    "normal": lambda g: tg.normal(0.0, 1.0, (100,), generator=g),
    "bernoulli": lambda g: tg.bernoulli(tg.full((100,), 0.5), generator=g),
    "multinomial": lambda g: tg.multinomial(tg.ones(100), 100, generator=g),
    "dropout": lambda g: tg.dropout(tg.ones(100), generator=g),
    "normal_": lambda g: tg.zeros(100).normal_(generator=g), "uniform_": lambda g: tg.zeros(100).uniform_(generator=g),
    "bernoulli_": lambda g: tg.zeros(100).bernoulli_(generator=g),
    "random_": lambda g: tg.zeros(100).random_(generator=g),
    "exponential_": lambda g: tg.zeros(100).exponential_(generator=g),
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_seed_gives_the_same_numbers_again(name):
    tg.manual_seed(3)
    first = MAKERS[name](None).tolist()
    second = MAKERS[name](None).tolist()
    tg.manual_seed(3)
    assert MAKERS[name](None).tolist() == first != second


@pytest.mark.parametrize("name", MAKERS)
def test_a_generator_of_ones_own_leaves_the_default_one_alone(name):
    tg.manual_seed(3)
    expected = tg.rand(4).tolist()
    tg.manual_seed(3)
    assert MAKERS[name](tg.Generator().manual_seed(1)).tolist() == MAKERS[name](tg.Generator().manual_seed(1)).tolist()
    assert tg.rand(4).tolist() == expected


@pytest.mark.parametrize("name", MAKERS)
def test_a_generator_of_another_device_is_refused(name):
    with pytest.raises(E.DeviceError, match="strict:0"):
        MAKERS[name](tg.Generator(strict_device()))


@pytest.mark.parametrize(("draw", "mean", "variance"), [
    (lambda n: tg.rand(n), 0.5, 1 / 12), (lambda n: tg.randn(n), 0, 1), (lambda n: tg.randint(-3, 4, (n,)), 0, 4),
    (lambda n: tg.normal(2.0, 3.0, (n,)), 2, 9), (lambda n: tg.bernoulli(tg.full((n,), 0.2)), 0.2, 0.16),
    (lambda n: tg.zeros(n).uniform_(-1, 3), 1, 4 / 3), (lambda n: tg.zeros(n).exponential_(2.0), 0.5, 0.25),
    (lambda n: tg.zeros(n).bernoulli_(0.7), 0.7, 0.21), (lambda n: tg.zeros(n).random_(2, 5), 3, 2 / 3),
    (lambda n: tg.zeros(n, dtype=tg.float16).normal_(1.0, 2.0), 1, 4),
    (lambda n: tg.multinomial(tg.tensor([1.0, 0.0, 3.0]), n, replacement=True), 1.5, 0.75)],
    ids=["rand", "randn", "randint", "normal", "bernoulli", "uniform_", "exponential_", "bernoulli_", "random_",
         "float16", "multinomial"])
def test_mean_and_variance_are_those_of_the_distribution(draw, mean, variance):
    values = draw(40_000).numpy().astype(np.float64)
    assert values.mean() == pytest.approx(mean, abs=5 * np.sqrt(variance / 40_000))
    assert values.var() == pytest.approx(variance, rel=0.08)


@given(shape=shapes(), dtype=st.sampled_from([tg.float16, tg.bfloat16, tg.float32, tg.float64]))
def test_shape_dtype_and_requires_grad_are_as_asked_for(shape, dtype):
    for make in (tg.rand, tg.randn):
        x = make(shape, dtype=dtype, requires_grad=True)
        assert tuple(x.shape) == shape and x.dtype is dtype and x.is_leaf and x.requires_grad
        like = {tg.rand: tg.rand_like, tg.randn: tg.randn_like}[make](x)
        assert tuple(like.shape) == shape and like.dtype is dtype and not like.requires_grad


def test_sizes_may_be_numbers_or_one_sequence():
    assert tg.rand(2, 3).shape == tg.rand((2, 3)).shape == tg.rand([2, 3]).shape == (2, 3)
    assert tg.rand().shape == tg.randn(()).shape == ()


def test_the_default_dtype_is_used():
    tg.set_default_dtype(tg.float64)
    try:
        assert tg.rand(1).dtype is tg.randn(1).dtype is tg.normal(0.0, 1.0, (1,)).dtype is tg.float64
    finally:
        tg.set_default_dtype(tg.float32)


def test_randint_takes_one_end_or_two():
    assert set(tg.randint(3, (200,)).tolist()) == {0, 1, 2}
    assert set(tg.randint(-1, 2, (200,)).tolist()) == {-1, 0, 1}
    assert set(tg.randint(high=2, size=(50,), dtype=tg.uint8).tolist()) == {0, 1}
    assert set(tg.randint_like(tg.zeros(200), 5, 7).tolist()) == {5.0, 6.0}


def test_randperm_holds_every_number_once():
    assert sorted(tg.randperm(50).tolist()) == list(range(50))
    assert tg.randperm(0).shape == (0,)


@pytest.mark.parametrize("replacement", [True, False])
def test_a_weight_of_0_is_never_drawn(replacement):
    weights = tg.tensor([[0.0, 1.0, 0.0, 2.0], [5.0, 0.0, 0.1, 0.0]])
    for _ in range(50):
        drawn = tg.multinomial(weights, 2, replacement)
        assert set(drawn[0].tolist()) <= {1, 3} and set(drawn[1].tolist()) <= {0, 2}


def test_without_replacement_nothing_is_drawn_twice():
    assert sorted(tg.multinomial(tg.rand(30) + 0.1, 30).tolist()) == list(range(30))


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: tg.rand(2, -1), E.ShapeError, "rand: size -1 is negative"),
    (lambda: tg.rand(2, dtype=tg.int64), E.DTypeError, "rand: .*int64 is not floating point"),
    (lambda: tg.randint(3, 3, (2,)), E.ArgumentError, "randint: there is no integer from 3 up to but not including 3"),
    (lambda: tg.randint(300, (2,), dtype=tg.uint8), E.ArgumentError, "randint: .*uint8 holds 0 to 255, not 0 to 299"),
    (lambda: tg.randint(5), E.ArgumentError, r"randint: size is not given.*randint\(high, size\)"),
    (lambda: tg.randperm(-1), E.ArgumentError, "randperm: n=-1"),
    (lambda: tg.normal(0.0, -1.0, (2,)), E.ArgumentError, "normal: std is -1.0"),
    (lambda: tg.normal(0.0, 1.0), E.ArgumentError, "normal: give mean and std as Tensors"),
    (lambda: tg.normal(tg.zeros(2), tg.ones(3)), E.ShapeError, r"normal: shapes \(2,\) and \(3,\)"),
    (lambda: tg.bernoulli(tg.tensor([0.5, 2.0])), E.ArgumentError, "bernoulli: 2.0 is no probability"),
    (lambda: tg.bernoulli(tg.zeros(2), 1.5), E.ArgumentError, "bernoulli: p is 1.5"),
    (lambda: tg.bernoulli(tg.zeros(2, dtype=tg.int64)), E.DTypeError, "bernoulli: .*int64"),
    (lambda: tg.multinomial(tg.tensor([1.0, -1.0]), 1), E.ArgumentError, "multinomial: .*negative"),
    (lambda: tg.multinomial(tg.tensor([0.0, 0.0]), 1), E.ArgumentError, "multinomial: row 0 has 0 weights greater"),
    (lambda: tg.multinomial(tg.tensor([1.0, 0.0]), 2), E.ArgumentError, "row 0 has 1 weights .* 2 classes"),
    (lambda: tg.multinomial(tg.ones(2), 3), E.ArgumentError, "multinomial: 3 samples cannot be drawn from 2 weights"),
    (lambda: tg.multinomial(tg.ones(1, 2, 3), 1), E.ShapeError, r"multinomial: weights have shape \(1, 2, 3\)"),
    (lambda: tg.zeros(2).normal_(0, -1), E.ArgumentError, "normal_: std is -1"),
    (lambda: tg.zeros(2).uniform_(1, 0), E.ArgumentError, "uniform_: there is no number from 1 to 0"),
    (lambda: tg.zeros(2).exponential_(0), E.ArgumentError, "exponential_: lambd is 0"),
    (lambda: tg.zeros(2).random_(5, 5), E.ArgumentError, "random_: there is no integer"),
    (lambda: tg.zeros(2, dtype=tg.int64).normal_(), E.DTypeError, "normal_: the tensor is .*int64.*random_"),
    (lambda: tg.rand(2, generator=3), E.ArgumentError, "rand: generator is int"),
])
def test_wrong_arguments_are_refused_with_the_numbers_and_the_cure(call, error, message):
    with pytest.raises(error, match=message):
        call()


IN_PLACE = ["normal_", "uniform_", "exponential_", "random_", "bernoulli_"]


@pytest.mark.parametrize("name", IN_PLACE)
def test_a_leaf_that_requires_grad_is_filled_under_no_grad_only(name):
    x = tg.zeros(3, requires_grad=True)
    with pytest.raises(E.InPlaceError, match=f"{name}: a leaf that requires grad"):
        getattr(x, name)()
    with tg.no_grad():
        assert getattr(x, name)() is x
    assert x.requires_grad and x.is_leaf


@pytest.mark.parametrize("name", IN_PLACE)
def test_a_refused_fill_draws_nothing(name):
    tg.manual_seed(0)
    expected = tg.rand(3).tolist()
    tg.manual_seed(0)
    with pytest.raises(E.InPlaceError):
        getattr(tg.zeros(3, requires_grad=True), name)()
    assert tg.rand(3).tolist() == expected


@pytest.mark.parametrize("name", IN_PLACE)
def test_filling_makes_saved_values_stale(name):
    w = tg.ones(3, requires_grad=True)
    x = w * 2
    y = x * x
    getattr(x, name)()
    with pytest.raises(E.StaleValueError, match=name):
        y.sum().backward()


def test_filling_a_part_cuts_only_that_part_from_the_graph():
    w = tg.ones(4, requires_grad=True)
    x = w * 2
    x[1:3].normal_()
    x.sum().backward()
    assert w.grad.tolist() == [2, 0, 0, 2]


def test_filling_keeps_memory_and_shape():
    x = tg.zeros(4, 3)
    part = x[:, 1]
    part.uniform_(1, 2)
    assert (x[:, 1] >= 1).all() and (x[:, 0] == 0).all() and x.version == 1


@pytest.mark.parametrize("dtype", [tg.bool, tg.uint8, tg.int64, tg.float16, tg.float32, tg.float64])
def test_random_without_ends_covers_what_the_dtype_holds_exactly(dtype):
    values = tg.zeros(2000, dtype=dtype).random_().numpy().astype(np.float64)
    bits = {"bool": 1, "uint8": 8, "int64": 63, "float16": 11, "float32": 24, "float64": 53}[dtype.name]
    top = 2.0**bits - (not dtype.is_floating_point)
    assert values.min() >= 0 and 0.9 * top <= values.max() <= top and (values == np.floor(values)).all()
