"""Normalisation layers: batch, instance, layer, group, RMS and local response norm.

The one idea: y = (x - mean) / sqrt(var + eps) * weight + bias, and the layers differ in which axes mean and var are
taken over. Batch and instance norm can also keep running means of mean and var, which they use in evaluation mode:
running = (1 - momentum) running + momentum batch's, var unbiased there and biased in the normalisation itself.
"""
import warnings

from .. import dtypes
from ..errors import ShapeError
from ..ops.creation import ones, tensor, zeros
from . import functional as F
from . import init
from .arguments import divides, number, whole
from .module import Module
from .parameter import Parameter

__all__ = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "GroupNorm", "InstanceNorm1d", "InstanceNorm2d",
           "InstanceNorm3d", "LayerNorm", "LocalResponseNorm", "RMSNorm"]


def _add_affine(module, shape, weight, bias, device, dtype):
    """Register weight (ones) and bias (zeros) of a shape, each None unless wanted."""
    module.register_parameter("weight", Parameter(ones(shape, device=device, dtype=dtype)) if weight else None)
    module.register_parameter("bias", Parameter(zeros(shape, device=device, dtype=dtype)) if bias else None)


def _reset_affine(module):
    """Set the weight to ones and the bias to zeros."""
    if module.weight is not None:
        init.ones_(module.weight)
    if module.bias is not None:
        init.zeros_(module.bias)


class RunningNorm(Module):
    """What batch norm and instance norm share: weight and bias, and the running statistics.

    State: weight, bias, running_mean, running_var, each (num_features,); num_batches_tracked, an int64 scalar.
    """
    _version = 2                            # 1 had no num_batches_tracked
    ranks = ()                              # numbers of axes an input may have

    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True, device=None,
                 dtype=None, *, bias=True):
        super().__init__()
        name = type(self).__name__
        self.num_features = whole(name, "num_features", num_features)
        self.eps = number(name, "eps", eps, least=0)
        self.momentum = momentum if momentum is None else number(name, "momentum", momentum)
        self.affine, self.track_running_stats = bool(affine), bool(track_running_stats)
        _add_affine(self, (self.num_features,), self.affine, self.affine and bias, device, dtype)
        tracked = self.track_running_stats
        self.register_buffer("running_mean", zeros(self.num_features, device=device, dtype=dtype) if tracked else None)
        self.register_buffer("running_var", ones(self.num_features, device=device, dtype=dtype) if tracked else None)
        self.register_buffer("num_batches_tracked", tensor(0, dtype=dtypes.int64, device=device) if tracked else None)

    def reset_running_stats(self):
        """Forget what was tracked: mean 0, variance 1, no batches."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self):
        """Forget what was tracked and what was learnt."""
        self.reset_running_stats()
        _reset_affine(self)

    def _check_input(self, input):
        if input.ndim not in self.ranks:
            raise ShapeError(f"{type(self).__name__}: input has {input.ndim} axes {tuple(input.shape)}, and this layer "
                             f"takes {' or '.join(map(str, self.ranks))}. Reshape it, or use the layer for its number "
                             "of axes.")

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys,
                              error_msgs):
        if local_metadata.get("version", 1) < 2 and self.track_running_stats:
            state_dict.setdefault(prefix + "num_batches_tracked", self.num_batches_tracked)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys,
                                      error_msgs)

    def extra_repr(self):
        return (f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
                f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}")


class BatchNorm(RunningNorm):
    """Normalisation over the batch and the spatial axes, for each channel.

    With momentum None the running statistics are the plain average over all batches so far.
    """

    def forward(self, input):
        self._check_input(input)
        momentum = self.momentum
        tracking = self.training and self.track_running_stats
        if tracking and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if momentum is None:
                momentum = 1 / int(self.num_batches_tracked)
        from_batch = self.training or self.running_mean is None
        keep = tracking or not from_batch           # running statistics are written, or read
        return F.batch_norm(input, self.running_mean if keep else None, self.running_var if keep else None, self.weight,
                            self.bias, from_batch, 0.0 if momentum is None else momentum, self.eps)


class BatchNorm1d(BatchNorm):
    """Batch normalisation of (N, C) or (N, C, L), for each of C channels.

    Args: num_features C, eps, momentum (of the running statistics; None for a plain average), affine (have weight and
    bias), track_running_stats.
    """
    ranks = (2, 3)


class BatchNorm2d(BatchNorm):
    """Batch normalisation of (N, C, H, W), for each of C channels.

    Args: num_features C, eps, momentum (of the running statistics; None for a plain average), affine (have weight and
    bias), track_running_stats. Source: Ioffe and Szegedy 2015.

    >>> import tinygrad_cnn as tg
    >>> tg.nn.BatchNorm2d(3)(tg.randn(4, 3, 8, 8)).shape
    tinygrad_cnn.Size([4, 3, 8, 8])
    """
    ranks = (4,)


class BatchNorm3d(BatchNorm):
    """Batch normalisation of (N, C, D, H, W), for each of C channels; arguments as BatchNorm2d's."""
    ranks = (5,)


class InstanceNorm(RunningNorm):
    """Normalisation over the spatial axes, for each channel of each sample; no weight and no tracking by default."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=False, track_running_stats=False, device=None,
                 dtype=None, *, bias=True):
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def _check_input(self, input):
        super()._check_input(input)
        axis = 0 if input.ndim == self.ranks[0] else 1
        if self.affine and input.shape[axis] != self.num_features:
            raise ShapeError(f"{type(self).__name__}: input has {input.shape[axis]} channels but num_features is "
                             f"{self.num_features} (input {tuple(input.shape)}). Make them equal.")
        if input.shape[axis] != self.num_features:      # it does without the number
            warnings.warn(f"{type(self).__name__}: input has {input.shape[axis]} channels but num_features is "
                          f"{self.num_features}. Make them equal, or leave it: without affine it changes nothing.",
                          UserWarning, stacklevel=4)

    def forward(self, input):
        self._check_input(input)
        single = input.ndim == self.ranks[0]
        output = F.instance_norm(input.unsqueeze(0) if single else input, self.running_mean, self.running_var,
                                 self.weight, self.bias, self.training or not self.track_running_stats,
                                 0.0 if self.momentum is None else self.momentum, self.eps)
        return output.squeeze(0) if single else output


class InstanceNorm1d(InstanceNorm):
    """Instance normalisation of (C, L) or (N, C, L).

    Args: num_features C, eps, momentum, affine (have weight and bias), track_running_stats.
    """
    ranks = (2, 3)


class InstanceNorm2d(InstanceNorm):
    """Instance normalisation of (C, H, W) or (N, C, H, W); arguments as InstanceNorm1d's."""
    ranks = (3, 4)


class InstanceNorm3d(InstanceNorm):
    """Instance normalisation of (C, D, H, W) or (N, C, D, H, W); arguments as InstanceNorm1d's."""
    ranks = (4, 5)


def _shape_of(layer, normalized_shape):
    """The sizes of the last axes as a tuple."""
    shape = normalized_shape if isinstance(normalized_shape, (tuple, list)) else (normalized_shape,)
    return tuple(whole(layer, "normalized_shape", n) for n in shape)


class LayerNorm(Module):
    """Normalisation over the last axes, for each sample: (..., *normalized_shape) -> the same.

    Args: normalized_shape: sizes of those axes, or one number for the last. eps, elementwise_affine (have weight),
    bias.
    State: weight and bias, each of normalized_shape.
    """

    def __init__(self, normalized_shape, eps=1e-5, elementwise_affine=True, bias=True, device=None, dtype=None):
        super().__init__()
        self.normalized_shape = _shape_of("LayerNorm", normalized_shape)
        self.eps = number("LayerNorm", "eps", eps, least=0)
        self.elementwise_affine = bool(elementwise_affine)
        _add_affine(self, self.normalized_shape, elementwise_affine, elementwise_affine and bias, device, dtype)

    def reset_parameters(self):
        """Set the weight to ones and the bias to zeros."""
        _reset_affine(self)

    def forward(self, input):
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self):
        return (f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
                f"bias={self.bias is not None}")


class RMSNorm(Module):
    """x / sqrt(mean(x^2) + eps) * weight over the last axes: (..., *normalized_shape) -> the same.

    Args: normalized_shape: sizes of those axes, or one number for the last. eps: the dtype's own if None.
    State: weight of normalized_shape. Source: Zhang and Sennrich 2019.
    """
    _shown = ("eps", "elementwise_affine")

    def __init__(self, normalized_shape, eps=None, elementwise_affine=True, device=None, dtype=None):
        super().__init__()
        self.normalized_shape = _shape_of("RMSNorm", normalized_shape)
        self.eps = eps if eps is None else number("RMSNorm", "eps", eps, least=0)
        self.elementwise_affine = bool(elementwise_affine)
        weight = Parameter(ones(self.normalized_shape, device=device, dtype=dtype)) if elementwise_affine else None
        self.register_parameter("weight", weight)

    def reset_parameters(self):
        """Set the weight to ones."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, input):
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self):
        return f"{self.normalized_shape}, {super().extra_repr()}"


class GroupNorm(Module):
    """Normalisation over groups of channels and the spatial axes, for each sample: (N, C, *) -> the same.

    Args: num_groups (C's divisor), num_channels C, eps, affine (have weight and bias).
    State: weight and bias, each (C,).
    """

    def __init__(self, num_groups, num_channels, eps=1e-5, affine=True, device=None, dtype=None, *, bias=True):
        super().__init__()
        self.num_groups = whole("GroupNorm", "num_groups", num_groups)
        self.num_channels = whole("GroupNorm", "num_channels", num_channels)
        divides("GroupNorm", self.num_groups, self.num_channels, "num_channels")
        self.eps = number("GroupNorm", "eps", eps, least=0)
        self.affine = bool(affine)
        _add_affine(self, (self.num_channels,), affine, affine and bias, device, dtype)

    def reset_parameters(self):
        """Set the weight to ones and the bias to zeros."""
        _reset_affine(self)

    def forward(self, input):
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self):
        return (f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
                f"bias={self.bias is not None}")


class LocalResponseNorm(Module):
    """x / (k + alpha / size * sum of x^2 over `size` neighbouring channels)^beta: (N, C, *) -> the same.

    Source: Krizhevsky, Sutskever and Hinton 2012 (AlexNet), section 3.3.
    """

    def __init__(self, size, alpha=1e-4, beta=0.75, k=1.0):
        super().__init__()
        self.size = whole("LocalResponseNorm", "size", size)
        self.alpha = number("LocalResponseNorm", "alpha", alpha)
        self.beta = number("LocalResponseNorm", "beta", beta)
        self.k = number("LocalResponseNorm", "k", k)

    def forward(self, input):
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self):
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
