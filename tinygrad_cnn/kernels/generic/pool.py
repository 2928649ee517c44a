"""Max and average pools over windows, for any device, with their adjoints.

A pool walks the taps of its kernel, not its windows: tap t of all windows of a block is one strided slice of the
padded input, so k*k whole-array steps do the work, and on the CPU a block stays in the cache through all of them. (One
window over the whole input, the last average of a residual network, is a plain mean.)
Max pool keeps, for its gradient, the number of the tap that won (one byte for up to 256 taps). Images are channels-last
inside, (N, *size, C).

Conventions, PyTorch's: padding is -inf for max pools; of equal values the first wins; NaN wins, the last of several.
"""
from functools import partial
from itertools import product
from math import prod

from .windows import block_bytes, channels_first, channels_last, cut, image_groups, patch, tap_views, working_dtype

ALONE = 512 << 10                                       # bytes of input below which a second thread is no help


def max_pool(device, x, *, geom, wants=frozenset(), largest=None):
    """(y, index): the largest value of each window (N, C, *output), and the number of its tap if `index` is wanted.

    largest: the step that fills a block, in place of `walk`.
    """
    xp = device.xp
    x = channels_last(x)
    shape = (len(x), *geom.output, x.shape[-1])
    y = device.empty(shape, x.dtype)
    index = device.empty(shape, tap_dtype(geom)) if "index" in wants else None
    lowest = xp.iinfo(x.dtype).min if x.dtype.kind in "iu" else -xp.inf
    first = _first_inside(xp, geom, index.dtype) if index is not None and any(geom.before) else None

    def run(block):
        taps = tap_views(device, patch(device, x[block.images], block, lowest, x.dtype), geom, block.number)
        here = (block.images, *block.where)
        (largest or walk)(device, taps, geom, y[here], None if index is None else index[here])
        if first is not None:
            nothing = y[here] == lowest                 # else the first tap would win, which may lie in the padding
            if device.type != "cpu" or nothing.any():
                index[here] = xp.where(nothing, first[block.where], index[here])

    blocks = _blocks(device, x, geom)
    device.share(run, blocks, alone=x.nbytes < ALONE)
    return channels_first(y), None if index is None else channels_first(index)


def _first_inside(xp, geom, dtype):
    """The number of each window's first tap that is not in the padding: (*output, 1)."""
    number = xp.zeros((1,) * (geom.rank + 1), dtype)
    for axis, (o, k, s, d, b) in enumerate(zip(geom.output, geom.kernel, geom.stride, geom.dilation, geom.before)):
        along = xp.asarray([max(0, -((i * s - b) // d)) for i in range(o)], dtype)
        number = number * dtype.type(k) + along.reshape((-1,) + (1,) * (geom.rank - axis))
    return number


def walk(device, taps, geom, y, index):
    """Fill y (n, *number, C) with the largest of its taps (*kernel, n, *number, C), and index, if any, with its number.

    A tap wins against those before it if it is larger, or NaN.
    """
    xp, on_cpu = device.xp, device.type == "cpu"
    if index is None:
        for number, tap in enumerate(_taps(geom)):
            if number:
                xp.maximum(y, taps[tap], out=y)
            else:
                y[...] = taps[tap]
        return
    larger = device.scratch("larger", y.shape, "bool")
    part = device.scratch("part", y.shape, index.dtype)

    def one_by_one(may_be_nan):
        for number, tap in enumerate(_taps(geom)):
            if not number:
                y[...], index[...] = taps[tap], 0
                continue
            xp.greater(taps[tap], y, out=larger)
            if may_be_nan:
                xp.logical_or(larger, xp.isnan(taps[tap]), out=larger)
            xp.maximum(y, taps[tap], out=y)
            xp.multiply(larger, index.dtype.type(number), out=part)
            xp.maximum(index, part, out=index)          # numbers grow, so the last to win is the largest

    one_by_one(may_be_nan=not on_cpu)
    if on_cpu and y.size and xp.isnan(xp.max(y)):       # two more passes a tap, paid only where there is a NaN
        one_by_one(may_be_nan=True)


def max_pool_dx(device, g, index, *, geom, deal=None):
    """The adjoint of max_pool_gather: each g (N, C, *output) is added to the input position its window took.

    deal: the step that does so for a block, in place of `deal_out`.
    """
    index = channels_last(index)

    def spread(taps, here, g, join):
        (deal or deal_out)(device, taps, geom, index[here], g, join)

    return _spread(device, g, geom, spread)


def deal_out(device, taps, geom, chosen, g, join):
    """Join g (n, *number, C) to those of the taps (*kernel, n, *number, C) that are `chosen`, and 0 to the others."""
    xp = device.xp
    equal = device.scratch("equal", g.shape, "bool")
    part = device.scratch("part", g.shape, g.dtype)
    finite = device.type == "cpu" and xp.isfinite(g).all()
    for number, tap in enumerate(_taps(geom)):
        xp.equal(chosen, number, out=equal)
        if finite:
            xp.multiply(g, equal, out=part)             # ten times faster than where
        else:
            part[...] = xp.where(equal, g, g.dtype.type(0))          # infinity times 0 would be NaN
        join(taps[tap], part)


def max_pool_gather(device, u, index, *, geom):
    """The value of u (N, C, *size) at the position each window took: (N, C, *output); 0 for one in the padding."""
    xp = device.xp
    u, index = channels_last(u), channels_last(index)
    y = device.empty(index.shape, u.dtype)

    def run(block):
        taps = tap_views(device, patch(device, u[block.images], block, 0, u.dtype), geom, block.number)
        here = (block.images, *block.where)
        chosen, target = index[here], y[here]
        for number, tap in enumerate(_taps(geom)):
            target[...] = xp.where(chosen == number, taps[tap], target) if number else taps[tap]

    blocks = _blocks(device, u, geom)
    device.share(run, blocks)
    return channels_first(y)


def max_pool_index(device, x, *, geom):
    """The position in the flattened spatial axes that each window of max_pool took: int64 (N, C, *output)."""
    xp = device.xp
    _, taps = max_pool(device, x, geom=geom, wants=frozenset(["index"]))
    pitches = [prod(geom.size[i + 1:]) for i in range(geom.rank)]
    flat = xp.asarray([sum(t * d * p for t, d, p in zip(tap, geom.dilation, pitches)) for tap in _taps(geom)])
    position = xp.take(flat, taps.astype("int64"))
    for axis, (number, s, b, pitch) in enumerate(zip(geom.output, geom.stride, geom.before, pitches)):
        along = (xp.arange(number) * s - b) * pitch
        position += along.reshape((-1,) + (1,) * (geom.rank - 1 - axis))
    return position


def avg_pool(device, x, *, geom, count_include_pad, divisor_override):
    """The mean of each window (N, C, *output); see avg_pool2d for what it divides by."""
    xp, work = device.xp, working_dtype(x.dtype)
    x = channels_last(x)
    divisor = _divisor(device, geom, count_include_pad, divisor_override, work)
    if _is_one_window(geom):
        total = device.kernel("sum")(_positions(x.astype(work, copy=False)), (1,), False)
        return channels_first((total / divisor).astype(x.dtype, copy=False).reshape(len(x), *geom.output, x.shape[-1]))
    y = device.empty((len(x), *geom.output, x.shape[-1]), x.dtype)

    def run(block):
        taps = tap_views(device, patch(device, x[block.images], block, 0, work), geom, block.number)
        target = y[(block.images, *block.where)]
        total = target if target.dtype == work else device.scratch("total", target.shape, work)
        for number, tap in enumerate(_taps(geom)):
            if number:
                xp.add(total, taps[tap], out=total)
            else:
                total[...] = taps[tap]
        xp.divide(total, divisor[block.where] if divisor.ndim else divisor, out=total)
        if total is not target:
            target[...] = total

    blocks = _blocks(device, x, geom)
    device.share(run, blocks)
    return channels_first(y)


def avg_pool_dx(device, g, *, geom, count_include_pad, divisor_override):
    """The adjoint of avg_pool: g (N, C, *output), divided, is added to every position of its window."""
    xp = device.xp
    divisor = _divisor(device, geom, count_include_pad, divisor_override, working_dtype(g.dtype))
    if _is_one_window(geom):
        dx = device.empty((len(g), *geom.size, g.shape[1]), g.dtype)
        _positions(dx)[...] = xp.divide(_positions(channels_last(g)), divisor)
        return channels_first(dx)

    def spread(taps, here, g, join):
        share = device.scratch("part", g.shape, g.dtype)
        xp.divide(g, divisor[here[1:]] if divisor.ndim else divisor, out=share)
        for tap in _taps(geom):
            join(taps[tap], share)

    return _spread(device, g, geom, spread)


def _spread(device, g, geom, spread):
    """dx (N, C, *size), where spread(taps, here, g, join) joins what it makes of the block `here` of g to tap views of
    padded dx: join(target, part) adds, or writes where no two windows overlap."""
    work = working_dtype(g.dtype)
    g = channels_last(g)
    channels = g.shape[-1]
    dx = device.empty((len(g), *geom.size, channels), g.dtype)
    extents = tuple(max(p, b + n) for p, b, n in zip(geom.padded, geom.before, geom.size))
    inside = (slice(None), *(slice(b, b + n) for b, n in zip(geom.before, geom.size)))
    unpadded = extents == geom.size and g.dtype == work
    disjoint = windows_are_disjoint(geom)
    covered = disjoint and geom.kernel == geom.stride and geom.padded == extents
    join = device.kernel("copy_runs") if disjoint else partial(_add, device.xp)

    def run(images):
        number = images.stop - images.start
        whole = dx[images] if unpadded else device.scratch("padded", (number, *extents, channels), work)
        if not covered:
            whole[...] = 0
        for block in cut(number, geom, channels * work.itemsize, budget):
            some = block.images
            here = (slice(images.start + some.start, images.start + some.stop), *block.where)
            part = g[here]
            if part.dtype != work or not part.flags.c_contiguous:
                copy = device.scratch("block", part.shape, work)
                copy[...] = part
                part = copy
            origin = tuple(slice(w.start * s, None) for w, s in zip(block.where, geom.stride))
            spread(tap_views(device, whole[(some, *origin)], geom, block.number), here, part, join)
        if not unpadded:
            dx[images] = whole[inside]

    budget = _budget(device)
    groups = image_groups(len(g), prod(extents) * channels * work.itemsize, budget)
    device.share(run, groups, alone=dx.nbytes < ALONE)
    return channels_first(dx)


def windows_are_disjoint(geom):
    """Whether no two windows overlap."""
    return all(k <= s for k, s in zip(geom.kernel, geom.stride)) and set(geom.dilation) == {1}


def _add(xp, target, part):
    xp.add(target, part, out=target)


def _is_one_window(geom):
    """Whether the pool is one window that covers the whole input: its taps are all positions, too many to walk."""
    return geom.kernel == geom.size and geom.output == (1,) * geom.rank and not any(geom.before)


def _positions(x):
    """(N, *size, C) -> (N, positions, C)."""
    return x.reshape(len(x), prod(x.shape[1:-1]), x.shape[-1])


def tap_dtype(geom):
    """The smallest dtype that numbers the taps."""
    return "uint8" if geom.taps <= 256 else "uint16" if geom.taps <= 65536 else "int64"


def _taps(geom):
    """The indices of the taps in row-major order."""
    return product(*map(range, geom.kernel))


def _blocks(device, x, geom):
    reach = prod(min(s, k) for s, k in zip(geom.stride, geom.kernel))      # input read for each output
    return cut(len(x), geom, (1 + reach) * x.shape[-1] * x.dtype.itemsize, _budget(device))


def _budget(device):
    """The bytes of a block: on a CPU twice those of a convolution, whose steps take longer."""
    return block_bytes(device) * (2 if device.type == "cpu" else 1)


def _divisor(device, geom, count_include_pad, divisor_override, work):
    """What each window's sum is divided by: a scalar of dtype `work`, or an array (*output, 1) where windows differ."""
    xp = device.xp
    if divisor_override is not None:
        return work.type(divisor_override)
    axes = geom.counts(count_include_pad)
    if all(len(set(axis)) == 1 for axis in axes):
        return work.type(prod(axis[0] for axis in axes))
    total = xp.ones((1,) * (geom.rank + 1), work)
    for axis, numbers in enumerate(axes):
        total = total * xp.asarray(numbers, work).reshape((-1,) + (1,) * (geom.rank - axis))
    return total
