"""The threads of a loader: they run tasks ahead of the caller, who gets the results in order.

Threads, not processes: NumPy and file reading leave the interpreter free while they work, nothing needs to be pickled,
and every system has them. Random numbers that follow a batch (`batch_random`) make the results the same for any number
of workers, none included.
"""
import threading
from collections import deque
from contextvars import ContextVar
from itertools import islice
from queue import SimpleQueue
from time import monotonic

import numpy as np

from ..errors import DataError
from ..generator import default_generator

END = object()                                          # the result of a task that found no more data
_FAREWELL = 1.0                                         # seconds to wait for threads that are asked to stop
_batch = ContextVar("tinygrad_cnn batch", default=None)
_thread = threading.local()


class WorkerInfo:
    """What `get_worker_info` tells a worker: its `id`, `num_workers`, the epoch's `seed` and the `dataset`."""

    def __init__(self, id, num_workers, seed, dataset):
        self.id, self.num_workers, self.seed, self.dataset = id, num_workers, seed, dataset

    def __repr__(self):
        return f"WorkerInfo(id={self.id}, num_workers={self.num_workers}, seed={self.seed}, dataset={self.dataset!r})"


def get_worker_info():
    """The WorkerInfo of the loader's thread that calls this; None outside of one."""
    return getattr(_thread, "info", None)


def batch_random():
    """The random numbers for the batch that is being read, a numpy.random.Generator: use it in random transforms.

    In a loader it depends on the loader's seed and the batch's number alone, so an epoch is the same for any number of
    workers. Elsewhere it is the CPU's default generator.
    """
    current = _batch.get()
    return default_generator().numpy if current is None else current.generator()


class Task:
    """One batch to read: calling it gives the batch, or END. Its random numbers are made when first asked for."""
    __slots__ = ("read", "seed", "number", "_generator")

    def __init__(self, read, seed, number):
        self.read, self.seed, self.number = read, seed, number
        self._generator = None

    def generator(self):
        if self._generator is None:
            self._generator = np.random.default_rng((self.seed, self.number))
        return self._generator

    def __call__(self):
        token = _batch.set(self)
        try:
            return self.read()
        finally:
            _batch.reset(token)


class _Job:
    """A task on its way through a thread."""
    __slots__ = ("task", "result", "error", "finished")

    def __init__(self, task):
        self.task = task
        self.result = self.error = None
        self.finished = threading.Event()


def _work(queue, info, prepare):
    _thread.info = info
    failure = None
    try:
        if prepare is not None:
            prepare(info.id)
    except Exception as error:                          # given to the caller with the first batch
        failure = error
    while True:
        job = queue.get()
        if job is None:
            return
        try:
            if failure is not None:
                raise failure
            job.result = job.task()
        except BaseException as error:                  # carried to the caller, who raises it
            job.error = error
        job.finished.set()
        del job                                         # keeps no batch alive while it waits


def in_order(tasks, infos, ahead, timeout, prepare):
    """The results of the tasks, in order, worked out by one thread for each of `infos`, at most `ahead` tasks early.

    tasks: an iterator of Tasks, advanced in the caller's thread. timeout: seconds to wait for one result, 0 for ever.
    prepare: called with the worker's number in each thread first, or None.
    Raises: what a task raised, in its turn; DataError after the timeout.
    """
    queue, waiting = SimpleQueue(), deque()
    threads = [threading.Thread(target=_work, args=(queue, info, prepare), daemon=True,
                                name=f"tinygrad_cnn loader {info.id}") for info in infos]

    def submit(count):
        for task in islice(tasks, count):
            job = _Job(task)
            waiting.append(job)
            queue.put(job)

    try:
        for thread in threads:
            thread.start()
        submit(ahead)
        while waiting:
            job = waiting.popleft()
            _wait(job, timeout)
            if job.error is not None:
                raise job.error
            if job.result is END:
                return
            submit(1)
            result = job.result
            del job
            yield result
    finally:
        _dismiss(queue, threads)


def _wait(job, timeout):
    """Wait in short stretches: Windows hands on Ctrl-C only between two of them."""
    deadline = monotonic() + timeout
    while not job.finished.wait(0.5 if not timeout else max(0.0, min(0.5, deadline - monotonic()))):
        if timeout and monotonic() >= deadline:
            raise DataError(f"DataLoader: batch {job.task.number} was not there after timeout={timeout} seconds. "
                            "Give a longer timeout, or look at what the data set waits for.")


def _dismiss(queue, threads):
    """Drop the tasks that no thread has begun, and let the threads go."""
    while not queue.empty():
        queue.get()
    for _ in threads:
        queue.put(None)
    for thread in threads:
        if thread.ident is not None and thread is not threading.current_thread():
            thread.join(_FAREWELL)
