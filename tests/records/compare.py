"""Records of comparisons and of choosing by what was found."""
import numpy as np
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.records import Record, arrays, broadcast_pairs, register
from tests.records.elementwise import ERRORS, each, misfit
from tinygrad_cnn.testing.strategies import broadcastable_shapes


@st.composite
def apart(draw, count=2):
    """Arrays that broadcast, with no two values near each other: no ties."""
    chosen = draw(broadcastable_shapes(count))
    sizes = [int(np.prod(s)) for s in chosen]
    values = draw(arrays((sum(sizes),), distinct=True))
    pieces = np.split(values, np.cumsum(sizes)[:-1])
    return tuple(piece.reshape(s) for piece, s in zip(pieces, chosen)), {}


@st.composite
def whole_numbers(draw):
    shape = draw(broadcastable_shapes(2))
    return tuple(draw(arrays(s, low=0, high=9)).astype("int64") for s in shape), {}


register(Record(
    "comparisons", ops="eq ne lt le gt ge logical_and logical_or logical_xor logical_not isclose heaviside",
    function=each(tg.eq, tg.ne, tg.lt, tg.le, tg.gt, tg.ge, tg.logical_and, tg.logical_or, tg.logical_xor,
                  lambda a, b: tg.logical_not(a), lambda a, b: tg.isclose(a, b, rtol=0.1, atol=0.2), tg.heaviside),
    cases=broadcast_pairs().map(lambda case: (tuple(np.asarray(np.round(a)) for a in case[0]), {})), constant=(0, 1),
    reference=lambda a, b: (a == b, a != b, a < b, a <= b, a > b, a >= b, (a != 0) & (b != 0), (a != 0) | (b != 0),
                            (a != 0) ^ (b != 0), a == 0, np.abs(a - b) <= 0.2 + 0.1 * np.abs(b),
                            np.where(a == 0, b, np.where(a > 0, 1.0, 0.0) + 0 * b)),
    wrong=[misfit("eq", tg.eq), misfit("logical_and", tg.logical_and), misfit("isclose", tg.isclose),
           (lambda: tg.isclose(tg.ones(2), tg.ones(2), rtol=-1), ERRORS.ArgumentError,
            "rtol=-1 and atol=1e-08 must not be"),
           (lambda: tg.equal(tg.ones(2), 1), ERRORS.DTypeError, "equal: expected Tensors, got int"),
           (lambda: tg.heaviside(tg.ones(2), tg.ones(2).int()), ERRORS.DTypeError,
            "heaviside: inputs have dtypes float32, int32")]))
register(Record(
    "bits", ops="bitwise_and bitwise_or bitwise_xor bitwise_not bitwise_left_shift bitwise_right_shift",
    function=each(tg.bitwise_and, tg.bitwise_or, tg.bitwise_xor, lambda a, b: tg.bitwise_not(a), tg.bitwise_left_shift,
                  tg.bitwise_right_shift),
    cases=whole_numbers(),
    reference=lambda a, b: (a & b, a | b, a ^ b, -a - 1, a * 2 ** b, a // 2 ** b),
    wrong=[(lambda: tg.ones(2) & tg.ones(2), ERRORS.DTypeError, "bitwise_and: not defined for float32, float32"),
           (lambda: ~tg.ones(2), ERRORS.DTypeError,
            "bitwise_not: not defined for tinygrad_cnn.float32. Convert the tensor")]))
register(Record(
    "extremes of two", ops="maximum minimum winner_grad fmax fmin",
    function=each(tg.maximum, tg.minimum, tg.fmax, tg.fmin),
    cases=apart(),
    reference=lambda a, b: (np.where(a > b, a, b), np.where(a < b, a, b), np.where(a > b, a, b), np.where(a < b, a, b)),
    wrong=[misfit("maximum", tg.maximum),
           (lambda: tg.maximum(tg.ones(2), 1.0), ERRORS.DTypeError,
            "expected two Tensors, got float. .* use tg.clamp")]))
register(Record(
    "clamp", ops="clamp within", function=lambda x, a, b: (tg.clamp(x, a, b), tg.clamp(x, min=a), tg.clamp_max(x, b)),
    cases=apart(3),
    reference=lambda x, a, b: (np.where(np.where(x < a, a, x) > b, b + 0 * x, np.where(x < a, a, x)),
                               np.where(x < a, a, x),
                               np.where(x > b, b, x)),
    wrong=[(lambda: tg.clamp(tg.ones(2)), ERRORS.ArgumentError, "clamp: neither min nor max is given"),
           (lambda: tg.clamp(tg.ones(2), min=tg.ones(3)), ERRORS.ShapeError, r"clamp: shapes \(2,\) and \(3,\)"),
           (lambda: tg.clamp(1.0, 0, 2), ERRORS.DTypeError, "clamp: expected a Tensor, got float")]))
register(Record(
    "clamp by numbers", ops="clamp within",
    function=lambda x: (tg.clamp(x, -0.5, 1), tg.clamp_min(x, 0), tg.clamp(x, max=0.25)),
    cases=st.tuples(arrays(away_from=(-0.5, 0, 0.25, 1), gap=0.02)).map(lambda case: (case, {})),
    reference=lambda x: (np.minimum(np.maximum(x, -0.5), 1), np.maximum(x, 0), np.minimum(x, 0.25))))


@st.composite
def choices(draw):
    shape = draw(broadcastable_shapes(3))
    return (np.asarray(draw(arrays(shape[0])) > 0), draw(arrays(shape[1])), draw(arrays(shape[2]))), {}


register(Record(
    "where", ops="where keep drop", function=lambda c, a, b: (tg.where(c, a, b), tg.where(c, a, 1.5),
                                                              tg.where(c, 2, b)),
    cases=choices(),
    reference=lambda c, a, b: (c * a + ~c * b, c * a + ~c * 1.5, c * 2 + ~c * b),
    wrong=[(lambda: tg.where(tg.ones(2), tg.ones(2), 0), ERRORS.DTypeError,
            "the condition must be bool, not tinygrad_cnn.float32"),
           (lambda: tg.where(True, tg.ones(2), 0), ERRORS.DTypeError, "the condition must be a bool Tensor, not bool"),
           (lambda: tg.where(tg.ones(2) > 0, 1.0), ERRORS.ArgumentError, "where: only one of input and other is given"),
           (lambda: tg.where(tg.ones(2) > 0, tg.ones(3), 0), ERRORS.ShapeError, r"where: shapes \(2,\) and \(3,\)")]))
