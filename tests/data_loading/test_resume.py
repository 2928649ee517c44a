"""Going on in the middle of an epoch: `loader.state_dict()` and `load_state_dict()`."""
import json

import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.data import DataLoader, IterableDataset, RandomSampler, TensorDataset, WeightedRandomSampler
from tinygrad_cnn.data import transforms as T
from tinygrad_cnn.data.pictures import Pictures
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.generator import default_generator


def pictures(transform=None):
    pixels = np.random.default_rng(1).integers(256, size=(23, 3, 8, 8)).astype(np.uint8)
    return Pictures(pixels, np.arange(23) % 5, list("abcde"), transform)


AUGMENT = T.Compose([T.RandomCrop(8, padding=2), T.RandomHorizontalFlip(), T.ToTensor()])


def epoch(loader):
    """The batches as bytes, with a draw from the default generator between them, as dropout makes one."""
    for images, labels in loader:
        yield images.numpy().tobytes() + labels.numpy().tobytes(), tg.rand(1).item()


def two_epochs(loader):
    return [*epoch(loader), *epoch(loader)]


LOADERS = {
    "shuffled": lambda: DataLoader(pictures(AUGMENT), 4, shuffle=True),
    "threads": lambda: DataLoader(pictures(AUGMENT), 4, shuffle=True, num_workers=2),
    "in order": lambda: DataLoader(pictures(AUGMENT), 4),
    "weighted": lambda: DataLoader(pictures(AUGMENT), 4, sampler=WeightedRandomSampler([1.0] * 23, 23)),
    "replaced": lambda: DataLoader(pictures(AUGMENT), 4, sampler=RandomSampler(range(23), replacement=True)),
    "own generator": lambda: DataLoader(pictures(AUGMENT), 4, shuffle=True, generator=tg.Generator().manual_seed(5)),
}


@pytest.mark.parametrize("kind", LOADERS)
@pytest.mark.parametrize("stop", [0, 1, 4, 6])
def test_a_run_resumed_from_a_state_in_json_ends_as_the_run_that_was_left_alone(kind, stop):
    whole = two_epochs(LOADERS[kind]())
    tg.manual_seed(0)
    loader = LOADERS[kind]()
    batches, begun = epoch(loader), []
    for _ in range(stop):
        begun.append(next(batches))
    saved = json.dumps([loader.state_dict(), default_generator().get_state()])
    batches.close()

    tg.manual_seed(99)
    again = LOADERS[kind]()
    state, random_state = json.loads(saved)
    again.load_state_dict(state)
    default_generator().set_state(random_state)
    assert begun + two_epochs(again) == whole


def test_after_the_last_batch_the_next_iteration_is_a_new_epoch():
    loader = DataLoader(TensorDataset(tg.arange(6)), 2, shuffle=True)
    assert len(list(loader)) == 3
    again = DataLoader(TensorDataset(tg.arange(6)), 2, shuffle=True)
    again.load_state_dict(loader.state_dict())
    assert len(list(again)) == 3


def test_samples_that_are_left_out_are_not_read():
    class Counting(TensorDataset):
        reads = 0

        def __getitem__(self, index):
            self.reads += 1
            return super().__getitem__(index)

    state = {"order": tg.Generator().get_state(), "batches": 3, "generator": None}
    dataset = Counting(tg.arange(8))
    loader = DataLoader(dataset, 2)
    loader.load_state_dict(state)
    assert [batch.tolist() for batch, in loader] == [[6, 7]]
    assert dataset.reads == 2


def test_a_stream_goes_on_behind_the_batches_that_were_handed_out():
    class Count(IterableDataset):
        def __iter__(self):
            return iter(range(7))

    loader = DataLoader(Count(), 2)
    batches = iter(loader)
    next(batches), next(batches)
    again = DataLoader(Count(), 2)
    again.load_state_dict(loader.state_dict())
    assert [batch.tolist() for batch in again] == [[4, 5], [6]]


@pytest.mark.parametrize("state", [None, {}, {"order": None, "batches": -1, "generator": None},
                                   {"order": {"seed": 3}, "batches": 1, "generator": None}])
def test_what_is_no_state_is_refused_and_changes_nothing(state):
    loader = DataLoader(TensorDataset(tg.arange(4)), 2)
    with pytest.raises(ArgumentError, match="DataLoader|set_state"):
        loader.load_state_dict(state)
    assert [batch.tolist() for batch, in loader] == [[0, 1], [2, 3]]


def test_a_state_with_a_generator_needs_a_loader_with_one():
    state = DataLoader(TensorDataset(tg.arange(4)), generator=tg.Generator()).state_dict()
    with pytest.raises(ArgumentError, match="a generator of its own"):
        DataLoader(TensorDataset(tg.arange(4))).load_state_dict(state)


def test_an_epoch_can_begin_at_a_later_batch():
    whole = list(DataLoader(pictures(AUGMENT), 4, shuffle=True, generator=tg.Generator().manual_seed(3)))
    later = list(DataLoader(pictures(AUGMENT), 4, shuffle=True, generator=tg.Generator().manual_seed(3)).starting_at(2))
    assert [images.tolist() for images, _ in later] == [images.tolist() for images, _ in whole[2:]]
