"""Reverse-mode automatic differentiation: the graph, the op with its table of derivatives, the backward pass.

Read in this order: graph.py (nodes and edges), op.py (what an op is and what it records) with plan.py (what it keeps),
sweep.py (the backward pass) with differentiate.py (`backward` and `grad`), inplace.py and views.py (writing into memory
that has a history), modes.py (recording on and off), function.py (ops of the user's own), functional.py (Jacobians and
friends).
"""
from importlib import import_module

from . import functional
from .checkpoint import checkpoint
from .differentiate import backward, grad
from .function import Function, once_differentiable
from .graph import Hook, Node
from .inplace import inplace
from .modes import (detect_anomaly, enable_grad, inference_mode, is_anomaly_enabled, is_grad_enabled,
                    is_inference_mode_enabled, no_grad, saved_tensors_hooks, set_detect_anomaly, set_grad_enabled)
from .op import OPS, Op
from .views import View, detach


def __getattr__(name):
    """PyTorch's autograd has the checks of gradients; here they are a client of it, loaded when first asked for."""
    if name in ("gradcheck", "gradgradcheck"):
        return getattr(import_module("..testing", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
