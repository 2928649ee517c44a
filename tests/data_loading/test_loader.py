"""The loader in the caller's thread: orders, sizes, sources, refusals."""
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tinygrad_cnn.data import DataLoader, Dataset, IterableDataset, TensorDataset, WeightedRandomSampler
from tinygrad_cnn.errors import ArgumentError, ArgumentTypeError, ShapeError


def numbers(n):
    return TensorDataset(tg.tensor(list(range(n))))


class Squares(Dataset):
    """Sample i is i squared, a plain int."""

    def __init__(self, n):
        self.n = n

    def __getitem__(self, index):
        if not 0 <= index < self.n:
            raise IndexError(index)
        return index * index

    def __len__(self):
        return self.n


class Stream(IterableDataset):
    """0, 1, 2, ... n - 1, and its length."""

    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return iter(range(self.n))

    def __len__(self):
        return self.n


@given(st.integers(0, 25), st.integers(1, 7), st.booleans(), st.sampled_from([0, 1, 3]),
       st.sampled_from([numbers, Squares, Stream]))
def test_batches_hold_every_sample_in_order(n, size, drop_last, workers, make):
    loader = DataLoader(make(n), size, drop_last=drop_last, num_workers=workers)
    batches = [batch[0].tolist() if make is numbers else batch.tolist() for batch in loader]
    kept = n // size * size if drop_last else n
    assert sum(batches, []) == [i * i if make is Squares else i for i in range(kept)]
    assert all(len(batch) == size for batch in batches[:-1])
    assert len(batches) == len(loader)


def test_shuffling_draws_a_new_order_every_time():
    loader = DataLoader(numbers(30), 30, shuffle=True)
    (first,), = loader
    (second,), = loader
    assert first.tolist() != second.tolist()
    assert sorted(first.tolist()) == sorted(second.tolist()) == list(range(30))


@pytest.mark.parametrize("workers", [1, 4])
def test_a_seed_gives_the_same_batches_for_any_number_of_workers(workers):
    def epochs(count):
        loader = DataLoader(numbers(40), 7, shuffle=True, num_workers=count, generator=tg.Generator().manual_seed(5))
        return [[batch.tolist() for batch, in loader] for _ in range(2)]

    assert epochs(workers) == epochs(0)


def test_the_default_generator_seeds_a_loader_without_one():
    def epoch():
        tg.manual_seed(4)
        return [batch.tolist() for batch, in DataLoader(numbers(20), 6, shuffle=True)]

    assert epoch() == epoch()


def test_two_iterations_at_once_do_not_disturb_each_other():
    loader = DataLoader(numbers(4), 2)
    assert [(a.tolist(), b.tolist()) for (a,), (b,) in zip(loader, loader)] == [([0, 1], [0, 1]), ([2, 3], [2, 3])]


def test_without_batch_size_single_samples_come():
    assert list(DataLoader(Squares(3), batch_size=None)) == [0, 1, 4]
    assert len(DataLoader(Squares(3), batch_size=None)) == 3
    assert list(DataLoader(Stream(3), batch_size=None)) == [0, 1, 2]


def test_a_sampler_says_the_order():
    loader = DataLoader(Squares(5), 2, sampler=[4, 0, 3])
    assert [batch.tolist() for batch in loader] == [[16, 0], [9]]


def test_a_weighted_sampler_fits():
    loader = DataLoader(Squares(3), 2, sampler=WeightedRandomSampler([0, 0, 1], 4))
    assert [batch.tolist() for batch in loader] == [[4, 4], [4, 4]]


def test_a_batch_sampler_says_the_batches():
    loader = DataLoader(Squares(5), batch_sampler=[[1], [2, 3, 4]])
    assert [batch.tolist() for batch in loader] == [[1], [4, 9, 16]]
    assert (loader.batch_size, len(loader)) == (None, 2)


def test_a_collate_function_of_ones_own_gets_the_samples():
    assert list(DataLoader(Squares(3), 2, collate_fn=tuple)) == [(0, 1), (4,)]


def test_a_collate_function_of_ones_own_gets_the_samples_of_a_tensor_data_set():
    batch, = DataLoader(numbers(2), 2, collate_fn=lambda samples: [x.item() for x, in samples])
    assert batch == [0, 1]


def test_a_list_is_a_data_set():
    assert [batch.tolist() for batch in DataLoader([3, 1, 2], 2)] == [[3, 1], [2]]


def test_getitems_gives_the_samples_of_a_batch():
    class AtOnce(Squares):
        def __getitems__(self, indices):
            return [-i for i in indices]

    assert [batch.tolist() for batch in DataLoader(AtOnce(3), 2)] == [[0, -1], [-2]]


def test_a_batch_of_tensors_is_taken_without_asking_for_samples():
    class Unsplit(TensorDataset):
        def __getitem__(self, index):
            raise AssertionError("asked for one sample")

        def take_batch(self, indices):
            return super().take_batch(indices)

    assert [batch.tolist() for batch, in DataLoader(Unsplit(tg.tensor([1, 2, 3])), 2)] == [[1, 2], [3]]


class Broken(Squares):
    """Sample 3 raises `self.error`."""

    def __init__(self, n, error):
        super().__init__(n)
        self.error = error

    def __getitem__(self, index):
        if index == 3:
            raise self.error
        return super().__getitem__(index)


@pytest.mark.parametrize("workers", [0, 2])
def test_an_error_of_a_sample_comes_in_its_class_with_its_index(workers):
    loader = DataLoader(Broken(6, OSError("no such file")), 2, num_workers=workers)
    seen = []
    with pytest.raises(OSError, match=r"DataLoader: reading sample 3 raised OSError: no such file") as caught:
        seen += loader
    assert caught.value.__cause__ is loader.dataset.error


class Peculiar(Exception):
    """Its constructor wants more than a message."""

    def __init__(self, code, place):
        super().__init__(code, place)


@pytest.mark.parametrize("workers", [0, 2])
def test_an_error_that_cannot_be_made_again_becomes_a_data_error(workers):
    loader = DataLoader(Broken(6, Peculiar(1, 2)), 2, num_workers=workers)
    with pytest.raises(tg.errors.DataError, match=r"reading sample 3 raised Peculiar: \(1, 2\)"):
        list(loader)


def test_an_error_of_collating_names_the_samples():
    loader = DataLoader([tg.zeros(2), tg.zeros(3)], 2)
    with pytest.raises(ShapeError, match=r"the batch of samples \[0, 1\] raised ShapeError: default_collate: sample 1"):
        list(loader)


@pytest.mark.parametrize("workers", [0, 2])
def test_an_error_of_a_stream_says_how_far_it_came(workers):
    class Failing(IterableDataset):
        def __iter__(self):
            yield from (0, 1, 2)
            raise OSError("unplugged")

    batches = iter(DataLoader(Failing(), 2, num_workers=workers))
    assert next(batches).tolist() == [0, 1]
    with pytest.raises(OSError, match=r"reading the stream after sample 1 raised OSError: unplugged"):
        next(batches)


REFUSED = {
    "batch_size": ({"batch_size": 0}, r"batch_size is 0\. Give an integer of at least 1"),
    "float": ({"batch_size": 2.0}, r"batch_size is 2\.0"),
    "workers": ({"num_workers": -1}, r"num_workers is -1\. Give an integer of at least 0"),
    "timeout": ({"timeout": -1}, r"timeout is -1"),
    "prefetch": ({"prefetch_factor": 2}, r"prefetch_factor is given but num_workers is 0"),
    "persistent": ({"persistent_workers": True}, r"persistent_workers is given but num_workers is 0"),
    "sampler": ({"sampler": [0], "shuffle": True}, r"both sampler and shuffle are given"),
    "batches": ({"batch_sampler": [[0]], "batch_size": 3}, r"batch_sampler is given together with"),
    "drop": ({"batch_size": None, "drop_last": True}, r"drop_last is given but batch_size is None"),
    "context": ({"multiprocessing_context": "fork"}, r"the workers are threads\. Leave it None"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_arguments_that_contradict_each_other_are_refused(case):
    options, message = REFUSED[case]
    with pytest.raises(ArgumentError, match="DataLoader: .*" + message):
        DataLoader(numbers(3), **options)


def test_a_stream_takes_no_order():
    with pytest.raises(ArgumentError, match=r"an IterableDataset has no indices.*Shuffle inside the data set"):
        DataLoader(Stream(3), shuffle=True)


def test_a_generator_of_another_kind_is_refused():
    with pytest.raises(ArgumentTypeError, match=r"generator is a int\. Give a tg\.Generator"):
        DataLoader(numbers(3), generator=3)


@pytest.mark.oracle
def test_the_signature_is_pytorchs():
    import inspect

    from torch.utils.data import DataLoader as Oracle
    ours, theirs = (inspect.signature(kind.__init__).parameters.values() for kind in (DataLoader, Oracle))
    assert [(p.name, p.default) for p in ours] == [(p.name, p.default) for p in theirs]


@pytest.mark.oracle
def test_batches_have_pytorchs_structure():
    import torch
    from torch.utils.data import DataLoader as Oracle
    samples = [{"x": (float(i), [i, True]), "name": f"n{i}"} for i in range(5)]

    def plain(value):
        if isinstance(value, (tg.Tensor, torch.Tensor)):
            return str(value.dtype).split(".")[-1], value.tolist()
        if isinstance(value, dict):
            return {key: plain(entry) for key, entry in value.items()}
        return [plain(entry) for entry in value] if isinstance(value, (list, tuple)) else value

    assert [plain(batch) for batch in DataLoader(samples, 2)] == [plain(batch) for batch in Oracle(samples, 2)]
