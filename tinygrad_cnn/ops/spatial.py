"""What convolutions and pools ask of their input: a Tensor (N, C, *size), or (C, *size) without a batch."""
from ..errors import DTypeError, ShapeError
from ..tensor import Tensor
from .shape import squeeze, unsqueeze

_AXES = {1: "L", 2: "H, W", 3: "D, H, W"}


def batched(op, input, rank):
    """(input as (N, C, *size), whether it came with its batch axis).

    Raises: DTypeError if it is no Tensor; ShapeError if it has the wrong number of dimensions.
    """
    require_tensor(op, "input", input)
    extra = input.ndim - rank
    if extra == 2:
        return input, True
    if extra == 1:
        return unsqueeze(input, 0), False
    raise ShapeError(f"{op}: input has {input.ndim} dimensions {tuple(input.shape)} but must be (N, C, {_AXES[rank]}), "
                     f"or "
                     f"(C, {_AXES[rank]}) without a batch. Add axes with unsqueeze, or take the function of another "
                     f"rank.")


def like_input(y, has_batch):
    """y as it came: without the batch axis if the input had none."""
    return y if has_batch else squeeze(y, 0)


def require_tensor(op, name, value):
    """Raise DTypeError if `value` is no Tensor."""
    if not isinstance(value, Tensor):
        raise DTypeError(f"{op}: {name} must be a Tensor, got {type(value).__name__}. Make one with tg.tensor(...).")


def require_float(op, name, x):
    """Raise DTypeError if the Tensor x is not floating point."""
    if not x.dtype.is_floating_point:
        raise DTypeError(f"{op}: {name} is {x.dtype} but must be floating point. Convert it with .float().")
