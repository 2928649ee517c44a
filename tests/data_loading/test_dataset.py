"""Data sets: tensors, subsets, concatenations, splits."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tinygrad_cnn.data import ConcatDataset, Dataset, IterableDataset, Subset, TensorDataset, random_split
from tinygrad_cnn.data.dataset import take_batch, take_rows
from tinygrad_cnn.errors import ArgumentError, ArgumentTypeError, ShapeError, TensorIndexError


def numbers(n, start=0):
    return TensorDataset(tg.tensor(list(range(start, start + n))))


def values(dataset):
    return [dataset[i][0].item() for i in range(len(dataset))]


def test_a_sample_is_the_row_of_every_tensor():
    image, label = TensorDataset(tg.tensor([[1.0, 2.0], [3.0, 4.0]]), tg.tensor([5, 6]))[1]
    assert (image.tolist(), label.item()) == ([3.0, 4.0], 6)


def test_a_batch_is_taken_at_once():
    images, labels = TensorDataset(tg.tensor([[1.0], [2.0], [3.0]]), tg.tensor([5, 6, 7])).take_batch([2, 0, 2])
    assert images.tolist() == [[3.0], [1.0], [3.0]]
    assert labels.tolist() == [7, 5, 7]


def test_a_batch_is_a_copy():
    rows = tg.tensor([[1.0], [2.0]])
    batch = take_rows(rows, [0])
    batch.array[...] = 9
    assert rows.tolist() == [[1.0], [2.0]]


@pytest.mark.parametrize("index", [3, -4])
def test_an_index_outside_the_rows_is_refused(index):
    with pytest.raises(TensorIndexError, match=rf"index {index} of 3 samples\. Indices go from -3 to 2"):
        take_rows(tg.tensor([1, 2, 3]), [0, index])


def test_no_rows_can_be_taken():
    assert take_rows(tg.tensor([[1.0, 2.0]]), []).shape == (0, 2)


def test_tensors_of_different_lengths_are_refused():
    with pytest.raises(ShapeError, match=r"TensorDataset: the tensors have \[2, 3\] rows"):
        TensorDataset(tg.tensor([1, 2]), tg.tensor([1, 2, 3]))


def test_a_tensor_without_dimensions_is_refused():
    with pytest.raises(ShapeError, match=r"tensor 0 has no dimensions"):
        TensorDataset(tg.tensor(1))


def test_what_is_no_tensor_is_refused():
    with pytest.raises(ArgumentTypeError, match=r"argument 0 is a list\. Give Tensors"):
        TensorDataset([1, 2])


def test_no_tensors_are_refused():
    with pytest.raises(ArgumentError, match=r"TensorDataset: no tensors given"):
        TensorDataset()


def test_a_subset_renumbers():
    part = Subset(numbers(5), [4, 2])
    assert (len(part), values(part)) == (2, [4, 2])
    assert part.take_batch([1, 0])[0].tolist() == [2, 4]


def test_a_subset_of_a_subset_renumbers_twice():
    part = Subset(Subset(numbers(6), [5, 4, 3]), [2, 0])
    assert values(part) == part.take_batch([0, 1])[0].tolist() == [3, 5]


def test_a_redefined_getitem_takes_the_place_of_the_quick_batch():
    class Doubled(TensorDataset):
        def __getitem__(self, index):
            return super().__getitem__(index)[0] * 2

    assert take_batch(Doubled(tg.tensor([1, 2])), [0]) is None
    assert Subset(Doubled(tg.tensor([1, 2])), [0]).take_batch([0]) is None


def test_concatenated_data_sets_follow_each_other():
    joined = numbers(3) + numbers(2, start=10) + numbers(1, start=20)
    assert values(joined) == [0, 1, 2, 10, 11, 20]
    assert joined[-1][0].item() == 20


def test_an_index_outside_a_concatenation_is_refused():
    with pytest.raises(TensorIndexError, match=r"ConcatDataset: index 5 of 5 samples\. Indices go from -5 to 4"):
        ConcatDataset([numbers(3), numbers(2)])[5]


def test_a_concatenation_of_nothing_is_refused():
    with pytest.raises(ArgumentError, match=r"ConcatDataset: the list of data sets is empty"):
        ConcatDataset([])


def test_a_stream_has_no_place_in_a_concatenation():
    with pytest.raises(ArgumentError, match=r"ConcatDataset: data set 1 is an IterableDataset"):
        ConcatDataset([numbers(2), IterableDataset()])


def test_the_base_class_says_what_a_data_set_gives():
    with pytest.raises(NotImplementedError, match=r"Dataset: a data set gives __getitem__"):
        Dataset()[0]


@given(st.lists(st.integers(0, 7), min_size=1, max_size=5), st.integers(0, 99))
def test_a_split_by_sizes_deals_every_sample_once(lengths, seed):
    parts = random_split(numbers(sum(lengths)), lengths, tg.Generator().manual_seed(seed))
    assert [len(part) for part in parts] == lengths
    assert sorted(value for part in parts for value in values(part)) == list(range(sum(lengths)))


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(1, 40))
def test_a_split_by_parts_deals_every_sample_once_and_differs_by_less_than_two_from_the_parts(weights, size):
    fractions = [w / sum(weights) for w in weights]
    lengths = [len(part) for part in random_split(numbers(size), fractions)]
    assert sum(lengths) == size
    assert all(abs(n - size * fraction) < 2 for n, fraction in zip(lengths, fractions))


def test_a_seeded_split_is_the_same_again():
    first, second = (random_split(numbers(9), [4, 5], tg.Generator().manual_seed(3)) for _ in range(2))
    assert [part.indices for part in first] == [part.indices for part in second]


def test_a_data_set_of_one_sample_can_be_split_by_sizes():
    assert [len(part) for part in random_split(numbers(1), [0, 1])] == [0, 1]


@pytest.mark.parametrize("lengths", [[3, 3], [0.5, 0.4], [1.5, 3.5]])
def test_lengths_that_do_not_add_up_are_refused(lengths):
    with pytest.raises(ArgumentError, match=r"random_split: lengths .* add up to .* but the data set has 5 samples"):
        random_split(numbers(5), lengths)


def test_negative_lengths_are_refused():
    with pytest.raises(ArgumentError, match=r"not negative"):
        random_split(numbers(5), [6, -1])


def test_splits_follow_the_default_generator():
    tg.manual_seed(1)
    first = random_split(numbers(20), [20])[0].indices
    tg.manual_seed(1)
    assert random_split(numbers(20), [20])[0].indices == first
    assert np.array(first).tolist() != list(range(20))
