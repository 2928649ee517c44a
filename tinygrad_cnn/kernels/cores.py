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
from typing import NamedTuple

# On which core its caller runs, by the C library, in 0.1 us; None where there is no such function.
_current_core = getattr(ctypes.PyDLL(None), "sched_getcpu", None) if sys.platform.startswith("linux") else None


class Place(NamedTuple):
    """The core a thread is on, and those it may run on."""
    core: int
    cores: set


def available_cores():
    """How many cores this thread may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def place():
    """The Place of this thread, or None where the system does not tell."""
    return None if _current_core is None else Place(_current_core(), os.sched_getaffinity(0))


def keep_off(place, threads):
    """Let threads, by their native ids, run where the thread at `place` may but is not, if there are cores enough."""
    others = place.cores - {place.core}
    if len(others) >= len(threads):
        with suppress(OSError):                         # not allowed here: they stay where they are
            for thread in threads:
                os.sched_setaffinity(thread, others)
