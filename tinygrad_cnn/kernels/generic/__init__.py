"""Kernels that NumPy and CuPy share: written with `device.xp`, never with NumPy itself."""
from .adaptive import (adaptive_avg_pool, adaptive_avg_pool_dx, adaptive_max_pool, adaptive_max_pool_index, max_unpool,
                       spatial_gather, spatial_scatter)
from .conv import conv, conv_dw, conv_dx
from .engine import cast, put, sum_to
from .fold import col2im, im2col
from .optim import adam_, rmsprop_, sgd_
from .pool import avg_pool, avg_pool_dx, max_pool, max_pool_dx, max_pool_gather, max_pool_index
from .shape import (as_strided, clone, contiguous, diagonal, expand, getitem, permute, place, place_diagonal, reshape,
                    split, squeeze, sum_strided, sum_windows, transpose, unbind, unsqueeze, view_dtype, windows)
from .join import cat, flip, pad, roll, stack, tril, triu
from .matmul import contract, linear, linear_dw, matmul, matrix_product
