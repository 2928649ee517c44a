"""Kernels that NumPy and CuPy share: written with `device.xp`, never with NumPy itself."""
from .engine import cast, put, sum_to
from .optim import adam_, rmsprop_, sgd_
