"""Initial values of weights: PyTorch's nn.init.

The one idea: a weight's scale is chosen so that signals neither grow nor fade from layer to layer; its variance is
gain^2 / fan, where fan counts the numbers that flow into (fan_in) or out of (fan_out) one unit. Every function writes
into its tensor, outside the graph, and returns it. A weight is (out, in, *kernel).
"""
import math
import warnings
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps

from ..autograd import no_grad
from ..errors import ArgumentError, ArgumentTypeError, ShapeError
from ..generator import default_generator
from ..ops.compare import where
from ..ops.creation import empty_like, from_numpy
from ..tensor import Tensor

__all__ = ["calculate_gain", "constant_", "dirac_", "eye_", "kaiming_normal_", "kaiming_uniform_", "normal_", "ones_",
           "orthogonal_", "sparse_", "trunc_normal_", "uniform_", "xavier_normal_", "xavier_uniform_", "zeros_"]

GAINS = {**dict.fromkeys(("linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
                          "conv_transpose3d", "sigmoid"), 1.0),
         "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4}


def _older_name(fill):
    """The name without the underscore, under which old programs know `fill`."""
    name = fill.__name__[:-1]

    @wraps(fill)
    def older(*args, **kwargs):
        warnings.warn(f"nn.init.{name} is an old name; use nn.init.{name}_.", FutureWarning, stacklevel=2)
        return fill(*args, **kwargs)
    older.__name__ = older.__qualname__ = name
    return older


def calculate_gain(nonlinearity, param=None):
    """The factor by which weights before `nonlinearity` (a name) grow, to make up for what it takes away.

    Args: param: the negative slope of 'leaky_relu', 0.01 if None.
    Raises: ArgumentError for an unknown name.

    >>> calculate_gain("relu") == 2 ** 0.5
    True
    """
    if nonlinearity == "leaky_relu":
        if param is None:
            param = 0.01
        if isinstance(param, bool) or not isinstance(param, (int, float)):
            raise ArgumentError(f"calculate_gain: param is {param!r}. Give leaky_relu's negative slope, a number.")
        return math.sqrt(2 / (1 + param ** 2))
    if nonlinearity not in GAINS:
        raise ArgumentError(f"calculate_gain: nonlinearity is {nonlinearity!r}. "
                            f"Use one of {', '.join(GAINS)} or leaky_relu.")
    return GAINS[nonlinearity]


_undrawn = ContextVar("undrawn", default=False)


@contextmanager
def undrawn():
    """A block in which layers are made without drawing their weights; see `nn.utils.skip_init`."""
    token = _undrawn.set(True)
    try:
        yield
    finally:
        _undrawn.reset(token)


def _fills(function):
    """Run `function(tensor, ...)` outside the graph; in a block of `undrawn`, leave the tensor as it is."""
    @wraps(function)
    def fill(tensor, *args, **kwargs):
        if _undrawn.get():
            return tensor
        with no_grad():
            return function(tensor, *args, **kwargs)
    return fill


def _check(name, tensor):
    if not isinstance(tensor, Tensor):
        raise ArgumentTypeError(f"{name}: it fills a Tensor, not a {type(tensor).__name__}. Pass the layer's weight.")


@_fills
def uniform_(tensor, a=0.0, b=1.0, generator=None):
    """Fill with numbers drawn evenly from [a, b)."""
    _check("uniform_", tensor)
    return tensor.uniform_(a, b, generator=generator)


@_fills
def normal_(tensor, mean=0.0, std=1.0, generator=None):
    """Fill with numbers drawn from the normal distribution of that mean and standard deviation."""
    _check("normal_", tensor)
    return tensor.normal_(mean, std, generator=generator)


@_fills
def trunc_normal_(tensor, mean=0.0, std=1.0, a=-2.0, b=2.0, generator=None):
    """Fill with numbers drawn from the normal distribution cut off outside [a, b].

    A number outside is drawn again; where most would be, candidates come evenly from [a, b] and are kept in
    proportion to their density.
    Raises: ArgumentError if a is not below b.
    """
    _check("trunc_normal_", tensor)
    if not (a < b and std > 0):
        raise ArgumentError(f"trunc_normal_: a is {a}, b is {b} and std is {std}. "
                            "Make a smaller than b and std above 0.")

    def below(x):
        return (1 + math.erf((x - mean) / (std * math.sqrt(2)))) / 2

    inside = below(b) - below(a)
    draw = _kept_inside if inside > 0.3 else _kept_by_density
    candidate, waiting = draw(empty_like(tensor), mean, std, a, b, generator)
    tensor.copy_(candidate)
    while waiting.any():
        candidate, refused = draw(candidate, mean, std, a, b, generator)
        tensor.copy_(where(waiting, candidate, tensor))
        waiting = waiting & refused
    return tensor


def _kept_inside(candidate, mean, std, a, b, generator):
    """(normal candidates, which of them lie outside [a, b])."""
    candidate.normal_(mean, std, generator=generator)
    return candidate, (candidate < a) | (candidate > b)


def _kept_by_density(candidate, mean, std, a, b, generator):
    """(candidates spread evenly over [a, b], which of them are refused)."""
    candidate.uniform_(a, b, generator=generator)
    peak = ((max(a, min(mean, b)) - mean) / std) ** 2
    density = (((candidate - mean) / std) ** 2 - peak).mul(-0.5).exp()
    return candidate, empty_like(candidate).uniform_(0, 1, generator=generator) > density


@_fills
def constant_(tensor, val):
    """Fill with the number `val`."""
    _check("constant_", tensor)
    return tensor.fill_(val)


def ones_(tensor):
    """Fill with ones."""
    return constant_(tensor, 1.0)


def zeros_(tensor):
    """Fill with zeros."""
    return constant_(tensor, 0.0)


@_fills
def eye_(tensor):
    """Make a matrix the identity: ones on its diagonal, zeros elsewhere.

    Raises: ShapeError if it has not two axes.
    """
    _check("eye_", tensor)
    if tensor.ndim != 2:
        raise ShapeError(f"eye_: the tensor has shape {tuple(tensor.shape)}. Give a matrix, with 2 axes.")
    tensor.zero_()
    for i in range(min(tensor.shape)):
        tensor[i, i] = 1
    return tensor


@_fills
def dirac_(tensor, groups=1):
    """Make a convolution's weight (out, in / groups, *kernel) pass its channels on: a one at the middle of each kernel.

    Raises: ShapeError if it has not 3, 4 or 5 axes; ArgumentError if groups does not divide its first size.
    """
    _check("dirac_", tensor)
    if tensor.ndim not in (3, 4, 5):
        raise ShapeError(f"dirac_: the tensor has shape {tuple(tensor.shape)}. Pass a convolution's weight, with 3 to "
                         "5 axes.")
    if tensor.shape[0] % groups:
        raise ArgumentError(f"dirac_: {tensor.shape[0]} output channels are not a multiple of {groups} groups. "
                            "Use a divisor.")
    each = tensor.shape[0] // groups
    middle = tuple(k // 2 for k in tensor.shape[2:])
    tensor.zero_()
    for group in range(groups):
        for channel in range(min(each, tensor.shape[1])):
            tensor[(group * each + channel, channel, *middle)] = 1
    return tensor


def _fans(tensor, name):
    """(fan_in, fan_out): the numbers that flow into and out of one unit of a weight (out, in, *kernel)."""
    _check(name, tensor)
    if tensor.ndim < 2:
        raise ShapeError(f"{name}: the tensor has shape {tuple(tensor.shape)}, and fan_in and fan_out need at least 2 "
                         "axes. Use uniform_ or normal_ for it.")
    taps = math.prod(tensor.shape[2:])
    return tensor.shape[1] * taps, tensor.shape[0] * taps


def _kaiming(name, tensor, a, mode, nonlinearity):
    """The standard deviation that He et al. ask for, or None (with PyTorch's warning) if the tensor is empty."""
    if 0 in tensor.shape:
        warnings.warn(f"{name}: the tensor has no elements, nothing was drawn", stacklevel=4)
        return None
    fans = _fans(tensor, name)
    if str(mode).lower() not in ("fan_in", "fan_out"):
        raise ArgumentError(f"{name}: mode is {mode!r}. Use 'fan_in' or 'fan_out'.")
    return calculate_gain(nonlinearity, a) / math.sqrt(fans[mode.lower() == "fan_out"])


@_fills
def xavier_uniform_(tensor, gain=1.0, generator=None):
    """Fill evenly from (-b, b), b = gain sqrt(6 / (fan_in + fan_out)). Source: Glorot and Bengio 2010."""
    bound = gain * math.sqrt(6 / sum(_fans(tensor, "xavier_uniform_")))
    return tensor.uniform_(-bound, bound, generator=generator)


@_fills
def xavier_normal_(tensor, gain=1.0, generator=None):
    """Fill from the normal distribution of standard deviation gain sqrt(2 / (fan_in + fan_out)).

    Source: Glorot and Bengio 2010.
    """
    std = gain * math.sqrt(2 / sum(_fans(tensor, "xavier_normal_")))
    return tensor.normal_(0.0, std, generator=generator)


@_fills
def kaiming_uniform_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    """Fill evenly from (-b, b), b = gain sqrt(3 / fan).

    Args: a: the negative slope of leaky_relu. mode: the fan, 'fan_in' or 'fan_out'. Source: He et al. 2015.
    """
    _check("kaiming_uniform_", tensor)
    std = _kaiming("kaiming_uniform_", tensor, a, mode, nonlinearity)
    return tensor if std is None else tensor.uniform_(-math.sqrt(3) * std, math.sqrt(3) * std, generator=generator)


@_fills
def kaiming_normal_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    """Fill from the normal distribution of standard deviation gain / sqrt(fan).

    Args: a: the negative slope of leaky_relu. mode: the fan, 'fan_in' or 'fan_out'. Source: He et al. 2015.
    """
    _check("kaiming_normal_", tensor)
    std = _kaiming("kaiming_normal_", tensor, a, mode, nonlinearity)
    return tensor if std is None else tensor.normal_(0.0, std, generator=generator)


@_fills
def orthogonal_(tensor, gain=1, generator=None):
    """Make the matrix (first size, all others) orthogonal, times gain: its rows or its columns, whichever are fewer.

    The factorisation runs on the host. Source: Saxe et al. 2013; Mezzadri 2006 for the even spread.
    Raises: ShapeError if the tensor has fewer than 2 axes.
    """
    _check("orthogonal_", tensor)
    if tensor.ndim < 2:
        raise ShapeError(f"orthogonal_: the tensor has shape {tuple(tensor.shape)}. Give one with at least 2 axes.")
    if tensor.numel() == 0:
        return tensor
    import numpy as np
    rows = tensor.shape[0]
    columns = tensor.numel() // rows
    random = (generator or default_generator(tensor.device)).numpy
    q, r = np.linalg.qr(random.standard_normal((max(rows, columns), min(rows, columns))))
    q *= np.sign(np.diag(r))
    q = q.T if rows < columns else q
    values = from_numpy(np.ascontiguousarray(gain * q).reshape(tensor.shape))
    return tensor.copy_(values.to(device=tensor.device, dtype=tensor.dtype))


@_fills
def sparse_(tensor, sparsity, std=0.01, generator=None):
    """Fill a matrix from the normal distribution of that standard deviation, a part `sparsity` of each column zero.

    Source: Martens 2010. Raises: ShapeError if it has not 2 axes.
    """
    _check("sparse_", tensor)
    if tensor.ndim != 2:
        raise ShapeError(f"sparse_: the tensor has shape {tuple(tensor.shape)}. It must be a matrix, with 2 axes.")
    if not 0 <= sparsity <= 1:
        raise ArgumentError(f"sparse_: sparsity is {sparsity}. Give the part of each column to be zero, from 0 to 1.")
    rows = tensor.shape[0]
    zeros = math.ceil(sparsity * rows)
    order = empty_like(tensor).uniform_(0, 1, generator=generator).argsort(dim=0).argsort(dim=0)
    tensor.normal_(0.0, std, generator=generator)
    return tensor.masked_fill_(order < zeros, 0)


for _fill in (constant_, dirac_, eye_, kaiming_normal_, kaiming_uniform_, normal_, orthogonal_, sparse_, uniform_,
              xavier_normal_, xavier_uniform_):
    globals()[_fill.__name__[:-1]] = _older_name(_fill)
del _fill
