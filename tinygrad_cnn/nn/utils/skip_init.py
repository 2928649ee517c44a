"""A module without initial weights: to draw them takes a second, in vain where a file's weights come next."""
from ..init import undrawn

__all__ = ["skip_init"]


def skip_init(module_cls, *args, **kwargs):
    """module_cls(*args, **kwargs) with weights that nobody has written yet, for load_state_dict or for counting.

    Args: module_cls: a Module class, or a function that makes a module. The memory of large weights is not touched, so
    the system gives it only when they are filled. What the layers hold until then is arbitrary.
    Returns: the module.

    >>> import tinygrad_cnn as tg
    >>> skip_init(tg.nn.Linear, 9216, 4096).weight.shape
    tinygrad_cnn.Size([4096, 9216])
    """
    with undrawn():
        return module_cls(*args, **kwargs)
