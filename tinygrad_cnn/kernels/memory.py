"""What becomes of the memory of dead arrays: the C library keeps it for the next ones.

A training step makes and drops the same arrays again and again. Left alone, glibc gives a large one's memory back to
the system as it dies, and the system maps and clears it anew, 4 kB at a time: 12,500 page faults in a step of ResNet-20
with 128 images, 3 with the settings made here; a ReLU of 12.8 MB, forward and backward, takes 3.6 ms in place of 8.7.
So every array lives in the heap, however large, and the heap does not shrink by itself: with arrays of 128 MB a step
takes 1.2 s in place of 2.4. The heap grows to what was in use at its fullest, and further where shapes change from step
to step and leave gaps (613 MB in place of 458 in a trial of 35 shapes); empty_cache() gives back what no array uses.
Threads have heaps of their own, for arrays of up to 64 MB, whose ends stay theirs.
Elsewhere (macOS, Windows, musl) the C library does as it likes.
"""
import ctypes
import sys

KEPT = -1                   # bytes at the end of the heap above which they go back to the system: as many as there are
OUTSIDE = 0                 # arrays that may live outside the heap
AHEAD = 64 << 20            # bytes by which the heap grows at least

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4               # their numbers in glibc's malloc.h


class _Mallinfo2(ctypes.Structure):
    """glibc's struct mallinfo2: arena is the heap's bytes, hblkhd those outside it, uordblks in use, fordblks free."""
    _fields_ = [(name, ctypes.c_size_t) for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks",
                                                     "fsmblks", "uordblks", "fordblks", "keepcost")]


def _c_function(name):
    """A function of the C library of this process, or None where it has none of that name."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform.startswith("linux") else None


def keep_memory():
    """Tell the C library to keep what is freed; for the whole process, once."""
    mallopt = _c_function("mallopt")
    if mallopt is not None:
        for setting, value in ((_MMAP_MAX, OUTSIDE), (_TRIM_THRESHOLD, KEPT), (_TOP_PAD, AHEAD)):
            mallopt(setting, value)


def give_back():
    """Give memory that no array uses back to the system."""
    malloc_trim = _c_function("malloc_trim")
    if malloc_trim is not None:
        malloc_trim(ctypes.c_size_t(0))


def heap_bytes():
    """(bytes in use, bytes kept) of this process's memory from the C library, or None where it does not say."""
    mallinfo2 = _c_function("mallinfo2")
    if mallinfo2 is None:
        return None
    mallinfo2.restype = _Mallinfo2
    info = mallinfo2()
    return info.uordblks + info.hblkhd, info.fordblks
