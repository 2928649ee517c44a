"""The pair under every reduction: `sum` adds up along axes, `spread` lays out along axes; each is the other's rule."""
from ..autograd import Op

__all__ = []                                            # the public sum is in reduce.py

sum_op = Op("sum", "x", attrs="dim keepdim", promote=None).rules(
    x=lambda g, x_shape, dim, keepdim: spread(g, shape=x_shape, dim=dim, keepdim=keepdim))
spread = Op("spread", "g", attrs="shape dim keepdim", promote=None).rules(
    g=lambda u, dim, keepdim: sum_op(u, dim=dim, keepdim=keepdim))


def count(shape, dim):
    """How many elements a reduction of `shape` over `dim` (None, or a tuple of numbers) puts into one."""
    total = 1
    for axis in range(len(shape)) if dim is None else dim:
        total *= shape[axis]
    return total
