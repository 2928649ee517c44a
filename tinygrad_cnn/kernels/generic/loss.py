"""Kernels of the losses on class indices, and of those that are one formula for every number.

Shapes: x (N, C, *) or (C,), target (N, *) or () of integers, weight (C,) or None; g has the shape of the loss, which is
the target's (reduction "none") or () ("sum", "mean"). float16 and bfloat16 are computed in float32 and rounded once.

The loss of one target t is sum_c q_c (-z_c), where z is x (nll_loss) or log_softmax(x) (cross_entropy) and
q_c = (1 - smoothing) weight_t [c = t] + smoothing / C weight_c; an ignored target has q = 0. "mean" divides by the sum
of weight_t over the targets that count.

`how` has ignore_index, reduction and label_smoothing. A target outside [0, C) makes the loss and the gradient nan here:
to raise an error, the host would have to wait for the device.
"""
from .precision import in_float32, is_narrow


def nll_loss(device, x, target, weight, how, plain=False):
    """sum_c q_c (-x_c), reduced. plain: see TargetWeights."""
    z = class_axis_last(_wide(device.xp, x))
    w = TargetWeights(device.xp, z, target, weight, how, plain)
    return w.reduced(w.loss(z)).astype(x.dtype, copy=False)


def nll_loss_grad(device, g, target, weight, shape, how):
    """-q g: the adjoint of nll_loss, of shape x's."""
    xp = device.xp
    d = device.empty((*target.shape, shape[_axis(shape)]), _wide(xp, g).dtype)
    w = TargetWeights(xp, d, target, weight, how)
    d[...] = -w.q(_wide(xp, g))
    return class_axis_back(xp, d).astype(g.dtype, copy=False)


def cross_entropy(device, x, target, weight, how, wants):
    """nll_loss of log_softmax(x); residuals: the greatest x of each row, and log sum exp(x - it)."""
    xp = device.xp
    z = class_axis_last(_wide(xp, x))
    peak = xp.max(z, axis=-1, keepdims=True)
    z = z - peak
    log_sum = xp.log(xp.sum(xp.exp(z), axis=-1, keepdims=True))
    w = TargetWeights(xp, z, target, weight, how)
    y = w.reduced(w.loss(z - log_sum))
    return y.astype(x.dtype, copy=False), peak[..., 0], log_sum[..., 0]


def cross_entropy_grad(device, g, x, peak, log_sum, target, weight, how):
    """p sum_c q_c g - q g with p = softmax(x)."""
    xp = device.xp
    z = class_axis_last(_wide(xp, x))
    w = TargetWeights(xp, z, target, weight, how)
    q = w.q(_wide(xp, g))
    p = xp.exp(z - peak[..., None] - log_sum[..., None])
    d = device.empty(z.shape, x.dtype)
    d[...] = p * xp.sum(q, axis=-1, keepdims=True) - q
    return class_axis_back(xp, d)


@in_float32
def huber(device, d, delta):
    """d^2 / 2 up to |d| = delta, the tangent delta (|d| - delta / 2) beyond."""
    xp = device.xp
    size = xp.absolute(d)
    near = xp.minimum(size, delta)                      # near (|d| - near / 2) is both branches in one
    return near * (size - 0.5 * near)


@in_float32
def binary_cross_entropy(device, p, target):
    """-target log p - (1 - target) log(1 - p), each logarithm held at -100 or more."""
    xp = device.xp
    return (target - 1) * xp.maximum(xp.log1p(-p), -100) - target * xp.maximum(xp.log(p), -100)


@in_float32
def binary_cross_entropy_with_logits(device, x, target, pos_weight):
    """pos_weight target softplus(-x) + (1 - target) softplus(x), with softplus(x) = max(x, 0) + log1p(exp(-|x|))."""
    xp = device.xp
    rest = xp.log1p(xp.exp(-xp.absolute(x)))
    positive = target * (xp.maximum(-x, 0) + rest)
    if pos_weight is not None:
        positive = positive * pos_weight
    return positive + (1 - target) * (xp.maximum(x, 0) + rest)


@in_float32
def kl_div(device, x, target):
    """target (log target - x), where 0 log 0 is 0."""
    xp = device.xp
    return xp.where(target == 0, 0, target * xp.log(target)) - target * x


class TargetWeights:
    """What class indices say: which class, with what weight, and which do not count.

    `plain`: every target is known to be a class and to count. Attributes: index: (N, *) made safe. counted: bools, or
    None for all. weight: weight_t, 0 where not counted, nan where the target is no class; or 1.0 for all.
    """

    def __init__(self, xp, z, target, weight, how, plain=False):
        self.xp, self.classes, self.dtype = xp, z.shape[-1], z.dtype
        self.smoothing, self.reduction = how.label_smoothing, how.reduction
        self.class_weight = None if weight is None else weight.astype(self.dtype, copy=False)
        if plain:
            self.index, self.counted = target, None
            self.weight = 1.0 if weight is None else self.class_weight[target]
            return
        target = target.astype(xp.int64, copy=False)    # a narrow integer cannot be compared with every ignore_index
        self.counted = target != how.ignore_index
        known = (target >= 0) & (target < self.classes)
        self.index = xp.where(known, target, 0)
        w = self.counted.astype(self.dtype) if weight is None else self.class_weight[self.index] * self.counted
        self.weight = xp.where(self.counted & ~known, self.dtype.type(xp.nan), w)

    def loss(self, z):
        """The loss of each target, (N, *)."""
        xp = self.xp
        picked = xp.take_along_axis(z, self.index[..., None], axis=-1)[..., 0]
        spread = 0.0
        if self.smoothing:
            spread = xp.sum(z if self.class_weight is None else z * self.class_weight, axis=-1)
        return self.mixed(-picked, -spread)

    def mixed(self, right, spread):
        """The loss of each target from that of the right class and the sum of weight_c times those of all."""
        y = self.weight * right
        if self.smoothing:
            y = (1 - self.smoothing) * y + self.smoothing / self.classes * spread
        return self._only_counted(y)

    def _only_counted(self, y):
        """y where a target counts, 0 elsewhere: 0 times an infinity, or a mean's 0 / 0, would be nan."""
        return y if self.counted is None else self.xp.where(self.counted, y, self.dtype.type(0))

    def total(self):
        """sum_c weight_c."""
        return self.classes if self.class_weight is None else self.xp.sum(self.class_weight)

    def divisor(self):
        """What the mean divides by: the sum of weight_t."""
        return float(self.index.size) if type(self.weight) is float else self.xp.sum(self.weight)

    def reduced(self, y):
        """The losses of the targets as asked for: themselves, their sum, or their mean."""
        if self.reduction == "none":
            return y
        total = self.xp.sum(y)
        return total if self.reduction == "sum" else total / self.divisor()

    def shares(self, g):
        """q times the gradient g of the reduced loss: at each target, (N, *); elsewhere, but for weight_c, or None."""
        if self.reduction == "mean":
            g = g / self.divisor()
        hit = self._only_counted(self.weight * g)
        if not self.smoothing:
            return hit, None
        rest = self._only_counted(g)
        return (1 - self.smoothing) * hit, rest * (self.smoothing / self.classes)

    def q(self, g):
        """q times the gradient g of the reduced loss: (N, *, C)."""
        xp = self.xp
        hit, rest = self.shares(g)
        found = xp.where(xp.arange(self.classes) == self.index[..., None], hit[..., None], self.dtype.type(0))
        if rest is not None:
            found = found + (rest[..., None] if self.class_weight is None else rest[..., None] * self.class_weight)
        return found


def _axis(shape):
    return 0 if len(shape) == 1 else 1


def class_axis_last(x):
    """(N, C, *) -> (N, *, C), a view."""
    return x if x.ndim <= 2 else x.transpose(0, *range(2, x.ndim), 1)


def class_axis_back(xp, d):
    """(N, *, C) -> (N, C, *), a view: channels-last in memory."""
    return d if d.ndim <= 2 else xp.moveaxis(d, -1, 1)


def _wide(xp, x):
    return x.astype(xp.float32) if is_narrow(x.dtype) else x
