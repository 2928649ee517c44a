"""Where arrays live: one `Device` object a place, the only code that knows NumPy from CuPy.

A device holds the array library (`xp`), the type of its arrays, its random numbers, its threads and scratch memory,
and finds the kernel for an op: its own rooms first (kernels/cpu or kernels/cuda), then the kernels all devices share
(kernels/generic), then a plain function of the array library (kernels/ufuncs.py). Devices are compared by identity:
there is one object a name.

CuPy puts new arrays on the thread's current GPU and wants the arrays it is given there too. Where there are several,
every call into the library goes through an `OnGPU`, which makes the device's own GPU current around it.
"""
from functools import partial
from importlib import import_module
from operator import setitem
from types import ModuleType

import numpy as np

from .errors import ArgumentError, DeviceError
from .generator import Generator
from .kernels.memory import keep_memory
from .kernels.threads import Workers
from .kernels.ufuncs import UFUNCS


class Device:
    """The place called `device`: "cpu", "cuda", "cuda:1".

    Args: device: a name or a Device. index: the number of the GPU, if the name has none.
    Attributes: `type` ("cpu" or "cuda"), `index` (None on the CPU), `xp`, `array_type`, `generator`.
    Raises: DeviceError if there is no such device, saying what is missing and what helps.

    >>> Device("cpu")
    device(type='cpu')
    """
    __slots__ = ("type", "index", "xp", "array_type", "asnumpy", "workers", "synchronize", "_rooms", "_kernels",
                 "_generator", "_make_current", "__weakref__")
    _opened = {}
    _kinds = {}

    def __new__(cls, device="cpu", index=None):
        if isinstance(device, cls):
            return device
        if not isinstance(device, str):
            raise ArgumentError(f"device: {device!r} is not a device. Give a name such as 'cpu' or 'cuda:0'.")
        found = cls._opened.get(device) if index is None else None
        if found is not None:
            return found
        kind, number = _parse(device, index)
        key = kind if number is None else f"{kind}:{number}"
        if key not in cls._opened:
            self = object.__new__(cls)
            self.type, self.index = kind, number
            self._kernels, self._generator, self._make_current = {}, None, None
            cls._kinds[kind](self)
            cls._opened[key] = self
        return cls._opened[key]

    @classmethod
    def register(cls, kind, opening):
        """Make names of `kind` known; opening(device) sets xp, array_type, asnumpy, workers, synchronize, _rooms."""
        cls._kinds[kind] = opening

    def share_machine(self, runtime):
        """Make this GPU current around every call of its kernels and of `xp` from now on: it is one of several."""
        def make_current(called):
            return OnGPU(called, self.index, runtime)
        self.xp, self.asnumpy, self._make_current = make_current(self.xp), make_current(self.asnumpy), make_current

    def __init__(self, device="cpu", index=None):
        pass

    def __str__(self):
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self):
        return f"device(type={self.type!r}{'' if self.index is None else f', index={self.index}'})"

    def __reduce__(self):
        return (Device, (str(self),))

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def kernel(self, name):
        """The kernel of op `name` for this device, with the device bound as its first argument."""
        try:
            return self._kernels[name]
        except KeyError:
            pass
        for room in self._rooms:
            found = getattr(import_module(room, __package__), name, None)
            if callable(found):
                kernel = partial(found, self)
                break
        else:
            kernel = getattr(self.xp, UFUNCS[name])
        if self._make_current is not None:
            kernel = self._make_current(kernel)
        self._kernels[name] = kernel
        return kernel

    @property
    def generator(self):
        if self._generator is None:
            self._generator = Generator(self)
            if _seed is not None:
                self._generator.manual_seed(_seed)
        return self._generator

    def call(self, function, *args, **kwargs):
        """function(*args, **kwargs), a method of an array say, where it may make arrays: with this GPU current."""
        if self._make_current is not None:
            function = self._make_current(function)
        return function(*args, **kwargs)

    def write(self, array, index, value):
        """array[index] = value."""
        if self._make_current is None:
            array[index] = value
        else:
            self._make_current(setitem)(array, index, value)

    def empty(self, shape, dtype):
        """A new array with whatever its memory holds: the one door for large arrays."""
        return self.xp.empty(shape, dtype)

    def parallel(self, fn, n, alone=False):
        """Call fn(start, stop) over [0, n), split over the device's threads, or `alone` in this one."""
        self.workers.parallel(fn, n, alone)

    def share(self, fn, tasks, alone=False):
        """Call fn(task) for each of a sequence of tasks, in any order, on whichever of the device's threads is free."""
        self.workers.share(fn, tasks, alone)

    def scratch(self, name, shape, dtype):
        """An uninitialised work array, valid until this thread asks for the same name again."""
        return self.workers.scratch(name, shape, dtype)


class OnGPU:
    """A function or a module of the array library, called with one of several GPUs current.

    Args: wrapped: the function, or what has functions as attributes. index: the GPU. runtime: has getDevice, setDevice.
    """

    def __init__(self, wrapped, index, runtime):
        self._wrapped, self._index, self._runtime = wrapped, index, runtime

    def __call__(self, *args, **kwargs):
        runtime, index = self._runtime, self._index
        before = runtime.getDevice()                    # the thread's own
        if before == index:
            return self._wrapped(*args, **kwargs)
        runtime.setDevice(index)
        try:
            return self._wrapped(*args, **kwargs)
        finally:
            runtime.setDevice(before)

    def __getattr__(self, name):
        found = getattr(self._wrapped, name)
        if isinstance(found, ModuleType) or callable(found) and not isinstance(found, type):
            found = OnGPU(found, self._index, self._runtime)
        setattr(self, name, found)                      # the next look-up finds it without asking again
        return found

    def __repr__(self):
        return f"{self._wrapped!r} on GPU {self._index}"


class OneStream:
    """The workers of a device that orders its own work: no threads, new memory for scratch (the device pools it)."""

    def __init__(self, xp):
        self._empty = xp.empty

    def parallel(self, fn, n, alone=False):
        if n:
            fn(0, n)

    def share(self, fn, tasks, alone=False):
        for task in tasks:
            fn(task)

    def scratch(self, name, shape, dtype):
        return self._empty(shape, dtype)

    def release(self):
        pass


def _parse(name, index):
    kind, colon, number = name.partition(":")
    if kind not in Device._kinds:
        raise DeviceError(f"device: there is no device {name!r}. Use one of {', '.join(sorted(Device._kinds))}.")
    if colon and (index is not None or not number.isdecimal()):
        raise DeviceError(f"device: {name!r} (index {index}) is not the name of a device. "
                          f"Write '{kind}:0', or '{kind}' with an index.")
    if kind == "cpu":
        return kind, None
    return kind, int(number) if colon else index or 0


def _nothing():
    """A CPU has finished when its functions return."""


def _open_cpu(device):
    keep_memory()
    device.xp, device.array_type = np, np.ndarray
    device.asnumpy = np.asarray
    device.workers, device.synchronize = Workers(), _nothing
    device._rooms = (".kernels.cpu", ".kernels.generic")


def _open_cuda(device):
    cupy = import_cupy()
    count = cupy.cuda.runtime.getDeviceCount()
    if device.index >= count:
        raise DeviceError(f"device: cuda:{device.index} is not there; this machine has {count} GPU(s). "
                          f"Use cuda:0 to cuda:{count - 1}.")
    device.xp, device.array_type = cupy, cupy.ndarray
    device.asnumpy = cupy.asnumpy
    if count > 1:
        device.share_machine(cupy.cuda.runtime)
    device.workers = OneStream(device.xp)
    device.synchronize = cupy.cuda.Device(device.index).synchronize
    device._rooms = (".kernels.cuda", ".kernels.generic")


def import_cupy():
    """The module cupy, where it is installed and finds a GPU.

    Raises: DeviceError that says which of the two is missing and what helps.
    """
    try:
        import cupy
    except ImportError:
        raise DeviceError("cuda: the package CuPy is not installed. Run: pip install 'tinygrad_cnn[cuda13]' "
                          "(or 'tinygrad_cnn[cuda12]' for a CUDA 12 driver).") from None
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        raise DeviceError(f"cuda: CuPy {cupy.__version__} is installed but finds no usable GPU ({error}). "
                          "Check the driver with nvidia-smi, and that the CuPy package fits it: pip install "
                          "'tinygrad_cnn[cuda13]' or 'tinygrad_cnn[cuda12]'.") from None
    if not count:
        raise DeviceError(f"cuda: CuPy {cupy.__version__} is installed but this machine has no GPU. Use device='cpu'.")
    return cupy


Device.register("cpu", _open_cpu)
Device.register("cuda", _open_cuda)

CPU = Device("cpu")
_seed = None


def set_num_threads(count):
    """Use `count` threads on the CPU, for kernels of this package; BLAS uses one inside them, and outside what it had.

    Raises: ArgumentError if count is not a positive integer.
    """
    CPU.workers.set_num_threads(count)


def get_num_threads():
    """How many threads kernels on the CPU use."""
    return CPU.workers.num_threads


def seed_all(seed):
    """Seed the generator of every opened device with `seed`, and remember it for those opened later."""
    global _seed
    first = CPU.generator.manual_seed(seed)
    _seed = seed
    for device in list(Device._opened.values()):
        device.generator.manual_seed(seed)
    return first
