"""Max pool and its gradient in one launch each; the shared kernels take six passes over the output for each tap.

One thread makes one element, in channels-last order, so that neighbours in a warp read neighbouring channels. Pools of
1 and 2 axes are pools of 3 with sizes of 1. The gradient is gathered, not scattered: each input element asks the
windows that cover it whether they took it, so there are no atomics and its bits are the same every time.
"""
from ..generic import pool as shared
from .sources import Elementwise

# Channels, then of three axes: size, output, kernel, stride, dilation, padding before.
NAMES = "channels d h w od oh ow kd kh kw sd sh sw dd dh dw bd bh bw"
SIZES = ", ".join(f"int32 {name}" for name in NAMES.split())

MAX_POOL = Elementwise("max_pool", f"raw T x, {SIZES}", "T y, K index", """
    typedef wide<T>::type W;
    long long rest = i / channels;
    const int c = i - rest * channels;
    const int z = int(rest % ow) * sw - bw; rest /= ow;
    const int u = int(rest % oh) * sh - bh; rest /= oh;
    const int t = int(rest % od) * sd - bd; rest /= od;
    W best = log(W(0));
    T chosen = T(best);
    int winner = -1, tap = 0;
    for (int a = 0; a < kd; a++) for (int b = 0; b < kh; b++) for (int e = 0; e < kw; e++, tap++) {
        const int p = t + a * dd, q = u + b * dh, r = z + e * dw;
        if (p < 0 || p >= d || q < 0 || q >= h || r < 0 || r >= w) continue;
        const T element = x[(((rest * d + p) * h + q) * w + r) * channels + c];
        const W value = W(element);
        if (winner < 0 || value > best || value != value) { best = value; winner = tap; chosen = element; }
    }
    y = chosen;
    index = K(winner < 0 ? 0 : winner);
""")

MAX_POOL_DX = Elementwise("max_pool_dx", f"raw T g, raw K index, {SIZES}", "T dx", """
    typedef wide<T>::type W;
    long long rest = i / channels;
    const int c = i - rest * channels;
    const int r = int(rest % w) + bw; rest /= w;
    const int q = int(rest % h) + bh; rest /= h;
    const int p = int(rest % d) + bd; rest /= d;
    W sum = 0;
    int tap = 0;
    for (int a = 0; a < kd; a++) for (int b = 0; b < kh; b++) for (int e = 0; e < kw; e++, tap++) {
        const int t = p - a * dd, u = q - b * dh, z = r - e * dw;
        if (t < 0 || t % sd || u < 0 || u % sh || z < 0 || z % sw) continue;
        if (t / sd >= od || u / sh >= oh || z / sw >= ow) continue;
        const long long place = (((rest * od + t / sd) * oh + u / sh) * ow + z / sw) * channels + c;
        if (int(index[place]) == tap) sum += W(g[place]);
    }
    dx = T(sum);
""")


def sizes(geom, channels):
    """The numbers the text asks for, missing axes in front with size 1."""
    missing = (1,) * (3 - geom.rank)
    none = (0,) * (3 - geom.rank)
    return (channels, *missing, *geom.size, *missing, *geom.output, *missing, *geom.kernel, *missing, *geom.stride,
            *missing, *geom.dilation, *none, *geom.before)


def _covered(x, geom):
    """Whether the text holds: floating point it knows, and sizes of 32 bits."""
    return x.dtype.char in "efd" and max(geom.size) < 2 ** 30


def max_pool(device, x, *, geom, wants=frozenset()):
    """(y, index): the largest value of each window (N, C, *output), and the number of its tap if `index` is wanted."""
    if not _covered(x, geom):
        return shared.max_pool(device, x, geom=geom, wants=wants)
    xp = device.xp
    x = xp.ascontiguousarray(xp.moveaxis(x, 1, -1))     # (N, *size, C)
    shape = (len(x), *geom.output, x.shape[-1])
    y, index = device.empty(shape, x.dtype), device.empty(shape, shared.tap_dtype(geom))
    if y.size:
        MAX_POOL(x, *sizes(geom, x.shape[-1]), y, index)
    return xp.moveaxis(y, -1, 1), xp.moveaxis(index, -1, 1) if "index" in wants else None


def max_pool_dx(device, g, index, *, geom):
    """The adjoint of max_pool_gather: each g (N, C, *output) is added to the input position its window took."""
    if not _covered(g, geom):
        return shared.max_pool_dx(device, g, index, geom=geom)
    xp = device.xp
    g, index = (xp.ascontiguousarray(xp.moveaxis(a, 1, -1)) for a in (g, index))
    dx = device.empty((len(g), *geom.size, g.shape[-1]), g.dtype)
    if dx.size:
        MAX_POOL_DX(g, index, *sizes(geom, g.shape[-1]), dx)
    return xp.moveaxis(dx, -1, 1)
