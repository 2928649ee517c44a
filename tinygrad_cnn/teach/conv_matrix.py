"""Convolution as a matrix: T vec(x) = vec(conv(x)), and T^t is the transposed convolution.

T is mostly zero and repeats its few numbers along bands (a Toeplitz matrix): the sparse connections and the shared
weights of a convolution, written out. Row (o, k, l) has at column (c, i, j) the weight w[o, c, m, n] for which window
place (k, l) reads pixel (i, j) with tap (m, n).
"""
from itertools import product
from math import prod

import numpy as np

from ..errors import ArgumentError, ArgumentTypeError, ShapeError
from ..geometry import conv_geometry
from ..ops import cat, tensor
from ..tensor import Tensor

__all__ = ["conv_matrix"]

LARGEST = 1 << 26                                       # elements of T: 256 MB in float32


def conv_matrix(weight, shape, stride=1, padding=0, dilation=1, groups=1):
    """The matrix T of a convolution: T @ x.flatten() is conv(x).flatten(), T.T @ y.flatten() its transpose.

    Args: weight: (O, C/groups, *kernel), or a single kernel (M, N) as in the book. shape: of one input, (C, *spatial);
    (I, J) for a single kernel, or for C = 1. stride, padding, dilation, groups: as conv2d's.
    Returns: a Tensor (O prod(output), C prod(spatial)) of weight's dtype, differentiable in weight; with
    reshape(O, *output) its products become maps.
    Raises: ArgumentTypeError for what is no Tensor or no shape; ShapeError for shapes that do not fit;
    ArgumentError if T would have more than 2^26 elements.
    Source: Li Hang, Machine Learning Methods, section 24.1.5, figure 24.15.

    >>> import tinygrad_cnn as tg
    >>> conv_matrix(tg.tensor([[1., 2.]]), (1, 4))
    tensor([[1., 2., 0., 0.],
            [0., 1., 2., 0.],
            [0., 0., 1., 2.]])
    """
    if not isinstance(weight, Tensor) or not isinstance(shape, (tuple, list)):
        raise ArgumentTypeError(f"conv_matrix: weight is {type(weight).__name__}, shape {type(shape).__name__}. Give "
                                "a Tensor and the shape of one input, for example conv_matrix(tg.ones(3, 3), (5, 5)).")
    weight, shape = _in_full(weight, tuple(shape))
    channels, *size = shape
    geometry = conv_geometry("conv_matrix", tuple(size), tuple(weight.shape[2:]), stride, padding, dilation, groups)
    features, inner = weight.shape[:2]
    if channels != inner * groups or features % groups:
        raise ShapeError(f"conv_matrix: shape {shape} has {channels} channels but weight {tuple(weight.shape)} expects "
                         f"{inner * groups} with groups={groups}. Make shape[0] equal weight.shape[1] * groups, and "
                         "weight.shape[0] a multiple of groups.")
    rows, columns = features * prod(geometry.output), channels * prod(size)
    if rows * columns > LARGEST:
        raise ArgumentError(f"conv_matrix: the matrix would be {rows} x {columns}, {rows * columns:,} numbers. Give a "
                            "smaller shape: a matrix is for looking at, conv2d is for computing.")
    index = _indices(weight.shape, shape, geometry)
    numbers = cat([weight.flatten(), weight.new_zeros(1)])          # the last one is what stands everywhere else
    return numbers[tensor(index, device=weight.device)].reshape(rows, columns)


def _in_full(weight, shape):
    """weight (O, C/G, *kernel) and shape (C, *spatial) for what may have been given without O and C."""
    if weight.ndim == 2 and len(shape) == 2:
        return weight[None, None], (1, *shape)
    if weight.ndim == len(shape) + 2 and weight.shape[1] == 1:
        shape = (1, *shape)
    if weight.ndim not in (3, 4, 5) or len(shape) != weight.ndim - 1:
        raise ShapeError(f"conv_matrix: weight {tuple(weight.shape)} and shape {shape} do not fit. Give weight (O, "
                         "C/groups, *kernel) with shape (C, *spatial), or a kernel (M, N) with shape (I, J).")
    return weight, shape


def _indices(weight_shape, shape, geometry):
    """Which number of the flattened weight stands at each place of T; one past the end where there is none."""
    features, inner, *kernel = weight_shape
    per_group = features // geometry.groups
    index = np.full((features, *geometry.output, *shape), prod(weight_shape), np.int64)
    numbers = np.arange(prod(weight_shape)).reshape(weight_shape)
    for place in product(*map(range, geometry.output)):
        for tap in product(*map(range, kernel)):
            pixel = [p * s + t * d - b for p, s, t, d, b in
                     zip(place, geometry.stride, tap, geometry.dilation, geometry.before)]
            if all(0 <= i < n for i, n in zip(pixel, geometry.size)):
                for o in range(features):
                    first = o // per_group * inner
                    index[(o, *place, slice(first, first + inner), *pixel)] = numbers[(o, slice(None), *tap)]
    return index.reshape(-1)
