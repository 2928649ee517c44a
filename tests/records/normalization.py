"""Records of the normalisations; the references take each group of numbers by itself."""
import numpy as np
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.records import Record, arrays, register
from tinygrad_cnn.autograd import OPS

EPS = st.sampled_from([1e-5, 0.1])


def standardised(values, eps):
    """(x - mean) / sqrt(biased variance + eps) of one group."""
    mean = values.sum() / values.size
    variance = ((values - mean) ** 2).sum() / values.size
    return (values - mean) / np.sqrt(variance + eps)


def affine(z, weight, bias):
    """z weight + bias for each channel (axis 1)."""
    shape = (-1, *(1,) * (z.ndim - 2))
    z = z if weight is None else z * weight.reshape(shape)
    return z if bias is None else z + bias.reshape(shape)


@st.composite
def activations(draw, channels, least_spatial=0):
    """x (N, C, *), and weight and bias (C,) or None. Values are spread so that no variance is near 0."""
    spatial = draw(st.lists(st.integers(2, 3), min_size=least_spatial, max_size=3))
    shape = (draw(st.integers(2, 3)), channels, *spatial)
    if np.prod(shape) > 60:
        shape = shape[:3]
    x = draw(arrays(shape, low=-2, high=2, distinct=True))
    return x, draw(st.none() | arrays((channels,))), draw(st.none() | arrays((channels,)))


@st.composite
def batch_cases(draw):
    return draw(activations(draw(st.integers(1, 3)))), {"eps": draw(EPS)}


def batch_norm(x, weight, bias, eps):
    z = np.empty_like(x)
    for c in range(x.shape[1]):
        z[:, c] = standardised(x[:, c], eps)
    return affine(z, weight, bias)


register(Record(
    "batch_norm", ops="batch_norm norm_grad", cases=batch_cases(), reference=batch_norm, float32=1e-3,
    function=lambda x, w, b, eps: tg.batch_norm(x, None, None, w, b, training=True, eps=eps),
    wrong=[(lambda: tg.batch_norm(tg.ones(1, 3), None, None, training=True), tg.errors.ArgumentError,
            r"batch_norm: expected more than 1 value per channel when training, got input \(1, 3\)"),
           (lambda: tg.batch_norm(tg.ones(4), None, None, training=True), tg.errors.ShapeError,
            "batch_norm: input has 1 axes"),
           (lambda: tg.batch_norm(tg.ones(4, 3), None, None, tg.ones(4), training=True), tg.errors.ShapeError,
            r"batch_norm: weight is \(4,\), but input \(4, 3\) needs .* \(3,\)"),
           (lambda: tg.batch_norm(tg.ones(4, 3), None, None, tg.ones(3, dtype=tg.float64), training=True),
            tg.errors.DTypeError, "batch_norm: weight is .*float64 but the input is .*float32"),
           (lambda: tg.batch_norm(tg.ones(4, 3), tg.ones(3), None), tg.errors.ArgumentError,
            "batch_norm: in evaluation .* running_var is None"),
           (lambda: tg.batch_norm(tg.ones(4, 3, dtype=tg.int64), None, None, training=True), tg.errors.DTypeError,
            "batch_norm: the input is .*int64")]))


@st.composite
def evaluation_cases(draw):
    channels = draw(st.integers(1, 3))
    x, weight, bias = draw(activations(channels))
    return (x, draw(arrays((channels,))), draw(arrays((channels,), low=0.2, high=2)), weight, bias), {"eps": draw(EPS)}


def batch_norm_evaluation(x, mean, variance, weight, bias, eps):
    z = np.empty_like(x)
    for c in range(x.shape[1]):
        z[:, c] = (x[:, c] - mean[c]) / np.sqrt(variance[c] + eps)
    return affine(z, weight, bias)


register(Record("batch_norm_eval", ops="batch_norm_eval", cases=evaluation_cases(), reference=batch_norm_evaluation,
                function=tg.batch_norm, constant=(1, 2), float32=1e-3))


@st.composite
def instance_cases(draw):
    return draw(activations(draw(st.integers(1, 3)), least_spatial=1)), {"eps": draw(EPS)}


def instance_norm(x, weight, bias, eps):
    z = np.empty_like(x)
    for n, c in np.ndindex(x.shape[:2]):
        z[n, c] = standardised(x[n, c], eps)
    return affine(z, weight, bias)


register(Record(
    "instance_norm", ops="instance_norm norm_grad", cases=instance_cases(), reference=instance_norm, float32=1e-3,
    function=lambda x, w, b, eps: tg.instance_norm(x, weight=w, bias=b, eps=eps),
    wrong=[(lambda: tg.instance_norm(tg.ones(2, 3, 1)), tg.errors.ArgumentError,
            r"instance_norm: expected more than 1 spatial element when training, got input \(2, 3, 1\)"),
           (lambda: tg.instance_norm(tg.ones(2, 3)), tg.errors.ShapeError, "instance_norm: input has 2 axes")]))


@st.composite
def group_cases(draw):
    groups, size = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    return draw(activations(groups * size, least_spatial=1)), {"num_groups": groups, "eps": draw(EPS)}


def group_norm(x, weight, bias, num_groups, eps):
    z, size = np.empty_like(x), x.shape[1] // num_groups
    for n, k in np.ndindex(len(x), num_groups):
        z[n, k * size:k * size + size] = standardised(x[n, k * size:k * size + size], eps)
    return affine(z, weight, bias)


register(Record(
    "group_norm", ops="group_norm norm_grad", cases=group_cases(), reference=group_norm, float32=1e-3,
    function=lambda x, w, b, num_groups, eps: tg.group_norm(x, num_groups, w, b, eps),
    wrong=[(lambda: tg.group_norm(tg.ones(2, 6, 4), 4), tg.errors.ShapeError, "group_norm: 6 channels .* 4 groups"),
           (lambda: tg.group_norm(tg.ones(1, 2, 1), 2), tg.errors.ArgumentError,
            "group_norm: expected more than 1 value")]))


@st.composite
def row_cases(draw):
    lead = draw(st.lists(st.integers(1, 3), max_size=2))
    last = tuple(draw(st.sampled_from([(2,), (4,), (2, 3)])))
    x = draw(arrays((*lead, *last), distinct=True))
    parameters = draw(st.none() | arrays(last)), draw(st.none() | arrays(last))
    return (x, *parameters), {"normalized_shape": last, "eps": draw(EPS)}


def layer_norm(x, weight, bias, normalized_shape, eps):
    y = np.empty_like(x)
    for place in np.ndindex(x.shape[:x.ndim - len(normalized_shape)]):
        y[place] = standardised(x[place], eps)
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


register(Record(
    "layer_norm", ops="layer_norm norm_grad", cases=row_cases(), reference=layer_norm, float32=1e-3,
    function=lambda x, w, b, normalized_shape, eps: tg.layer_norm(x, normalized_shape, w, b, eps),
    wrong=[(lambda: tg.layer_norm(tg.ones(2, 3), 2), tg.errors.ShapeError,
            r"layer_norm: normalized_shape \(2,\) .* \(2, 3\)"),
           (lambda: tg.layer_norm(tg.ones(2, 3), (3,), tg.ones(2)), tg.errors.ShapeError,
            r"layer_norm: weight is \(2,\)")]))


def rms_norm(x, weight, bias, normalized_shape, eps):
    y = np.empty_like(x)
    for place in np.ndindex(x.shape[:x.ndim - len(normalized_shape)]):
        y[place] = x[place] / np.sqrt((x[place] ** 2).sum() / x[place].size + eps)
    return y if weight is None else y * weight


register(Record(
    "rms_norm", ops="", cases=row_cases(), reference=rms_norm,
    function=lambda x, w, b, normalized_shape, eps: tg.rms_norm(x, normalized_shape, w, eps),
    wrong=[(lambda: tg.rms_norm(tg.ones(2, 3), (2, 2)), tg.errors.ShapeError, "rms_norm: normalized_shape")]))


@st.composite
def gradient_cases(draw):
    (x, weight, _), options = draw(batch_cases())
    return (draw(arrays(x.shape)), x, weight), options


def norm_grad(g, x, weight, eps):
    """The Jacobian of one channel written out: dz_i / dx_j = r ([i = j] - 1/M - z_i z_j / M)."""
    dx, dweight, dbias = np.empty_like(x), np.empty(x.shape[1]), np.empty(x.shape[1])
    for c in range(x.shape[1]):
        values, size = x[:, c].reshape(-1), x[:, c].size
        z, r = standardised(values, eps), 1 / np.sqrt(values.var() + eps)
        jacobian = r * (np.eye(size) - 1 / size - np.outer(z, z) / size)
        h = g[:, c].reshape(-1)
        dx[:, c] = ((1 if weight is None else weight[c]) * jacobian.T @ h).reshape(x[:, c].shape)
        dweight[c], dbias[c] = h @ z, h.sum()
    return dx, dweight, dbias


def norm_grad_by_op(g, x, weight, eps):
    from tinygrad_cnn.ops.normalization import _channel_form
    form = _channel_form(tuple(x.shape), (0, *range(2, x.ndim)))
    mean, _, rstd = (tg.Tensor(a, x.device) for a in x.device.kernel("norm_statistics")(x.array, form, eps))
    return OPS["norm_grad"](g, x, weight, mean, rstd, form=form, eps=eps, affine=True)


register(Record("norm_grad", ops="norm_grad", cases=gradient_cases(), reference=norm_grad, function=norm_grad_by_op,
                float32=1e-3))


@st.composite
def neighbour_cases(draw):
    spatial = draw(st.lists(st.integers(1, 2), min_size=1, max_size=3))
    shape = (draw(st.integers(1, 2)), draw(st.integers(1, 6)), *spatial)
    return (draw(arrays(shape)),), {"size": draw(st.integers(1, 7)), "alpha": draw(st.sampled_from([1e-4, 0.5]))}


def local_response_norm(x, size, alpha, beta=0.75, k=1.0):
    y = np.empty_like(x)
    for c in range(x.shape[1]):
        total = np.zeros_like(x[:, 0])
        for other in range(c - size // 2, c + (size - 1) // 2 + 1):
            if 0 <= other < x.shape[1]:
                total += x[:, other] ** 2
        y[:, c] = x[:, c] / (k + alpha / size * total) ** beta
    return y


register(Record(
    "local_response_norm", ops="window_sum", cases=neighbour_cases(), reference=local_response_norm,
    function=tg.local_response_norm,
    wrong=[(lambda: tg.local_response_norm(tg.ones(2, 3), 5), tg.errors.ShapeError,
            "local_response_norm: input has 2 axes"),
           (lambda: tg.local_response_norm(tg.ones(2, 3, 4), 0), tg.errors.ArgumentError,
            "local_response_norm: size is 0")]))
