"""The order of elements along an axis. NaN counts as the greatest number; equal elements keep their order.

Shapes: any.
"""
from .precision import is_narrow
from .shape import ALL


def argsort(device, x, dim, descending):
    """The positions that sort x along `dim`."""
    if x.ndim == 0:
        return device.xp.zeros((), "int64")
    x = x.astype("float32") if is_narrow(x.dtype) else x        # CuPy cannot sort bfloat16
    if not descending:
        return device.xp.argsort(x, axis=dim, kind="stable")
    turned = (ALL,) * dim + (slice(None, None, -1),)    # backwards from the back: equal elements keep their order
    order = device.xp.argsort(x[turned], axis=dim, kind="stable")[turned]
    return x.shape[dim] - 1 - order


def topk_index(device, x, k, dim, largest):
    """The positions of the k greatest (or least) elements along `dim`, the greatest (least) first."""
    if x.ndim == 0:
        return device.xp.zeros((), "int64")
    return argsort(device, x, dim, largest)[(ALL,) * dim + (slice(0, k),)]
