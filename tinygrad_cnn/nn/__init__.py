"""Neural networks: Module and Parameter, the layers, their functions (nn.functional), initial values (nn.init).

Read module.py first, then linear.py and conv.py. The networks themselves are in nn.models, loaded when first used;
their classes (nn.AlexNet, nn.ResNet, ...) are here too.
"""
# ruff: noqa: F403  (each file's __all__ says what it gives)
from importlib import import_module as _import_module
from inspect import isclass as _isclass

from . import functional, init, utils  # noqa: F401
from .activation import *
from .container import *
from .conv import *
from .dropout import *
from .embedding import *
from .linear import *
from .loss import *
from .module import *
from .norm import *
from .padding import *
from .parallel import *
from .parameter import *
from .parameter_container import *
from .pool import *
from .upsample import *


def __getattr__(name):
    if not name.startswith("_"):
        models = _import_module(".models", __name__)
        found = models if name == "models" else getattr(models, name, None)
        if found is models or _isclass(found):
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    models = _import_module(".models", __name__)
    names = {name for name in globals() if name.startswith("__") or not name.startswith("_")}
    return sorted(names | {"models"} | {name for name, value in vars(models).items() if _isclass(value)})
