"""Memory: work arrays are reported and released, freed arrays are kept for the next and given back on request."""
import gc
import mmap
import multiprocessing
import pathlib
import threading

import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.kernels import memory

MIB = 1 << 20
needs_glibc = pytest.mark.skipif(memory.heap_bytes() is None,
                                 reason="needs glibc 2.33 or newer, which says what it keeps")


@pytest.fixture
def workers():
    tg.backends.cpu.empty_cache()
    yield tg.device("cpu").workers
    tg.backends.cpu.empty_cache()


def test_scratch_memory_of_every_thread_is_reported(workers):
    workers.scratch("one", (MIB,), np.uint8)
    asked, done = threading.Event(), threading.Event()

    def elsewhere():
        workers.scratch("two", (3 * MIB,), np.uint8)
        asked.set()
        done.wait()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    asked.wait()
    assert tg.backends.cpu.memory_stats()["scratch"] == 4 * MIB
    done.set()
    thread.join()


def test_scratch_memory_is_the_same_until_a_larger_one_is_asked_for(workers):
    small = workers.scratch("same", (100,), np.float32)
    assert np.shares_memory(small, workers.scratch("same", (10, 5), np.float64))
    assert not np.shares_memory(small, workers.scratch("same", (200,), np.float32))
    assert not np.shares_memory(small, workers.scratch("other", (100,), np.float32))


def test_released_scratch_memory_stays_with_the_kernel_that_uses_it(workers):
    in_use = workers.scratch("mine", (MIB,), np.uint8)
    in_use[...] = 7
    tg.backends.cpu.empty_cache()
    assert tg.backends.cpu.memory_stats()["scratch"] == 0
    np.empty(MIB, np.uint8).fill(0)
    assert (in_use == 7).all()


def in_its_own_process(function, *args):
    """Call the function where no other test has used the heap; what it asserts must hold."""
    process = multiprocessing.get_context("spawn").Process(target=function, args=args)
    process.start()
    process.join()
    assert process.exitcode == 0


def resident():
    """Bytes of this process that are in memory now."""
    return int(pathlib.Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * mmap.PAGESIZE


def keep_and_give_back(size):
    gc.collect()
    tg.backends.cpu.empty_cache()
    before, in_memory = tg.backends.cpu.memory_stats(), resident()
    x = tg.zeros(size // 4) + 1
    assert tg.backends.cpu.memory_stats()["allocated"] >= before["allocated"] + size
    del x
    assert tg.backends.cpu.memory_stats()["kept"] >= size
    assert resident() > in_memory + size // 2
    tg.backends.cpu.empty_cache()
    assert resident() < in_memory + size // 2


@needs_glibc
@pytest.mark.parametrize("size", [8 * MIB, 100 * MIB])
def test_memory_of_a_dead_array_is_kept_and_given_back_on_request(size):
    in_its_own_process(keep_and_give_back, size)


def change_shapes():
    tg.device("cpu")                                    # whose first use sets what the C library keeps
    random = np.random.default_rng(0)

    def steps(number):
        kept = []
        for _ in range(number):
            arrays = [np.empty(size, np.uint8) for size in random.integers(1000, 8 * MIB, 20)]
            kept.append(arrays[random.integers(20)])
            if len(kept) > 5:
                del kept[random.integers(5)]
        stats = tg.backends.cpu.memory_stats()
        return stats["allocated"] + stats["kept"]

    first = steps(30)                                   # 80 MiB on average, 160 at most, live at once
    assert steps(300) <= first + 64 * MIB


@needs_glibc
def test_shapes_that_change_do_not_make_the_heap_grow_for_ever():
    in_its_own_process(change_shapes)


@needs_glibc
def test_a_thread_makes_an_array_larger_than_the_heap_it_has_of_its_own():
    made = []
    thread = threading.Thread(target=lambda: made.append(np.ones(200 * MIB, np.uint8)))
    thread.start()
    thread.join()
    assert int(made[0].sum(dtype=np.int64)) == 200 * MIB


@pytest.fixture
def one_thread():
    """With several, one that first comes late may take its first task, and its scratch memory, in any step."""
    before = tg.get_num_threads()
    tg.set_num_threads(1)
    yield
    tg.set_num_threads(before)


@needs_glibc
def test_a_second_training_step_maps_no_new_memory(one_thread):
    resource = pytest.importorskip("resource", reason="the system does not count page faults")
    model = tg.nn.Sequential(tg.nn.Conv2d(3, 16, 3, padding=1), tg.nn.BatchNorm2d(16), tg.nn.ReLU())
    x = tg.randn(16, 3, 64, 64)

    def step():
        model.zero_grad()
        model(x).sum().backward()

    step()
    step()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    step()
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    assert faults * 4096 < MIB                          # the activations alone are 12 MiB
