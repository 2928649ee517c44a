"""Records of the element-wise functions, those of one domain together."""
import math

import numpy as np
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.records import Record, arrays, broadcast_pairs, register, single
from tinygrad_cnn.autograd import OPS
from tinygrad_cnn.testing.strategies import broadcastable_shapes, shapes

ERRORS = tg.errors
MISFIT = r"shapes \(2,\) and \(3,\) cannot be broadcast together: axis -1 has sizes 2 and 3. Sizes must be equal or 1"


def misfit(op, function):
    """The call that every op of two tensors refuses."""
    return lambda: function(tg.ones(2), tg.ones(3)), ERRORS.ShapeError, f"{op}: {MISFIT}"


def vectorized(function):
    return lambda x: np.array([function(float(v)) for v in x.reshape(-1)]).reshape(x.shape)


def each(*functions):
    """The results of several functions of the same inputs."""
    return lambda *args: tuple(f(*args) for f in functions)


register(Record(
    "add", ops="add", function=tg.add, cases=broadcast_pairs(), reference=lambda a, b: a + b,
    wrong=[misfit("add", tg.add),
           (lambda: tg.add(tg.ones(2), "one"), ERRORS.DTypeError, "add: expected Tensors and numbers, got str"),
           (lambda: tg.add(tg.ones(2).int(), 1, alpha=0.5), ERRORS.ArgumentError,
            "add: alpha=0.5 would make integers fractions")]))
register(Record(
    "sub", ops="sub", function=each(tg.sub, tg.rsub, lambda a, b: tg.sub(a, b, alpha=3),
                                    lambda a, b: tg.add(a, b, alpha=-2)),
    cases=broadcast_pairs(), reference=lambda a, b: (a - b, b - a, a - 3 * b, a - 2 * b),
    wrong=[misfit("sub", tg.sub), (lambda: tg.ones(2).bool() - tg.ones(2).bool(), ERRORS.DTypeError,
                                   "sub: not defined for bool, bool. Convert the tensors")]))
register(Record(
    "mul", ops="mul", function=tg.mul, cases=broadcast_pairs(), reference=lambda a, b: a * b,
    wrong=[misfit("mul", tg.mul), (lambda: tg.mul(2, 3), ERRORS.DTypeError,
                                   "mul: expected at least one Tensor, got int, int")]))
register(Record(
    "mul_scalar", ops="mul", function=lambda a: (2 * a, a * 0.5, a / 4, 1 / a, 2 - a, a - 2),
    cases=single(away_from=(0,)),
    reference=lambda a: (2 * a, a / 2, a / 4, 1 / a, 2 - a, a - 2)))
register(Record(
    "div", ops="div", function=tg.div, cases=broadcast_pairs(away_from=(0,)), reference=lambda a, b: a / b,
    wrong=[misfit("div", tg.div), (lambda: tg.div(tg.ones(2), 2, rounding_mode="up"), ERRORS.ArgumentError,
                                   "div: rounding_mode='up' is not one of None, 'floor' and 'trunc'")]))
register(Record(
    "division with a remainder", ops="floor_divide remainder fmod trunc_divide",
    function=each(tg.floor_divide, tg.remainder, tg.fmod, lambda a, b: tg.div(a, b, rounding_mode="trunc"),
                  lambda a, b: tg.div(a, b, rounding_mode="floor")),
    cases=st.tuples(arrays((4,), low=-3, high=3, distinct=True).map(lambda a: np.round(a) + 0.3),
                    arrays((3, 1), low=0.9, high=1.1)).map(lambda case: (case, {})),
    reference=lambda a, b: (np.floor(a / b), a - b * np.floor(a / b), a - b * np.trunc(a / b), np.trunc(a / b),
                            np.floor(a / b)),
    wrong=[misfit("remainder", tg.remainder),
           (lambda: tg.tensor([7]) // 0, ERRORS.ArgumentError, "floor_divide: an integer is divided by 0"),
           (lambda: tg.fmod(tg.tensor([7, 5]), tg.tensor([1, 0])), ERRORS.ArgumentError,
            r"fmod: an integer is divided by 0 \(divisor of shape \(2,\)\)")]))
register(Record(
    "signs", ops="neg abs sign", function=each(tg.neg, tg.abs, tg.sign), cases=single(away_from=(0,)),
    reference=lambda x: (-x, np.where(x < 0, -x, x), np.where(x < 0, -1.0, 1.0)),
    wrong=[(lambda: tg.neg(tg.tensor([True])), ERRORS.DTypeError, "neg: not defined for bool. Convert the tensors"),
           (lambda: tg.positive(tg.tensor([True])), ERRORS.DTypeError, "positive: a bool has no sign")]))
register(Record(
    "rounding", ops="floor ceil trunc round round_decimals frac",
    function=each(tg.floor, tg.ceil, tg.trunc, tg.round, lambda x: tg.round(x, decimals=1), tg.frac),
    cases=st.tuples(arrays((3, 4), low=-3, high=3, distinct=True).map(lambda a: np.round(a * 2) / 2 + 0.13)).map(
        lambda case: (case, {})),
    reference=lambda x: (vectorized(math.floor)(x), vectorized(math.ceil)(x), vectorized(math.trunc)(x),
                         vectorized(round)(x), vectorized(lambda v: round(v, 1))(x), x - vectorized(math.trunc)(x)),
    wrong=[(lambda: tg.round(tg.tensor([1]), decimals=2), ERRORS.DTypeError,
            "round: decimals=2 is for floating point, the tensor is tinygrad_cnn.int64. Convert it with .float()")]))
register(Record(
    "pow", ops="pow", function=tg.pow,
    cases=st.builds(lambda ab: ((ab[0], ab[1]), {}), broadcastable_shapes(2).flatmap(
        lambda s: st.tuples(arrays(s[0], low=0.3, high=2), arrays(s[1])))),
    reference=lambda a, b: np.exp(b * np.log(a)),
    wrong=[misfit("pow", tg.pow), (lambda: tg.tensor([2, 3]) ** -1, ERRORS.ArgumentError,
                                   "pow: integers are raised to the power -1.* Convert them to floating point")]))
register(Record(
    "pow_scalar", ops="pow square reciprocal rsqrt sqrt",
    function=lambda x: (x ** 2, x ** 3, x ** 0.5, x ** -1, x ** 2.5, x ** 1, x ** 0, 2 ** x, tg.square(x),
                        tg.reciprocal(x),
                        tg.sqrt(x), tg.rsqrt(x)),
    cases=single(low=0.3, high=2),
    reference=lambda x: (x * x, x * x * x, np.exp(np.log(x) / 2), 1 / x, np.exp(2.5 * np.log(x)), x, x * 0 + 1,
                         np.exp(x * math.log(2)), x * x, 1 / x, np.exp(np.log(x) / 2), np.exp(-np.log(x) / 2))))
register(Record(
    "exponentials", ops="exp exp2 expm1 sigmoid sigmoid_grad tanh tanh_grad sinh cosh asinh atan sin cos erf erfc",
    function=each(tg.exp, tg.exp2, tg.expm1, tg.sigmoid, tg.tanh, tg.sinh, tg.cosh, tg.asinh, tg.atan, tg.sin, tg.cos,
                  tg.erf, tg.erfc),
    cases=single(),
    reference=lambda x: (vectorized(math.exp)(x), vectorized(lambda v: 2 ** v)(x), vectorized(math.expm1)(x),
                         1 / (1 + np.exp(-x)), (np.exp(2 * x) - 1) / (np.exp(2 * x) + 1), (np.exp(x) - np.exp(-x)) / 2,
                         (np.exp(x) + np.exp(-x)) / 2, np.log(x + np.sqrt(x * x + 1)), vectorized(math.atan)(x),
                         vectorized(math.sin)(x), vectorized(math.cos)(x), vectorized(math.erf)(x),
                         vectorized(math.erfc)(x)),
    wrong=[(lambda: tg.exp(2.0), ERRORS.DTypeError, "exp: expected at least one Tensor, got float")]))
register(Record(
    "logarithms", ops="log log2 log10 log1p acosh",
    function=each(tg.log, tg.log2, tg.log10, tg.log1p, lambda x: tg.acosh(x + 1)), cases=single(low=0.3, high=3),
    reference=lambda x: (vectorized(math.log)(x), vectorized(math.log2)(x), vectorized(math.log10)(x),
                         vectorized(math.log1p)(x), vectorized(math.acosh)(x + 1))))
register(Record(
    "inside (-1, 1)", ops="asin acos atanh tan erfinv",
    function=each(tg.asin, tg.acos, tg.atanh, tg.tan, tg.erfinv, lambda x: tg.logit(x / 2 + 0.5)),
    cases=single(low=-0.9, high=0.9),
    reference=lambda x: (vectorized(math.asin)(x), vectorized(math.acos)(x), vectorized(math.atanh)(x),
                         vectorized(math.tan)(x), vectorized(_inverse_erf)(x), np.log((x / 2 + 0.5) / (0.5 - x / 2)))))
register(Record(
    "logit", ops="logit", function=lambda x: (tg.logit(x), tg.logit(x, eps=0.2)),
    cases=single(low=0.05, high=0.95, away_from=(0.2, 0.8), gap=0.02),
    reference=lambda x: (np.log(x / (1 - x)), np.log(np.clip(x, 0.2, 0.8) / (1 - np.clip(x, 0.2, 0.8))))))
register(Record(
    "planes", ops="hypot atan2 logaddexp xlogy",
    function=each(tg.hypot, tg.atan2, tg.logaddexp, lambda a, b: tg.xlogy(a, b * b)),
    cases=broadcast_pairs(away_from=(0,), gap=0.3),
    reference=lambda a, b: (np.sqrt(a * a + b * b), np.angle(b + 1j * a), np.log(np.exp(a) + np.exp(b)),
                            2 * a * np.log(np.abs(b))),
    wrong=[(lambda: tg.hypot(tg.ones(2), 1.0), ERRORS.DTypeError, "hypot: expected Tensors, got float"),
           misfit("atan2", tg.atan2)]))
register(Record(
    "lerp", ops="lerp", cases=broadcast_pairs(3),
    function=lambda a, b, c: (tg.lerp(a, b, c), tg.lerp(a, b, 0.25), tg.lerp(a, b, 0.75), tg.addcmul(a, b, c, value=2),
                              tg.addcdiv(a, b, c * c + 1, value=3)),
    reference=lambda a, b, c: (a + c * (b - a), 0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b, a + 2 * b * c,
                               a + 3 * b / (c * c + 1)),
    wrong=[(lambda: tg.lerp(tg.ones(2), 1.0, 0.5), ERRORS.DTypeError, "lerp: expected Tensors, got float")]))


def _inverse_erf(y):
    low, high = -6.0, 6.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if math.erf(middle) < y else (low, middle)
    return middle


@st.composite
def with_bad_numbers(draw):
    x = draw(arrays(shapes(min_dims=1)))
    bad = draw(st.sampled_from([np.nan, np.inf, -np.inf]))
    x.reshape(-1)[0] = bad
    return (x,), {}


register(Record(
    "nan_to_num", ops="nan_to_num isnan isinf isfinite signbit", constant=(0,),
    function=lambda x: (tg.nan_to_num(x, 5.0, 6.0, -7.0), tg.isnan(x), tg.isinf(x), tg.isfinite(x), tg.signbit(-x)),
    cases=with_bad_numbers(),
    reference=lambda x: (vectorized(lambda v: 5.0 if v != v else {math.inf: 6.0, -math.inf: -7.0}.get(v, v))(x),
                         vectorized(lambda v: v != v)(x), vectorized(math.isinf)(x), vectorized(math.isfinite)(x),
                         vectorized(lambda v: math.copysign(1, -v) < 0)(x))))
register(Record(
    "nan_to_num of numbers", ops="nan_to_num", function=tg.nan_to_num, cases=single(), reference=lambda x: x))


@st.composite
def masked(draw):
    shape = draw(shapes())
    return (draw(arrays(shape)), np.asarray(draw(arrays(shape)) > 0)), {}


register(Record(
    "keep", ops="keep drop", function=lambda x, mask: (OPS["keep"](x, mask), OPS["drop"](x, mask)), cases=masked(),
    reference=lambda x, mask: (x * mask, x * ~mask)))
