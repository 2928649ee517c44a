"""Kernels that draw random numbers where the arrays live: `stream` is the native random generator of the device.

They keep to what NumPy's and CuPy's generators have in common. float16 and bfloat16 are drawn as float32 and rounded.
"""
from .precision import is_narrow


def draw_uniform(device, stream, shape, dtype, low, high):
    """Numbers from [low, high)."""
    u = stream.random(shape, dtype=_drawn(device, dtype))
    y = u if low == 0 and high == 1 else u * (high - low) + low
    return y.astype(dtype, copy=False)


def draw_normal(device, stream, shape, dtype, mean, std):
    """Numbers of the normal distribution; mean and std are numbers, or arrays that broadcast to the shape."""
    y = stream.standard_normal(shape, dtype=_drawn(device, dtype))
    if not (type(std) is float and std == 1.0):
        y = y * std
    if not (type(mean) is float and mean == 0.0):
        y = y + mean
    return y.astype(dtype, copy=False)


def draw_exponential(device, stream, shape, dtype, rate):
    """Numbers of the exponential distribution with mean 1 / rate; never 0."""
    xp = device.xp
    u = stream.random(shape, dtype=xp.float64)
    return (-xp.log1p(-u) / rate).astype(dtype, copy=False)


def draw_integers(device, stream, shape, dtype, low, high):
    """Integers from [low, high), of any dtype."""
    return stream.integers(low, high, size=shape, dtype=device.xp.int64).astype(dtype, copy=False)


def draw_bernoulli(device, stream, p, shape, dtype):
    """1 with probability p, else 0; p is a number or an array that broadcasts to the shape."""
    return (stream.random(shape, dtype=device.xp.float64) < p).astype(dtype)


def draw_permutation(device, stream, n, dtype):
    """The numbers from 0 to n - 1 in random order."""
    return device.xp.argsort(stream.random(n)).astype(dtype)


def draw_categories(device, stream, weights, count, replacement):
    """Classes drawn with the probabilities of each row: weights (R, C) -> (R, count) int64."""
    xp = device.xp
    w = weights.astype(xp.float64)
    if not replacement:                                 # a race of exponential clocks: the first `count` to ring
        clocks = -xp.log1p(-stream.random(w.shape)) / w
        return xp.argsort(clocks, axis=-1)[:, :count].astype(xp.int64, copy=False)
    chosen = xp.empty((len(w), count), xp.int64)
    u = stream.random((len(w), count))
    for row in range(len(w)):
        ends = xp.cumsum(w[row])
        chosen[row] = xp.searchsorted(ends / ends[-1:], u[row], side="right")   # the last end is 1, and u below it
    return chosen


def dropout(device, x, p, mask_shape, scale, kept, dropped, stream, wants):
    """x scale + kept where a draw of probability 1 - p says so, else `dropped`; residual: that mask, of mask_shape."""
    draw = device.kernel("draw_mask")
    if len(mask_shape) < 4:
        mask = draw(stream, mask_shape, p)
    else:                                               # drawn as activations lie in memory: (N, *spatial, C)
        mask = device.xp.moveaxis(draw(stream, (mask_shape[0], *mask_shape[2:], mask_shape[1]), p), -1, 1)
    y = device.kernel("masked_scale")(x, mask, scale=scale)
    if kept or dropped:
        y = (y + device.xp.where(mask, kept, dropped)).astype(x.dtype, copy=False)
    return y, mask if "mask" in wants else None


def draw_mask(device, stream, shape, p):
    """Bools that are True with probability 1 - p."""
    return stream.random(shape, dtype=device.xp.float32) >= p


def masked_scale(device, x, mask, scale):
    """x scale where the mask is True, else 0."""
    y = x * mask
    if scale != 1:
        y *= scale
    return y.astype(x.dtype, copy=False)                # NumPy's product of a 0-d bfloat16 and a bool is float32


def _drawn(device, dtype):
    return device.xp.float32 if is_narrow(dtype) else dtype
