"""Normalisations: y = (x - mean) / sqrt(variance + eps) * weight + bias, where mean and variance are taken over

    batch_norm      the batch and the spatial axes, for each channel          (N, C, *), weight (C,)
    instance_norm   the spatial axes, for each channel of each sample         (N, C, *), weight (C,)
    group_norm      a group of channels and the spatial axes, for each sample (N, C, *), weight (C,)
    layer_norm      the last axes, for each row                               (..., *S), weight S

The one idea: a `Form` says over which axes of which view, and everything else is shared: kernels, rule, second rule.

The derivative. Write r = (variance + eps)^(-1/2), z = (x - mean) r, m(.) for the mean over those axes (of M numbers,
the biased variance being m((x - mean)^2)), and P(v) = v - m(v) - z m(v z). From dr/dx_i = -r^2 z_i / M it follows
that a change u of x changes z by r P(u); P is symmetric, so with h = g weight

    dx = r P(h),   dweight = sum g z,   dbias = sum g                                               (norm_grad)

norm_grad is an op of its own, because mean and r depend smoothly on x: a rule that kept them as constants would give
wrong second derivatives. Its rules are written with z and r computed from x again, in ops, so they hold to any order.
With gradients u, v, s arriving at dx, dweight and dbias, differentiate S = sum u r P(h) + sum v g z + sum s g:

    by g:       weight r P(u) + v z + s
    by weight:  sum g r P(u)
    by x:       -m(h P(u)) r^2 z  +  r P(v g - r (h m(u z) + u m(h z)))

(the first term through r, the second through z). Nothing is divided by weight, which may be 0.

Conventions: batch norm normalises with the biased variance, 1/M, and keeps the unbiased one, 1/(M - 1), in running_var,
as PyTorch does. Li Hang's book (eq. 23.60) normalises with the unbiased one, and averages batch statistics for testing.
"""
from math import prod
from typing import NamedTuple

from ..autograd import Op
from ..autograd.basic import cast, sum_to
from ..autograd.op import quiet
from ..dtypes import float32
from ..errors import ArgumentError, DTypeError, ShapeError
from ..tensor import Tensor
from .creation import zeros_like
from .dims import sizes
from .elementwise import add, mul, neg, rsqrt, square, sub
from .reduce import mean as mean_over
from .shape import reshape

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm"]


class Form(NamedTuple):
    """What is normalised: the shape x is viewed as, the axes of mean and variance there, the shape weight and bias are
    viewed as, their own shape, and whether x is (N, C, *) and the result to lie channels-last in memory."""
    view: tuple
    axes: tuple
    wide: tuple
    affine: tuple
    channels: bool


def _norm_rule(g, x, weight, mean, rstd, form, eps, needs):
    """The gradients of x, weight and bias."""
    return norm_grad(g, x, weight, mean, rstd, form=form, eps=eps, affine=needs[1] or needs[2])


def _norm_grad_rule(u, g, x, weight, form, eps, needs):
    """The second rule of the module's docstring; in float32 for 16-bit numbers, whose squares soon overflow."""
    given = (*u, g, x, weight)
    if x.array.dtype.itemsize > 2:
        return *_second_rule(*given, form, eps, needs), None, None
    wide = [None if a is None else cast(a, dtype=float32.numpy) for a in given]
    results = zip(_second_rule(*wide, form, eps, needs), (g, x, weight))
    return *[None if a is None else cast(a, dtype=b.array.dtype) for a, b in results], None, None


def _second_rule(u, v, s, g, x, weight, form, eps, needs):
    """What arrives at g, x and weight."""
    shape = x.shape
    u, g, x = (reshape(a, form.view) for a in (u, g, x))
    away = sub(x, _mean(x, form))
    r = rsqrt(add(_mean(square(away), form), eps))
    z = mul(away, r)

    def project(a):
        return sub(sub(a, _mean(a, form)), mul(z, _mean(mul(a, z), form)))

    pu = project(u)
    tangent = mul(r, pu)                                # the change of z when x changes by u
    w = None if weight is None else reshape(weight, form.wide)
    h = g if w is None else mul(g, w)
    dg = tangent if w is None else mul(tangent, w)
    through_z = neg(mul(r, add(mul(h, _mean(mul(u, z), form)), mul(u, _mean(mul(h, z), form)))))
    if v.shape == form.affine:
        v, s = reshape(v, form.wide), reshape(s, form.wide)
        dg = add(dg, add(mul(v, z), s))
        through_z = add(through_z, mul(v, g))
    through_r = mul(mul(_mean(mul(h, pu), form), square(r)), z)
    dx = sub(mul(r, project(through_z)), through_r)
    dw = None if w is None or not needs[2] else reshape(sum_to(mul(g, tangent), shape=_padded(form)), form.affine)
    return reshape(dg, shape), reshape(dx, shape), dw


def _mean(x, form):
    return mean_over(x, form.axes, keepdim=True)


def _padded(form):
    """form.wide with the view's number of axes."""
    return (1,) * (len(form.view) - len(form.wide)) + form.wide


def _norm_op(name):
    """mean and rstd come in ready, computed from x; the rule knows that they depend on it."""
    return Op(name, "x weight bias mean rstd", attrs="form eps", promote=None).rules(
        lambda g, x, weight, mean, rstd, form, eps, needs: (
            *_norm_rule(g, x, weight, mean, rstd, form, eps, needs), None, None))


batch_norm_op, instance_norm_op = _norm_op("batch_norm"), _norm_op("instance_norm")
group_norm_op = _norm_op("group_norm")
layer_norm_op = Op("layer_norm", "x weight bias", attrs="form eps", residuals="mean rstd", promote=None).rules(
    _norm_rule)                                         # a row's mean and rstd are found while it is in cache
norm_grad = Op("norm_grad", "g x weight mean rstd", attrs="form eps affine", outputs=3, promote=None)
norm_grad.rules(_norm_grad_rule)

# In evaluation mean and rstd are constants: y is linear in each of the others, and dx = g rstd weight is y(g) with mean
# and bias 0.
batch_norm_eval = Op("batch_norm_eval", "x weight bias mean rstd", attrs="form", promote=None).rules(
    x=lambda g, weight, rstd, form: batch_norm_eval(g, weight, None, zeros_like(rstd), rstd, form=form),
    weight=lambda g, x, mean, rstd, form: _channel_total(mul(g, mul(sub(x, mean), rstd)), form),
    bias=lambda g, form: _channel_total(g, form))


def _channel_total(x, form):
    return reshape(sum_to(x, shape=_padded(form)), form.affine)


def batch_norm(input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    """(input - mean) / sqrt(var + eps) * weight + bias for each channel, over the batch and the spatial axes.

    In training mean and var (biased) are the batch's, and running_mean and running_var, where given, are updated in
    place: running = (1 - momentum) running + momentum batch's (var unbiased there). In evaluation they are the
    running ones.

    Args: input (N, C, *); running_mean, running_var, weight, bias: (C,) or None. float32 ones go with a 16-bit input.
    Returns: the shape and dtype of the input, channels-last in memory.
    Raises: ShapeError; ArgumentError for one value per channel in training, or no running statistics in evaluation.
    Source: Ioffe and Szegedy (2015), Algorithm 1.

    >>> import tinygrad_cnn as tg
    >>> batch_norm(tg.tensor([[1.0], [3.0]]), None, None, training=True, eps=0.0)
    tensor([[-1.],
            [ 1.]])
    """
    op = "batch_norm"
    shape = check_channels(op, input, 2)
    for name, p in (("running_mean", running_mean), ("running_var", running_var), ("weight", weight), ("bias", bias)):
        check_parameter(op, input, name, p, shape[1:2])
    form = _channel_form(shape, (0, *range(2, len(shape))))
    if not training:
        return _with_running(op, input, running_mean, running_var, weight, bias, form, eps)
    count = shape[0] * prod(shape[2:])
    if count == 1:
        raise ArgumentError(f"{op}: expected more than 1 value per channel when training, got input {shape}. "
                            "Give a larger batch, or use evaluation mode.")
    y, statistics = _with_own(batch_norm_op, input, weight, bias, form, eps)
    _move_running(op, running_mean, running_var, statistics, momentum, count)
    return y


def instance_norm(input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True,
                  momentum=0.1, eps=1e-5):
    """batch_norm with each sample taken alone: mean and var over the spatial axes.

    Running statistics, where given, are updated with the mean of the samples' ones.
    Args and Returns: as batch_norm; use_input_stats: False to use the running statistics. Raises: as batch_norm.
    Source: Ulyanov, Vedaldi and Lempitsky (2016).
    """
    op = "instance_norm"
    shape = check_channels(op, input, 3 if use_input_stats else 2)
    for name, p in (("running_mean", running_mean), ("running_var", running_var), ("weight", weight), ("bias", bias)):
        check_parameter(op, input, name, p, shape[1:2])
    if not use_input_stats:
        form = _channel_form(shape, (0, *range(2, len(shape))))
        return _with_running(op, input, running_mean, running_var, weight, bias, form, eps)
    count = prod(shape[2:])
    if count == 1:
        raise ArgumentError(f"{op}: expected more than 1 spatial element when training, got input {shape}. "
                            "Give larger maps, or use running statistics.")
    form = _channel_form(shape, tuple(range(2, len(shape))))
    y, statistics = _with_own(instance_norm_op, input, weight, bias, form, eps)
    _move_running(op, running_mean, running_var, statistics, momentum, count)
    return y


def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5):
    """(input - mean) / sqrt(var + eps) * weight + bias, with mean and var over groups of C / num_groups channels.

    Args: input (N, C, *); num_groups: a divisor of C; weight, bias: (C,) or None. Returns: the input's shape and dtype,
    channels-last in memory. Raises: ShapeError; ArgumentError for one value per group. Source: Wu and He (2018).
    """
    op = "group_norm"
    n, channels, *spatial = shape = check_channels(op, input, 2)
    if not isinstance(num_groups, int) or num_groups < 1 or channels % num_groups:
        raise ShapeError(f"{op}: {channels} channels cannot be split into {num_groups!r} groups (input {shape}). "
                         f"Use a divisor of {channels}.")
    for name, p in (("weight", weight), ("bias", bias)):
        check_parameter(op, input, name, p, (channels,))
    if n * channels // num_groups * prod(spatial) == 1:
        raise ArgumentError(f"{op}: expected more than 1 value per group, got input {shape}. "
                            "Use fewer groups or larger maps.")
    size, flat = channels // num_groups, (1,) * len(spatial)
    view, wide = (n, num_groups, size, *spatial), (num_groups, size, *flat)
    form = Form(view, tuple(range(2, len(view))), wide, (channels,), True)
    return _with_own(group_norm_op, input, weight, bias, form, eps)[0]


def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    """(input - mean) / sqrt(var + eps) * weight + bias, with mean and var over the last axes.

    Args: input (..., *normalized_shape); weight, bias: normalized_shape or None. Returns: the input's shape and dtype.
    Raises: ShapeError. Source: Ba, Kiros and Hinton (2016).

    >>> import tinygrad_cnn as tg
    >>> layer_norm(tg.tensor([1.0, 3.0]), (2,), eps=0.0)
    tensor([-1.,  1.])
    """
    op = "layer_norm"
    shape = last_axes(op, input, normalized_shape)
    for name, p in (("weight", weight), ("bias", bias)):
        check_parameter(op, input, name, p, shape)
    view = input.array.shape
    form = Form(view, tuple(range(len(view) - len(shape), len(view))), shape, shape, False)
    if not input.array.size:
        return _empty(input, weight, bias, form)
    return layer_norm_op(input, weight, bias, form=form, eps=eps)


def _channel_form(shape, axes):
    channels = shape[1:2]
    return Form(shape, axes, channels + (1,) * (len(shape) - 2), channels, True)


def _with_own(op, x, weight, bias, form, eps):
    """x normalised by its own statistics, and their arrays (mean, variance, rstd), or None if x has no elements."""
    if not x.array.size:
        return _empty(x, weight, bias, form), None
    xp = x.device.xp
    found = [xp.asarray(a) for a in quiet.run(x.device.kernel("norm_statistics"), x.array, form, eps)]
    mean, rstd = Tensor(found[0], x.device), Tensor(found[2], x.device)
    return op(x, weight, bias, mean, rstd, form=form, eps=eps), found


def _with_running(op, x, running_mean, running_var, weight, bias, form, eps):
    """x normalised by the running statistics."""
    if running_mean is None or running_var is None:
        raise ArgumentError(f"{op}: in evaluation the running statistics are used, but running_mean or running_var is "
                            "None. Give both, or normalise by the input's own statistics.")
    if not x.array.size:
        return _empty(x, weight, bias, form)
    shape = (1, *form.wide)
    arrays = quiet.run(x.device.kernel("running_statistics"), running_mean.array, running_var.array, shape, eps)
    return batch_norm_eval(x, weight, bias, *(Tensor(a, x.device) for a in arrays), form=form)


def _empty(x, weight, bias, form):
    """No numbers, which still depend on weight and bias (with gradient 0)."""
    y = x if weight is None else mul(reshape(x, form.view), reshape(weight, form.wide))
    y = y if bias is None else add(reshape(y, form.view), reshape(bias, form.wide))
    return reshape(y, x.shape)


def _move_running(op, running_mean, running_var, statistics, momentum, count):
    """running = (1 - momentum) running + momentum batch's, in place; the variance times count / (count - 1)."""
    if statistics is None:
        return
    unbiased = count / (count - 1)
    for running, batch, factor in ((running_mean, statistics[0], 1.0), (running_var, statistics[1], unbiased)):
        if running is not None:
            running.wrote(op)
            update = running.device.kernel("update_running_")
            quiet.run(update, running.array, batch.reshape(-1, running.array.size), momentum, factor)


def last_axes(op, x, normalized_shape):
    """normalized_shape as a tuple, which must be x's last sizes."""
    _check_floating(op, x)
    shape = sizes(op, normalized_shape, negative=False)
    if not shape or x.array.shape[-len(shape):] != shape:
        raise ShapeError(f"{op}: normalized_shape {shape} is not how the input's shape {tuple(x.shape)} ends. "
                         "Give the sizes of its last axes.")
    return shape


def _check_floating(op, x):
    if not isinstance(x, Tensor):
        raise DTypeError(f"{op}: expected a Tensor, got {type(x).__name__}. Make one with tg.tensor(...).")
    if not x.dtype.is_floating_point:
        raise DTypeError(f"{op}: the input is {x.dtype}, but must be floating point. Convert it with .float().")


def check_channels(op, x, least):
    """The shape of x, (N, C, *)."""
    _check_floating(op, x)
    shape = x.array.shape
    if len(shape) < least:
        raise ShapeError(f"{op}: input has {len(shape)} axes {shape}, but needs at least {least}: (N, C"
                         f"{', ...' if least > 2 else ''}). Add axes with unsqueeze.")
    return shape


def check_parameter(op, x, name, p, shape):
    """weight, bias or a running statistic: of `shape`, of x's dtype, or float32 beside a 16-bit x."""
    if p is None:
        return
    if not isinstance(p, Tensor) or p.array.shape != shape:
        found = tuple(p.shape) if isinstance(p, Tensor) else type(p).__name__
        raise ShapeError(f"{op}: {name} is {found}, but input {tuple(x.shape)} needs one of shape {shape}. "
                         "Make a Tensor of that shape.")
    if p.array.dtype != x.array.dtype and not (x.dtype.itemsize == 2 and p.dtype.name == "float32"):
        raise DTypeError(f"{op}: {name} is {p.dtype} but the input is {x.dtype}. Convert one with .to(dtype).")
