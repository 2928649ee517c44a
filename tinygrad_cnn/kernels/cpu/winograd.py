"""Winograd's transforms: kernels of 3x3, 4x4 and 5x5 with 36 multiplications a tile where 144, 144 or 100 would be.

A tile of m x m outputs of a kernel r x r needs a 6 x 6 piece of the input (m = 7 - r). Seen as polynomials, the
correlation along one axis is a product, which six values determine: evaluate both factors at six points, multiply,
interpolate. In matrices, for one tile d of the input and one kernel w,

    y = A^T [ (G w G^T) * (B^T d B) ] A.

The sums over channels are then 36 matrix products, (tiles, C) @ (C, O). The transforms are matrix products too: B^T
along the rows of all tiles at once, a (6, 6) @ (6, width) on a strided view, then along the columns, written straight
to where the 36 products read. Read backwards, the same steps give the weight gradient:

    dw = G^T [ sum (A g A^T) * (B^T d B) ] G.

A stride s is taken apart into phases: the input positions of each remainder modulo s become channels of their own, and
the convolution one at stride 1 of s*s*C channels with a kernel of ceil(k / s), zero where k ends.

The interpolation points 0, 1, -1, 1/2, -2 and infinity lose the least of float32 among those tried: 9 times PyTorch's
error in L2. Source: Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks"; Toom and Cook.
"""
from functools import cache, lru_cache

import numpy as np
from numpy.polynomial.polynomial import polyfromroots

from ...geometry import CACHED
from .copies import copy_runs

POINTS = (0.0, 1.0, -1.0, 0.5, -2.0)
SIZE = len(POINTS) + 1                                  # the sixth point is infinity
FREQUENCIES = SIZE * SIZE
KERNELS = (3, 4, 5)
FLOAT = np.dtype(np.float32)


class Transform:
    """The matrices of F(m, r): A (6, m), G (6, r), B^T (6, 6), and K (36, r*r): G on both axes of a kernel."""

    def __init__(self, r):
        self.r, self.m = r, SIZE + 1 - r
        rows_a = [[p ** j for j in range(self.m)] for p in POINTS] + [[0.0] * (self.m - 1) + [1.0]]
        rows_g = [[p ** j / np.prod([p - q for q in POINTS if q != p]) for j in range(r)] for p in POINTS]
        rows_g.append([0.0] * (r - 1) + [1.0])
        rows_b = np.zeros((SIZE, SIZE))
        for i, p in enumerate(POINTS):
            rows_b[i, :-1] = polyfromroots([q for q in POINTS if q != p])
        rows_b[-1] = polyfromroots(POINTS)
        self.a = np.array(rows_a, FLOAT)
        self.at = np.ascontiguousarray(self.a.T)
        self.bt = rows_b.astype(FLOAT)
        g = np.array(rows_g)
        self.k = np.kron(g, g).astype(FLOAT)
        self.k_flipped = np.kron(g[:, ::-1], g[:, ::-1]).astype(FLOAT)


@cache
def transform(r):
    """The Transform for kernels r x r."""
    return Transform(r)


def reach(geometry):
    """The side r of the kernel that each phase of the stride sees, or None where Winograd's algorithm cannot be used.

    Of a volume's kernel, the last two axes count; the first is summed plainly and must have no stride.
    """
    kernel, stride = geometry.kernel[-2:], geometry.stride[-2:]
    if geometry.rank == 1 or set(geometry.dilation) != {1} or min(geometry.output) <= 0:
        return None
    if set(geometry.stride) != {1} and (geometry.rank == 3 or geometry.groups > 1):
        return None                                     # the phases of a group's channels do not lie together
    if geometry.rank == 3 and geometry.groups > 1:
        return None
    down, across = (-(-k // s) for k, s in zip(kernel, stride))
    return down if down == across and down in KERNELS else None


class Tiles:
    """How `rows` x `columns` outputs, the first at row `first`, are cut into tiles of m x m."""

    def __init__(self, geometry, first=0, rows=None):
        self.t = t = transform(reach(geometry))
        self.stride = geometry.stride[-2:]
        self.size = geometry.size[-2:]
        top, left = geometry.before[-2:]
        height, columns = geometry.output[-2:]
        rows = min(height - first, height if rows is None else rows)
        self.rows = slice(first, first + rows)
        self.before = (top - first * self.stride[0], left)
        self.down, self.across = -(-rows // t.m), -(-columns // t.m)
        self.count = self.down * self.across
        self.padded = tuple(t.m * (n - 1) + SIZE for n in (self.down, self.across))
        self.covered = (self.down * t.m, self.across * t.m)
        self.exact = self.covered == (rows, columns)

    def bands(self, geometry, number):
        """The same outputs in at most `number` bands of whole tiles, one below the other."""
        step = -(-self.down // number)
        return [Tiles(geometry, i * self.t.m, step * self.t.m) for i in range(0, self.down, step)]


@lru_cache(CACHED)
def all_tiles(geometry):
    """The Tiles of all outputs."""
    return Tiles(geometry)


def spread(device, images, tiles, v):
    """v (6, 6, down, across, side * C) = B^T d B for every tile d of `images` (side, H, W, C), zero outside them.

    With a stride, C counts every phase.
    """
    rows, columns = tiles.padded
    width, bt, m = v.shape[-1], tiles.t.bt, tiles.t.m
    padded = device.scratch("winograd padded", (rows, columns, width), FLOAT)
    _place_phases(device, images, tiles, padded.reshape(rows, columns, len(images), -1))
    row, column, item = padded.strides
    half = device.scratch("winograd half", (SIZE, tiles.down, columns, width), FLOAT)
    np.matmul(bt, np.ndarray((tiles.down, SIZE, columns * width), FLOAT, padded, 0, (m * row, row, item)),
              out=half.reshape(SIZE, tiles.down, -1).transpose(1, 0, 2))
    s = half.strides
    np.matmul(bt, np.ndarray((SIZE, tiles.down, tiles.across, SIZE, width), FLOAT, half, 0,
                             (s[0], s[1], m * s[2], s[2], item)), out=v.transpose(0, 2, 3, 1, 4))


def spread_gradient(device, images, tiles, z):
    """z (6, 6, down, across, side * O) = A g A^T for every tile g of `images` (side, rows, OW, O)."""
    m, a, width = tiles.t.m, tiles.t.a, z.shape[-1]
    if tiles.exact and len(images) == 1 and images.flags.c_contiguous:
        whole = images
    else:
        whole = device.scratch("winograd padded", (*tiles.covered, len(images), images.shape[-1]), FLOAT)
        _place(device, images, (0, 0), whole)
    half = device.scratch("winograd half", (SIZE, tiles.down, tiles.covered[1], width), FLOAT)
    np.matmul(a, whole.reshape(tiles.down, m, -1), out=half.reshape(SIZE, tiles.down, -1).transpose(1, 0, 2))
    np.matmul(a, half.reshape(SIZE, tiles.down, tiles.across, m, width), out=z.transpose(0, 2, 3, 1, 4))


def gather(device, p, tiles, images, bias):
    """images (side, rows, OW, O) = A^T p A for every tile of p (6, 6, down, across, side * O), plus bias (O,).

    Returns whether it is finite.
    """
    side, rows, columns, o = images.shape
    m, at, width = tiles.t.m, tiles.t.at, side * o
    half = device.scratch("winograd half", (m, SIZE, tiles.down, tiles.across, width), FLOAT)
    np.matmul(at, p.reshape(SIZE, SIZE, -1).transpose(1, 0, 2), out=half.reshape(m, SIZE, -1).transpose(1, 0, 2))
    direct = tiles.exact and side == 1 and images.flags.c_contiguous
    whole = images if direct else device.scratch("winograd padded", (*tiles.covered, side, o), FLOAT)
    tiled = whole.reshape(tiles.down, m, tiles.across, m, width)
    np.matmul(at, half.transpose(0, 2, 3, 1, 4), out=tiled.transpose(1, 0, 2, 3, 4))
    if bias is not None:
        wide = whole.reshape(tiles.covered[0], -1)
        np.add(wide, np.tile(bias, wide.shape[1] // o), out=wide)
    if not direct:
        copy_runs(device, images, whole[:rows, :columns].transpose(2, 0, 1, 3))
    numbers = whole.reshape(-1)
    return bool(np.isfinite(numbers.dot(numbers)))      # 2.4 times as fast as a sum; may overflow


def _place_phases(device, images, tiles, padded):
    """`images` (side, H, W, C) into `padded` (rows, columns, side, s*s*C), the phases of the stride side by side."""
    if tiles.stride == (1, 1):
        _place(device, images, tiles.before, padded)
        return
    (down, across), (top, left), c = tiles.stride, tiles.before, images.shape[-1]
    rows, columns, side, _ = padded.shape
    width = images.shape[2]
    low, high = min(-(-left // across), columns), min((width + left) // across, columns)    # columns without padding
    phases = padded.reshape(rows, columns, side, down, across * c)
    for i in range(down):
        to_rows, from_rows = _phase(i - top, down, images.shape[1], rows)
        phases[:to_rows.start, :, :, i], phases[to_rows.stop:, :, :, i] = 0, 0
        plane, source = phases[to_rows, :, :, i], images[:, from_rows]
        plane[:, :low], plane[:, high:] = 0, 0
        runs = source[:, :, low * across - left:high * across - left]       # long runs, not one phase at a time
        plane[:, low:high] = runs.reshape(side, len(plane), high - low, across * c).transpose(1, 2, 0, 3)
        for column in {max(low - 1, 0), min(high, columns - 1)} - set(range(low, high)):
            for j in range(across):
                position = column * across + j - left
                if 0 <= position < width:
                    plane[:, column, :, j * c:(j + 1) * c] = source[:, :, position].swapaxes(0, 1)


def _phase(first, stride, size, places):
    """Which of `places` positions first, first + stride, ... lie in an input of `size`, and what of it they read."""
    low = min(max(0, -(first // stride)), places)
    high = max(low, min(places, -((first - size) // stride)))
    start = first + low * stride
    return slice(low, high), slice(start, start + (high - low) * stride, stride) if high > low else slice(0, 0)


def _place(device, images, before, padded):
    """`images` (side, H, W, C) into `padded` (rows, columns, side, C) from row -before[0] and column -before[1]."""
    (top, bottom, from_row), (left, right, from_column) = map(_span, before, images.shape[1:3], padded.shape)
    padded[:top], padded[bottom:] = 0, 0
    padded[top:bottom, :left], padded[top:bottom, right:] = 0, 0
    inside = images[:, from_row:from_row + bottom - top, from_column:from_column + right - left]
    copy_runs(device, padded[top:bottom, left:right], inside.transpose(1, 2, 0, 3))


@lru_cache(CACHED)
def _span(before, number, places):
    """Which of so many places `number` inputs take behind `before` others, [start, stop), and the first input there."""
    start = min(max(before, 0), places)
    return start, max(start, min(before + number, places)), max(-before, 0)
