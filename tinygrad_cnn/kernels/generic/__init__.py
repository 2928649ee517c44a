"""Kernels that NumPy and CuPy share: written with `device.xp`, never with NumPy itself."""
from .engine import cast, put, sum_to
from .optim import adam_, rmsprop_, sgd_
from .shape import (as_strided, clone, contiguous, diagonal, expand, getitem, permute, place, place_diagonal, reshape,
                    split, squeeze, sum_strided, sum_windows, transpose, unbind, unsqueeze, view_dtype, windows)
