"""Reading ahead in threads: nothing hangs, nothing leaks, nothing depends on who was first."""
import _thread
import gc
import random
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path

import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.data import DataLoader, Dataset, IterableDataset, batch_random, get_worker_info
from tinygrad_cnn.errors import DataError

ROOT = Path(__file__).resolve().parents[2]


class Slow(Dataset):
    """Sample i is i, after a short time that differs from sample to sample."""

    def __init__(self, n=12, seconds=0.004):
        self.n, self.seconds = n, seconds
        self.asked = []

    def __getitem__(self, index):
        self.asked.append(index)
        time.sleep(self.seconds * random.random())
        return index

    def __len__(self):
        return self.n


def loader_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("tinygrad_cnn loader")]


@pytest.fixture(autouse=True)
def no_thread_is_left():
    yield
    if loader_threads():
        gc.collect()
    deadline = time.monotonic() + 2
    while loader_threads() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not loader_threads()


def test_the_order_is_kept_whoever_is_faster():
    assert [batch.tolist() for batch in DataLoader(Slow(), 2, num_workers=4)] == [[i, i + 1] for i in range(0, 12, 2)]


def test_the_threads_are_gone_after_the_last_batch():
    assert len(list(DataLoader(Slow(), 2, num_workers=3))) == 6
    assert not loader_threads()


def test_the_threads_are_gone_after_a_break():
    for _ in DataLoader(Slow(), 1, num_workers=3):
        break
    gc.collect()
    assert not loader_threads()


def test_the_threads_are_gone_after_an_error():
    class Broken(Slow):
        def __getitem__(self, index):
            raise ValueError("damaged")

    with pytest.raises(ValueError, match=r"reading sample 0 raised ValueError: damaged"):
        list(DataLoader(Broken(), 1, num_workers=3))
    assert not loader_threads()


def test_the_threads_are_gone_after_ctrl_c_in_the_loop():
    batches = iter(DataLoader(Slow(), 1, num_workers=2))
    next(batches)
    with pytest.raises(KeyboardInterrupt):
        batches.throw(KeyboardInterrupt())
    assert not loader_threads()


def test_ctrl_c_is_heard_while_waiting_for_a_batch():
    class Stuck(Slow):
        def __getitem__(self, index):
            time.sleep(0.8)
            return index

    timer = threading.Timer(0.05, _thread.interrupt_main)
    with pytest.raises(KeyboardInterrupt):
        timer.start()
        list(DataLoader(Stuck(), num_workers=1))
    timer.join()


def test_a_program_ends_although_a_loader_is_half_read():
    program = ("import tinygrad_cnn as tg\n"
               "batches = iter(tg.data.DataLoader(list(range(100)), num_workers=3))\n"
               "print(next(batches).item())")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "0", "")


def test_threads_are_daemons():
    batches = iter(DataLoader(Slow(), 1, num_workers=2))
    next(batches)
    assert len(loader_threads()) == 2
    assert all(thread.daemon for thread in loader_threads())
    batches.close()


def test_no_more_is_read_ahead_than_asked_for():
    dataset = Slow(50, seconds=0)
    batches = iter(DataLoader(dataset, 1, num_workers=2, prefetch_factor=3))
    next(batches)
    time.sleep(0.05)
    assert len(dataset.asked) <= 1 + 2 * 3
    batches.close()


def test_batches_before_an_error_still_come():
    class Broken(Slow):
        def __getitem__(self, index):
            if index == 4:
                raise ValueError("damaged")
            return super().__getitem__(index)

    seen = []
    with pytest.raises(ValueError, match=r"sample 4"):
        for batch in DataLoader(Broken(), 2, num_workers=3):
            seen.append(batch.tolist())
    assert seen == [[0, 1], [2, 3]]


class Noisy(Dataset):
    """Sample i is i and a random number that follows the batch."""

    def __getitem__(self, index):
        return index, batch_random().integers(1 << 40)

    def __len__(self):
        return 20


def noise(workers, seed=3):
    loader = DataLoader(Noisy(), 3, shuffle=True, num_workers=workers, generator=tg.Generator().manual_seed(seed))
    return [[(i.tolist(), x.tolist()) for i, x in loader] for _ in range(2)]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_random_transforms_are_the_same_for_any_number_of_workers(workers):
    assert noise(workers) == noise(0)


def test_random_transforms_differ_from_epoch_to_epoch_and_with_the_seed():
    first, second = noise(0)
    numbers = [x for _, batch in first + second for x in batch]
    assert len(set(numbers)) == len(numbers)
    assert noise(0, seed=4)[0] != first


def test_random_numbers_outside_a_loader_are_the_default_generators():
    tg.manual_seed(7)
    expected = tg.Generator().manual_seed(7).numpy.integers(1 << 40)
    assert batch_random().integers(1 << 40) == expected


def test_a_stream_comes_once_however_many_workers_there_are():
    class Stream(IterableDataset):
        def __iter__(self):
            return iter(range(10))

    assert [batch.tolist() for batch in DataLoader(Stream(), 4, num_workers=3)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_a_worker_knows_its_number():
    class Who(Slow):
        def __getitem__(self, index):
            info = get_worker_info()
            return info.id, info.num_workers, info.dataset is self

    ids, counts, same = DataLoader(Who(1), num_workers=2).__iter__().__next__()
    assert ids.tolist()[0] in (0, 1)
    assert (counts.tolist(), same.tolist()) == ([2], [True])
    assert get_worker_info() is None


def test_workers_are_prepared_before_they_read():
    ready = []
    list(DataLoader(Slow(4), num_workers=2, worker_init_fn=ready.append))
    assert set(ready) <= {0, 1}
    assert ready


def test_an_error_of_the_preparation_is_raised_in_the_loop():
    def fail(worker):
        raise OSError("no licence")

    with pytest.raises(OSError, match=r"no licence"):
        list(DataLoader(Slow(4), num_workers=1, worker_init_fn=fail))


def test_a_batch_that_does_not_come_in_time_is_an_error():
    class Stuck(Slow):
        def __getitem__(self, index):
            time.sleep(0.3)
            return index

    with pytest.raises(DataError, match=r"batch 0 was not there after timeout=0\.02 seconds"):
        next(iter(DataLoader(Stuck(), num_workers=1, timeout=0.02)))


def test_a_batch_is_freed_when_the_caller_lets_go_of_it():
    class Arrays(Dataset):
        def __getitem__(self, index):
            return np.full(4, index)

        def __len__(self):
            return 6

    batches = iter(DataLoader(Arrays(), 2, num_workers=1, collate_fn=np.stack))
    first = next(batches)
    watch = weakref.ref(first)
    del first
    next(batches)
    assert watch() is None
    batches.close()
