"""The operations, one file a family: the table of derivatives on top, the public functions under it."""
from types import FunctionType as _Function, ModuleType as _Module

from .refusal import asking as _asking
from .creation import *
from .questions import *
from .elementwise import *
from .compare import *
from .shape import *
from .slices import *
from .layout import *
from .reduce import *
from .join import *
from .pad import *
from .activation import *
from .index import *
from .gather import *
from .masked import *
from .embedding import *
from .sort import *
from .scattering import *
from .matmul import *
from .einsum import *
from .convert import *
from .softmax import *
from .random import *
from .dropout import *
from .normalization import *
from .scale_norm import *
from .conv import *
from .pool import *
from .adaptive import *
from .fold import *
from .loss import *
from .class_loss import *

# Functions of these families begin with an op, which refuses what is no tensor itself.
_STRAIGHT = ("elementwise", "arithmetic", "compare", "activation")

__all__ = []
for _name, _value in list(globals().items()):
    if not _name.startswith("_") and not isinstance(_value, _Module):
        __all__.append(_name)
        if isinstance(_value, _Function) and _value.__module__.rpartition(".")[2] not in _STRAIGHT:
            globals()[_name] = _asked = _asking(_value)
            _asked.__module__ = __name__
