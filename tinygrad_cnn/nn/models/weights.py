"""How the functions that make a model take weights: a state dict, never a download."""
from collections.abc import Mapping

from ...errors import ArgumentTypeError
from ..utils import skip_init

__all__ = ["with_weights"]


def with_weights(weights, make, *args, **kwargs):
    """The module make(*args, **kwargs), with new weights or with those of a state dict.

    Args: weights: None, or what `state_dict()` or `tg.load()` gave.
    Raises: ArgumentTypeError for anything else, StateDictError if it does not fit.
    """
    if weights is None:
        return make(*args, **kwargs)
    if not isinstance(weights, Mapping):
        raise ArgumentTypeError(f"{make.__name__}: weights is {weights!r}, and nothing is downloaded here. "
                                "Pass a state dict, as tg.load(file) gives it, or None for new weights.")
    model = skip_init(make, *args, **kwargs)
    model.load_state_dict(weights)
    return model
