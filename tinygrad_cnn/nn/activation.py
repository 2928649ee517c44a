"""Activation layers: functions of each number, and the softmax family along an axis.

The one idea: a layer is its settings and the function of nn.functional that has the formula. Where PyTorch's has an
`inplace`, it writes the result into the input's memory.
"""
from ..errors import ArgumentError
from ..ops.creation import full
from . import functional as F
from .arguments import choice, number, whole
from .module import Module
from .parameter import Parameter

__all__ = ["CELU", "ELU", "GELU", "GLU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU",
           "LogSigmoid", "LogSoftmax", "Mish", "PReLU", "RReLU", "ReLU", "ReLU6", "SELU", "SiLU", "Sigmoid",
           "Softmax", "Softmax2d", "Softmin", "Softplus", "Softshrink", "Softsign", "Tanh", "Tanhshrink", "Threshold"]


class PlainActivation(Module):
    """An activation without settings."""
    function = None

    def __init__(self):
        super().__init__()

    def forward(self, input):
        return self.function(input)


class Activation(Module):
    """An activation that can write its result into its input's memory."""
    function = None

    def __init__(self, inplace=False):
        super().__init__()
        self.inplace = bool(inplace)

    def forward(self, input):
        return self.function(input, inplace=self.inplace)

    def extra_repr(self):
        shown = super().extra_repr()
        return ", ".join(part for part in (shown, "inplace=True" if self.inplace else "") if part)


class ReLU(Activation):
    """max(x, 0); its derivative at 0 is 0."""
    function = staticmethod(F.relu)


class ReLU6(Activation):
    """min(max(x, 0), 6)."""
    function = staticmethod(F.relu6)


class SELU(Activation):
    """scale (max(x, 0) + min(alpha (e^x - 1), 0)) with the alpha and scale that keep mean 0 and variance 1.

    Source: Klambauer et al. 2017.
    """
    function = staticmethod(F.selu)


class SiLU(Activation):
    """x sigmoid(x), also called swish."""
    function = staticmethod(F.silu)


class Mish(Activation):
    """x tanh(log(1 + e^x))."""
    function = staticmethod(F.mish)


class Hardsigmoid(Activation):
    """min(max(x + 3, 0), 6) / 6."""
    function = staticmethod(F.hardsigmoid)

    extra_repr = Module.extra_repr                      # PyTorch does not print its inplace


class Hardswish(Activation):
    """x min(max(x + 3, 0), 6) / 6."""
    function = staticmethod(F.hardswish)

    extra_repr = Module.extra_repr                      # PyTorch does not print its inplace


class Sigmoid(PlainActivation):
    """1 / (1 + e^-x)."""
    function = staticmethod(F.sigmoid)


class LogSigmoid(PlainActivation):
    """log(1 / (1 + e^-x))."""
    function = staticmethod(F.logsigmoid)


class Tanh(PlainActivation):
    """The hyperbolic tangent."""
    function = staticmethod(F.tanh)


class Tanhshrink(PlainActivation):
    """x - tanh(x)."""
    function = staticmethod(F.tanhshrink)


class Softsign(PlainActivation):
    """x / (1 + |x|)."""
    function = staticmethod(F.softsign)


class LeakyReLU(Activation):
    """x where x > 0, negative_slope x elsewhere."""
    _shown = ("negative_slope",)

    def __init__(self, negative_slope=0.01, inplace=False):
        super().__init__(inplace)
        self.negative_slope = number("LeakyReLU", "negative_slope", negative_slope)

    def forward(self, input):
        return F.leaky_relu(input, self.negative_slope, self.inplace)


class RReLU(Activation):
    """x where x > 0, a x elsewhere: a is drawn from (lower, upper) in training, their mean in evaluation."""
    _shown = ("lower", "upper")

    def __init__(self, lower=1 / 8, upper=1 / 3, inplace=False):
        super().__init__(inplace)
        self.lower, self.upper = number("RReLU", "lower", lower), number("RReLU", "upper", upper)
        if lower > upper:
            raise ArgumentError(f"RReLU: lower is {lower} and upper is {upper}. Make lower at most upper.")

    def forward(self, input):
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)


class PReLU(Module):
    """x where x > 0, a x elsewhere, with a learnt: one number, or one for each channel (axis 1).

    Args: num_parameters: 1 or the number of channels. init: the first value of a. State: weight (num_parameters,).
    """
    _shown = ("num_parameters",)

    def __init__(self, num_parameters=1, init=0.25, device=None, dtype=None):
        super().__init__()
        self.num_parameters = whole("PReLU", "num_parameters", num_parameters)
        self.init = number("PReLU", "init", init)
        self.weight = Parameter(full((self.num_parameters,), float(init), device=device, dtype=dtype))

    def reset_parameters(self):
        """Set a to its first value."""
        self.weight.detach().fill_(self.init)

    def forward(self, input):
        return F.prelu(input, self.weight)


class ELU(Activation):
    """x where x > 0, alpha (e^x - 1) elsewhere."""
    _shown = ("alpha",)

    def __init__(self, alpha=1.0, inplace=False):
        super().__init__(inplace)
        self.alpha = number("ELU", "alpha", alpha)

    def forward(self, input):
        return F.elu(input, self.alpha, self.inplace)


class CELU(Activation):
    """max(x, 0) + min(alpha (e^(x / alpha) - 1), 0)."""
    _shown = ("alpha",)

    def __init__(self, alpha=1.0, inplace=False):
        super().__init__(inplace)
        self.alpha = number("CELU", "alpha", alpha)
        if alpha == 0:
            raise ArgumentError("CELU: alpha is 0, and the formula divides by it. Use another number.")

    def forward(self, input):
        return F.celu(input, self.alpha, self.inplace)


class GELU(Module):
    """x Phi(x), Phi the normal distribution function; with approximate='tanh' the usual formula with tanh for it."""
    _shown = ("approximate",)

    def __init__(self, approximate="none"):
        super().__init__()
        self.approximate = choice("GELU", "approximate", approximate, ("none", "tanh"))

    def forward(self, input):
        return F.gelu(input, approximate=self.approximate)


class Hardtanh(Activation):
    """min(max(x, min_val), max_val)."""
    _shown = ("min_val", "max_val")

    def __init__(self, min_val=-1.0, max_val=1.0, inplace=False):
        super().__init__(inplace)
        self.min_val, self.max_val = number("Hardtanh", "min_val", min_val), number("Hardtanh", "max_val", max_val)
        if min_val >= max_val:
            raise ArgumentError(f"Hardtanh: min_val is {min_val} and max_val is {max_val}. Make min_val the smaller.")

    def forward(self, input):
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)


class Hardshrink(Module):
    """x where |x| > lambd, 0 elsewhere."""

    def __init__(self, lambd=0.5):
        super().__init__()
        self.lambd = number("Hardshrink", "lambd", lambd)

    def forward(self, input):
        return F.hardshrink(input, self.lambd)

    def extra_repr(self):
        return f"{self.lambd}"


class Softshrink(Module):
    """x moved towards 0 by lambd, 0 where |x| <= lambd."""

    def __init__(self, lambd=0.5):
        super().__init__()
        self.lambd = number("Softshrink", "lambd", lambd, least=0)

    def forward(self, input):
        return F.softshrink(input, self.lambd)

    def extra_repr(self):
        return f"{self.lambd}"


class Softplus(Module):
    """log(1 + e^(beta x)) / beta; x itself where beta x > threshold."""
    _shown = ("beta", "threshold")

    def __init__(self, beta=1.0, threshold=20.0):
        super().__init__()
        self.beta = number("Softplus", "beta", beta)
        self.threshold = number("Softplus", "threshold", threshold)

    def forward(self, input):
        return F.softplus(input, self.beta, self.threshold)


class Threshold(Activation):
    """x where x > threshold, `value` elsewhere."""
    _shown = ("threshold", "value")

    def __init__(self, threshold, value, inplace=False):
        super().__init__(inplace)
        self.threshold, self.value = number("Threshold", "threshold", threshold), number("Threshold", "value", value)

    def forward(self, input):
        return F.threshold(input, self.threshold, self.value, self.inplace)


class GLU(Module):
    """a sigmoid(b), where a and b are the two halves of the input along `dim`."""
    _shown = ("dim",)

    def __init__(self, dim=-1):
        super().__init__()
        self.dim = whole("GLU", "dim", dim, -64)

    def forward(self, input):
        return F.glu(input, self.dim)


class AlongAxis(Module):
    """What Softmax, LogSoftmax and Softmin share: the axis."""
    _shown = ("dim",)
    function = None

    def __init__(self, dim=None):
        super().__init__()
        self.dim = dim if dim is None else whole(type(self).__name__, "dim", dim, -64)

    def forward(self, input):
        return self.function(input, self.dim)


class Softmax(AlongAxis):
    """e^x / sum of e^x along `dim`. Any shape."""
    function = staticmethod(F.softmax)


class LogSoftmax(AlongAxis):
    """log(e^x / sum of e^x) along `dim`. Any shape."""
    function = staticmethod(F.log_softmax)


class Softmin(AlongAxis):
    """Softmax of -x along `dim`. Any shape."""
    function = staticmethod(F.softmin)


class Softmax2d(PlainActivation):
    """Softmax over the channels of (N, C, H, W) or (C, H, W), at each position."""

    def forward(self, input):
        if input.ndim not in (3, 4):
            raise ArgumentError(f"Softmax2d: input has {input.ndim} axes {tuple(input.shape)}. "
                                "Give (N, C, H, W) or (C, H, W).")
        return F.softmax(input, -3)
