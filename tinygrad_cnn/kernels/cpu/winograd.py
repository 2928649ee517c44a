"""Winograd's convolution: 3x3 and 5x5 kernels at stride 1 with 36 multiplications where 144 (100) would be.

A tile of m x m outputs of a kernel r x r needs a 6 x 6 piece of the input (m = 7 - r). Seen as polynomials, the
correlation along one axis is a product, which six values determine: evaluate both factors at six points, multiply,
interpolate. In matrices, for one tile d of the input and one kernel w,

    y = A^T [ (G w G^T) * (B^T d B) ] A.

The sums over channels are then 36 matrix products, (tiles, C) @ (C, O). The transforms are matrix products too: B^T
along the rows of all tiles at once, a (6, 6) @ (6, width) on a strided view, then along the columns, written straight to
where the 36 products read. Read backwards, the same steps give the weight gradient: G^T [ sum (A g A^T) * (B^T d B) ] G.

The interpolation points 0, 1, -1, 1/2, -2 and infinity lose the least of float32 among those tried: 9 times PyTorch's
error in L2. An infinity or NaN in the input would spread over its whole tile, so a result that is not finite is refused
(`correlate` and `correlate_dw` then say so, and the caller takes another algorithm). Source: Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks"; Toom and Cook.
"""
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.polynomial.polynomial import polyfromroots

POINTS = (0.0, 1.0, -1.0, 0.5, -2.0)
SIZE = len(POINTS) + 1                                  # the sixth point is infinity
FREQUENCIES = SIZE * SIZE
CACHED_WEIGHTS = 1 << 20                                # bytes of transformed weights that stay in cache beside a tile's work
SIDE_BYTES = 5 << 19                                    # bytes of transformed images that a thread works on at once
BATCH_BYTES = 24 << 20                                  # bytes of transformed input made at once
FEATURES = 32                                           # output channels whose transformed weights are made at once


class Transform:
    """The matrices of F(m, r): A (6, m), G (6, r), B^T (6, 6), and K (36, r*r), which applies G to both axes of a kernel."""

    def __init__(self, r):
        self.r, self.m = r, SIZE + 1 - r
        rows_a = [[p ** j for j in range(self.m)] for p in POINTS] + [[0.0] * (self.m - 1) + [1.0]]
        rows_g = [[p ** j / np.prod([p - q for q in POINTS if q != p]) for j in range(r)] for p in POINTS]
        rows_g.append([0.0] * (r - 1) + [1.0])
        rows_b = np.zeros((SIZE, SIZE))
        for i, p in enumerate(POINTS):
            rows_b[i, :-1] = polyfromroots([q for q in POINTS if q != p])
        rows_b[-1] = polyfromroots(POINTS)
        self.a = np.array(rows_a, np.float32)
        self.at = np.ascontiguousarray(self.a.T)
        self.bt = rows_b.astype(np.float32)
        g = np.array(rows_g)
        self.k = np.kron(g, g).astype(np.float32)
        self.k_flipped = np.kron(g[:, ::-1], g[:, ::-1]).astype(np.float32)


@lru_cache(maxsize=None)
def transform(r):
    """The Transform for kernels r x r, r = 3 or 5."""
    return Transform(r)


class Tiles:
    """How an output (OH, OW) is cut into tiles of m x m, `side` images of C channels lying side by side innermost."""

    def __init__(self, t, geometry):
        self.t = t
        self.output, self.before = geometry.output, geometry.before
        self.down, self.across = (-(-n // t.m) for n in geometry.output)
        self.count = self.down * self.across
        self.padded = tuple(t.m * (n - 1) + SIZE for n in (self.down, self.across))
        self.exact = (self.down * t.m, self.across * t.m) == tuple(geometry.output)


def applies(geometry):
    """Whether this geometry can go through Winograd's algorithm."""
    return (geometry.kernel in ((3, 3), (5, 5)) and geometry.stride == (1, 1) and geometry.dilation == (1, 1)
            and min(geometry.output) > 0)


def correlate(device, x, weight, geometry, out, bias):
    """out (N, OH, OW, O) = x (N, H, W, C) correlated with weight (O, C, r, r), plus bias (O,); all float32.

    Returns whether the result is finite; if it is not, it is not to be used.
    """
    t = transform(geometry.kernel[0])
    tiles = Tiles(t, geometry)
    n, c, o = len(x), x.shape[-1], out.shape[-1]
    if FREQUENCIES * c * o * 4 <= CACHED_WEIGHTS or tiles.count >= 100:
        return _correlate_by_images(device, x, weight, tiles, out, bias)
    step = max(1, BATCH_BYTES // (FREQUENCIES * tiles.count * max(c, o) * 4))
    return all(_correlate_by_features(device, x[start:start + step], weight, tiles, out[start:start + step], bias)
               for start in range(0, n, step))


def correlate_dw(device, g, x, geometry):
    """The sum over positions of g (N, OH, OW, O) times windows of x (N, H, W, C): (O, C, r, r), float32.

    None if it is not finite.
    """
    dw = _correlate_dw(device, g, x, geometry)
    return dw if np.isfinite(np.add.reduce(dw, axis=None)) else None


def _correlate_dw(device, g, x, geometry):
    t = transform(geometry.kernel[0])
    tiles = Tiles(t, geometry)
    n, c, o = len(x), x.shape[-1], g.shape[-1]
    if FREQUENCIES * c * o * 4 <= CACHED_WEIGHTS or tiles.count >= 100:
        return _dw_by_images(device, g, x, tiles)
    step = max(1, BATCH_BYTES // (FREQUENCIES * tiles.count * max(c, o) * 4))
    total = None
    for start in range(0, n, step):
        part = _dw_by_features(device, g[start:start + step], x[start:start + step], tiles)
        total = part if total is None else np.add(total, part, out=total)
    return total


# ---- large maps, or few channels: the transformed weights stay in cache, each thread takes images -------------------

def _correlate_by_images(device, x, weight, tiles, out, bias):
    n, c, o = len(x), x.shape[-1], out.shape[-1]
    side = _side_by_side(n, c, o, tiles)
    u = _weights(device, weight, tiles.t)
    finite = []

    def run(start, stop):
        v = device.scratch("winograd input", (SIZE, SIZE, tiles.down, tiles.across, side * c), np.float32)
        p = device.scratch("winograd product", (SIZE, SIZE, tiles.down, tiles.across, side * o), np.float32)
        for k in range(start, stop):
            images = slice(k * side, (k + 1) * side)
            _spread(device, x[images], tiles, v)
            np.matmul(v.reshape(FREQUENCIES, -1, c), u, out=p.reshape(FREQUENCIES, -1, o))
            finite.append(_gather(device, p, tiles, out[images], bias))

    device.parallel(run, n // side)
    return all(finite)


def _dw_by_images(device, g, x, tiles):
    n, c, o = len(x), x.shape[-1], g.shape[-1]
    side = _side_by_side(n, c, o, tiles)
    sums = {}

    def run(start, stop):
        v = device.scratch("winograd input", (SIZE, SIZE, tiles.down, tiles.across, side * c), np.float32)
        z = device.scratch("winograd product", (SIZE, SIZE, tiles.down, tiles.across, side * o), np.float32)
        total = np.empty((FREQUENCIES, o, c), np.float32)
        for k in range(start, stop):
            images = slice(k * side, (k + 1) * side)
            _spread(device, x[images], tiles, v)
            _spread_gradient(device, g[images], tiles, z)
            target = total if k == start else device.scratch("winograd sum", total.shape, np.float32)
            np.matmul(z.reshape(FREQUENCIES, -1, o).transpose(0, 2, 1), v.reshape(FREQUENCIES, -1, c), out=target)
            if k > start:
                np.add(total, target, out=total)
        sums[start] = total

    device.parallel(run, n // side)
    first, *rest = (sums[start] for start in sorted(sums))
    for other in rest:
        np.add(first, other, out=first)
    r = tiles.t.r
    return np.matmul(first.reshape(FREQUENCIES, -1).T, tiles.t.k).reshape(o, c, r, r)


def _side_by_side(n, c, o, tiles):
    """How many images to lay side by side, so that the transforms' products are wide but stay in cache; a divisor of n."""
    wanted = max(1, min(16, SIDE_BYTES // (FREQUENCIES * tiles.count * (c + o) * 4)))
    return next(k for k in range(min(n, wanted), 0, -1) if n % k == 0)


# ---- small maps with many channels: the batch in one product, each thread takes output channels ----------------------

def _correlate_by_features(device, x, weight, tiles, out, bias):
    n, c, o = len(x), x.shape[-1], out.shape[-1]
    t = tiles.t
    kernels, flipped, swapped = _stored(weight)
    v = device.scratch("winograd inputs", (SIZE, SIZE, n, tiles.down, tiles.across, c), np.float32)
    p = device.scratch("winograd products", (SIZE, SIZE, n, tiles.down, tiles.across, o), np.float32)
    rows_v, rows_p = v.reshape(FREQUENCIES, -1, c), p.reshape(FREQUENCIES, -1, o)
    k = t.k_flipped if flipped else t.k
    finite = []

    def multiply(start, stop):
        for f in range(start * FEATURES, min(stop * FEATURES, o), FEATURES):
            some = slice(f, min(f + FEATURES, o))
            count = some.stop - f
            u = device.scratch("winograd weights", (FREQUENCIES, count * c), np.float32)
            if swapped:                                 # kernels (C, O, r, r)
                part = device.scratch("winograd kernels", (c, count, t.r * t.r), np.float32)
                np.copyto(part, kernels[:, some].reshape(c, count, -1))
                np.matmul(k, part.reshape(c * count, -1).T, out=u)
                u = u.reshape(FREQUENCIES, c, count)
            else:
                np.matmul(k, kernels[some].reshape(count * c, -1).T, out=u)
                u = u.reshape(FREQUENCIES, count, c).transpose(0, 2, 1)
            np.matmul(rows_v, u, out=rows_p[:, :, some])

    def spread(start, stop):
        for i in range(start, stop):
            _spread(device, x[i:i + 1], tiles, v[:, :, i])

    def gather(start, stop):
        for i in range(start, stop):
            finite.append(_gather(device, p[:, :, i], tiles, out[i:i + 1], bias))

    device.parallel(spread, n)
    device.parallel(multiply, -(-o // FEATURES))
    device.parallel(gather, n)
    return all(finite)


def _dw_by_features(device, g, x, tiles):
    n, c, o = len(x), x.shape[-1], g.shape[-1]
    t = tiles.t
    dw = np.empty((o, c, t.r, t.r), np.float32)
    v = device.scratch("winograd inputs", (SIZE, SIZE, n, tiles.down, tiles.across, c), np.float32)
    z = device.scratch("winograd products", (SIZE, SIZE, n, tiles.down, tiles.across, o), np.float32)
    rows_v, rows_z = v.reshape(FREQUENCIES, -1, c), z.reshape(FREQUENCIES, -1, o)

    def spread(start, stop):
        for i in range(start, stop):
            _spread(device, x[i:i + 1], tiles, v[:, :, i])
            _spread_gradient(device, g[i:i + 1], tiles, z[:, :, i])

    def multiply(start, stop):
        for f in range(start * FEATURES, min(stop * FEATURES, o), FEATURES):
            some = slice(f, min(f + FEATURES, o))
            total = device.scratch("winograd weights", (FREQUENCIES, some.stop - f, c), np.float32)
            np.matmul(rows_z[:, :, some].transpose(0, 2, 1), rows_v, out=total)
            np.matmul(total.reshape(FREQUENCIES, -1).T, t.k, out=dw[some].reshape(-1, t.r * t.r))

    device.parallel(spread, n)
    device.parallel(multiply, -(-o // FEATURES))
    return dw


# ---- the transforms --------------------------------------------------------------------------------------------------

def _spread(device, images, tiles, v):
    """v (6, 6, down, across, side*C) = B^T d B for every tile d of `images` (side, H, W, C), zero outside them."""
    side, h, w, c = images.shape
    width, m = side * c, tiles.t.m
    rows, columns = tiles.padded
    padded = device.scratch("winograd padded", (rows, columns, side, c), np.float32)
    _place(images, tiles.before, padded)
    row, item = padded.strides[0], padded.itemsize
    half = device.scratch("winograd half", (SIZE, tiles.down, columns, width), np.float32)
    np.matmul(tiles.t.bt, as_strided(padded, (tiles.down, SIZE, columns * width), (m * row, row, item)),
              out=half.reshape(SIZE, tiles.down, -1).transpose(1, 0, 2))
    s = half.strides
    np.matmul(tiles.t.bt, as_strided(half, (SIZE, tiles.down, tiles.across, SIZE, width), (s[0], s[1], m * s[2], s[2], item)),
              out=v.transpose(0, 2, 3, 1, 4))


def _place(images, before, padded):
    """`images` (side, H, W, C) into `padded` (rows, columns, side, C), from row -before[0] and column -before[1], zeros around."""
    _, h, w, _ = images.shape
    rows, columns = padded.shape[:2]
    (top, bottom, from_row), (left, right, from_column) = (
        (max(b, 0), min(b + n, size), max(-b, 0)) for b, n, size in zip(before, (h, w), (rows, columns)))
    padded[:top], padded[bottom:] = 0, 0
    padded[top:bottom, :left], padded[top:bottom, right:] = 0, 0
    padded[top:bottom, left:right] = images[:, from_row:from_row + bottom - top,
                                            from_column:from_column + right - left].transpose(1, 2, 0, 3)


def _gather(device, p, tiles, images, bias):
    """images (side, OH, OW, O) = A^T p A for every tile of p (6, 6, down, across, side*O), plus bias; whether it is finite."""
    side, oh, ow, o = images.shape
    m, at, width = tiles.t.m, tiles.t.at, side * o
    half = device.scratch("winograd half", (m, SIZE, tiles.down, tiles.across, width), np.float32)
    np.matmul(at, p.reshape(SIZE, SIZE, -1).transpose(1, 0, 2), out=half.reshape(m, SIZE, -1).transpose(1, 0, 2))
    direct = tiles.exact and side == 1 and images.flags.c_contiguous
    whole = images if direct else device.scratch("winograd padded", (tiles.down * m, tiles.across * m, side, o), np.float32)
    tiled = whole.reshape(tiles.down, m, tiles.across, m, width)
    np.matmul(at, half.transpose(0, 2, 3, 1, 4), out=tiled.transpose(1, 0, 2, 3, 4))
    if bias is not None:
        wide = whole.reshape(tiles.down * m, -1)
        np.add(wide, np.tile(bias, wide.shape[1] // o), out=wide)
    if not direct:
        images[...] = whole[:oh, :ow].transpose(2, 0, 1, 3)
    return bool(np.isfinite(np.add.reduce(whole, axis=None)))


def _spread_gradient(device, images, tiles, z):
    """z (6, 6, down, across, side*O) = A g A^T for every tile g of `images` (side, OH, OW, O)."""
    side, oh, ow, o = images.shape
    m, width = tiles.t.m, side * o
    if tiles.exact and side == 1 and images.flags.c_contiguous:
        whole = images
    else:
        whole = device.scratch("winograd padded", (tiles.down * m, tiles.across * m, side, o), np.float32)
        _place(images, (0, 0), whole)
    half = device.scratch("winograd half", (SIZE, tiles.down, tiles.across * m, width), np.float32)
    np.matmul(tiles.t.a, whole.reshape(tiles.down, m, -1), out=half.reshape(SIZE, tiles.down, -1).transpose(1, 0, 2))
    np.matmul(tiles.t.a, half.reshape(SIZE, tiles.down, tiles.across, m, width), out=z.transpose(0, 2, 3, 1, 4))


def _stored(weight):
    """(kernels as they lie in memory, whether their taps run backwards, whether they are (C, O, r, r)): no copy where none
    is needed, since the input gradient reads the forward pass's weights reversed and transposed."""
    flipped = weight.strides[-1] < 0 and weight.strides[-2] < 0
    kernels = weight[:, :, ::-1, ::-1] if flipped else weight
    if kernels.flags.c_contiguous:
        return kernels, flipped, False
    if kernels.transpose(1, 0, 2, 3).flags.c_contiguous:
        return kernels.transpose(1, 0, 2, 3), flipped, True
    return np.ascontiguousarray(kernels), flipped, False


def _weights(device, weight, t):
    """The transformed weights (36, C, O)."""
    kernels, flipped, swapped = _stored(weight)
    o, c = weight.shape[:2]
    u = np.matmul(t.k_flipped if flipped else t.k, kernels.reshape(o * c, -1).T)
    return u.reshape(FREQUENCIES, c, o) if swapped else np.ascontiguousarray(u.reshape(FREQUENCIES, o, c).transpose(0, 2, 1))
