"""Kernels of the normalisations: y = (x - mean) rstd weight + bias, which differ in the axes of mean and rstd.

`form` says which: x is seen as form.view, mean and rstd are taken over form.axes (and keep them, with size 1), weight
and bias are seen as form.wide, which broadcasts against the view. float16 and bfloat16 are computed in float32 and
rounded once. With form.channels, results are channels-last in memory.
"""
from .precision import is_narrow


def norm_statistics(device, x, form, eps):
    """mean, the biased variance and rstd = 1 / sqrt(variance + eps) over form.axes."""
    xp = device.xp
    v = _wide(xp, x).reshape(form.view)
    mean = _mean(v, form.axes)
    d = v - mean
    variance = _mean(d * d, form.axes)
    return mean, variance, 1 / xp.sqrt(variance + eps)


def running_statistics(device, mean, variance, shape, eps):
    """New arrays of `shape`: the mean, and 1 / sqrt(variance + eps)."""
    xp = device.xp
    mean, variance = _wide(xp, mean), _wide(xp, variance)
    return mean.reshape(shape).copy(), (1 / xp.sqrt(variance + eps)).reshape(shape)


def update_running_(device, running, batch, momentum, factor):
    """running = (1 - momentum) running + momentum factor m(batch), in its memory; batch (n, C), m the mean over n."""
    batch = batch[0] if len(batch) == 1 else batch.mean(axis=0)
    running[...] = (1 - momentum) * _wide(device.xp, running) + momentum * factor * batch


def normalized(device, x, weight, bias, mean, rstd, form, eps=None):
    """(x - mean) rstd weight + bias."""
    xp = device.xp
    y = (_wide(xp, x).reshape(form.view) - mean) * rstd
    if weight is not None:
        y = y * _wide(xp, weight).reshape(form.wide)
    if bias is not None:
        y = y + _wide(xp, bias).reshape(form.wide)
    return _placed(device, y, x, form)


group_norm = instance_norm = batch_norm = batch_norm_eval = normalized


def layer_norm(device, x, weight, bias, form, eps, wants=frozenset()):
    """(x - mean) rstd weight + bias, and the mean and rstd of each row."""
    mean, _, rstd = norm_statistics(device, x, form, eps)
    return normalized(device, x, weight, bias, mean, rstd, form), mean, rstd


def norm_grad(device, g, x, weight, mean, rstd, form, eps, affine):
    """With h = g weight and z = (x - mean) rstd: dx = rstd (h - m(h) - z m(h z)), m the mean over form.axes;
    dweight = sum g z and dbias = sum g, if `affine`, else empty."""
    xp = device.xp
    g, v = _wide(xp, g).reshape(form.view), _wide(xp, x).reshape(form.view)
    z = (v - mean) * rstd
    h = g if weight is None else g * _wide(xp, weight).reshape(form.wide)
    dx = _placed(device, rstd * (h - _mean(h, form.axes) - z * _mean(h * z, form.axes)), x, form)
    if not affine:
        return dx, xp.empty(0, x.dtype), xp.empty(0, x.dtype)
    dtype = x.dtype if weight is None else weight.dtype
    over = tuple(i for i, n in enumerate(((1,) * len(form.view) + form.wide)[-len(form.view):]) if n == 1)
    dweight, dbias = (a.sum(axis=over).reshape(form.affine).astype(dtype, copy=False) for a in (g * z, g))
    return dx, dweight, dbias


def window_sum(device, x, before, after):
    """y_c = x_(c - before) + ... + x_(c + after) along axis 1, with zeros outside."""
    xp = device.xp
    v, count = _wide(xp, x), x.shape[1]
    y = v.copy(order="K")
    for shift in range(-min(before, count - 1), min(after, count - 1) + 1):
        if shift > 0:
            y[:, :-shift] += v[:, shift:]
        elif shift < 0:
            y[:, -shift:] += v[:, :shift]
    return y.astype(x.dtype, copy=False)


def _placed(device, y, x, form):
    """`y` in x's shape and dtype, channels-last in memory where form.channels."""
    if not form.channels or x.ndim < 3:
        return y.reshape(x.shape).astype(x.dtype, copy=False)
    out = device.empty((x.shape[0], *x.shape[2:], x.shape[1]), x.dtype)
    out[...] = channels_innermost(y.reshape(x.shape))
    return channels_second(out)


def channels_innermost(x):
    """(N, C, *) -> (N, *, C), a view."""
    return x.transpose(0, *range(2, x.ndim), 1)


def channels_second(x):
    """(N, *, C) -> (N, C, *), a view."""
    return x.transpose(0, x.ndim - 1, *range(1, x.ndim - 1))


def _mean(v, axes):
    count = 1
    for axis in axes:
        count *= v.shape[axis]
    return v.sum(axis=axes, keepdims=True) / count


def _wide(xp, x):
    return x.astype(xp.float32) if is_narrow(x.dtype) else x
