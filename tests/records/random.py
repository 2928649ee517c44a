"""Records of the random ops. The driver seeds the generators before every call, so a case draws the same mask each
time; the references read that mask off ones."""
import numpy as np
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.records import Record, arrays, register


def kept(function, shape, p):
    """Which numbers the function keeps: those that differ between an input of ones and one of twos."""
    found = []
    for value in (1.0, 2.0):
        tg.manual_seed(0)
        found.append(function(tg.full(shape, value, dtype=tg.float64), p, True).numpy())
    return found[0] != found[1]


def drops(function):
    def reference(x, p):
        return np.where(kept(function, x.shape, p), x / (1 - p), 0)
    return reference


def alpha_drops(function):
    """Klambauer et al. (2017): dropped numbers become a', then a x + b restores mean 0 and variance 1."""
    def reference(x, p):
        limit = -1.7580993408473766
        q = 1 - p
        a = (q + limit ** 2 * q * p) ** -0.5
        return a * np.where(kept(function, x.shape, p), x, limit) - a * p * limit
    return reference


@st.composite
def dropped(draw, *shapes):
    return (draw(arrays(draw(st.sampled_from(shapes)))),), {"p": draw(st.sampled_from([0.2, 0.5]))}


def training(function):
    return lambda x, p: function(x, p, True)


FLAT = ((), (7,), (3, 4), (2, 3, 2, 2))
E = tg.errors
register(Record(
    "dropout", ops="dropout masked_scale", function=tg.dropout, cases=dropped(*FLAT), reference=drops(tg.dropout),
    strict=False,
    wrong=[(lambda: tg.dropout(tg.ones(2), 1.5), E.ArgumentError, "dropout: p is 1.5.* 0 to 1"),
           (lambda: tg.dropout(tg.arange(3), 0.5), E.DTypeError, r"dropout: the input is .*int64.*\.float\(\)"),
           (lambda: tg.dropout([1.0], 0.5), E.DTypeError, "dropout: expected a Tensor, got list"),
           (lambda: tg.dropout(tg.ones(2), 0.5, generator=3), E.DeviceError, "dropout: the generator is int")]))
for name, shapes_taken, refused in (
        ("dropout1d", ((2, 3, 4), (3, 4)), (2, 3, 4, 5)), ("dropout2d", ((2, 3, 2, 2),), (3, 4, 5)),
        ("dropout3d", ((2, 3, 1, 2, 2), (3, 2, 2, 1)), (3, 4, 5)), ("feature_dropout", ((2, 3), (2, 3, 4)), (3,))):
    function = getattr(tg, name)
    register(Record(name, ops="dropout masked_scale", function=function, cases=dropped(*shapes_taken),
                    reference=drops(function), strict=False,
                    wrong=[(lambda f=function, s=refused: f(tg.ones(s)), E.ShapeError,
                            f"{name}: input has {len(refused)} axes")]))
register(Record("alpha_dropout", ops="dropout masked_scale", function=training(tg.alpha_dropout), cases=dropped(*FLAT),
                reference=alpha_drops(tg.alpha_dropout), strict=False))
register(Record("feature_alpha_dropout", ops="dropout masked_scale", function=training(tg.feature_alpha_dropout),
                cases=dropped((2, 3), (2, 3, 4)), reference=alpha_drops(tg.feature_alpha_dropout), strict=False))
