"""Parallel regions and scratch memory for NumPy kernels.

The idea: the caller is one of the workers. A region is a list of runs [start, stop) of [0, n); the caller and the
waiting daemon threads take them from it one by one until none is left. `parallel` makes as many runs as there are
threads, for kernels that add up what a run finds: the cut depends on n and the number of threads alone, so the bits of
a result do too. `share` makes n runs of one, for kernels whose runs touch nothing of each other's: a thread that wakes
late, or is held up, does fewer. Waking a thread takes 30 to 60 us; the caller does not wait for one that comes when all
is done. A region that finds the pool busy (another user thread, or a region inside a region) is done alone.

BLAS is held to one thread inside: two threads that call a two-thread BLAS wait for each other's lock, and BLAS's own
threads spin for 0.1 s after each product they shared, on the cores that the next region wants (left to them, a step of
ResNet-50 takes 1.4 times as long on 2 cores). The setting is the process's, so it is restored at the end of the region.
"""
import os
import threading
from queue import SimpleQueue
from weakref import WeakSet

import numpy as np

from ..errors import ArgumentError


class _Job:
    """A share in a region, given to a worker; `finished` is released when it is done."""
    __slots__ = ("work", "takers", "error", "finished")

    def __init__(self, work):
        self.work, self.takers, self.error = work, [], None
        self.finished = threading.Lock()
        self.finished.acquire()

    def taken_by(self, who):
        """Whether it is `who` that has it: whoever asked first."""
        self.takers.append(who)
        return self.takers[0] == who


def _work(queue):
    np.seterr(all="ignore")                             # this thread's own setting: kernels are silent
    while True:
        job = queue.get()
        if job.taken_by("worker"):
            try:
                job.work()
            except BaseException as error:              # carried to the caller, who raises it
                job.error = error
            job.finished.release()
        job = None                                      # keeps no array alive while it waits


class _Blocks:
    """The scratch memory of one thread, by name; gone with the thread."""
    __slots__ = ("blocks", "__weakref__")


class _Blas:
    """BLAS's number of threads: one while somebody holds it, then what it was.

    Only the thread that set it may restore it (threadpoolctl's rule), so of several that overlap the first holds.
    """
    __slots__ = ("_held", "_controller", "_limits")

    def __init__(self):
        self._held, self._controller, self._limits = threading.Lock(), None, None

    def hold(self):
        """Set one thread; returns self, to `let_go()` of, or None if somebody holds it already."""
        if not self._held.acquire(blocking=False):
            return None
        try:
            if self._controller is None:
                from threadpoolctl import ThreadpoolController
                self._controller = ThreadpoolController().select(user_api="blas")
            self._limits = self._controller.limit(limits=1)
            self._limits.__enter__()
        except BaseException:                           # Ctrl-C
            self._held.release()
            raise
        return self

    def let_go(self):
        """Restore what was."""
        self._limits.__exit__(None, None, None)
        self._held.release()


class Workers:
    """A pool of `num_threads` - 1 daemon threads, started when first needed, and one scratch memory a thread."""

    def __init__(self):
        self.num_threads = _available_cores()
        self._local = threading.local()
        self._everyones = WeakSet()
        self._rebuild()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._rebuild)

    def _rebuild(self):
        self._busy = threading.Lock()
        self._queues = []
        self._blas = _Blas()

    def set_num_threads(self, count):
        """Use `count` threads from the next region on.

        Raises: ArgumentError if count is not a positive integer.
        """
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            raise ArgumentError(f"set_num_threads: {count!r} is not a number of threads. "
                                "Give an integer of at least 1.")
        self.num_threads = count

    def parallel(self, fn, n, alone=False):
        """Call fn(start, stop) for as many runs as threads that cover [0, n); an exception in any is raised here.

        alone: do it all in this thread, for less work than a region costs; BLAS is held all the same.
        """
        count = 1 if alone else min(self.num_threads, n)
        if n:
            self._region(fn, [(n * k // count, n * (k + 1) // count) for k in range(count)])

    def share(self, fn, n, alone=False):
        """Call fn(k, k + 1) for each k < n, in any order, each on whichever thread is free."""
        self._region(fn, [(0, n)] if alone else [(k, k + 1) for k in range(n)])

    def _region(self, fn, runs):
        count = min(self.num_threads, len(runs))
        busy = self._busy                               # a fork inside the region gives the child a new lock
        mine, blas = count > 1 and busy.acquire(blocking=False), None
        try:
            blas = self._blas.hold()
            if mine:
                self._together(fn, runs, count)
            else:
                for start, stop in runs:
                    fn(start, stop)
        finally:
            if blas:
                blas.let_go()
            if mine:
                busy.release()

    def _together(self, fn, runs, count):
        while len(self._queues) < count - 1:
            queue = SimpleQueue()
            threading.Thread(target=_work, args=(queue,), daemon=True, name="tinygrad_cnn worker").start()
            self._queues.append(queue)
        left = iter(runs)                               # of several threads, each gets another run from it

        def work():
            for start, stop in left:
                fn(start, stop)

        jobs = []
        try:
            for queue in self._queues[:count - 1]:
                job = _Job(work)
                queue.put(job)
                jobs.append(job)
            work()
        finally:
            for _ in left:                              # after an error: what nobody has begun is left
                pass
            interrupted = _wait(jobs)
        for job in jobs:
            if job.error is not None:
                raise job.error
        if interrupted is not None:
            raise interrupted

    def scratch(self, name, shape, dtype):
        """An uninitialised array for use inside a kernel, the same memory for the same name until the next call."""
        try:
            mine = self._local.mine
        except AttributeError:
            mine = self._local.mine = _Blocks()
            mine.blocks = {}
            self._everyones.add(mine)
        dtype = np.dtype(dtype)
        size = dtype.itemsize
        for length in shape:
            size *= length
        block = mine.blocks.get(name)
        if block is None or block.nbytes < size:
            block = mine.blocks[name] = np.empty(size, np.uint8)
        return block[:size].view(dtype).reshape(shape)

    def release(self):
        """Let go of the scratch memory of all threads; what a kernel is using lives until it has finished."""
        for theirs in list(self._everyones):
            theirs.blocks = {}

    def scratch_bytes(self):
        """The size of the scratch memory of all threads, in bytes."""
        return sum([block.nbytes for theirs in list(self._everyones) for block in list(theirs.blocks.values())])


def _wait(jobs):
    """Wait until every job that was begun is done, also when Ctrl-C comes meanwhile: their arrays are in use."""
    interrupted = None
    for job in jobs:
        while True:
            try:
                if job.taken_by("caller"):
                    job.work = None
                else:
                    job.finished.acquire()
                break
            except KeyboardInterrupt as signal:
                interrupted = signal
    return interrupted


def _available_cores():
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
