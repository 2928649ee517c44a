"""Workers run on other cores than their caller."""
import os
import threading

import pytest

from tinygrad_cnn.kernels import cores, threads
from tinygrad_cnn.kernels.threads import Workers

linux = pytest.mark.skipif(not cores.ON_LINUX, reason="only Linux says which cores there are")
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


@linux
@several
def test_workers_are_kept_off_the_core_the_caller_is_on(monkeypatch):
    mine = os.sched_getaffinity(0)
    workers = Workers()
    workers.set_num_threads(2)
    for core in (min(mine), max(mine), min(mine)):
        monkeypatch.setattr(threads, "current_core", lambda core=core: core)
        workers.parallel(lambda a, b: None, 2)
        assert os.sched_getaffinity(workers._ids[0]) == mine - {core}
    assert os.sched_getaffinity(0) == mine


@linux
def test_threads_that_the_other_cores_are_too_few_for_run_on_all(sleeper):
    mine = os.sched_getaffinity(0)
    cores.keep_off(min(mine), [sleeper.native_id] * len(mine))
    assert os.sched_getaffinity(sleeper.native_id) == mine


@linux
def test_a_system_that_forbids_it_leaves_threads_where_they_are(monkeypatch):
    def forbidden(thread, wanted):
        raise PermissionError("not here")
    monkeypatch.setattr(os, "sched_setaffinity", forbidden)
    cores.keep_off(cores.current_core(), [threading.get_native_id()])


def test_where_no_core_is_known_nothing_is_set(monkeypatch):
    for name in ("sched_getaffinity", "sched_setaffinity"):
        monkeypatch.delattr(os, name, raising=False)
    cores.keep_off(None, [threading.get_native_id()])


def test_there_is_a_core_for_every_machine():
    assert cores.available_cores() >= 1
    assert cores.current_core() is None or cores.current_core() in os.sched_getaffinity(0)
