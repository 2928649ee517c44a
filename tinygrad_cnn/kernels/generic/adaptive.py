"""Adaptive pools, and reading and writing by flat spatial index, for any device.

The windows of an adaptive pool are products of intervals, so a pool over all axes is a pool over one axis after the
other: `sum of the outputs` steps instead of their product. Arrays are (N, C, *size) here; `index` counts positions in
the flattened spatial axes, as PyTorch's pools give it.
"""
from math import prod

from ...errors import TensorIndexError
from .windows import working_dtype


def adaptive_avg_pool(device, x, *, geom):
    """The mean of each window: (N, C, *output)."""
    xp, dtype = device.xp, x.dtype
    x = x.astype(working_dtype(dtype), copy=False)
    for axis in range(geom.rank):
        moved = xp.moveaxis(x, 2 + axis, 0)
        y = device.empty((geom.output[axis], *moved.shape[1:]), x.dtype)
        for i, (start, stop) in enumerate(geom.windows(axis)):
            y[i] = moved[start:stop].mean(axis=0)
        x = xp.moveaxis(y, 0, 2 + axis)
    return xp.ascontiguousarray(x.astype(dtype, copy=False))


def adaptive_avg_pool_dx(device, g, *, geom):
    """The adjoint of adaptive_avg_pool: g (N, C, *output) gives (N, C, *size)."""
    xp, dtype = device.xp, g.dtype
    g = g.astype(working_dtype(dtype), copy=False)
    for axis in reversed(range(geom.rank)):
        moved = xp.moveaxis(g, 2 + axis, 0)
        dx = xp.zeros((geom.size[axis], *moved.shape[1:]), g.dtype)
        for i, (start, stop) in enumerate(geom.windows(axis)):
            dx[start:stop] += moved[i] / (stop - start)
        g = xp.moveaxis(dx, 0, 2 + axis)
    return xp.ascontiguousarray(g.astype(dtype, copy=False))


def adaptive_max_pool(device, x, *, geom, wants=frozenset()):
    """(y, index): the largest value of each window (N, C, *output), and its flat position if `index` is wanted."""
    xp = device.xp
    index = None
    if "index" in wants:
        index = xp.broadcast_to(xp.arange(prod(geom.size)).reshape(geom.size), x.shape)
    for axis in reversed(range(geom.rank)):             # rows last, so that of equals the first in row-major order wins
        x, index = _max_along(xp, x, index, geom.windows(axis), 2 + axis)
    return xp.ascontiguousarray(x), None if index is None else xp.ascontiguousarray(index)


def adaptive_max_pool_index(device, x, *, geom):
    """The position in the flattened spatial axes of each window's largest value: int64 (N, C, *output)."""
    return adaptive_max_pool(device, x, geom=geom, wants=frozenset(["index"]))[1]


def _max_along(xp, x, index, intervals, axis):
    """The largest of each interval of one axis; a shorter interval repeats its last position, which changes nothing."""
    best = best_index = None
    for step in range(max((stop - start for start, stop in intervals), default=1)):
        places = xp.asarray([min(start + step, stop - 1) for start, stop in intervals], "int64")
        value = xp.take(x, places, axis=axis)
        chosen = None if index is None else xp.take(index, places, axis=axis)
        if step:
            if index is not None:
                best_index = xp.where(xp.logical_or(value > best, xp.isnan(value)), chosen, best_index)
            best = xp.maximum(best, value)
        else:
            best, best_index = value, chosen
    return best, best_index


def spatial_gather(device, u, index):
    """u (N, C, *size) read at the flat positions index (N, C, *output): (N, C, *output)."""
    flat = u.reshape(u.shape[0] * u.shape[1], prod(u.shape[2:]))
    return device.xp.take_along_axis(flat, index.reshape(len(flat), prod(index.shape[2:])), axis=1).reshape(index.shape)


def spatial_scatter(device, g, index, *, size):
    """The adjoint of spatial_gather: g (N, C, *output) added to zeros (N, C, *size) at the flat positions `index`."""
    work = working_dtype(g.dtype)
    flat = device.xp.zeros(g.shape[0] * g.shape[1] * prod(size), work)
    device.xp.add.at(flat, _from_start(device, index, size), g.astype(work, copy=False).reshape(-1))
    return flat.astype(g.dtype, copy=False).reshape(*g.shape[:2], *size)


def max_unpool(device, x, index, *, size):
    """Zeros (N, C, *size) with x (N, C, *output) written at the flat positions `index`; where two meet, one of them.

    Raises: TensorIndexError for a position outside; looked for on the CPU only, where it costs no waiting.
    """
    xp = device.xp
    if device.type == "cpu" and index.size and bool(xp.logical_or(index < 0, index >= prod(size)).any()):
        raise TensorIndexError(f"max_unpool: index has positions from {int(index.min())} to {int(index.max())}, but an "
                               f"output of spatial size "
                               f"{tuple(size)} has positions 0 to {prod(size) - 1}. Give the output_size of the pool's "
                               f"input.")
    flat = xp.zeros(x.shape[0] * x.shape[1] * prod(size), x.dtype)
    flat[_from_start(device, index, size)] = x.reshape(-1)
    return flat.reshape(*x.shape[:2], *size)


def _from_start(device, index, size):
    """Flat positions within each channel as positions in the whole flattened array."""
    first = device.xp.arange(index.shape[0] * index.shape[1]) * prod(size)
    return (index.reshape(len(first), prod(index.shape[2:])) + first[:, None]).reshape(-1)
