"""The CUDA text of kernels/cuda: nvcc accepts it for sm_90, and its arithmetic, run on the CPU, is that of the shared
kernels."""
import shutil
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest

from tests.strict import cuda_text
from tinygrad_cnn.kernels.cuda import RAW, optim
from tinygrad_cnn.kernels.cuda.sources import SOURCES
from tinygrad_cnn.kernels.generic import optim as shared

needs_nvcc = pytest.mark.skipif(shutil.which("nvcc") is None, reason="needs nvcc, the CUDA compiler")
needs_a_compiler = pytest.mark.skipif(cuda_text.compiler() is None, reason="needs a C++ compiler")
HOST = SimpleNamespace(xp=np)


def letters(source):
    """The type letters of a source."""
    found = cuda_text.parameters(source.inputs) + cuda_text.parameters(source.outputs)
    return {p.type for p in found if p.type not in cuda_text.C_NAMES}


def types(source, dtype):
    """dtype for every letter; B, the running averages, is float32 for 16 bits."""
    return {letter: "float32" if letter == "B" and dtype == "float16" else dtype for letter in letters(source)}


@needs_nvcc
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_nvcc_compiles_every_source_without_spilling_registers(dtype, tmp_path):
    path = tmp_path / "sources.cu"
    path.write_text(cuda_text.cuda((s, types(s, dtype)) for s in SOURCES.values()), encoding="utf-8")
    command = ["nvcc", "-std=c++17", "-arch=sm_90", "-cubin", "-Xptxas", "-v", "-o", tmp_path / "x.cubin", path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(" 0 bytes spill stores") == len(SOURCES), done.stderr


@pytest.fixture
def on_the_cpu(monkeypatch, tmp_path):
    """Kernels of a module compiled for the CPU in place of CuPy's."""
    def replace(module, dtype):
        for name, value in list(vars(module).items()):
            if value in SOURCES.values():
                monkeypatch.setattr(module, name, cuda_text.OnTheCPU(value, types(value, dtype), tmp_path))
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


def test_every_kernel_of_cuda_text_is_named_so_that_the_strict_device_leaves_it_out():
    assert RAW == {"adam_", "sgd_"}
