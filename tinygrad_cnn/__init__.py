"""tinygrad_cnn: a readable autograd engine and convolutional networks on NumPy and CuPy, with PyTorch's face.

    import tinygrad_cnn as tg
    x = tg.randn(8, 3, 32, 32)
    y = tg.nn.Conv2d(3, 16, 3, padding=1)(x).relu().mean()
    y.backward()

Importing this needs NumPy only. `nn`, `optim`, `data`, `io`, `teach`, `testing`, `train`, `cuda` and `utils` are loaded
when first used.
"""
import numpy as _numpy                                  # first, while the stack is shallow: imported further down it
                                                        # took CPython 3.11 some 25 ms longer
from importlib import import_module as _import_module
from math import e, inf, nan, pi

from . import autograd, device as _device, dtypes, errors
from .autograd import enable_grad, inference_mode, is_grad_enabled, is_inference_mode_enabled, no_grad, set_grad_enabled
from .device import Device as device, get_num_threads, set_num_threads
from .dtypes import (DType as dtype, bfloat16, bool, can_cast, double, finfo, float, float16, float32, float64,
                     get_default_dtype, half, iinfo, int, int16, int32, int64, int8, long, promote_types,
                     set_default_dtype, short, uint8)
from .generator import Generator, manual_seed
from .ops import *
from . import operators as _operators
from .printing import get_printoptions, set_printoptions
from .tensor import Size, Tensor
from .version import __version__

_LAZY = ("accelerator", "backends", "cuda", "data", "io", "nn", "optim", "teach", "testing", "train", "utils")


def __getattr__(name):
    if name in _LAZY:
        return _import_module("." + name, __name__)
    if name in ("save", "load"):
        return getattr(_import_module(".io", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    names = {name for name, value in globals().items()
             if name.startswith("__") or not name.startswith("_") and not isinstance(value, type(_numpy))}
    return sorted(names | {"autograd", "dtypes", "errors", "save", "load", *_LAZY})
