"""What the engine does, shown: backpropagation step by step, the graph, and what a network's layers see and cost.

Everything here is a client of the engine. `record` is the one door to it: a `with` block in which every op call, every
step of the backward pass and every addition into a gradient becomes an event on a tape. Loaded when first used.
"""
from importlib import import_module as _import_module

from .conv_matrix import conv_matrix
from .equivariance import equivariance
from .explain import explain
from .four_ways import four_ways
from .gradient_flow import gradient_flow
from .lesion import lesion
from .receptive_field import receptive_field
from .recorder import record
from .summary import summary
from .tape import Tape, load_tape, tape_from_json
from .tree import tree
from .unrolled_paths import unrolled_paths
from .warp import rotation, scaling, translation, warp

_WHEN_FIRST_USED = ("bug_museum", "exercises", "lessons")


def __getattr__(name):
    if name in _WHEN_FIRST_USED:
        return _import_module("." + name, __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    names = {name for name in globals() if name.startswith("__") or not name.startswith("_")}
    return sorted(names | {*_WHEN_FIRST_USED})
