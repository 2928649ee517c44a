"""The residual blocks of a network: where they are, and what goes past each of them.

A block computes s(x) + f(x), with s its shortcut: the identity, or what gives x the shape of f(x). A module counts as a
block if it has an attribute `shortcut` or `downsample`, the names in use; for other networks the user says which
modules are blocks. f is what is left, block(x) - s(x): with a ReLU after the sum it is what the ReLU makes of it, too.
"""
from contextlib import contextmanager

from ..errors import ArgumentError
from ..nn.models.resnet_v2 import PreActBlock, PreActBottleneck
from .forward_pass import check_module

__all__ = ["ResidualBlock", "residual_blocks"]


class ResidualBlock:
    """One block: `path`, `module`, `shortcut` (a function of x), `is_identity` (whether that is x itself)."""

    def __init__(self, path, module, shortcut):
        self.path, self.module = path, module
        self.is_identity = shortcut is None
        self.shortcut = shortcut or (lambda x: x)

    def branch(self, x):
        """f(x) = block(x) - s(x)."""
        return self.module(x) - self.shortcut(x)

    @contextmanager
    def replaced(self, function):
        """Inside, the block computes `function` of its input in place of its own forward."""
        own = self.module.__dict__.get("forward")
        self.module.__dict__["forward"] = function
        try:
            yield
        finally:
            if own is None:
                del self.module.__dict__["forward"]
            else:
                self.module.__dict__["forward"] = own


def residual_blocks(function, model, blocks=None):
    """The residual blocks of `model`, in the order in which they were added to it.

    Args: function: the caller's name, for messages. blocks: dict path -> shortcut (a function of x, or None for the
    identity), for modules that cannot be told to be blocks by their attributes.
    Raises: ArgumentTypeError if model is no Module; ArgumentError if it has no blocks.
    """
    check_module(function, model)
    if blocks is not None:
        return [ResidualBlock(path, model.get_submodule(path), shortcut) for path, shortcut in blocks.items()]
    found = [ResidualBlock(path, module, _shortcut(module)) for path, module in model.named_modules()
             if _is_block(module)]
    if not found:
        raise ArgumentError(f"{function}: {type(model).__name__} has no module with an attribute `shortcut` or "
                            "`downsample`. Say which are its residual blocks: blocks={'layers.0': None, ...}, where "
                            "None stands for the identity shortcut.")
    return found


def _is_block(module):
    if not getattr(module, "residual", True):           # a block of a plain network: it has the name, not the sum
        return False
    return getattr(module, "shortcut", None) is not None or hasattr(module, "downsample")


def _shortcut(module):
    """s as a function, or None for the identity."""
    way = getattr(module, "shortcut", None)
    way = getattr(module, "downsample", None) if way is None else way
    if way is None or getattr(way, "_modules", None) == {} and type(way).__name__ in ("Sequential", "Identity"):
        return None
    if isinstance(module, (PreActBlock, PreActBottleneck)) and module.bn1 is not None:
        return lambda x: way(module.relu(module.bn1(x)))            # these normalise before they project
    return way
