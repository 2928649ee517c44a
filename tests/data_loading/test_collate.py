"""Collating: which samples make which batch."""
from collections import namedtuple

import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.data import default_collate, default_convert
from tinygrad_cnn.errors import ArgumentTypeError, ShapeError

Pair = namedtuple("Pair", "image label")


def test_tensors_are_stacked():
    batch = default_collate([tg.tensor([1.0, 2.0]), tg.tensor([3.0, 4.0])])
    assert batch.tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_tensors_that_require_grad_are_stacked_in_the_graph():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    default_collate([x, x]).sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_arrays_and_numpy_scalars_become_tensors_of_their_dtype():
    assert default_collate([np.zeros(2, np.float32), np.ones(2, np.float32)]).dtype is tg.float32
    assert default_collate([np.uint8(1), np.uint8(2)]).dtype is tg.uint8


@pytest.mark.parametrize(("samples", "dtype"), [([1, 2], tg.int64), ([1.5, 2.0], tg.float64), ([True, False], tg.bool)])
def test_numbers_become_a_tensor(samples, dtype):
    batch = default_collate(samples)
    assert batch.dtype is dtype
    assert batch.tolist() == samples


def test_containers_are_collated_entry_by_entry():
    batch = default_collate([({"a": 1}, Pair(tg.tensor(1.0), "x")), ({"a": 2}, Pair(tg.tensor(2.0), "y"))])
    assert type(batch) is list
    assert batch[0]["a"].tolist() == [1, 2]
    assert type(batch[1]) is Pair
    assert batch[1].image.tolist() == [1.0, 2.0]
    assert batch[1].label == ["x", "y"]


def test_samples_of_different_shapes_are_refused_by_number():
    with pytest.raises(ShapeError, match=r"sample 2 of the batch has shape \(3,\) but sample 0 has \(2,\)"):
        default_collate([tg.zeros(2), tg.zeros(2), tg.zeros(3)])


def test_arrays_of_different_shapes_are_refused_by_number():
    with pytest.raises(ShapeError, match=r"sample 1 of the batch has shape \(3,\) but sample 0 has \(2,\)"):
        default_collate([np.zeros(2), np.zeros(3)])


def test_samples_of_different_lengths_are_refused():
    with pytest.raises(ShapeError, match=r"sample 1 of the batch has 1 entries but sample 0 has 2"):
        default_collate([(1, 2), (1,)])


def test_what_cannot_be_collated_is_refused():
    with pytest.raises(ArgumentTypeError, match=r"a sample holds a object\. .*collate_fn"):
        default_collate([object(), object()])


def test_converting_one_sample_makes_tensors_of_arrays_only():
    sample = default_convert({"a": np.ones(2), "b": ("text", 3, Pair(np.float32(1), None))})
    assert sample["a"].tolist() == [1.0, 1.0]
    assert sample["b"][:2] == ["text", 3]
    assert sample["b"][2].image.dtype is tg.float32
