"""Workers run on other cores than their caller."""
import os
import threading

import pytest

from tinygrad_cnn.kernels import cores, threads
from tinygrad_cnn.kernels.cores import Place
from tinygrad_cnn.kernels.threads import Workers

pytestmark = pytest.mark.skipif(cores.place() is None, reason="only Linux says on which core a thread is")
several = pytest.mark.skipif(cores.available_cores() < 2, reason="needs two cores")


@pytest.fixture
def sleeper():
    """A thread that waits for the end of the test."""
    end = threading.Event()
    thread = threading.Thread(target=end.wait, daemon=True)
    thread.start()
    yield thread
    end.set()
    thread.join()


def workers_of(count):
    workers = Workers()
    workers.set_num_threads(count)
    return workers


def run(workers):
    workers.parallel(lambda a, b: None, workers.num_threads)


def cores_of_the_first(workers):
    return os.sched_getaffinity(workers._pool[0][1])


@several
def test_workers_are_kept_off_the_core_the_caller_is_on(monkeypatch):
    mine, workers = os.sched_getaffinity(0), workers_of(2)
    for core in (min(mine), max(mine), min(mine)):
        monkeypatch.setattr(threads, "place", lambda core=core: Place(core, mine))
        run(workers)
        assert cores_of_the_first(workers) == mine - {core}
    assert os.sched_getaffinity(0) == mine


@several
def test_they_are_also_after_there_were_too_many_of_them(monkeypatch):
    mine = os.sched_getaffinity(0)
    workers = workers_of(len(mine) + 2)
    for core, count in ((min(mine), len(mine) + 2), (max(mine), 2)):
        monkeypatch.setattr(threads, "place", lambda core=core: Place(core, mine))
        workers.set_num_threads(count)
        run(workers)
    assert cores_of_the_first(workers) == mine - {max(mine)}


@several
def test_they_follow_a_caller_that_is_bound_to_a_core_and_let_go():
    mine, workers = os.sched_getaffinity(0), workers_of(2)
    try:
        os.sched_setaffinity(0, {min(mine)})
        run(workers)                                    # started there, where no other core is left to it
        os.sched_setaffinity(0, mine)
        run(workers)
        assert len(cores_of_the_first(workers)) == len(mine) - 1
    finally:
        os.sched_setaffinity(0, mine)


@several
def test_threads_that_the_other_cores_are_too_few_for_stay_where_they_are(sleeper):
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(sleeper.native_id, {min(mine)})
    cores.keep_off(Place(min(mine), mine), [sleeper.native_id] * len(mine))
    assert os.sched_getaffinity(sleeper.native_id) == {min(mine)}


@several
def test_a_system_that_forbids_it_leaves_threads_where_they_are(monkeypatch):
    asked = []

    def forbidden(thread, wanted):
        asked.append(thread)
        raise PermissionError("not here")
    monkeypatch.setattr(os, "sched_setaffinity", forbidden)
    cores.keep_off(cores.place(), [threading.get_native_id()])
    assert asked == [threading.get_native_id()]


def test_where_no_core_is_known_nothing_is_set(monkeypatch):
    monkeypatch.setattr(cores, "_current_core", None)
    monkeypatch.setattr(threads, "keep_off", lambda place, threads: pytest.fail("there is no place to keep off"))
    run(workers_of(2))


def test_a_thread_is_on_a_core_it_may_run_on():
    core, mine = cores.place()
    assert core in mine and cores.available_cores() == len(mine)
