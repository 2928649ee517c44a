"""Winograd's convolution of images: how the work is cut so that what lies between the transforms stays in cache.

Large maps, or few channels, go image by image: each thread takes pieces, some images side by side or a band of one, and
transforms, multiplies and transforms back. Small maps with many channels go by output channels instead: the whole
batch is transformed once, and each thread makes and uses the transformed weights of a few output channels at a time.

An infinity or NaN in the input would spread over its whole tile, so a result that is not finite is refused: `correlate`
returns False and `correlate_dw` None, and the caller takes another algorithm.
"""
from functools import lru_cache

import numpy as np

from ...geometry import CACHED
from .products import multiply_in_pieces
from .winograd import FLOAT, FREQUENCIES, SIZE, all_tiles, gather, spread, spread_gradient, transform

# Bytes of transformed numbers that a thread works on at once. Forward and backward of 64 channels of 56x56 take 27.5 ms
# of one thread with 1.2 MB, 25.5 with 2.5, 24.3 with 4.2.
PIECE_BYTES = 4 << 20
WIDTH = 32                                              # channels that images side by side have together, at least
SIDE = 16                                               # images side by side at most
MANY_TILES = 128                                        # from which a product makes up for reading large weights
FEW_TILES = 100                                         # of a batch, below which each thread takes output channels
LARGE_WEIGHTS = 16 << 20                                # bytes of transformed weights not to be held as a whole
SUM_BYTES = 4 << 20                                     # of a transformed weight gradient too large to add up often
BATCH_BYTES = 24 << 20                                  # of transformed input made at once, going by output channels
FEATURES = 32                                           # output channels whose transformed weights are made at once
SUMMED_FEATURES = 128                                   # output channels whose weight gradients are made at once
WEIGHT_BYTES = 1 << 19                                  # of transformed weights made at once
PARALLEL_BYTES = 1 << 20                                # of transformed weights from which a second thread pays


def correlate(device, x, weight, geometry, out, bias):
    """out (N, OH, OW, O) = x (N, H, W, C) correlated with weight (G, O/G, C/G, *kernel), plus bias (O,); float32.

    Returns whether the result is finite; if it is not, it is not to be used.
    """
    tiles = all_tiles(geometry)
    weight = phase_weights(weight, tiles)
    groups, o, c = weight.shape[:3]
    few = len(x) * tiles.count < FEW_TILES or FREQUENCIES * o * c * FLOAT.itemsize > LARGE_WEIGHTS
    if groups > 1 or tiles.stride != (1, 1) or not few:
        return _correlate_by_images(device, x, weight, geometry, out, bias)
    step = _batch_step(len(x), tiles, max(c, o))
    return all(_correlate_by_features(device, x[start:start + step], weight[0], tiles, out[start:start + step], bias)
               for start in range(0, len(x), step))


def correlate_dw(device, g, x, geometry, groups):
    """The sum over positions of g (N, OH, OW, O) times windows of x (N, H, W, C): (G, O/G, C/G, *kernel), float32.

    None if it is not finite.
    """
    tiles = all_tiles(geometry)
    phases = tiles.stride[0] * tiles.stride[1]
    shape = (groups, g.shape[-1] // groups, phases * (x.shape[-1] // groups), tiles.t.r, tiles.t.r)
    large = FREQUENCIES * shape[1] * shape[2] * FLOAT.itemsize > SUM_BYTES
    if groups > 1 or tiles.stride != (1, 1) or not large or not len(x):
        dw = _dw_by_images(device, g, x, shape, geometry)
    else:
        step, dw = _batch_step(len(x), tiles, max(x.shape[-1], g.shape[-1])), None
        for start in range(0, len(x), step):
            part = _dw_by_features(device, g[start:start + step], x[start:start + step], tiles)
            dw = part if dw is None else np.add(dw, part, out=dw)
        dw = dw[None]
    return kernel_weights(dw, tiles, geometry.kernel) if np.isfinite(np.add.reduce(dw, axis=None)) else None


def phase_weights(weight, tiles):
    """Weights (G, O, C, KH, KW) as those of the phases of the stride, (G, O, s*s*C, r, r), zero past the kernel."""
    down, across = tiles.stride
    if down == across == 1:
        return weight
    (*outer, c, kh, kw), r = weight.shape, tiles.t.r
    whole = np.zeros((*outer, c, r, down, r, across), weight.dtype)
    whole.reshape(*outer, c, r * down, r * across)[..., :kh, :kw] = weight
    return np.ascontiguousarray(whole.transpose(0, 1, 4, 6, 2, 3, 5)).reshape(*outer, down * across * c, r, r)


def kernel_weights(dw, tiles, kernel):
    """The inverse of phase_weights."""
    down, across = tiles.stride
    if down == across == 1:
        return dw
    groups, o, c, r, _ = dw.shape
    whole = dw.reshape(groups, o, down, across, -1, r, r).transpose(0, 1, 4, 5, 2, 6, 3)
    return whole.reshape(groups, o, -1, r * down, r * across)[..., :kernel[0], :kernel[1]]


def _batch_step(n, tiles, channels):
    """How many of n images to transform at once, going by output channels."""
    step = max(1, BATCH_BYTES // (FREQUENCIES * tiles.count * channels * FLOAT.itemsize))
    return max(1, -(-n // max(1, -(-n // step))))


# ---- image by image --------------------------------------------------------------------------------------------------

@lru_cache(CACHED)
def pieces(n, geometry, c, o, budget):
    """(images, tiles) that cover n images, each of about so many bytes: some images, or bands of a few."""
    tiles = all_tiles(geometry)
    image_bytes = max(1, FREQUENCIES * tiles.count * (c + o) * FLOAT.itemsize)
    side = budget // image_bytes
    if FREQUENCIES * c * o * FLOAT.itemsize > budget:
        side = max(side, -(-MANY_TILES // tiles.count))
    side = max(1, min(SIDE, max(side, WIDTH // min(c, o))))
    number = -(-n // side)
    number = min(n, number + number % 2)                # both of two threads have the same
    bands = [tiles]
    if side * image_bytes > 2 * budget and tiles.count > MANY_TILES:
        bands = tiles.bands(geometry, -(-side * image_bytes // budget))
    return [(slice(n * i // number, n * (i + 1) // number), band) for i in range(number) for band in bands]


def transformed(device, name, tiles, width):
    """Scratch (6, 6, down, across, width) for transformed tiles."""
    return device.scratch(name, (SIZE, SIZE, tiles.down, tiles.across, width), FLOAT)


def _correlate_by_images(device, x, weight, geometry, out, bias):
    c, o, depthwise = weight.shape[0] * weight.shape[2], out.shape[-1], weight.shape[1] == weight.shape[2] == 1
    todo = pieces(len(x), geometry, c, o, PIECE_BYTES)
    u = transform_weights(device, weight, todo[0][1].t) if todo else None
    finite = []

    def run(piece):
        images, tiles = piece
        side = images.stop - images.start
        v = transformed(device, "winograd input", tiles, side * c)
        p = v if depthwise else transformed(device, "winograd product", tiles, side * o)
        spread(device, x[images], tiles, v)
        multiply(v, u, p)
        finite.append(gather(device, p, tiles, out[images, tiles.rows], bias))

    device.share(run, todo)
    return all(finite)


def multiply(v, u, p):
    """p = v u at each frequency, v (6, 6, ..., G*C) and p (6, 6, ..., G*O) over all tiles, u (36, G, C, O)."""
    groups, c, o = u.shape[1:]
    if c == o == 1:
        np.multiply(v.reshape(FREQUENCIES, -1, groups), u.reshape(FREQUENCIES, 1, groups),
                    out=p.reshape(FREQUENCIES, -1, groups))
        return
    v, p = (a.reshape(FREQUENCIES, -1, groups, k).transpose(0, 2, 1, 3) for a, k in ((v, c), (p, o)))
    multiply_in_pieces(v, u, p)


def _dw_by_images(device, g, x, shape, geometry):
    groups, o, c, r, _ = shape
    todo, sums = pieces(len(x), geometry, groups * c, groups * o, PIECE_BYTES), {}

    def run(start, stop):
        total = np.empty((FREQUENCIES, groups, o, c), FLOAT)
        for k, (images, tiles) in enumerate(todo[start:stop]):
            side = images.stop - images.start
            v = transformed(device, "winograd input", tiles, side * groups * c)
            z = transformed(device, "winograd product", tiles, side * groups * o)
            spread(device, x[images], tiles, v)
            spread_gradient(device, g[images, tiles.rows], tiles, z)
            target = device.scratch("winograd sum", total.shape, FLOAT) if k else total
            multiply_dw(z, v, target)
            if k:
                np.add(total, target, out=total)
        sums[start] = total

    device.parallel(run, len(todo))
    return weight_gradient(device, sums, shape)


def weight_gradient(device, sums, shape):
    """The transformed weight gradients (36, ...) of every run, added up and transformed back: shape (..., r, r)."""
    if not sums:
        return np.zeros(shape, FLOAT)
    first, *rest = (sums[start].reshape(FREQUENCIES, -1) for start in sorted(sums))
    dw, k = np.empty(shape, FLOAT), transform(shape[-1]).k
    rows = dw.reshape(-1, k.shape[1])

    def run(start, stop):
        part = first[:, start:stop]
        for other in rest:
            np.add(part, other[:, start:stop], out=part)
        np.matmul(part.T, k, out=rows[start:stop])

    device.parallel(run, len(rows), alone=first.nbytes <= PARALLEL_BYTES)
    return dw


def multiply_dw(z, v, total):
    """total (36, G, O, C) = the sum over tiles of z (6, 6, ..., G*O) times v (6, 6, ..., G*C); z is used up."""
    groups, o, c = total.shape[1:]
    if c == o == 1:
        z, v = z.reshape(FREQUENCIES, -1, groups), v.reshape(FREQUENCIES, -1, groups)
        np.multiply(z, v, out=z)
        np.matmul(np.ones((1, z.shape[1]), FLOAT), z, out=total.reshape(FREQUENCIES, 1, groups))
        return
    z, v = (a.reshape(FREQUENCIES, -1, groups, k).transpose(0, 2, 1, 3) for a, k in ((z, o), (v, c)))
    np.matmul(z.swapaxes(2, 3), v, out=total)


def transform_weights(device, weight, t):
    """The transformed weights (36, G, C, O) of weight (G, O, C, r, r)."""
    groups, o, c = weight.shape[:3]
    u = np.empty((FREQUENCIES, groups, c, o), FLOAT)
    if groups > 1:
        taps = _taps_first(device, weight, t.r).reshape(t.r ** 2, -1)
        wide = u.reshape(FREQUENCIES, -1)

        def columns(start, stop):
            np.matmul(t.k, taps[:, start:stop], out=wide[:, start:stop])

        device.parallel(columns, wide.shape[1], alone=u.nbytes <= PARALLEL_BYTES)
        return u
    block = max(1, WEIGHT_BYTES // (FREQUENCIES * o * FLOAT.itemsize))

    def run(start, stop):
        for i in range(start * block, min(stop * block, c), block):
            some = slice(i, min(i + block, c))
            transform_some(device, weight[0, :, some], t, u[:, 0, some].reshape(FREQUENCIES, -1))

    device.parallel(run, -(-c // block))
    return u


def transform_some(device, weight, t, u):
    """u (36, C * O), rows of any stride, from weight (O, C, r, r).

    The input gradient reads the forward pass's weights reversed and transposed: these need no copy.
    """
    forward = weight[:, :, ::-1, ::-1].swapaxes(0, 1)
    if forward.flags.c_contiguous and weight.strides[-1] < 0:
        np.matmul(t.k_flipped, forward.reshape(-1, t.r ** 2).T, out=u)
    else:
        np.matmul(t.k, _taps_first(device, weight[None], t.r).reshape(t.r ** 2, -1), out=u)


def _taps_first(device, weight, r):
    """weight (G, O, C, r, r) as scratch (r*r, G, C, O)."""
    groups, o, c = weight.shape[:3]
    taps = device.scratch("winograd taps", (r, r, groups, c, o), FLOAT)
    taps[...] = weight.transpose(3, 4, 0, 2, 1)
    return taps


# ---- small maps with many channels: the batch in one product, each thread takes output channels ----------------------

def _correlate_by_features(device, x, weight, tiles, out, bias):
    n, c, o = len(x), x.shape[-1], out.shape[-1]
    v, p = (device.scratch(name, (SIZE, SIZE, n, tiles.down, tiles.across, k), FLOAT)
            for name, k in (("winograd inputs", c), ("winograd products", o)))
    rows_v, rows_p = v.reshape(FREQUENCIES, -1, c), p.reshape(FREQUENCIES, -1, o)
    finite = []

    def multiply_some(first):
        some = slice(first, min(first + FEATURES, o))
        u = device.scratch("winograd weights", (FREQUENCIES, c * (some.stop - first)), FLOAT)
        if weight.flags.c_contiguous:                   # 15.6 ms for 512 channels of 7x7; taps first 18.6
            np.matmul(tiles.t.k, weight[some].reshape(-1, tiles.t.r ** 2).T, out=u)
            u = u.reshape(FREQUENCIES, -1, c).swapaxes(1, 2)
        else:
            transform_some(device, weight[some], tiles.t, u)
            u = u.reshape(FREQUENCIES, c, -1)
        np.matmul(rows_v, u, out=rows_p[:, :, some])

    def spread_image(i):
        spread(device, x[i:i + 1], tiles, v[:, :, i])

    def gather_image(i):
        finite.append(gather(device, p[:, :, i], tiles, out[i:i + 1], bias))

    device.share(spread_image, range(n))
    device.share(multiply_some, range(0, o, FEATURES))
    device.share(gather_image, range(n))
    return all(finite)


def _dw_by_features(device, g, x, tiles):
    n, c, o = len(x), x.shape[-1], g.shape[-1]
    k, taps = tiles.t.k, tiles.t.r ** 2
    dw = np.empty((o, c, tiles.t.r, tiles.t.r), FLOAT)
    v, z = (device.scratch(name, (SIZE, SIZE, n, tiles.down, tiles.across, channels), FLOAT)
            for name, channels in (("winograd inputs", c), ("winograd products", o)))
    rows_v, rows_z = v.reshape(FREQUENCIES, -1, c), z.reshape(FREQUENCIES, -1, o)

    def spread_image(i):
        spread(device, x[i:i + 1], tiles, v[:, :, i])
        spread_gradient(device, g[i:i + 1], tiles, z[:, :, i])

    def multiply_some(i):
        some = slice(o * i // number, o * (i + 1) // number)
        total = device.scratch("winograd weights", (FREQUENCIES, some.stop - some.start, c), FLOAT)
        np.matmul(rows_z[:, :, some].transpose(0, 2, 1), rows_v, out=total)
        np.matmul(total.reshape(FREQUENCIES, -1).T, k, out=dw[some].reshape(-1, taps))

    number = -(-o // SUMMED_FEATURES)
    number = min(o, number + number % 2)
    device.share(spread_image, range(n))
    device.share(multiply_some, range(number))
    return dw
