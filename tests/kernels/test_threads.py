"""Whole training steps in threads and processes of the user's own: the same bits, no endless wait, BLAS as it was."""
import multiprocessing
import os
import signal
import threading

import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn import nn


def train(seed, steps=3):
    """The weights of a small network after a few steps, each large enough for parallel regions, as one array."""
    generator = tg.Generator().manual_seed(seed)
    model = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
                          nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                          nn.Linear(32, 10))
    with tg.no_grad():
        for p in model.parameters():
            p.copy_(tg.randn(*p.shape, generator=generator) * 0.1)
    optimizer = tg.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(steps):
        x = tg.randn(16, 3, 32, 32, generator=generator)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), tg.arange(16) % 10).backward()
        optimizer.step()
    return np.concatenate([p.detach().numpy().reshape(-1) for p in model.parameters()])


def test_training_gives_the_same_bits_run_to_run():
    np.testing.assert_array_equal(train(1), train(1))


def test_threads_of_a_user_train_at_once_to_the_weights_they_reach_alone():
    alone = [train(seed) for seed in range(3)]
    together = [None] * 3

    def user(seed):
        together[seed] = train(seed)

    users = [threading.Thread(target=user, args=(seed,)) for seed in range(3)]
    for thread in users:
        thread.start()
    for thread in users:
        thread.join()
    for mine, other in zip(together, alone):
        np.testing.assert_array_equal(mine, other)


def blas_threads():
    threadpoolctl = pytest.importorskip("threadpoolctl")
    return [library["num_threads"] for library in threadpoolctl.threadpool_info() if library["user_api"] == "blas"]


def test_blas_has_its_threads_back_after_a_step_and_after_an_error_in_a_region():
    before = blas_threads()
    train(2, steps=1)
    assert blas_threads() == before

    def fails(start, stop):
        raise ZeroDivisionError("in a region")

    with pytest.raises(ZeroDivisionError, match="in a region"):
        tg.device("cpu").parallel(fails, 2)
    assert blas_threads() == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_child_forked_while_another_thread_is_inside_a_region_trains_to_the_end():
    entered, leave = threading.Event(), threading.Event()

    def busy(start, stop):
        entered.set()
        leave.wait()

    thread = threading.Thread(target=tg.device("cpu").parallel, args=(busy, 2))
    thread.start()
    entered.wait()
    expected = train(3, steps=1)
    child = os.fork()
    if child == 0:
        signal.alarm(60)                                # a child that waits for ever ends, by a signal
        os._exit(0 if np.array_equal(train(3, steps=1), expected) else 1)
    leave.set()
    thread.join()
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.slow
def test_processes_that_are_spawned_train_to_the_same_weights():
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        for mine, other in zip(pool.map(train, [4, 5]), map(train, [4, 5])):
            np.testing.assert_array_equal(mine, other)
