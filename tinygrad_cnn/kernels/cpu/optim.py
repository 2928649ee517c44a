"""The optimizers' updates for NumPy: the sums of kernels/generic/optim.py without temporaries, in blocks and threads.

Every array is seen as a flat row of numbers; small parameters are laid end to end and updated as one. A block goes
through its chain of ufuncs while it is in cache, with scratch memory for what lies between. A number's place in its
block decides nothing about its value, so results do not depend on the number of threads.
"""
from functools import partial

import numpy as np

from ..generic.optim import adam_step_size

BLOCK = 1 << 16             # numbers in a block: 256 kB of float32, several such rows fit the second-level cache
SMALL = 1 << 12             # numbers in a parameter up to which it is packed: SGD on ResNet-20 0.44 -> 0.33 ms
PARALLEL = 1 << 20          # numbers in all from which a second thread gains: 300,000 take 0.69 ms alone, 0.82 by two


def sgd_(device, params, grads, momentum_buffers, *, lr, momentum, dampening, weight_decay, nesterov, maximize):
    """As in kernels/generic/optim.py."""
    lr, m, decay, rest = _numbers(params, lr, momentum, weight_decay, 1 - dampening)
    rest = rest if dampening else None
    direction = _direction(decay if weight_decay else None, maximize)

    def update(work, p, g, buffer=None):
        t = work[0, :p.size]
        d = direction(t, p, g)
        if buffer is not None:
            np.multiply(buffer, m, buffer)
            np.add(buffer, d if rest is None else np.multiply(d, rest, work[1, :p.size]), buffer)
            d = np.add(d, np.multiply(buffer, m, work[1, :p.size]), t) if nesterov else buffer
        np.subtract(p, np.multiply(d, lr, t), p)

    _sweep(device, update, params, grads, momentum_buffers)


def adam_(device, params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, *, step, lr, beta1, beta2, eps, weight_decay,
          decoupled, maximize):
    """As in kernels/generic/optim.py."""
    step_size, eps = adam_step_size(step, lr, beta1, beta2, eps)
    step_size, eps, b2, rest1, rest2, decay, shrink = _numbers(
        params, step_size, eps, beta2, 1 - beta1, 1 - beta2, weight_decay, 1 - lr * weight_decay)
    direction = _direction(decay if weight_decay and not decoupled else None, maximize)
    shrinks = decoupled and weight_decay

    def update(work, p, g, mean, square, largest=None):
        t = work[1, :p.size]
        d = direction(work[0, :p.size], p, g)
        if shrinks:
            np.multiply(p, shrink, p)
        np.subtract(d, mean, t)
        np.multiply(t, rest1, t)
        np.add(mean, t, mean)
        np.multiply(d, d, t)
        np.multiply(t, rest2, t)
        np.multiply(square, b2, square)
        np.add(square, t, square)
        if largest is not None:
            square = np.maximum(largest, square, out=largest)
        np.sqrt(square, t)
        np.add(t, eps, t)
        np.divide(mean, t, t)
        np.multiply(t, step_size, t)
        np.subtract(p, t, p)

    _sweep(device, update, params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs)


def rmsprop_(device, params, grads, square_avgs, momentum_buffers, grad_avgs, *, lr, alpha, eps, weight_decay, momentum,
             maximize):
    """As in kernels/generic/optim.py."""
    lr, a, rest, eps, decay, m, zero = _numbers(params, lr, alpha, 1 - alpha, eps, weight_decay, momentum, 0)
    direction = _direction(decay if weight_decay else None, maximize)

    def update(work, p, g, square, *more):
        t = work[1, :p.size]
        d = direction(work[0, :p.size], p, g)
        np.multiply(d, d, t)
        np.multiply(t, rest, t)
        np.multiply(square, a, square)
        np.add(square, t, square)
        if grad_avgs is not None:
            mean = more[-1]
            np.subtract(d, mean, t)
            np.multiply(t, rest, t)
            np.add(mean, t, mean)
            np.multiply(mean, mean, t)
            np.subtract(square, t, t)
            square = np.maximum(t, zero, out=t)             # rounding can take a variance below zero
        np.sqrt(square, t)
        np.add(t, eps, t)
        d = np.divide(d, t, t)
        if momentum:
            buffer = more[0]
            np.multiply(buffer, m, buffer)
            d = np.add(buffer, d, buffer)
        np.subtract(p, np.multiply(d, lr, t), p)

    _sweep(device, update, params, grads, square_avgs, momentum_buffers, grad_avgs)


def _numbers(params, *values):
    """The values as 0-d arrays of the dtype the update computes in: a ufunc takes one in 0.22 us, a float in 0.53."""
    dtype = _wide(params[0].dtype)
    return [np.array(value, dtype) for value in values]


def _wide(dtype):
    return np.dtype(np.float32) if dtype.itemsize == 2 else dtype


def _direction(decay, maximize):
    """fn(out, p, g): the gradient to go down, in `out` unless it is g itself."""
    if decay is None:
        return _rise if maximize else _fall
    return partial(_decayed, decay, np.subtract if maximize else np.add)


def _fall(out, p, g):
    return g


def _rise(out, p, g):
    return np.negative(g, out)


def _decayed(decay, join, out, p, g):
    return join(np.multiply(p, decay, out), g, out)


def _sweep(device, update, params, grads, *averages):
    """Call update(work, p, g, *averages) on flat blocks; lists of averages that are None are left out."""
    strided = []
    rows = [[_flat(p, strided), g.reshape(-1)] for p, g in zip(params, grads)]
    for arrays in averages:
        if arrays is not None:
            for row, a in zip(rows, arrays):
                row.append(_flat(a, strided))
    small = [row for row in rows if row[0].size <= SMALL]
    if len(small) > 1:
        packed = [_packed(device, k, column) for k, column in enumerate(zip(*small))]
        rows = [row for row in rows if row[0].size > SMALL]
        rows.append(packed)
    _update_blocks(device, update, rows, params[0].dtype)
    if len(small) > 1:
        _unpack(packed, small)
    for a, row in strided:
        a[...] = row.reshape(a.shape)


def _update_blocks(device, update, rows, dtype):
    wide = _wide(dtype)
    if wide != dtype:
        update = partial(_in_float32, device, update)

    def run(start, stop):
        """Update the numbers [start, stop) of all rows laid end to end."""
        work = device.scratch("optim", (2, BLOCK), wide)
        for row in rows:
            size = row[0].size
            for at in range(max(start, 0), min(stop, size), BLOCK):
                block = slice(at, min(at + BLOCK, stop, size))
                update(work, *[a[block] for a in row])
            start -= size
            stop -= size

    total = sum([row[0].size for row in rows])
    if total < PARALLEL:
        run(0, total)
    else:
        device.parallel(run, total)


def _packed(device, k, arrays):
    """The rows laid end to end, in scratch memory number k."""
    total = sum([a.size for a in arrays])
    return np.concatenate(arrays, out=device.scratch(f"optim_packed_{k}", (total,), arrays[0].dtype))


def _unpack(packed, rows):
    """Copy what was updated together back to each parameter and its averages (all but the gradients)."""
    stop = 0
    for row in rows:
        start, stop = stop, stop + row[0].size
        for k, a in enumerate(row):
            if k != 1:
                a[:] = packed[k][start:stop]


def _flat(a, strided):
    """All numbers of `a` in a row: a view of its memory, or a copy that `strided` remembers to be written back."""
    if a.ndim == 1:
        return a
    row = a.reshape(-1)
    if not a.flags.c_contiguous:
        strided.append((a, row))
    return row


def _in_float32(device, update, work, p, g, *averages):
    wide = device.scratch("optim_float32", (2, p.size), np.float32)
    np.copyto(wide[0], p, casting="unsafe")
    np.copyto(wide[1], g, casting="unsafe")
    update(work, wide[0], wide[1], *averages)
    np.copyto(p, wide[0], casting="unsafe")
