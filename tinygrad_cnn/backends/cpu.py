"""How the CPU computes: which convolution algorithms it may use.

`precise()` forbids those that lose accuracy for speed; `algorithm(name)` forces one of `ALGORITHMS`.
`memory_stats()` says what memory the CPU keeps for work to come, and `empty_cache()` lets go of it.
"""
from ..device import Device
from ..kernels import memory
from ..kernels.cpu.choice import ALGORITHMS, algorithm, precise

__all__ = ["ALGORITHMS", "algorithm", "empty_cache", "memory_stats", "precise"]


def memory_stats():
    """Bytes of memory: {"allocated": in use in this process, "kept": freed and kept for the next arrays, "scratch": of
    those in use, the work arrays that kernels keep}. allocated and kept are None where the C library does not say.

    The heap grows to what was in use at its fullest, and further where shapes that change leave gaps; it does not
    shrink before `empty_cache()`. Pages that this gave back from between arrays in use still count as kept.

    >>> import tinygrad_cnn as tg
    >>> sorted(tg.backends.cpu.memory_stats())
    ['allocated', 'kept', 'scratch']
    """
    allocated, kept = memory.heap_bytes() or (None, None)
    return {"allocated": allocated, "kept": kept, "scratch": Device("cpu").workers.scratch_bytes()}


def empty_cache():
    """Give memory that no tensor uses back to the system: the kernels' work arrays, and what the C library keeps."""
    Device("cpu").workers.release()
    memory.give_back()
