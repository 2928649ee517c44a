"""The CUDA text of kernels/cuda: nvcc accepts it for sm_90, and its arithmetic, run on the CPU, is that of the shared
kernels."""
import functools
import shutil
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest

import tinygrad_cnn as tg
from tests.strict import cuda_text, room
from tinygrad_cnn.geometry import pool_geometry
from tinygrad_cnn.kernels import cuda, generic
from tinygrad_cnn.kernels.cuda import ELEMENTWISE, RAW, optim, pool
from tinygrad_cnn.kernels.cuda.sources import SOURCES
from tinygrad_cnn.kernels.generic import activation, special
from tinygrad_cnn.kernels.generic import optim as shared
from tinygrad_cnn.kernels.generic import pool as shared_pool

needs_nvcc = pytest.mark.skipif(shutil.which("nvcc") is None, reason="needs nvcc, the CUDA compiler")
needs_a_compiler = pytest.mark.skipif(cuda_text.compiler() is None, reason="needs a C++ compiler")
HOST = SimpleNamespace(xp=np)
CPU = tg.device("cpu")


def letters(source):
    """The type letters of a source."""
    found = cuda_text.parameters(source.inputs) + cuda_text.parameters(source.outputs)
    return {p.type for p in found if p.type not in cuda_text.C_NAMES}


def types(source, dtype):
    """dtype for every letter; B, the running averages, and S, a slope, are float32 for 16 bits, K, numbers of taps,
    uint8."""
    wide = "float32" if dtype == "float16" else dtype
    special = {"B": wide, "S": wide, "K": "uint8"}
    return {letter: special.get(letter, dtype) for letter in letters(source)}


@needs_nvcc
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_nvcc_compiles_every_source_without_spilling_registers(dtype, tmp_path):
    path = tmp_path / "sources.cu"
    path.write_text(cuda_text.cuda((s, types(s, dtype)) for s in SOURCES.values()), encoding="utf-8")
    command = ["nvcc", "-std=c++17", "-arch=sm_90", "-cubin", "-Xptxas", "-v", "-o", tmp_path / "x.cubin", path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(" 0 bytes spill stores") == len(SOURCES), done.stderr


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """(source, dtype) -> that source compiled for the CPU, once."""
    @functools.cache
    def compiled(source, dtype):
        return cuda_text.OnTheCPU(source, types(source, dtype), tmp_path_factory.mktemp("text"))
    return compiled


@pytest.fixture
def on_the_cpu(monkeypatch, compiled):
    """Kernels of a module compiled for the CPU in place of CuPy's."""
    def replace(module, dtype):
        for name, value in list(vars(module).items()):
            if value in SOURCES.values():
                monkeypatch.setattr(module, name, compiled(value, dtype))
    return replace


def draws(dtype, count, positive=False):
    rng = np.random.default_rng(0)
    made = [rng.standard_normal((3, 5)).astype(dtype) for _ in range(count)]
    return [np.abs(a) for a in made] if positive else made


def both(name, options, averages, dtype):
    """What the shared kernel and the CUDA text make of the same arrays."""
    results = []
    for module in (shared, optim):
        params, grads = [draws(dtype, 1)[0]], [draws(dtype, 2)[1]]
        held = [None if a is None else [a.copy()] for a in averages]
        getattr(module, name)(HOST, params, grads, *held, **options)
        results.append([params[0], *(a[0] for a in held if a is not None)])
    return results


@needs_a_compiler
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("momentum, nesterov", [(0.0, False), (0.9, False), (0.9, True)])
@pytest.mark.parametrize("maximize", [False, True])
def test_sgd_is_the_shared_kernel(on_the_cpu, dtype, momentum, nesterov, maximize):
    on_the_cpu(optim, dtype)
    dampening = 0.2 if momentum and not nesterov else 0.0
    options = {"lr": 0.1, "momentum": momentum, "dampening": dampening, "weight_decay": 0.01, "nesterov": nesterov,
               "maximize": maximize}
    averages = [draws(dtype, 3)[2] if momentum else None]
    for a, b in zip(*both("sgd_", options, averages, dtype)):
        np.testing.assert_allclose(b, a, rtol=1e-5 if dtype == "float32" else 1e-12)


@needs_a_compiler
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("decoupled", [False, True])
@pytest.mark.parametrize("largest", [False, True])
def test_adam_is_the_shared_kernel(on_the_cpu, dtype, decoupled, largest):
    on_the_cpu(optim, dtype)
    options = {"step": 3, "lr": 0.1, "beta1": 0.9, "beta2": 0.99, "eps": 1e-8, "weight_decay": 0.01,
               "decoupled": decoupled, "maximize": False}
    positive = draws(dtype, 5, positive=True)
    averages = [draws(dtype, 3)[2], positive[3], positive[4] if largest else None]
    for a, b in zip(*both("adam_", options, averages, dtype)):
        np.testing.assert_allclose(b, a, rtol=1e-5 if dtype == "float32" else 1e-12)


def test_bfloat16_parameters_take_the_shared_kernel():
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="bfloat16 needs ml_dtypes")
    params, grads = [np.ones(3, ml_dtypes.bfloat16)], [np.ones(3, ml_dtypes.bfloat16)]
    optim.sgd_(HOST, params, grads, None, lr=0.5, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False,
               maximize=False)
    np.testing.assert_array_equal(params[0].astype(np.float32), [0.5, 0.5, 0.5])


POOLS = [((9,), 3, 2, 1, 1, False), ((7, 8), 3, 2, 1, 1, False), ((7, 8), (2, 3), (2, 1), 0, (1, 2), False),
         ((5, 6), 3, 3, 1, 1, True), ((4, 5, 6), 2, 2, 0, 1, True), ((5, 5, 5), 3, 1, 1, 2, False)]


def pool_case(size, kernel, stride, padding, dilation, ceil_mode, dtype):
    """A geometry and an input with NaN, infinities and ties."""
    geom = pool_geometry("max_pool", size, kernel, stride, padding, dilation, ceil_mode)
    x = np.random.default_rng(0).integers(-3, 4, (2, 3, *size)).astype(dtype)
    x[0, 0].flat[2], x[1, 2].flat[4] = np.nan, np.inf
    return geom, x


@needs_a_compiler
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", POOLS)
def test_max_pool_and_its_gradient_are_the_shared_kernels(on_the_cpu, case, dtype):
    on_the_cpu(pool, dtype)
    geom, x = pool_case(*case, dtype)
    device, wants = tg.device("cpu"), frozenset(["index"])
    with np.errstate(invalid="ignore"):
        expected, expected_index = shared_pool.max_pool(device, x, geom=geom, wants=wants)
        found, index = pool.max_pool(device, x, geom=geom, wants=wants)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(index, expected_index)
    g = np.random.default_rng(1).standard_normal(found.shape).astype(dtype)
    np.testing.assert_allclose(pool.max_pool_dx(device, g, index, geom=geom),
                               shared_pool.max_pool_dx(device, g, index, geom=geom), rtol=1e-5, atol=1e-6)


def test_a_pool_of_integers_takes_the_shared_kernel():
    geom = pool_geometry("max_pool", (4,), 2, 2, 0, 1, False)
    y, index = pool.max_pool(tg.device("cpu"), np.arange(4).reshape(1, 1, 4), geom=geom)
    assert y.tolist() == [[[1, 3]]]
    assert index is None


@needs_a_compiler
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["erf", "erfc", "gelu"])
def test_the_error_function_and_gelu_are_the_shared_kernels(name, dtype, compiled):
    run = compiled(SOURCES[name], dtype)
    x = np.linspace(-6, 6, 101).astype(dtype)
    found = np.empty_like(x)
    run(x, found)
    expected = getattr(special, name)(CPU, x) if hasattr(special, name) else activation.gelu(CPU, x)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-5 if dtype == "float32" else 1e-12, atol=1e-6)


@needs_a_compiler
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gelu_and_its_slope_in_one_launch_are_the_shared_kernel_s(dtype, compiled, monkeypatch):
    monkeypatch.setattr(cuda.special, "GELU_AND_SLOPE", compiled(cuda.special.GELU_AND_SLOPE, dtype))
    x = np.linspace(-6, 6, 101).astype(dtype)
    for found, expected in zip(cuda.special.gelu(CPU, x, wants={"slope"}), activation.gelu(CPU, x, wants={"slope"})):
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=1e-5 if dtype == "float32" else 1e-12, atol=1e-6)


def test_the_strict_device_takes_no_kernel_that_launches_cuda_text():
    launching = {getattr(cuda, name) for name in RAW}
    assert not [name for name in RAW if getattr(room, name, None) in launching]


def test_no_plain_function_hides_a_shared_kernel():
    hidden = [name for name, kernel in ELEMENTWISE.items()
              if hasattr(generic, name) and not hasattr(kernel, "__wrapped__")]
    assert not hidden
