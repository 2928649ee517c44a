"""For testing gradients: `gradcheck` and `gradgradcheck`, and hypothesis strategies that draw valid inputs.

`strategies` needs hypothesis (`pip install 'tinygrad_cnn[test]'`) and is imported when first used.
"""
from importlib import import_module as _import_module

from .gradcheck import GradcheckError, gradcheck, gradgradcheck

_STRATEGIES = ("arrays", "broadcastable_shapes", "conv_cases", "pool_cases", "shapes", "tensors")


def __getattr__(name):
    if name == "strategies" or name in _STRATEGIES:
        module = _import_module(".strategies", __name__)
        return module if name == "strategies" else getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    names = {name for name in globals() if name.startswith("__") or not name.startswith("_")}
    return sorted(names | {"strategies", *_STRATEGIES})
