"""How the CPU computes: which convolution algorithms it may use.

`precise()` forbids those that lose accuracy for speed; `algorithm(name)` forces one of `ALGORITHMS`.
"""
from ..kernels.cpu.choice import ALGORITHMS, algorithm, precise

__all__ = ["ALGORITHMS", "algorithm", "precise"]
