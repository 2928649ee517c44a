"""One forward pass, watched: which module was called when, and the graph it left.

The one idea: nodes are numbered as they are made, so the nodes of a call are those whose numbers lie between its
beginning and its end. Hooks note the calls, the graph has the functions: together they show both modules and the
functions a forward calls itself.
"""
from typing import NamedTuple

from ..autograd import enable_grad, is_inference_mode_enabled
from ..autograd.graph import next_id
from ..errors import ArgumentError, ArgumentTypeError
from ..nn.module import Module
from ..ops import rand
from ..tensor import Leaf, Tensor
from .untouched import untouched

__all__ = ["Call", "ForwardPass", "channels_and_axes", "check_module", "forward_pass", "model_inputs",
           "tensors_in"]


class Call:
    """One call of one module.

    Attributes: path, module, parent (the Call it happened in, or None), children, first and last (creation numbers
    between which its nodes lie), outputs (a list of Output).
    """

    def __init__(self, path, module, parent):
        self.path, self.module, self.parent, self.children = path, module, parent, []
        self.first = self.last = 0
        self.outputs = []


class Output(NamedTuple):
    """A tensor as it left a module: its shape, its edge then (a later write in place changes it), what its memory is
    known by (one list shared by all views of it), and its size in bytes."""
    shape: tuple
    edge: object
    memory: list
    bytes: int


class ForwardPass:
    """What was seen: `inputs`, `output`, `calls` (in the order they began) and `nodes` (oldest first)."""

    def __init__(self, inputs):
        self.inputs, self.output, self.calls, self.nodes = inputs, None, [], []

    def call_of(self, node):
        """The innermost call in which a node was made."""
        found = None
        for call in self.calls:
            if call.first < node.id < call.last:
                found = call                            # later calls that contain it lie inside earlier ones
        return found


def tensors_in(value):
    """The Tensors in a Tensor, or in tuples, lists and dicts of them."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (tuple, list)):
        return []
    return [tensor for part in value for tensor in tensors_in(part)]


def model_inputs(function, model, input_or_shape):
    """The inputs of a model as a tuple of Tensors: given as they are, or made for a shape.

    Args: input_or_shape: a Tensor, a shape (N, C, *spatial), or a tuple or list of these, one for each argument.
    Raises: ArgumentTypeError for anything else.
    """
    given = input_or_shape
    if isinstance(given, Tensor) or _is_shape(given):
        given = (given,)
    if not isinstance(given, (tuple, list)) or not all(isinstance(g, Tensor) or _is_shape(g) for g in given):
        raise ArgumentTypeError(f"{function}: {input_or_shape!r} is neither a Tensor nor a shape. Give an input such "
                                "as tg.zeros(1, 3, 32, 32), or its shape (1, 3, 32, 32).")
    like = next((p for p in model.parameters() if p.dtype.is_floating_point), None)
    options = {} if like is None else {"dtype": like.dtype, "device": like.device}
    return tuple(g if isinstance(g, Tensor) else rand(tuple(g), **options) for g in given)


def _is_shape(value):
    return (isinstance(value, (tuple, list)) and len(value) > 0
            and all(hasattr(n, "__index__") and not isinstance(n, (bool, Tensor)) for n in value))


def forward_pass(function, model, input_or_shape, *, parameters=False):
    """Run `model` once in evaluation mode, leaving it untouched, and return the ForwardPass.

    Args: function: the caller's name, for messages. parameters: whether the graph leads to the parameters as well as to
    the inputs (it does in any case where no input is floating point).
    Raises: ArgumentTypeError if model is no Module; ArgumentError inside inference mode.
    """
    check_module(function, model)
    if is_inference_mode_enabled():
        raise ArgumentError(f"{function}: it follows the graph, and inference mode makes none. Call it outside.")
    with untouched(model, training=False), enable_grad():
        inputs = model_inputs(function, model, input_or_shape)
        inputs = tuple(x.detach().clone().requires_grad_() if x.is_floating_point() else x for x in inputs)
        wanted = parameters or not any(x.requires_grad for x in inputs)
        for parameter in model.parameters():
            if parameter.is_leaf and parameter.is_floating_point():
                parameter.requires_grad_(wanted)
        seen = ForwardPass(inputs)
        handles = _watch(model, seen)
        try:
            seen.output = model(*(x.clone() for x in inputs))       # so that it may be written to in place
        finally:
            for handle in handles:
                handle.remove()
    seen.nodes = _nodes([t.edge for t in tensors_in(seen.output)] + [out.edge for c in seen.calls for out in c.outputs])
    return seen


def channels_and_axes(function, model, cure):
    """(C, number of spatial axes) of the input, as the first convolution of `model` takes it.

    Raises: ArgumentTypeError if model is no Module; ArgumentError, with the advice to give `cure`, if it has none.
    """
    check_module(function, model)
    for module in model.modules():
        weight = getattr(module, "weight", None)
        if hasattr(module, "in_channels") and getattr(weight, "ndim", 0) in (3, 4, 5):
            return module.in_channels, weight.ndim - 2
    raise ArgumentError(f"{function}: the model has no convolution to tell the input's shape from. Give {cure}.")


def check_module(function, model):
    """Refuse what is no Module, in the name of `function`."""
    if not isinstance(model, Module):
        raise ArgumentTypeError(f"{function}: {type(model).__name__} is not a Module. Give a model, for example "
                                "tg.nn.Sequential(...).")


def _watch(model, seen):
    """Hooks on every module that write its calls into `seen`; returns their handles."""
    open_calls, handles = [], []

    def before(path):
        def hook(module, args):
            call = Call(path, module, open_calls[-1] if open_calls else None)
            if call.parent is not None:
                call.parent.children.append(call)
            seen.calls.append(call)
            open_calls.append(call)
            call.first = next_id()
        return hook

    def after(module, args, output):
        call = open_calls.pop()
        call.last = next_id()
        call.outputs = [Output(tuple(t.shape), t.edge, t.writes, t.array.nbytes) for t in tensors_in(output)]

    for path, module in model.named_modules():
        handles.append(module.register_forward_pre_hook(before(path), prepend=True))
        handles.append(module.register_forward_hook(after))
    return handles


def _nodes(edges):
    """The nodes that these edges come from, oldest first."""
    found, waiting = {}, [edge for edge in edges if edge is not None]
    while waiting:
        edge = waiting.pop()
        if isinstance(edge, Leaf):
            continue
        node = edge.origin
        if node.id not in found:
            found[node.id] = node
            waiting += [e for e in node.edges if e is not None]
    return [found[key] for key in sorted(found)]
