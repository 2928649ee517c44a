"""On which cores threads run.

The system may wake a thread on the core of the one that woke it, where the two take turns until it notices, about a
millisecond later; after a pause it mostly does (Linux 6.18: a ReLU of 12.8 MB, forward and backward, then takes 4.4 ms
in place of 3.5). So threads that wait for work are kept off the core their caller is on. Linux only: elsewhere nothing
is known of cores, and nothing is set.
"""
import ctypes
import os
import sys
from contextlib import suppress

ON_LINUX = sys.platform.startswith("linux")

# On which core its caller runs, by the C library, in 0.1 us; None where that cannot be told.
current_core = getattr(ctypes.PyDLL(None), "sched_getcpu", lambda: None) if ON_LINUX else lambda: None


def available_cores():
    """How many cores this thread may run on."""
    return len(os.sched_getaffinity(0)) if ON_LINUX else os.cpu_count() or 1


def keep_off(core, threads):
    """Let threads, by their native ids, run on the caller's cores except `core`, if the others are enough for them."""
    if core is None:
        return
    cores = os.sched_getaffinity(0)
    with suppress(OSError):                             # not allowed here: they stay where they are
        for thread in threads:
            os.sched_setaffinity(thread, cores - {core} if len(cores) > len(threads) else cores)
