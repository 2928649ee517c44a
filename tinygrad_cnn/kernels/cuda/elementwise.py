"""Element-wise kernels that keep the memory order of their first full-size input, as NumPy's do by themselves.

CuPy gives every result of a ufunc in C order, whatever the order of its inputs. A channels-last activation would come
out of a ReLU in another order and be copied by the next convolution. So the inputs are viewed with their axes in memory
order, computed, and the result viewed back: three views, no copy, and CuPy sees contiguous memory.

The kernels are the plain functions of ufuncs.py and element-wise kernels of kernels/generic; shapes: any that
broadcast.
"""
from inspect import isfunction

from .. import generic
from ..generic import activation, elementwise, random, special
from ..ufuncs import UFUNCS

# The only plain function that is not element-wise.
NOT_ELEMENTWISE = frozenset({"matmul"})
# Modules of kernels/generic in which every public function is element-wise.
MODULES = (activation, elementwise, special)
# Functions in them that are no kernels.
NO_KERNELS = frozenset({"polynomial"})


def memory_order(array):
    """The axes of an array from the largest stride to the smallest, or None if that is the order they are in."""
    if array.flags.c_contiguous:
        return None
    strides = array.strides
    order = sorted(range(len(strides)), key=lambda axis: -abs(strides[axis]))
    return None if order == list(range(len(strides))) else order


def in_memory_order(compute, device, arrays, attrs):
    """compute(*arrays, **attrs) with the axes of all arrays as they lie in the memory of the first full-size one."""
    if attrs.get("out") is not None:
        return compute(*arrays, **attrs)
    kind, rank, size = device.array_type, 0, 0
    for a in arrays:
        if isinstance(a, kind) and (a.ndim, a.size) > (rank, size):
            first, rank, size = a, a.ndim, a.size
    order = memory_order(first) if rank > 1 else None
    if order is None:
        return compute(*arrays, **attrs)
    back = [order.index(axis) for axis in range(rank)]

    def turned(a):
        return a.reshape((1,) * (rank - a.ndim) + a.shape).transpose(order) if isinstance(a, kind) and a.ndim else a

    found = compute(*map(turned, arrays), **attrs)
    if isinstance(found, tuple):
        return tuple(y.transpose(back) if isinstance(y, kind) and y.ndim == rank else y for y in found)
    return found.transpose(back)


def plain(name):
    """The kernel of an op that is one function of the array library; with `out` it writes there."""
    def kernel(device, *arrays, **options):
        return in_memory_order(getattr(device.xp, UFUNCS[name]), device, arrays, options)
    kernel.__name__ = name
    return kernel


def keeping_order(shared):
    """A kernel of kernels/generic, which must be element-wise, with its results in its input's memory order."""
    def kernel(device, *arrays, **attrs):
        def compute(*turned, **attrs):
            return shared(device, *turned, **attrs)
        return in_memory_order(compute, device, arrays, attrs)
    kernel.__name__ = shared.__name__
    kernel.__wrapped__ = shared                         # its signature is the shared kernel's
    return kernel


def public_functions(module):
    """Name -> kernel, for the kernels a module defines itself."""
    return {name: value for name, value in vars(module).items()
            if isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
            and name not in NO_KERNELS}


# A shared kernel goes before the plain function of its name, as in Device.kernel.
PLAIN = {name: plain(name) for name in UFUNCS if name not in NOT_ELEMENTWISE and not hasattr(generic, name)}
SHARED = {name: keeping_order(kernel) for module in MODULES for name, kernel in public_functions(module).items()}
SHARED["masked_scale"] = keeping_order(random.masked_scale)
ELEMENTWISE = {**PLAIN, **SHARED}
