"""Records of the activations; values from their formulas, away from the kinks."""
import math

import numpy as np
from hypothesis import strategies as st

import tinygrad_cnn as tg
import tinygrad_cnn.nn.functional as F
from tests.records import Record, arrays, register, single
from tests.records.elementwise import ERRORS, each, vectorized

KINKS = (-3, -1, -0.5, 0, 0.5, 1, 3)

register(Record(
    "relu", ops="relu relu_grad", function=tg.relu, cases=single(away_from=(0,)),
    reference=lambda x: np.where(x > 0, x, 0),
    wrong=[(lambda: tg.relu(1.0), ERRORS.DTypeError, "relu: expected at least one Tensor, got float")]))
register(Record(
    "leaky activations", ops="leaky_relu leaky_relu_grad elu elu_grad",
    function=each(F.leaky_relu, lambda x: F.leaky_relu(x, 1.5), F.elu, lambda x: F.elu(x, 0.3), F.selu, F.celu,
                  lambda x: F.celu(x, 2.0)),
    cases=single(away_from=(0,)),
    reference=lambda x: (np.where(x > 0, x, 0.01 * x), np.where(x > 0, x, 1.5 * x), _elu(x, 1.0), _elu(x, 0.3),
                         1.0507009873554805 * _elu(x, 1.6732632423543772), _elu(x, 1.0), 2 * _elu(x / 2, 1.0)),
    wrong=[(lambda: F.celu(tg.ones(2), 0), ERRORS.ArgumentError, "celu: alpha=0 is divided by. Use relu")]))
register(Record(
    "smooth activations",
    ops="silu silu_grad gelu gelu_grad gelu_tanh gelu_tanh_grad softplus softplus_grad logsigmoid",
    function=each(F.silu, F.gelu, lambda x: F.gelu(x, "tanh"), F.softplus, lambda x: F.softplus(x, 0.5), F.logsigmoid,
                  F.mish,
                  F.softsign, F.tanhshrink),
    cases=single(low=-4, high=4),
    reference=lambda x: (x / (1 + np.exp(-x)), x * vectorized(lambda v: 0.5 * math.erfc(-v / math.sqrt(2)))(x),
                         0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3))),
                         np.log(1 + np.exp(x)),
                         2 * np.log(1 + np.exp(x / 2)), -np.log(1 + np.exp(-x)), x * np.tanh(np.log(1 + np.exp(x))),
                         x / (1 + np.abs(x)), x - np.tanh(x)),
    wrong=[(lambda: F.gelu(tg.ones(2), "erf"), ERRORS.ArgumentError,
            "gelu: approximate='erf' is neither 'none' nor 'tanh'"),
           (lambda: F.softplus(tg.ones(2), beta=0), ERRORS.ArgumentError, "softplus: beta=0 is divided by")]))
register(Record(
    "softplus beyond the threshold", ops="softplus softplus_grad",
    function=lambda x: F.softplus(x, beta=2, threshold=1),
    cases=single(away_from=(0.5,)), reference=lambda x: np.where(2 * x > 1, x, np.log(1 + np.exp(2 * x)) / 2)))
register(Record(
    "piecewise linear activations", ops="hardtanh outside hardsigmoid hardswish hardswish_grad",
    function=each(F.hardtanh, lambda x: F.hardtanh(x, -3, 0.5), lambda x: F.relu6(x + 3), F.hardsigmoid, F.hardswish,
                  lambda x: F.threshold(x, -0.5, 9.0), F.hardshrink, F.softshrink),
    cases=single(low=-4, high=4, away_from=KINKS, gap=0.03),
    reference=lambda x: (np.clip(x, -1, 1), np.clip(x, -3, 0.5), np.clip(x + 3, 0, 6), np.clip(x + 3, 0, 6) / 6,
                         x * np.clip(x + 3, 0, 6) / 6, np.where(x > -0.5, x, 9.0), np.where(np.abs(x) > 0.5, x, 0),
                         x - np.clip(x, -0.5, 0.5)),
    wrong=[(lambda: F.hardtanh(tg.ones(2), 1, 0), ERRORS.ArgumentError,
            "hardtanh: min_val=1 is greater than max_val=0"),
           (lambda: F.softshrink(tg.ones(2), -1), ERRORS.ArgumentError, "softshrink: lambd=-1 is negative")]))
register(Record(
    "prelu", ops="where", function=F.prelu,
    cases=st.sampled_from([((3,), (1,)), ((2, 3), (3,)), ((2, 3, 4), (3,)), ((2, 3), (1,)), ((2, 3), ())]).flatmap(
        lambda s: st.tuples(arrays(s[0], away_from=(0,)), arrays(s[1]))).map(lambda case: (case, {})),
    reference=lambda x, w: np.where(x > 0, x, x * w.reshape((-1,) + (1,) * (x.ndim - 2) if w.size > 1 else ())),
    wrong=[(lambda: F.prelu(tg.ones(2, 3), tg.ones(2)), ERRORS.ShapeError,
            r"prelu: weight has shape \(2,\) but the input \(2, 3\) has 3 channel\(s\). Make weight.shape \(1,\)"),
           (lambda: F.prelu(tg.ones(2), 0.1), ERRORS.DTypeError, "prelu: expected two Tensors, got float")]))
register(Record(
    "glu", ops="sigmoid", function=lambda x: tg.glu(x, 1),
    cases=st.tuples(arrays((2, 4, 3))).map(lambda case: (case, {})),
    reference=lambda x: x[:, :2] / (1 + np.exp(-x[:, 2:])),
    wrong=[(lambda: tg.glu(tg.ones(2, 3)), ERRORS.ShapeError, r"glu: the input \(2, 3\) has 3 elements along axis 1")]))


def _elu(x, alpha):
    return np.where(x > 0, x, alpha * (np.exp(x) - 1))
