"""Records of the losses; the references loop over targets and elements."""
import math

import numpy as np
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.records import Record, arrays, register, shapes
from tinygrad_cnn.autograd import OPS
from tinygrad_cnn.ops.class_loss import Terms

REDUCTIONS = st.sampled_from(["mean", "sum", "none"])


@st.composite
def class_cases(draw, smoothing=True, ignoring=True):
    """(logits, classes, weight or None), and the options. One target at least counts."""
    classes, rank = draw(st.integers(1, 4)), draw(st.integers(-1, 2))
    if rank < 0:
        shape, places = (classes,), ()
    else:
        places = (draw(st.integers(1, 3)), *(draw(st.integers(1, 2)) for _ in range(rank)))
        shape = (places[0], classes, *places[1:])
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    target = np.asarray(rng.integers(0, classes, places))
    options = {"reduction": draw(REDUCTIONS)}
    if ignoring and target.size > 1 and draw(st.booleans()):
        options["ignore_index"] = -1
        target.flat[0] = -1
    if smoothing and draw(st.booleans()):
        options["label_smoothing"] = draw(st.sampled_from([0.1, 1.0]))
    weight = draw(st.none() | arrays((classes,), low=0.2, high=2.0))
    return (draw(arrays(shape)), target, weight), options


def class_loss(z, target, weight, reduction, ignore_index=-100, label_smoothing=0.0):
    """The definition, one target at a time; z holds log-probabilities."""
    classes = z.shape[0] if z.ndim == 1 else z.shape[1]
    weight = np.ones(classes) if weight is None else weight
    losses, total = np.zeros(target.shape), 0.0
    for place in np.ndindex(target.shape):
        t = target[place]
        if t == ignore_index:
            continue
        row = z if z.ndim == 1 else z[(place[0], slice(None), *place[1:])]
        losses[place] = -(1 - label_smoothing) * weight[t] * row[t]
        losses[place] -= label_smoothing / classes * sum(w * v for w, v in zip(weight, row))
        total += weight[t]
    return {"none": losses, "sum": losses.sum(), "mean": losses.sum() / total}[reduction]


def log_softmax(x):
    axis = 0 if x.ndim == 1 else 1
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))


def cross_entropy(x, target, weight, **options):
    return class_loss(log_softmax(x), target, weight, **options)


def refusals(name):
    """What both losses on classes refuse."""
    f, logits = getattr(tg, name), tg.zeros(2, 3)
    e = tg.errors
    return [
        (lambda: f(logits, tg.tensor([0.0, 1.0])), e.DTypeError, f"{name}: target is .*float32.*long"),
        (lambda: f(logits, tg.tensor([0, 1, 2])), e.ShapeError,
         rf"{name}: target has shape \(3,\) .* \(2, 3\) .* \(2,\)"),
        (lambda: f(logits, tg.tensor([0, 3])), e.TensorIndexError, rf"{name}: target 3 at \(1,\) .* 3 classes.*0 to 2"),
        (lambda: f(logits, tg.tensor([-1, 0])), e.TensorIndexError, rf"{name}: target -1 at \(0,\)"),
        (lambda: f(logits, tg.tensor([0, 1]), tg.ones(2)), e.ShapeError, rf"{name}: weight is \(2,\) .* 3 classes"),
        (lambda: f(logits, tg.tensor([0, 1]), tg.ones(3, dtype=tg.float64)), e.DTypeError,
         f"{name}: weight is .*float64"),
        (lambda: f(logits, tg.tensor([0, 1]), tg.ones(3, requires_grad=True)), e.GradError,
         rf"{name}: weight .*detach\(\)"),
        (lambda: f(tg.tensor(1.0), tg.tensor(0)), e.ShapeError, f"{name}: input has no axes"),
        (lambda: f(tg.zeros(2, 3, dtype=tg.int64), tg.tensor([0, 1])), e.DTypeError, f"{name}: input is .*int64"),
        (lambda: f(logits, [0, 1]), e.DTypeError, f"{name}: target is list"),
        (lambda: f(logits, tg.tensor([0, 1]), reduction="avg"), e.ArgumentError, f"{name}: reduction is 'avg'.*'mean'"),
    ]


register(Record("nll_loss", ops="nll_loss nll_loss_grad", function=tg.nll_loss, cases=class_cases(smoothing=False),
                reference=class_loss, constant=(2,), wrong=refusals("nll_loss")))
register(Record(
    "cross_entropy", ops="cross_entropy cross_entropy_grad", function=tg.cross_entropy, cases=class_cases(),
    reference=cross_entropy, constant=(2,),
    wrong=[*refusals("cross_entropy"),
           (lambda: tg.cross_entropy(tg.zeros(2, 3), tg.tensor([0, 1]), label_smoothing=1.5), tg.errors.ArgumentError,
            "cross_entropy: label_smoothing is 1.5.* 0 to 1"),
           (lambda: tg.cross_entropy(tg.zeros(2, 3), tg.ones(2, 3), ignore_index=1), tg.errors.ArgumentError,
            "cross_entropy: ignore_index=1 .*probabilities")]))


def _smoothed(x, target, weight, reduction, ignore_index=-100, label_smoothing=0.0):
    """nll_loss with label smoothing: what cross_entropy is behind log_softmax."""
    return OPS["nll_loss"](x, target, weight, how=Terms(ignore_index, reduction, label_smoothing))


register(Record("nll_loss_smoothed", ops="nll_loss nll_loss_grad", function=_smoothed, cases=class_cases(),
                reference=class_loss, constant=(2,)))


@st.composite
def soft_cases(draw):
    n, classes = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    shape = (n, classes, *draw(st.sampled_from([(), (2,), (1, 2)])))
    target = draw(arrays(shape, low=0.1, high=1.0))
    options = {"reduction": draw(REDUCTIONS), "label_smoothing": draw(st.sampled_from([0.0, 0.2]))}
    return (draw(arrays(shape)), target, draw(st.none() | arrays((classes,), low=0.2))), options


def soft_cross_entropy(x, target, weight, reduction, label_smoothing):
    classes = x.shape[1]
    weight = np.ones(classes) if weight is None else weight
    losses = np.zeros(x.shape[:1] + x.shape[2:])
    for c in range(classes):
        q = (1 - label_smoothing) * target[:, c] + label_smoothing / classes
        losses -= weight[c] * q * log_softmax(x)[:, c]
    return {"none": losses, "sum": losses.sum(), "mean": losses.mean()}[reduction]


register(Record("cross_entropy_soft", ops="", function=tg.cross_entropy, cases=soft_cases(),
                reference=soft_cross_entropy))


@st.composite
def pairs(draw, far=(), options=None, low=-2.0, high=2.0, target_low=None, target_high=None):
    """(input, target) of one shape with input - target off the kinks `far`, a reduction, and further options."""
    shape = draw(shapes(0, 3))
    target = draw(arrays(shape, low=low if target_low is None else target_low,
                         high=high if target_high is None else target_high))
    x = draw(arrays(shape, low=low, high=high, away_from=far))
    x = np.asarray(target + x) if far else x
    found = {"reduction": draw(REDUCTIONS)}
    for name, values in (options or {}).items():
        found[name] = draw(values)
    return (x, target), found


def elementwise(formula):
    """A reference of formula(x, t, **options) for each pair of numbers."""
    def reference(x, target, *more, reduction, **options):
        losses = np.zeros(x.shape)
        for place in np.ndindex(x.shape):
            losses[place] = formula(x[place], target[place], *(m[place] for m in more), **options)
        return {"none": losses, "sum": losses.sum(), "mean": losses.mean()}[reduction]
    return reference


def huber(x, t, delta):
    d = abs(x - t)
    return d * d / 2 if d <= delta else delta * (d - delta / 2)


def smooth_l1(x, t, beta):
    d = abs(x - t)
    return d * d / (2 * beta) if d < beta else d - beta / 2


def bce(p, t):
    return -t * math.log(p) - (1 - t) * math.log(1 - p)


def pair_refusals(name):
    f = getattr(tg, name)
    return [
        (lambda: f(tg.zeros(2, dtype=tg.int64), tg.zeros(2)), tg.errors.DTypeError,
         rf"{name}: input is .*int64.*float\(\)"),
        (lambda: f(tg.zeros(2), 1.0), tg.errors.DTypeError, f"{name}: target is float, not a Tensor"),
        (lambda: f(tg.zeros(2), tg.zeros(2), reduction="total"), tg.errors.ArgumentError,
         f"{name}: reduction is 'total'"),
    ]


register(Record("mse_loss", ops="", function=tg.mse_loss, cases=pairs(), wrong=pair_refusals("mse_loss"),
                reference=elementwise(lambda x, t: (x - t) ** 2)))
register(Record("l1_loss", ops="", function=tg.l1_loss, cases=pairs(far=(0,)), wrong=pair_refusals("l1_loss"),
                reference=elementwise(lambda x, t: abs(x - t))))
register(Record(
    "huber_loss", ops="huber", function=tg.huber_loss, reference=elementwise(huber),
    cases=pairs(far=(-1, 1), options={"delta": st.just(1.0)}) | pairs(far=(-0.5, 0.5), options={"delta": st.just(0.5)}),
    wrong=[*pair_refusals("huber_loss"),
           (lambda: tg.huber_loss(tg.zeros(2), tg.zeros(2), delta=0.0), tg.errors.ArgumentError,
            "huber_loss: delta is 0.0"),
           (lambda: tg.huber_loss(tg.zeros(2), tg.zeros(2), weight=tg.ones(3)), tg.errors.ShapeError,
            r"huber_loss: weight is \(3,\) but input is \(2,\)")]))
register(Record(
    "smooth_l1_loss", ops="huber", function=tg.smooth_l1_loss, reference=elementwise(smooth_l1),
    cases=pairs(far=(-0.5, 0.5), options={"beta": st.just(0.5)}),
    wrong=[*pair_refusals("smooth_l1_loss"),
           (lambda: tg.smooth_l1_loss(tg.zeros(2), tg.zeros(2), beta=-1.0), tg.errors.ArgumentError,
            "smooth_l1_loss: beta is -1.0")]))
register(Record(
    "binary_cross_entropy", ops="binary_cross_entropy", function=tg.binary_cross_entropy, reference=elementwise(bce),
    cases=pairs(low=0.1, high=0.9, target_low=0.0, target_high=1.0),
    wrong=[*pair_refusals("binary_cross_entropy"),
           (lambda: tg.binary_cross_entropy(tg.tensor([0.5, 1.5]), tg.zeros(2)), tg.errors.ArgumentError,
            "binary_cross_entropy: input 1.5 is no probability"),
           (lambda: tg.binary_cross_entropy(tg.zeros(2), tg.zeros(1)), tg.errors.ShapeError,
            r"binary_cross_entropy: input has shape \(2,\) but target has \(1,\)")]))


@st.composite
def logit_cases(draw):
    (x, target), options = draw(pairs(low=-3.0, high=3.0, target_low=0.0, target_high=1.0))
    return (x, target, draw(st.none() | arrays(x.shape, low=0.2, high=3.0))), options


def bce_with_logits(x, target, pos_weight=None, reduction="mean"):
    pos_weight = np.ones(x.shape) if pos_weight is None else pos_weight

    def formula(x, t, w):
        return w * t * math.log(1 + math.exp(-x)) + (1 - t) * math.log(1 + math.exp(x))

    return elementwise(formula)(x, target, pos_weight, reduction=reduction)


register(Record(
    "binary_cross_entropy_with_logits", ops="binary_cross_entropy_with_logits", cases=logit_cases(),
    reference=bce_with_logits,
    function=lambda x, t, w, reduction: tg.binary_cross_entropy_with_logits(x, t, pos_weight=w, reduction=reduction),
    wrong=[*pair_refusals("binary_cross_entropy_with_logits"),
           (lambda: tg.binary_cross_entropy_with_logits(tg.zeros(2), tg.zeros(2, 1)), tg.errors.ShapeError,
            r"binary_cross_entropy_with_logits: input has shape \(2,\) but target has \(2, 1\)")]))


def kl(x, t, log_target):
    return math.exp(t) * (t - x) if log_target else t * (math.log(t) - x)


register(Record(
    "kl_div", ops="kl_div", function=tg.kl_div, reference=elementwise(kl),
    cases=pairs(options={"log_target": st.booleans()}, low=-2.0, high=-0.1, target_low=0.1, target_high=1.0),
    wrong=[*pair_refusals("kl_div"),
           (lambda: tg.kl_div(tg.zeros(2), tg.zeros(3)), tg.errors.ShapeError,
            r"kl_div: input \(2,\), target \(3,\)")]))
