"""The kernels of kernels/cuda written with `xp` alone, for the strict device; CUDA text has nothing to run on here."""
from tinygrad_cnn.kernels import cuda


def __getattr__(name):
    if name in cuda.RAW and name not in cuda.ELEMENTWISE:
        raise AttributeError(f"{name} is CUDA text")
    return cuda.ELEMENTWISE.get(name) or getattr(cuda, name)
