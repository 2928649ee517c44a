"""Element-wise kernels that NumPy does better by hand: ReLU, chains in blocks, and refusing to divide integers by zero.

Shapes: any; see blocks.py for how a chain goes through cache and threads, masks.py for choices without branches.
"""
import numpy as np

from ...errors import ArgumentError
from ..generic import activation, elementwise, special
from .blocks import each_block, flat_rows, in_blocks
from .masks import ZERO, zero_of

erf, erfc, erfinv = map(in_blocks, (special.erf, special.erfc, special.erfinv))
gelu_tanh, gelu_tanh_grad = in_blocks(activation.gelu_tanh), in_blocks(activation.gelu_tanh_grad)
softplus, softplus_grad = in_blocks(activation.softplus), in_blocks(activation.softplus_grad)
logsigmoid, hardtanh = in_blocks(activation.logsigmoid), in_blocks(activation.hardtanh)
hardsigmoid = in_blocks(activation.hardsigmoid)

SMALL = 1 << 14             # numbers up to which numpy.maximum is no slower than numpy.clip
ALONE = 1 << 20             # numbers up to which one thread does as well: memory is the limit


def relu(device, x, out=None):
    """max(x, 0): numpy.clip takes 0.16 ns a number in memory, numpy.maximum 0.4."""
    dtype = x.dtype
    if x.size <= SMALL or dtype not in ZERO:            # with 0 first -0 stays -0, as in numpy.clip (on x86)
        return np.maximum(zero_of(x), x) if out is None else np.maximum(zero_of(x), x, out=out)
    (row,), restore = flat_rows([x])
    in_place = out is x and np.shares_memory(row, x)
    y = row if in_place else device.empty(x.size, dtype)

    def block(start, stop):
        np.clip(row[start:stop], 0, np.inf, out=y[start:stop])

    each_block(device, block, x.size, threads=x.size > ALONE)
    if in_place:
        return x
    if out is None:
        return restore(y)
    out[...] = restore(y)
    return out


def _whole_numbers(name, function):
    def kernel(device, a, b):
        kind = (a if type(a) is np.ndarray else b).dtype.kind
        if kind == "b":
            raise TypeError("not supported for bool")   # NumPy would count in int8
        if kind in "iu" and not np.all(b):
            raise ArgumentError(f"{name}: an integer is divided by 0 (divisor of shape {np.shape(b)}). Divide by other "
                                "numbers, or convert to floating point, where the result is inf or nan.")
        return function(a, b)
    kernel.__doc__ = f"{name}; an integer divisor 0 is refused."
    return kernel


def pow(device, a, b):
    """a to the power b; an integer to a negative integer power is refused."""
    if type(b) is np.ndarray and b.dtype.kind == "i" and (b < 0).any():
        raise ArgumentError(f"pow: integers are raised to a negative power (exponent of shape {b.shape}), the result "
                            "is no integer. Convert them to floating point first.")
    return elementwise.pow(device, a, b)


floor_divide = _whole_numbers("floor_divide", np.floor_divide)
remainder = _whole_numbers("remainder", np.remainder)
fmod = _whole_numbers("fmod", np.fmod)


def trunc_divide(device, a, b):
    """a / b rounded towards zero; an integer divisor 0 is refused."""
    fmod(device, a, b)
    return elementwise.trunc_divide(device, a, b)
