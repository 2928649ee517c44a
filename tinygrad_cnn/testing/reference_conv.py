"""Convolution and pooling written to be read: the twins that the fast kernels are held to, in float64 NumPy.

`conv`, `conv_dx` and `conv_dw` take one tap of the kernel at a time and leave the channels to einsum; the functions
that end in `_loops` have one Python loop for every index of the formula, and only small arrays are for them. Arrays
are (N, C, *size) and (O, C/G, *kernel); a geometry says where the windows lie (tinygrad_cnn.geometry). The signatures
are those of the kernels, without the device.
"""
import math
from itertools import product

import numpy as np


def conv(x, w, bias=None, *, geom):
    """y[n, o, p] = sum over c and taps t of x[n, c, p*stride + t*dilation - before] * w[o, c, t], plus bias[o]."""
    x, w = _grouped(x, geom.groups, 1), _grouped(w, geom.groups, 0)
    y = np.zeros((*x.shape[:2], w.shape[1], *geom.output))
    for tap, inside, read in _taps(geom):
        y[(..., *inside)] += np.einsum("ngc...,goc->ngo...", x[(..., *read)], w[(..., *tap)])
    y = y.reshape(len(y), w.shape[0] * w.shape[1], *geom.output)
    return y if bias is None else y + np.reshape(bias, (-1,) + (1,) * geom.rank)


def conv_dx(g, w, *, geom):
    """The gradient of <g, conv(x, w)> in x."""
    g, w = _grouped(g, geom.groups, 1), _grouped(w, geom.groups, 0)
    dx = np.zeros((*g.shape[:2], w.shape[2], *geom.size))
    for tap, inside, read in _taps(geom):
        dx[(..., *read)] += np.einsum("ngo...,goc->ngc...", g[(..., *inside)], w[(..., *tap)])
    return dx.reshape(len(g), w.shape[0] * w.shape[2], *geom.size)


def conv_dw(g, x, *, geom):
    """The gradient of <g, conv(x, w)> in w."""
    g, x = _grouped(g, geom.groups, 1), _grouped(x, geom.groups, 1)
    dw = np.zeros((geom.groups, g.shape[2], x.shape[2], *geom.kernel))
    for tap, inside, read in _taps(geom):
        flat = (v.reshape(*v.shape[:3], math.prod(v.shape[3:])) for v in (g[(..., *inside)], x[(..., *read)]))
        dw[(..., *tap)] = np.einsum("ngop,ngcp->goc", *flat)
    return dw.reshape(-1, *dw.shape[2:])


def conv_loops(x, w, bias=None, *, geom):
    """conv, one loop for every index of the formula."""
    per_group_in, per_group_out = w.shape[1], w.shape[0] // geom.groups
    y = np.zeros((len(x), len(w), *geom.output))
    for n, o in np.ndindex(*y.shape[:2]):
        for place in np.ndindex(*geom.output):
            total = 0.0 if bias is None else float(bias[o])
            for c in range(per_group_in):
                for tap in np.ndindex(*geom.kernel):
                    at = _position(geom, place, tap)
                    if at is not None:
                        total += float(x[(n, o // per_group_out * per_group_in + c, *at)]) * float(w[(o, c, *tap)])
            y[(n, o, *place)] = total
    return y


def max_pool_loops(x, *, geom):
    """The largest value of each window and its position in the flattened input; the first of equals, the last NaN."""
    y, index = np.full((*x.shape[:2], *geom.output), -np.inf), np.zeros((*x.shape[:2], *geom.output), np.int64)
    for n, c in np.ndindex(*x.shape[:2]):
        for place in np.ndindex(*geom.output):
            found = None
            for tap in np.ndindex(*geom.kernel):
                at = _position(geom, place, tap)
                if at is None:
                    continue
                value = float(x[(n, c, *at)])
                if found is None or value > y[(n, c, *place)] or np.isnan(value):
                    y[(n, c, *place)], found = value, at
            index[(n, c, *place)] = 0 if found is None else np.ravel_multi_index(found, geom.size)
    return y, index


def avg_pool_loops(x, *, geom, count_include_pad=True, divisor_override=None):
    """The mean of each window."""
    counts = geom.counts(count_include_pad)
    y = np.zeros((*x.shape[:2], *geom.output))
    for place in np.ndindex(*geom.output):
        divisor = divisor_override or np.prod([axis[i] for axis, i in zip(counts, place)])
        for tap in np.ndindex(*geom.kernel):
            at = _position(geom, place, tap)
            if at is not None:
                y[(..., *place)] += x[(..., *at)] / divisor
    return y


def adaptive_loops(x, output, reduce):
    """reduce (np.mean, np.max) over the windows of an adaptive pool with `output` windows along each axis."""
    size = x.shape[2:]
    y = np.zeros((*x.shape[:2], *output))
    for place in np.ndindex(*output):
        window = tuple(slice(int(np.floor(i * n / o)), int(np.ceil((i + 1) * n / o)))
                       for i, n, o in zip(place, size, output))
        y[(..., *place)] = reduce(x[(..., *window)], axis=tuple(range(2, x.ndim)))
    return y


def im2col_loops(x, *, geom):
    """unfold: (N, C, *size) to (N, C * taps, positions), zeros where a window leaves the input."""
    columns = np.zeros((len(x), x.shape[1], *geom.kernel, *geom.output))
    for tap, inside, read in _taps(geom):
        columns[(slice(None), slice(None), *tap, *inside)] = x[(..., *read)]
    return columns.reshape(len(x), x.shape[1] * geom.taps, math.prod(geom.output))


def _grouped(array, groups, axis):
    """`array` as float64 with `axis` cut into (groups, rest)."""
    shape = array.shape
    return np.asarray(array, np.float64).reshape(*shape[:axis], groups, shape[axis] // groups, *shape[axis + 1:])


def _position(geom, place, tap):
    """The input position that a tap of a window reads, or None in the padding."""
    at = tuple(p * s + t * d - b for p, s, t, d, b in zip(place, geom.stride, tap, geom.dilation, geom.before))
    return at if all(0 <= i < n for i, n in zip(at, geom.size)) else None


def _taps(geom):
    """For each tap: its index, the windows in which it reads the input, and what it reads there, as slices."""
    for tap in product(*map(range, geom.kernel)):
        inside, read = [], []
        for t, n, s, d, b, o in zip(tap, geom.size, geom.stride, geom.dilation, geom.before, geom.output):
            windows = [p for p in range(o) if 0 <= p * s + t * d - b < n]
            if not windows:
                break
            inside.append(slice(windows[0], windows[-1] + 1))
            first = windows[0] * s + t * d - b
            read.append(slice(first, first + (len(windows) - 1) * s + 1, s))
        else:
            yield tap, tuple(inside), tuple(read)
