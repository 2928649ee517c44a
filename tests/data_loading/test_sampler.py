"""Samplers: the indices they give, how often, and again with the same seed."""
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tinygrad_cnn.data import BatchSampler, RandomSampler, SequentialSampler, SubsetRandomSampler, WeightedRandomSampler
from tinygrad_cnn.errors import ArgumentError


def seeded(seed=0):
    return tg.Generator().manual_seed(seed)


def test_a_sequence_is_in_order():
    assert list(SequentialSampler("abcd")) == [0, 1, 2, 3]
    assert len(SequentialSampler("abcd")) == 4


@given(st.integers(0, 30), st.integers(0, 9))
def test_a_random_order_has_every_index_once(n, seed):
    sampler = RandomSampler(range(n), generator=seeded(seed))
    assert sorted(sampler) == list(range(n))
    assert len(sampler) == n


def test_every_iteration_draws_anew_and_a_seed_repeats_it():
    sampler, twin = (RandomSampler(range(50), generator=seeded()) for _ in range(2))
    first, second = list(sampler), list(sampler)
    assert first != second
    assert [list(twin), list(twin)] == [first, second]


@given(st.integers(1, 9), st.integers(1, 40))
def test_more_samples_than_there_are_go_through_several_shuffles(n, wanted):
    drawn = list(RandomSampler(range(n), num_samples=wanted))
    counts = [drawn.count(i) for i in range(n)]
    assert len(drawn) == wanted
    assert max(counts) - min(counts) <= 1


def test_drawing_with_replacement_repeats_indices():
    drawn = list(RandomSampler(range(5), replacement=True, num_samples=200, generator=seeded()))
    assert len(drawn) == 200
    assert set(drawn) == set(range(5))


def test_an_empty_data_set_gives_no_indices():
    assert list(RandomSampler([])) == []


def test_samples_of_an_empty_data_set_are_refused():
    with pytest.raises(ArgumentError, match=r"RandomSampler: 3 samples wanted of an empty data set"):
        list(RandomSampler([], num_samples=3))


def test_a_subset_is_shuffled():
    sampler = SubsetRandomSampler([3, 5, 8], generator=seeded())
    assert sorted(sampler) == [3, 5, 8]
    assert len(sampler) == 3


def test_weights_are_proportions():
    drawn = list(WeightedRandomSampler([0.0, 1.0, 3.0], 4000, generator=seeded()))
    assert drawn.count(0) == 0
    assert 0.7 < drawn.count(2) / 4000 < 0.8


def test_weights_may_be_a_tensor():
    assert set(WeightedRandomSampler(tg.tensor([0.0, 1.0]), 5)) == {1}


def test_weights_without_replacement_give_each_index_once():
    assert sorted(WeightedRandomSampler([1, 2, 3], 3, replacement=False)) == [0, 1, 2]


def test_too_many_draws_without_replacement_are_refused():
    with pytest.raises(ArgumentError, match=r"3 samples wanted of 2 positive weights without replacement"):
        WeightedRandomSampler([1, 0, 3], 3, replacement=False)


@pytest.mark.parametrize("weights", [[-1, 2], [0, 0], [float("nan"), 1], [[1, 2]], []])
def test_impossible_weights_are_refused(weights):
    with pytest.raises(ArgumentError, match=r"WeightedRandomSampler: weights has shape .* finite numbers of at least"):
        WeightedRandomSampler(weights, 2)


@given(st.integers(0, 30), st.integers(1, 8), st.booleans())
def test_batches_cut_the_order_into_pieces(n, size, drop_last):
    sampler = BatchSampler(SequentialSampler(range(n)), size, drop_last)
    batches = list(sampler)
    assert len(batches) == len(sampler) == (n // size if drop_last else (n + size - 1) // size)
    assert sum(batches, []) == list(range(n // size * size if drop_last else n))
    assert all(len(batch) == size for batch in batches[:-1])


@pytest.mark.parametrize("size", [0, -1, 2.5, True])
def test_a_batch_size_that_is_no_positive_integer_is_refused(size):
    with pytest.raises(ArgumentError, match=rf"BatchSampler: batch_size is {size}\. Give a positive integer"):
        BatchSampler([1], size, False)
