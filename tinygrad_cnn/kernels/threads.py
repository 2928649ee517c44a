"""Parallel regions and scratch memory for NumPy kernels.

The idea: the caller is one of the workers. A region is a list of tasks; the caller and the waiting daemon threads take
them from it one by one until none is left. `share` is given the tasks, for kernels whose tasks touch nothing of each
other's: a thread that wakes late, or is held up, does fewer. `parallel` makes one run [start, stop) of [0, n) a thread,
for kernels that want long runs, or add up what a run finds: the cut depends on n and the number of threads alone, so
the bits of a result do too. Waking a thread takes 30 to 60 us, on a core that the caller is not on (cores.py); the
caller does not wait for one that comes when all is done. A region that finds the pool busy (another user thread, or a
region inside a region) is done alone.

BLAS is held to one thread inside: two threads that call a two-thread BLAS wait for each other's lock, and BLAS's own
threads spin for 0.1 s after each product they shared, on the cores that the next region wants (left to them, a step of
ResNet-50 takes 1.4 times as long on 2 cores). The setting is the process's, so it is restored at the end of the region.
"""
import os
import threading
from math import prod
from queue import SimpleQueue
from weakref import WeakSet

import numpy as np

from ..errors import ArgumentError
from .cores import available_cores, keep_off, place

MANY = 1000                 # arrays of scratch memory that a thread remembers: found in 0.2 us, made in 0.9


class _Job:
    """A share in a region, given to a worker; `done` when it is, and then `finished` is released."""
    __slots__ = ("work", "takers", "error", "done", "finished")

    def __init__(self, work):
        self.work, self.takers, self.error, self.done = work, [], None, False
        self.finished = threading.Lock()
        self.finished.acquire()

    def taken_by(self, who):
        """Whether it is `who` that has it: whoever asked first."""
        self.takers.append(who)
        return self.takers[0] == who

    def wait(self):
        """Return when it is done, or if nobody had begun it; may be called again after Ctrl-C."""
        if self.taken_by("caller"):
            self.work = None
        else:
            while not self.done:                        # Ctrl-C may come when the lock has just been got
                self.finished.acquire()


def _work(queue):
    np.seterr(all="ignore")                             # this thread's own setting: kernels are silent
    while True:
        job = queue.get()
        if job.taken_by("worker"):
            try:
                job.work()
            except BaseException as error:              # carried to the caller, who raises it
                job.error = error
            job.work = None                             # whose arrays are the caller's alone again
            job.done = True
            job.finished.release()
        job = None                                      # keeps no array alive while it waits


class _Scratch:
    """The scratch memory of one thread, gone with the thread: blocks of bytes by name, and the arrays made of them."""
    __slots__ = ("memory", "__weakref__")

    def __init__(self):
        self.release()

    def release(self):
        self.memory = {}, {}


class _Blas:
    """BLAS's number of threads: one while a region holds it, then what it was.

    Of several regions that overlap the first holds: with OpenMP only the thread that set the number can restore it.
    """
    __slots__ = ("_holder", "_libraries", "_before")

    def __init__(self):
        self._holder, self._libraries, self._before = {}, None, ()

    def hold(self, region):
        """Set one thread, unless another region has done so."""
        if self._holder.setdefault("region", region) is region:
            if self._libraries is None:
                from threadpoolctl import ThreadpoolController
                self._libraries = ThreadpoolController().select(user_api="blas").lib_controllers
            self._before = [(library, library.num_threads) for library in self._libraries]
            for library in self._libraries:
                library.set_num_threads(1)

    def let_go(self, region):
        """Restore what was, if it is `region` that holds; may be called again after Ctrl-C."""
        if self._holder.get("region") is region:
            for library, count in self._before:
                library.set_num_threads(count)
                if hasattr(library, "clear_controlling_thread"):    # threadpoolctl 3.8: or no other thread can set it
                    library.clear_controlling_thread()
            self._before = ()
            self._holder.clear()


class Workers:
    """A pool of `num_threads` - 1 daemon threads, started when first needed, and one scratch memory a thread."""

    def __init__(self):
        self.num_threads = available_cores()
        self._local = threading.local()
        self._everyones = WeakSet()
        self._rebuild()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._rebuild)

    def _rebuild(self):
        self._busy = {}                                 # {"region": the one that has the pool}, or nothing
        self._pool = []                                 # (queue, native id) of each thread started
        self._kept_off = None                           # the caller's place and the number of threads last kept off it
        self._registering = threading.Lock()
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
            self._region(lambda run: fn(*run), [(n * k // count, n * (k + 1) // count) for k in range(count)], count)

    def share(self, fn, tasks, alone=False):
        """Call fn(task) for each of a sequence of tasks, in any order, each on whichever thread is free.

        alone: as in `parallel`.
        """
        self._region(fn, tasks, 1 if alone else min(self.num_threads, len(tasks)))

    def _region(self, fn, tasks, count):
        region, busy, blas = object(), self._busy, self._blas       # a fork inside gives the child others

        def leave():
            blas.let_go(region)
            if busy.get("region") is region:
                del busy["region"]

        try:
            try:
                mine = count > 1 and busy.setdefault("region", region) is region
                blas.hold(region)
                if mine:
                    self._together(fn, tasks, count)
                else:
                    for task in tasks:
                        fn(task)
            finally:
                leave()
        finally:
            leave()                                     # once more: Ctrl-C may have broken off the first

    def _together(self, fn, tasks, count):
        while len(self._pool) < count - 1:
            queue = SimpleQueue()
            thread = threading.Thread(target=_work, args=(queue,), daemon=True, name="tinygrad_cnn worker")
            thread.start()
            self._pool.append((queue, thread.native_id))
        pool, here = self._pool[:count - 1], place()
        if here is not None and self._kept_off != (here, count):
            self._kept_off = here, count
            keep_off(here, [thread for _, thread in pool])
        left, jobs = iter(tasks), []                    # of several threads, each gets another task from it

        def work():
            for task in left:
                fn(task)

        try:
            try:
                for queue, _ in pool:
                    job = _Job(work)
                    jobs.append(job)
                    queue.put(job)
                work()
            finally:
                _finish(left, jobs)
        finally:
            _finish(left, jobs)                         # once more, as above
        for job in jobs:
            if job.error is not None:
                raise job.error

    def scratch(self, name, shape, dtype):
        """An uninitialised array for use inside a kernel, the same memory for the same name until the next call."""
        try:
            mine = self._local.mine
        except AttributeError:
            mine = self._local.mine = _Scratch()
            with self._registering:
                self._everyones.add(mine)
        blocks, arrays = mine.memory                    # another thread may release them meanwhile
        key = name, shape, dtype
        array = arrays.get(key)
        if array is None:
            size = np.dtype(dtype).itemsize * prod(shape)
            block = blocks.get(name)
            if len(arrays) > MANY:
                arrays.clear()
            if block is None or block.nbytes < size:
                arrays.clear()                          # some are of the block that goes now
                block = blocks[name] = np.empty(size, np.uint8)
            array = arrays[key] = block[:size].view(dtype).reshape(shape)
        return array

    def release(self):
        """Let go of the scratch memory of all threads; what a kernel is using lives until it has finished."""
        for theirs in self._everyone():
            theirs.release()

    def scratch_bytes(self):
        """The size of the scratch memory of all threads, in bytes."""
        return sum([block.nbytes for theirs in self._everyone() for block in list(theirs.memory[0].values())])

    def _everyone(self):
        """The scratch memories of all threads, some of which may be starting now."""
        with self._registering:
            return list(self._everyones)


def _finish(left, jobs):
    """Drop the tasks nobody has begun, and wait for the jobs that were, also when Ctrl-C comes: they use the arrays."""
    interrupt, waiting = None, True
    while waiting:
        try:
            for _ in left:
                pass
            for job in jobs:
                job.wait()
            waiting = False
        except KeyboardInterrupt as signal:
            interrupt = signal
    if interrupt is not None:
        raise interrupt
