"""The GPU's own questions, under the names of torch.cuda: is there one, what is it, how much memory, wait for it.

Everything goes through CuPy, imported when first needed. `is_available` and `device_count` answer anywhere; most others
raise DeviceError where CuPy or the GPU is missing, saying which of the two and what helps. A `device` argument is None
(the current GPU), an index, a name such as "cuda:1", or a Device. Sizes are bytes.
"""
from . import generator
from .device import Device, import_cupy
from .errors import ArgumentError, DeviceError

__all__ = ["current_device", "device_count", "empty_cache", "get_device_capability", "get_device_name", "initial_seed",
           "is_available", "manual_seed", "manual_seed_all", "max_memory_allocated", "max_memory_reserved",
           "mem_get_info", "memory_allocated", "memory_reserved", "memory_stats", "reset_peak_memory_stats",
           "synchronize"]


def is_available():
    """Whether CuPy is installed and finds a GPU it can use; never raises."""
    return device_count() > 0


def device_count():
    """How many GPUs CuPy can use; 0 where CuPy or a GPU is missing."""
    try:
        return import_cupy().cuda.runtime.getDeviceCount()
    except DeviceError:
        return 0


def current_device():
    """The index of the GPU that work without a given device goes to."""
    return import_cupy().cuda.runtime.getDevice()


def _index(function, device):
    """(the module cupy, index of the GPU), for an argument `device`."""
    cupy = import_cupy()
    if device is None:
        return cupy, cupy.cuda.runtime.getDevice()
    if isinstance(device, int) and not isinstance(device, bool):
        count = cupy.cuda.runtime.getDeviceCount()
        if not 0 <= device < count:
            raise DeviceError(f"{function}: cuda:{device} is not there; this machine has {count} GPU(s). "
                              f"Use 0 to {count - 1}.")
        return cupy, device
    found = Device(device)
    if found.type != "cuda":
        raise ArgumentError(f"{function}: {found} is not a GPU. Give 'cuda', 'cuda:0' or an index.")
    return cupy, found.index


def synchronize(device=None):
    """Wait until all work given to the GPU is done."""
    cupy, index = _index("synchronize", device)
    cupy.cuda.Device(index).synchronize()


def get_device_name(device=None):
    """The GPU's name, such as "NVIDIA H200"."""
    cupy, index = _index("get_device_name", device)
    return cupy.cuda.runtime.getDeviceProperties(index)["name"].decode()


def get_device_capability(device=None):
    """The GPU's compute capability as (major, minor): (9, 0) for an H200."""
    cupy, index = _index("get_device_capability", device)
    found = cupy.cuda.runtime.getDeviceProperties(index)
    return found["major"], found["minor"]


def mem_get_info(device=None):
    """(free, total) bytes of the GPU's memory, as the driver sees it."""
    cupy, index = _index("mem_get_info", device)
    with cupy.cuda.Device(index):
        return cupy.cuda.runtime.memGetInfo()


def _pool(function, device):
    """A function of the memory pool's name that asks it on the right GPU."""
    cupy, index = _index(function, device)

    def ask(question):
        with cupy.cuda.Device(index):
            return getattr(cupy.get_default_memory_pool(), question)()
    return ask


def memory_allocated(device=None):
    """Bytes that arrays hold now."""
    return _pool("memory_allocated", device)("used_bytes")


def memory_reserved(device=None):
    """Bytes that CuPy's pool holds, in arrays or for arrays to come."""
    return _pool("memory_reserved", device)("total_bytes")


def empty_cache():
    """Give memory that no array uses back to the driver."""
    import_cupy().get_default_memory_pool().free_all_blocks()


class _Peaks:
    """The most bytes held at once on each GPU, from allocations seen by a hook of CuPy's memory pool.

    CuPy keeps no such number itself. The hook is set when a peak is first asked for (PyTorch counts from the start),
    and it sees the thread that asked: what other threads allocate shows in the next number read there.
    """

    def __init__(self):
        self.allocated, self.reserved = {}, {}
        self._hook = None

    def watch(self, cupy):
        """Set the hook, once."""
        if self._hook is not None:
            return
        peaks = self

        class Watch(cupy.cuda.MemoryHook):
            name = "tinygrad_cnn peaks"

            def malloc_postprocess(self, **about):
                peaks.note(cupy, about["device_id"])

        self._hook = Watch()
        self._hook.__enter__()

    def note(self, cupy, index):
        """Compare what is held now with the peaks."""
        pool = cupy.get_default_memory_pool()
        self.allocated[index] = max(self.allocated.get(index, 0), pool.used_bytes())
        self.reserved[index] = max(self.reserved.get(index, 0), pool.total_bytes())

    def read(self, function, device):
        """(allocated, reserved) peaks of a GPU, at least what is held now."""
        cupy, index = _index(function, device)
        self.watch(cupy)
        with cupy.cuda.Device(index):
            self.note(cupy, index)
        return self.allocated[index], self.reserved[index]


_peaks = _Peaks()


def max_memory_allocated(device=None):
    """The most bytes arrays held at once since `reset_peak_memory_stats` (or since a peak was first asked for)."""
    return _peaks.read("max_memory_allocated", device)[0]


def max_memory_reserved(device=None):
    """The most bytes the pool held at once, counted like `max_memory_allocated`."""
    return _peaks.read("max_memory_reserved", device)[1]


def reset_peak_memory_stats(device=None):
    """Count peaks from now on."""
    _, index = _index("reset_peak_memory_stats", device)
    _peaks.allocated.pop(index, None)
    _peaks.reserved.pop(index, None)
    _peaks.read("reset_peak_memory_stats", index)


def memory_stats(device=None):
    """Current and peak bytes under torch.cuda.memory_stats's names."""
    allocated, reserved = _peaks.read("memory_stats", device)
    return {"allocated_bytes.all.current": memory_allocated(device), "allocated_bytes.all.peak": allocated,
            "reserved_bytes.all.current": memory_reserved(device), "reserved_bytes.all.peak": reserved}


def manual_seed(seed):
    """Seed the random numbers of the current GPU; without a GPU only the seed is checked, as in PyTorch."""
    generator.Generator("cpu").manual_seed(seed)
    if is_available():
        Device("cuda", current_device()).generator.manual_seed(seed)


def manual_seed_all(seed):
    """Seed the random numbers of every GPU; without a GPU only the seed is checked, as in PyTorch."""
    generator.Generator("cpu").manual_seed(seed)
    for index in range(device_count()):
        Device("cuda", index).generator.manual_seed(seed)


def initial_seed():
    """The seed the current GPU's random numbers last started from."""
    return Device("cuda", current_device()).generator.initial_seed()
