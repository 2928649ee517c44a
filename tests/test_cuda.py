"""tg.cuda without a GPU: what it answers, what it refuses and how; with a stand-in for CuPy, what it asks of it."""
import sys
import types

import pytest

import tinygrad_cnn as tg
from tinygrad_cnn import cuda
from tinygrad_cnn.device import Device
from tinygrad_cnn.errors import ArgumentError, DeviceError

ANSWERS_ANYWHERE = ("is_available", "device_count", "manual_seed", "manual_seed_all")
NEEDS_A_GPU = [name for name in cuda.__all__ if name not in ANSWERS_ANYWHERE]


class FakePool:
    used = total = 0

    def used_bytes(self):
        return self.used

    def total_bytes(self):
        return self.total

    def free_all_blocks(self):
        self.total = self.used


class FakeRuntime:
    class CUDARuntimeError(RuntimeError):
        pass

    def __init__(self, count):
        self.count = count

    def getDeviceCount(self):
        if self.count is None:
            raise self.CUDARuntimeError("cudaErrorInsufficientDriver: CUDA driver version is insufficient")
        return self.count

    def getDevice(self):
        return 0

    def getDeviceProperties(self, index):
        return {"name": b"NVIDIA Imagined", "major": 9, "minor": 0}

    def memGetInfo(self):
        return 30, 100


def fake_cupy(count):
    """A module named cupy with `count` GPUs (None: no driver), as far as tg.cuda asks."""
    module = types.ModuleType("cupy")
    module.__version__ = "14.2.0"
    pool, hooks, waits = FakePool(), [], []

    class Device:
        def __init__(self, index):
            self.index = index

        def __enter__(self):
            return self

        def __exit__(self, *error):
            return False

        def synchronize(self):
            waits.append(self.index)

    class MemoryHook:
        def __enter__(self):
            hooks.append(self)

    def allocate(size):
        pool.used += size
        pool.total = max(pool.total, pool.used)
        for hook in hooks:
            hook.malloc_postprocess(device_id=0, size=size, mem_size=size, mem_ptr=1, pmem_id=1)

    module.cuda = types.SimpleNamespace(runtime=FakeRuntime(count), Device=Device, MemoryHook=MemoryHook)
    module.get_default_memory_pool = lambda: pool
    module.pool, module.allocate, module.waits = pool, allocate, waits
    return module


@pytest.fixture
def no_cupy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)      # None makes `import cupy` fail


@pytest.fixture
def fresh_devices(monkeypatch):
    """As if no GPU had been opened before in this process."""
    monkeypatch.setattr(Device, "_opened", {name: d for name, d in Device._opened.items() if d.type != "cuda"})


@pytest.fixture
def no_driver(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", fake_cupy(None))


@pytest.fixture
def gpu(monkeypatch):
    module = fake_cupy(2)
    monkeypatch.setitem(sys.modules, "cupy", module)
    monkeypatch.setattr(cuda, "_peaks", cuda._Peaks())
    return module


@pytest.mark.parametrize("name", NEEDS_A_GPU)
def test_without_cupy_the_message_names_cupy_and_the_install_command(no_cupy, name):
    with pytest.raises(DeviceError, match=r"CuPy is not installed.*pip install 'tinygrad_cnn\[cuda13\]'.*\[cuda12\]"):
        getattr(cuda, name)()


@pytest.mark.parametrize("name", NEEDS_A_GPU)
def test_without_a_gpu_the_message_names_the_gpu_and_what_to_check(no_driver, name):
    with pytest.raises(DeviceError, match=r"finds no usable GPU .*nvidia-smi.*\[cuda13\]"):
        getattr(cuda, name)()


def test_no_cupy_means_not_available(no_cupy):
    assert not cuda.is_available()
    assert cuda.device_count() == 0


def test_no_driver_means_not_available(no_driver):
    assert not cuda.is_available()
    assert cuda.device_count() == 0


def test_manual_seed_without_a_gpu_is_silent(no_cupy):
    cuda.manual_seed(3)
    cuda.manual_seed_all(3)


def test_manual_seed_refuses_what_is_no_seed(no_cupy):
    with pytest.raises(ArgumentError, match="'three' is not a seed"):
        cuda.manual_seed("three")


def test_synchronize_waits_for_the_device_that_is_named(gpu):
    cuda.synchronize()
    cuda.synchronize(1)
    assert gpu.waits == [0, 1]


def test_an_index_beyond_the_last_gpu_is_refused(gpu):
    with pytest.raises(DeviceError, match=r"synchronize: cuda:2 is not there; this machine has 2 GPU\(s\). Use 0 to 1"):
        cuda.synchronize(2)


def test_a_device_that_is_no_gpu_is_refused(gpu):
    with pytest.raises(ArgumentError, match="memory_allocated: cpu is not a GPU"):
        cuda.memory_allocated("cpu")


def test_name_capability_and_free_memory_are_the_runtimes(gpu):
    assert cuda.get_device_name() == "NVIDIA Imagined"
    assert cuda.get_device_capability() == (9, 0)
    assert cuda.mem_get_info() == (30, 100)


def test_peaks_count_from_the_reset(gpu):
    gpu.allocate(100)
    cuda.reset_peak_memory_stats()
    gpu.allocate(50)
    gpu.pool.used -= 120
    gpu.allocate(10)
    assert cuda.memory_allocated() == 40
    assert cuda.max_memory_allocated() == 150
    assert cuda.memory_stats() == {"allocated_bytes.all.current": 40, "allocated_bytes.all.peak": 150,
                                   "reserved_bytes.all.current": 150, "reserved_bytes.all.peak": 150}


def test_empty_cache_returns_what_no_array_uses(gpu):
    gpu.allocate(100)
    gpu.pool.used = 0
    cuda.empty_cache()
    assert cuda.memory_reserved() == 0



@pytest.mark.parametrize("move", [lambda x: x.to("cuda"), lambda x: x.cuda(), lambda x: x.to(device="cuda:0")])
def test_moving_a_tensor_without_cupy_says_what_to_install(fresh_devices, no_cupy, move):
    with pytest.raises(DeviceError, match=r"CuPy is not installed. Run: pip install 'tinygrad_cnn\[cuda13\]'"):
        move(tg.ones(2))


def test_moving_a_tensor_without_a_gpu_says_that_the_gpu_is_missing(fresh_devices, no_driver):
    with pytest.raises(DeviceError, match=r"CuPy 14.2.0 is installed but finds no usable GPU .*pip install"):
        tg.ones(2).to("cuda")


def test_an_installed_cupy_that_sees_no_gpu_is_told_apart_from_a_missing_driver(fresh_devices, monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", fake_cupy(0))
    with pytest.raises(DeviceError, match="CuPy 14.2.0 is installed but this machine has no GPU. Use device='cpu'"):
        tg.ones(2).to("cuda")
    assert not tg.cuda.is_available()


def test_the_accelerator_is_the_gpu_or_none():
    assert tg.accelerator.is_available() is tg.cuda.is_available()
    assert tg.accelerator.device_count() == tg.cuda.device_count()
    found = tg.accelerator.current_accelerator()
    assert (found is None) if not tg.cuda.is_available() else (found.type == "cuda")
