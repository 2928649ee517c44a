"""torch.nn.functional's face: the functions behind the layers, without state; `__all__` is the list.

Most are ops, handed on from where they stand (tinygrad_cnn.ops); distances and the losses made of a few ops are in
distances.py, resizing in resize.py. Here stands the rest: softmax without an axis, gumbel_softmax, rrelu, bilinear,
one_hot.
"""
# ruff: noqa: F403, F405
import warnings

from .. import dtypes
from ..errors import ArgumentError, DTypeError, ShapeError
from ..ops.activation import *
from ..ops.adaptive import *
from ..ops.class_loss import *
from ..ops.conv import *
from ..ops.creation import empty_like, zeros
from ..ops.dims import normalize_dim
from ..ops.dropout import *
from ..ops.elementwise import sigmoid, tanh
from ..ops.embedding import embedding
from ..ops.fold import *
from ..ops.loss import *
from ..ops.loss import check_float
from ..ops.matmul import linear
from ..ops.normalization import *
from ..ops.pad import pad
from ..ops.pool import *
from ..ops.scale_norm import *
from ..ops.softmax import log_softmax as log_softmax_along
from ..ops.softmax import softmax as softmax_along
from ..ops.softmax import softmin as softmin_along
from ..tensor import Tensor
from .distances import *
from .resize import *

__all__ = ["adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
           "adaptive_max_pool1d_with_indices", "adaptive_max_pool2d", "adaptive_max_pool2d_with_indices",
           "adaptive_max_pool3d", "adaptive_max_pool3d_with_indices", "alpha_dropout", "avg_pool1d", "avg_pool2d",
           "avg_pool3d", "batch_norm", "bilinear", "binary_cross_entropy", "binary_cross_entropy_with_logits", "celu",
           "channel_shuffle", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
           "conv_transpose3d", "cosine_embedding_loss", "cosine_similarity", "cross_entropy", "dropout", "dropout1d",
           "dropout2d", "dropout3d", "elu", "embedding", "feature_alpha_dropout", "fold", "gaussian_nll_loss", "gelu",
           "glu", "group_norm", "gumbel_softmax", "hardshrink", "hardsigmoid", "hardswish", "hardtanh",
           "hinge_embedding_loss", "huber_loss", "instance_norm", "interpolate", "kl_div", "l1_loss", "layer_norm",
           "leaky_relu", "linear", "local_response_norm", "log_softmax", "logsigmoid", "lp_pool1d", "lp_pool2d",
           "lp_pool3d", "margin_ranking_loss", "max_pool1d", "max_pool1d_with_indices", "max_pool2d",
           "max_pool2d_with_indices", "max_pool3d", "max_pool3d_with_indices", "max_unpool1d", "max_unpool2d",
           "max_unpool3d", "mish", "mse_loss", "multilabel_soft_margin_loss", "nll_loss", "normalize", "one_hot",
           "pad", "pairwise_distance", "pixel_shuffle", "pixel_unshuffle", "poisson_nll_loss", "prelu", "relu",
           "relu6", "relu_", "rms_norm", "rrelu", "selu", "sigmoid", "silu", "smooth_l1_loss", "soft_margin_loss",
           "softmax", "softmin", "softplus", "softshrink", "softsign", "tanh", "tanhshrink", "threshold",
           "triplet_margin_loss", "unfold", "upsample"]


def _axis(name, input, dim):
    """`dim`, or where it is None the axis that PyTorch takes, with its warning."""
    if not isinstance(input, Tensor):
        raise DTypeError(f"{name}: expected a Tensor, got {type(input).__name__}. Make one with tg.tensor(...).")
    if dim is None:
        dim = 0 if input.ndim in (0, 1, 3) else 1
        warnings.warn(f"{name}: dim is not given, {dim} is taken for an input with {input.ndim} axes. Give dim.",
                      stacklevel=3)
    return dim


def softmax(input, dim=None, dtype=None):
    """e^input / sum of e^input along `dim`: numbers from 0 to 1 that sum to 1. Shape of the input.

    Args: dtype: converted to before. Without dim it is 0 for 0, 1 or 3 axes and 1 for others, with a warning.
    """
    return softmax_along(input, _axis("softmax", input, dim), dtype)


def log_softmax(input, dim=None, dtype=None):
    """log(softmax(input)) along `dim`. Shape of the input; arguments as softmax's."""
    return log_softmax_along(input, _axis("log_softmax", input, dim), dtype)


def softmin(input, dim=None, dtype=None):
    """softmax(-input) along `dim`. Shape of the input; arguments as softmax's."""
    return softmin_along(input, _axis("softmin", input, dim), dtype)


def gumbel_softmax(logits, tau=1, hard=False, eps=1e-10, dim=-1):
    """Softmax of (logits + Gumbel noise) / tau along `dim`: a draw of one class that gradients can pass. Any shape.

    Args: hard: give a one at the largest and zeros elsewhere, with the gradient of the soft numbers. eps has no effect,
    as in PyTorch. Source: Jang, Gu and Poole 2017; Maddison, Mnih and Teh 2017.
    """
    check_float("gumbel_softmax", logits, "logits")
    if not tau > 0:
        raise ArgumentError(f"gumbel_softmax: tau is {tau}. Give a temperature greater than 0.")
    dim = normalize_dim("gumbel_softmax", dim, logits.ndim)
    noise = -empty_like(logits).exponential_().log()
    soft = softmax_along((logits + noise) / tau, dim)
    if not hard:
        return soft
    chosen = soft.detach().argmax(dim, keepdim=True)
    one_hot = zeros(tuple(soft.shape), dtype=soft.dtype, device=soft.device).scatter(dim, chosen, 1.0)
    return one_hot - soft.detach() + soft


def rrelu(input, lower=1 / 8, upper=1 / 3, training=False, inplace=False):
    """input where it is positive, a input elsewhere. Any shape.

    In training a is drawn from (lower, upper) for each number, in evaluation it is their mean. Source: Xu et al. 2015.
    """
    check_float("rrelu", input)
    if not lower <= upper:
        raise ArgumentError(f"rrelu: lower={lower} is greater than upper={upper}. Exchange them.")
    if not training:
        return leaky_relu(input, (lower + upper) / 2, inplace)
    slope = empty_like(input).uniform_(lower, upper).masked_fill(input.detach() > 0, 1)
    return input.mul_(slope) if inplace else input * slope


def bilinear(input1, input2, weight, bias=None):
    """y_o = x1^T W_o x2 + b_o: (*, I), (*, J) with weight (O, I, J) and bias (O,) -> (*, O).

    Raises: ShapeError if the sizes do not agree.
    """
    for name, x in (("input1", input1), ("input2", input2), ("weight", weight)):
        check_float("bilinear", x, name)
    if weight.ndim != 3:
        raise ShapeError(f"bilinear: weight has shape {tuple(weight.shape)}. Make it (O, I, J): a matrix an output.")
    outputs, i, j = weight.shape
    if bias is not None and tuple(getattr(bias, "shape", ())) != (outputs,):
        raise ShapeError(f"bilinear: bias has shape {tuple(getattr(bias, 'shape', ()))} but weight "
                         f"{tuple(weight.shape)} has {outputs} outputs. Give shape ({outputs},).")
    if input1.shape[-1] != i or input2.shape[-1] != j or input1.shape[:-1] != input2.shape[:-1]:
        raise ShapeError(f"bilinear: input1 {tuple(input1.shape)} and input2 {tuple(input2.shape)} do not fit weight "
                         f"{tuple(weight.shape)}. Their last sizes must be {i} and {j}, all others equal.")
    batch = input1.shape[:-1]
    half = input1.reshape(-1, i).matmul(weight.permute(1, 0, 2).reshape(i, outputs * j))        # (N, I) -> (N, O J)
    output = half.reshape(-1, outputs, j).matmul(input2.reshape(-1, j, 1)).reshape(*batch, outputs)
    return output if bias is None else output + bias


def one_hot(tensor, num_classes=-1):
    """A one at the place of each class and zeros elsewhere: classes (*) -> (*, num_classes), int64.

    Args: num_classes: one more than the largest class if -1.
    Raises: DTypeError if the classes are not int64; ArgumentError if one is negative or not below num_classes (on a
        GPU only if it has to count them).

    >>> import tinygrad_cnn as tg
    >>> one_hot(tg.tensor([2, 0]))
    tensor([[0, 0, 1],
            [1, 0, 0]])
    """
    if not isinstance(tensor, Tensor):
        raise DTypeError(f"one_hot: expected a Tensor, got {type(tensor).__name__}. Make one with tg.tensor(...).")
    if tensor.dtype is not dtypes.int64:
        raise DTypeError(f"one_hot: the classes are {tensor.dtype}. Convert them with .long().")
    if tensor.numel() == 0 and num_classes < 1:
        raise ArgumentError("one_hot: there are no classes to count. Give num_classes.")
    if num_classes != -1 and num_classes < 1:
        raise ArgumentError(f"one_hot: num_classes is {num_classes}. Give a number of at least 1, or -1 to count them.")
    if num_classes != -1 and tensor.device.type != "cpu":   # to look at the classes would mean to wait for the GPU
        low, high = 0, num_classes - 1
    else:
        low, high = (int(tensor.min()), int(tensor.max())) if tensor.numel() else (0, 0)
    count = high + 1 if num_classes == -1 else num_classes
    if low < 0 or high >= count:
        raise ArgumentError(f"one_hot: class {low if low < 0 else high} is not one of the {count} classes 0 to "
                            f"{count - 1}. Give a larger num_classes, or leave out such targets.")
    return zeros((*tensor.shape, count), dtype=dtypes.int64, device=tensor.device).scatter(-1, tensor.unsqueeze(-1), 1)

