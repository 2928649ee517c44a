"""Kernels that CuPy does better by hand than the shared ones, under the same names and signatures.

`RAW` names those that launch CUDA text (its sources are registered in sources.py, where a test compiles them with
nvcc). The others use `device.xp` alone and run on the strict device too.
"""
from .elementwise import PLAIN
from .optim import adam_, sgd_

RAW = frozenset({"adam_", "sgd_"})

__all__ = ["adam_", "sgd_"]
globals().update(PLAIN)
