"""Kernels that CuPy does better by hand than the shared ones, under the same names and signatures.

`RAW` names those that launch CUDA text (its sources are registered in sources.py, where a test compiles them with
nvcc). The others, most made from the table ELEMENTWISE, use `device.xp` alone and run on the strict device too.
"""
from .elementwise import ELEMENTWISE
from .join import cat
from .optim import adam_, sgd_
from .pool import max_pool, max_pool_dx
from .special import erf, erfc, erfinv, gelu

__all__ = ["adam_", "cat", "erf", "erfc", "erfinv", "gelu", "max_pool", "max_pool_dx", "sgd_"]
RAW = frozenset(__all__) - {"cat"}
globals().update({name: kernel for name, kernel in ELEMENTWISE.items() if name not in RAW})
