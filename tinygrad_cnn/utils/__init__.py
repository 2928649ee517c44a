"""PyTorch's face: `utils.data` and `utils.checkpoint` hand on what lives elsewhere under the names PyTorch has."""
from importlib import import_module as _import_module


def __getattr__(name):
    if name in ("checkpoint", "data"):
        return _import_module("." + name, __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
