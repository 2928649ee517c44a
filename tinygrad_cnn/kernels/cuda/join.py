"""Concatenation in the memory order of the first input: CuPy's own result is in C order, whatever it joins."""
from ..generic import join as shared
from .elementwise import memory_order


def cat(device, *tensors, dim):
    """The tensors joined along `dim`, which may differ in size there only."""
    order = memory_order(tensors[0])
    if order is None or any(x.ndim != len(order) for x in tensors):
        return shared.cat(device, *tensors, dim=dim)
    joined = shared.cat(device, *[x.transpose(order) for x in tensors], dim=order.index(dim))
    return joined.transpose([order.index(axis) for axis in range(len(order))])
