"""Convolution with few channels or features: neighbouring outputs of a row are taken together, as one output.

With few channels a window is a handful of short runs of numbers, slow to copy; with few features the product that
follows is too narrow for BLAS. A strip of q neighbouring windows is one window, (q - 1) * stride columns wider; seen
so, the same output (N, ..., OW, O) is (N, ..., OW/q, q*O), and its weights are the kernel written q times, each time
one stride further, zero elsewhere:

    q = 2, KW = 3, stride 1:    w0 w1 w2  0     the first of the two outputs
                                 0 w0 w1 w2     the second

That is more multiplications, by the factor of the width, but fewer and longer runs and a wider product. The windows are
copied in two steps: first the input's rows are cut into (overlapping) strips, which are laid out one below the other;
then a window of KH rows is one run of numbers. The gradients are the same steps read backwards: that of the kernel is
the sum of its q copies'.

Inside, images are (N, *size, C), weights (1, O, C, *kernel), rows of windows (N, *outer output, OW/q, *outer kernel,
run), run = width * C, and the matrix of weights has the columns of a strip's outputs, (taps * run, q * O).
"""
from functools import lru_cache
from itertools import product
from math import prod

import numpy as np

from ...geometry import CACHED, ConvGeometry
from ..generic.conv_blocks import add_up, as_matrix
from ..generic.windows import block_bytes, cut, image_groups, patch
from .copies import copy_runs, strided
from .products import multiply_columns, multiply_in_pieces, multiply_rows

FEATURES = 48               # features that a strip has together, at most
SPREAD_FEATURES = 96        # the same for the gradient in x: wider strips overlap less


@lru_cache(CACHED)
def strips(geometry, features, together=FEATURES):
    """(q, the ConvGeometry of strips of q outputs); q divides a row and takes `together` features at most, if not 1."""
    row, stride, dilation = geometry.output[-1], geometry.stride[-1], geometry.dilation[-1]
    most = min(row, together // features)
    q = max([q for q in range(1, most + 1) if row % q == 0], default=1)
    width = (q - 1) * stride + (geometry.kernel[-1] - 1) * dilation + 1
    return q, ConvGeometry(geometry.size, (*geometry.kernel[:-1], width), (*geometry.stride[:-1], q * stride),
                           (*geometry.dilation[:-1], 1), geometry.before, (*geometry.output[:-1], row // q))


def mixes(geometry, features):
    """Whether wide weights have zeros, which may make NaN of an infinity that another output of the strip reads."""
    return strips(geometry, features, SPREAD_FEATURES)[0] > 1 or geometry.dilation[-1] > 1


def correlate(device, x, weight, geometry, out, bias):
    """out (N, *output, O) = the windows of x (N, *size, C) times weight (1, O, C, *kernel), plus bias (O,)."""
    q, wide = strips(geometry, weight.shape[1])
    whole = out if out.flags.c_contiguous else device.empty(out.shape, out.dtype)
    y = _wide_rows(whole, q)
    matrix, ones = _wide_matrix(device, weight, geometry, wide, q, bias), bias is not None
    blocks = _blocks(device, len(x), wide, matrix)

    def run(block):
        rows = strip_rows(device, x[block.images], wide, block, matrix.dtype, ones)
        target = y[(block.images, *block.where)]
        direct = target.flags.c_contiguous and target.dtype == matrix.dtype
        result = target if direct else device.scratch("result", target.shape, matrix.dtype)
        multiply_rows(device, rows, matrix, result.reshape(len(rows), -1))
        if not direct:
            target[...] = result

    device.share(run, blocks)
    if whole is not out:
        out[...] = whole


def correlate_dw(device, g, x, geometry, work):
    """The sum over positions of g (N, *output, O) times windows of x (N, *size, C): (1, O, C, *kernel)."""
    channels, features = x.shape[-1], g.shape[-1]
    q, wide = strips(geometry, features)
    g = _wide_rows(g, q)
    shape = (wide.taps * channels, q * features)
    blocks, sums = _blocks(device, len(x), wide, np.empty((shape[0], 0), work)), {}

    def run(start, stop):
        for block in blocks[start:stop]:
            rows = strip_rows(device, x[block.images], wide, block, work)
            grads = as_matrix(device, g[(block.images, *block.where)], work)
            total = np.empty(shape, work)
            multiply_columns(device, rows, grads, total)
            sums[start] = np.add(sums[start], total, out=total) if start in sums else total

    device.parallel(run, len(blocks))
    total = add_up(np, sums, shape, work).reshape(*wide.kernel, channels, q, features)
    dw = np.add.reduce(_kernels(device, total, geometry), axis=0)
    return np.moveaxis(dw, (-1, -2), (0, 1))[None]


def correlate_dx(device, g, weight, geometry, out):
    """out (N, *size, C) = the adjoint of `correlate` in x, for g (N, *output, O) and weight (1, O, C, *kernel)."""
    q, wide = strips(geometry, weight.shape[1], SPREAD_FEATURES)
    g, channels = _wide_rows(g, q), out.shape[-1]
    matrix = _wide_matrix(device, weight, geometry, wide, q, None)
    width = wide.kernel[-1] * channels
    matrices = np.ascontiguousarray(matrix.reshape(-1, width, matrix.shape[1]).swapaxes(1, 2))
    extents = tuple(max(p, b + n) for p, b, n in zip(wide.padded, wide.before, wide.size))
    groups = image_groups(len(out), len(matrix) * matrix.itemsize * prod(wide.output), block_bytes(device))

    def run(images):
        number = images.stop - images.start
        shape = (number, *extents[:-1], wide.output[-1], width)
        laid = device.scratch("strips", shape, matrix.dtype)
        laid[...] = 0
        for block in _blocks(device, number, wide, matrix):
            some = slice(images.start + block.images.start, images.start + block.images.stop)
            grads = as_matrix(device, g[(some, *block.where)], matrix.dtype)
            rows = device.scratch("windows", (len(matrices), len(grads), width), matrix.dtype)
            multiply_in_pieces(np.broadcast_to(grads, (len(matrices), *grads.shape)), matrices, rows)
            _add_rows(rows, laid[block.images], wide, block)
        _add_columns(device, laid, wide, extents[-1], out[images])

    device.share(run, groups)


# ---- the steps -------------------------------------------------------------------------------------------------------

def strip_rows(device, x, geometry, block, dtype, ones=False):
    """The windows of a block of strips as scratch rows (n * positions, taps * C), and a last column of ones if asked.

    The ones take a row of biases under the matrix of weights, which costs less than adding them afterwards.
    """
    n, channels, number, outer_kernel = len(x), x.shape[-1], block.number, geometry.kernel[:-1]
    piece = patch(device, x, block, 0, dtype)
    if piece.strides[-2] != channels * piece.itemsize:
        piece = np.ascontiguousarray(piece)
    first, *outer, column, item = piece.strides
    laid = strided(device, piece, (n, number[-1], *block.extent[:-1], geometry.kernel[-1] * channels),
                   (first, geometry.stride[-1] * column, *outer, item))
    if prod(outer_kernel) > 1:                          # (n, OW/q, *outer extent, run)
        strip = device.scratch("strips", laid.shape, dtype)
        copy_runs(device, strip, laid)
        laid = strip
    first, along, *outer, item = laid.strides
    view = strided(device, laid, (n, *number, *outer_kernel, laid.shape[-1]),
                   (first, *(s * e for s, e in zip(geometry.stride, outer)), along,
                    *(d * e for d, e in zip(geometry.dilation, outer)), item))
    taps = geometry.taps * channels
    rows = device.scratch("windows", (n * prod(number), taps + ones), dtype)
    copy_runs(device, rows[:, :taps].reshape(view.shape), view)
    if ones:
        rows[:, taps] = 1
    return rows


def _add_rows(rows, laid, geometry, block):
    """Add rows (outer taps, n * positions, run) to the strips (n, *outer extent, OW/q, run) their windows read."""
    columns = block.where[-1]
    rows = rows.reshape(len(rows), len(laid), *block.number, -1)
    for tap, row in zip(product(*map(range, geometry.kernel[:-1])), rows):
        places = tuple(slice(w.start * s + t * d, (w.stop - 1) * s + t * d + 1, s) for w, s, t, d in zip(
            block.where, geometry.stride, tap, geometry.dilation))
        target = laid[(slice(None), *places, columns)]
        np.add(target, row, out=target)


def _add_columns(device, laid, geometry, extent, out):
    """out (n, *size, C) = strips (n, *outer extent, OW/q, run) added where they overlap, the padding left out."""
    n, *outer, number, run = laid.shape
    channels, step = out.shape[-1], geometry.stride[-1]
    pitch = step * channels
    places = max(number - 1 + -(-run // pitch), -(-extent // step))
    whole = device.scratch("padded", (n, *outer, places, pitch), laid.dtype)
    whole[...] = 0
    for k, start in enumerate(range(0, run, pitch)):
        part = laid[..., start:start + pitch]
        target = whole[..., k:k + number, :part.shape[-1]]
        np.add(target, part, out=target)
    whole = whole.reshape(n, *outer, places * step, channels)
    out[...] = whole[(slice(None), *(slice(b, b + size) for b, size in zip(geometry.before, geometry.size)))]


def _wide_matrix(device, weight, geometry, wide, q, bias):
    """weight (1, O, C, *kernel) for strips of q outputs: (taps * C, q * O), and a last row of biases if there are."""
    features, channels = weight.shape[1:3]
    taps = wide.taps * channels
    matrix = np.zeros((taps + (bias is not None), q * features), weight.dtype)
    wide_kernel = matrix[:taps].reshape(*wide.kernel, channels, q, features)
    _kernels(device, wide_kernel, geometry)[...] = weight[0].transpose(*range(2, weight.ndim - 1), 1, 0)
    if bias is not None:
        matrix[taps] = np.tile(bias, q)
    return matrix


def _kernels(device, wide_kernel, geometry):
    """The q kernels in that of a strip, (*wide kernel, C, q, O), contiguous: a view (q, *kernel, C, O)."""
    *_, channels, q, features = wide_kernel.shape
    *outer, column, channel, place, feature = wide_kernel.strides
    return strided(device, wide_kernel, (q, *geometry.kernel, channels, features),
                   (geometry.stride[-1] * column + place, *outer, geometry.dilation[-1] * column, channel, feature))


def _wide_rows(y, q):
    """(N, ..., OW, O) as (N, ..., OW/q, q*O)."""
    *outer, row, features = y.shape
    return y.reshape(*outer, row // q, q * features)


def _blocks(device, count, wide, matrix):
    return cut(count, wide, len(matrix) * matrix.itemsize, block_bytes(device))
