"""Views: results that lie in the memory of the input, and their adjoints, which put a part back among zeros.

A view kernel returns an array even where indexing would give a scalar: its index ends in an Ellipsis.
Shapes: any.
"""
ALL = slice(None)


def reshape(device, x, shape):
    return x.reshape(shape)


def permute(device, x, dims):
    return x.transpose(dims)


def transpose(device, x, dim0, dim1):
    return x.swapaxes(dim0, dim1)


def t(device, x):
    """The last two axes exchanged."""
    return x.swapaxes(-2, -1)


def squeeze(device, x, dims):
    return x.squeeze(dims)


def unsqueeze(device, x, dim):
    return x[(ALL,) * dim + (None, Ellipsis)]


def expand(device, x, shape):
    return x[...] if x.shape == shape else device.xp.broadcast_to(x, shape)


def getitem(device, x, index):
    return x[index]


def place(device, x, index, shape):
    """Zeros of `shape` with x where `index` leads."""
    y = zeros(device, shape, x.dtype, x)
    y[index] = x
    return y


def empty(device, shape, dtype, like):
    """An uninitialised array whose axes lie in memory in the order of those of `like`, if it has as many."""
    if like.flags.c_contiguous or like.ndim != len(shape):
        return device.empty(shape, dtype)
    order = sorted(range(like.ndim), key=lambda axis: -abs(like.strides[axis]))
    y = device.empty([shape[axis] for axis in order], dtype)
    return y.transpose(sorted(range(like.ndim), key=order.__getitem__))


def zeros(device, shape, dtype, like):
    y = empty(device, shape, dtype, like)
    y[...] = 0
    return y


def split(device, x, indices, dim):
    """The part of x at each index."""
    return tuple([x[index] for index in indices])


unbind = split


def diagonal(device, x, offset, dim1, dim2):
    return device.xp.diagonal(x, offset, dim1, dim2)


def place_diagonal(device, x, offset, dim1, dim2, shape):
    """Zeros of `shape` with x on a diagonal; x's last axis runs along it."""
    xp = device.xp
    y = zeros(device, shape, x.dtype, x)
    steps = xp.arange(x.shape[-1])
    xp.moveaxis(y, (dim1, dim2), (-2, -1))[..., steps + max(-offset, 0), steps + max(offset, 0)] = x
    return y


def windows(device, x, dim, size, step):
    """(..., L, ...) -> (..., number of windows, ..., size): every window of `size` along `dim`, `step` apart."""
    count = (x.shape[dim] - size) // step + 1
    shape = (*x.shape[:dim], count, *x.shape[dim + 1:], size)
    strides = (*x.strides[:dim], x.strides[dim] * step, *x.strides[dim + 1:], x.strides[dim])
    return device.xp.lib.stride_tricks.as_strided(x, shape, strides)


def sum_windows(device, x, dim, size, step, shape):
    """The adjoint of `windows`: each element of the result is the sum of the places where a window showed it."""
    y = zeros(device, shape, x.dtype, x)
    reach = (x.shape[dim] - 1) * step + 1
    for k in range(size if x.shape[dim] else 0):
        y[(ALL,) * dim + (slice(k, k + reach, step),)] += x[..., k]
    return y


def as_strided(device, x, size, stride, offset):
    """The elements of the vector x, from `offset` on, that the strides (in elements) lead to."""
    step = x.strides[0]
    return device.xp.lib.stride_tricks.as_strided(x[offset:], size, tuple([s * step for s in stride]))


def clone(device, x):
    return x.copy(order="K")


def contiguous(device, x, channels_last):
    """A copy with the axes in their logical order in memory, or with axis 1 innermost."""
    if not channels_last:
        return x.copy(order="C")
    moveaxis = device.xp.moveaxis
    return moveaxis(moveaxis(x, 1, -1).copy(order="C"), -1, 1)


def view_dtype(device, x, dtype):
    """The same bytes read as another dtype of one size."""
    return x.view(dtype)
