"""What the strict device counts: synchronisations, uploads from the host, and bytes of memory; and on which of its
GPUs each array lies.

A synchronisation is any call that makes the host wait for the GPU: reading a value back, and every function whose
result has a size that depends on values. One ledger for the process; `counting()` gives the difference over a block.
"""
import contextlib
import pathlib
import traceback
import weakref


class Ledger:
    """Counts: `synchronisations`, `uploads`, `live_bytes`, `peak_bytes`, `total_bytes`, `allocations`, and `where`, the
    callers of the synchronisations while someone is counting. `current` is the GPU that new arrays go to."""

    def __init__(self):
        self.synchronisations = self.uploads = 0
        self.live_bytes = self.peak_bytes = self.total_bytes = self.allocations = 0
        self.where = None
        self.current = 0
        self._live, self._elsewhere = {}, {}            # by id of the memory's owner: its reference; its GPU if not 0

    def synchronise(self, reason):
        self.synchronisations += 1
        if self.where is not None:
            frames = [frame for frame in traceback.extract_stack(limit=14)[:-2]
                      if pathlib.Path(frame.filename).parent != pathlib.Path(__file__).parent
                      or pathlib.Path(frame.filename).name.startswith("test_")]
            self.where.append(f"{reason} at {frames[-1].filename}:{frames[-1].lineno}" if frames else reason)

    def track(self, array):
        """Count the memory of a NumPy array, once, until it is freed."""
        owner = array if array.base is None else array.base
        key = id(owner)
        if key in self._live or not hasattr(owner, "nbytes"):
            return
        size = owner.nbytes
        self._live[key] = weakref.ref(owner, lambda _: self._freed(key, size))
        if self.current:
            self._elsewhere[key] = self.current
        self.allocations += 1
        self.total_bytes += size
        self.live_bytes += size
        if self.live_bytes > self.peak_bytes:
            self.peak_bytes = self.live_bytes

    def gpu(self, owner):
        """The GPU that an array which owns its memory lies on."""
        return self._elsewhere.get(id(owner), 0)

    @property
    def several(self):
        """Whether any array lies, or would be made, on another GPU than the first."""
        return bool(self._elsewhere) or self.current != 0

    def _freed(self, key, size):
        self._live.pop(key, None)
        self._elsewhere.pop(key, None)
        self.live_bytes -= size


LEDGER = Ledger()


class Count:
    """What happened inside a `counting()` block; `where` lists the synchronisations with their source lines."""

    def __init__(self):
        self.synchronisations = self.uploads = self.total_bytes = self.allocations = 0
        self.where = []


@contextlib.contextmanager
def counting():
    """Count what a block does: `with counting() as count: ...; assert count.synchronisations == 0, count.where`."""
    count, outer = Count(), LEDGER.where
    LEDGER.where = count.where
    names = ("synchronisations", "uploads", "total_bytes", "allocations")
    before = [getattr(LEDGER, name) for name in names]
    try:
        yield count
    finally:
        LEDGER.where = outer
        for name, value in zip(names, before):
            setattr(count, name, getattr(LEDGER, name) - value)
