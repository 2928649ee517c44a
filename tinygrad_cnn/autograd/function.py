"""Ops of the user's own: a `Function` with a forward and a backward written on Tensors.

    class Cube(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x * x

        @staticmethod
        def backward(ctx, g):
            x, = ctx.saved_tensors
            return 3 * x * x * g

`Cube.apply(x)` records one node. If backward is written in ops, it can be differentiated again.
"""
import functools

from ..errors import ArgumentError, GradError, GraphFreedError, StaleValueError
from ..tensor import Tensor
from .graph import Node, Packed, Part, next_id
from .inplace import check_writable, give_history
from .modes import Watch, get_mode, is_grad_enabled, no_grad, user_line
from .views import FunctionView, detach


class FunctionNode(Node):
    """The node of a `Function`: its rules are the user's backward."""
    __slots__ = ("context",)
    makes_gradients = False                             # the user's backward may return anything

    def pull(self, g, create_graph, wanted=None):
        context = self.context
        context._node = self if create_graph else None
        try:
            found = context.function.backward(context, *(g if type(g) is tuple else (g,)))
        finally:
            context._node = None
        found = found if isinstance(found, (tuple, list)) else (found,)
        places = context._places
        if len(found) < len(places) or any(extra is not None for extra in found[len(places):]):
            raise GradError(f"{self.name()}: backward returned {len(found)} gradients but forward took {len(places)} "
                            "arguments. Return one for each argument, None for those without a gradient.")
        for k, (place, dx) in enumerate(zip(places, found)):
            if dx is None or place is None:
                continue
            if not isinstance(dx, Tensor):
                raise GradError(f"{self.name()}: backward returned {type(dx).__name__} for argument {k}. "
                                "Return a Tensor or None.")
            yield place, dx

    def materializes(self, output):
        return self.context._materialize and self.outputs[output][1] is not None

    def name(self):
        return self.context.function.__name__ + "Backward"

    def release(self):
        if self.context._saved:
            self.context._saved = None


class Context:
    """What forward leaves for backward: `ctx`.

    Attributes: `needs_input_grad`, a tuple of bools, one for each argument; `saved_tensors`; and whatever is set on it.
    """

    def __init__(self, function):
        self.function = function
        self.needs_input_grad = ()
        self._saved, self._places, self._node = (), (), None
        self._dirty, self._constant = frozenset(), frozenset()
        self._materialize = True

    def save_for_backward(self, *tensors):
        """Keep input or output tensors (or None) for backward, where `saved_tensors` gives them back, checked."""
        for t in tensors:
            if t is not None and not isinstance(t, Tensor):
                raise ArgumentError(f"save_for_backward: {type(t).__name__} is not a Tensor. Set it on ctx instead: "
                                    "ctx.value = value.")
        self._saved = tuple(None if t is None else (t, t.writes, t.writes[0]) for t in tensors)

    def mark_dirty(self, *tensors):
        """Say that forward wrote into these inputs and returns them."""
        self._dirty = frozenset(map(id, tensors))

    def mark_non_differentiable(self, *tensors):
        """Say that these outputs have no gradient."""
        self._constant = frozenset(map(id, tensors))

    def set_materialize_grads(self, value):
        """Whether backward gets zeros (True, the default) or None for outputs that received no gradient."""
        self._materialize = bool(value)

    @property
    def saved_tensors(self):
        """The tensors given to `save_for_backward`.

        Raises: GraphFreedError after they were freed; StaleValueError if one was written in place since.
        """
        if self._saved is None:
            raise GraphFreedError(f"{self.function.__name__}: its saved tensors were freed by an earlier backward "
                                  "pass. Call the first one with retain_graph=True to go through the graph again.")
        return tuple(None if entry is None else self._restored(k, *entry) for k, entry in enumerate(self._saved))

    def _restored(self, k, tensor, writes, version, output=None):
        if writes[0] != version:
            raise StaleValueError(f"{self.function.__name__}: saved_tensors[{k}] was saved at version {version}, but "
                                  f"{writes[1]} has written into it since (version {writes[0]}). Use the out-of-place "
                                  f"form of {writes[1]}, or save a clone().")
        if type(tensor) is Packed:
            tensor = Tensor(self._unpack(tensor.value).array, self._device, tensor.edge)
        if output is None:
            return tensor
        node = self._node
        edge = node if node is None or node.outputs is None else Part(node, output, tensor.array)
        again = Tensor(tensor.array, tensor.device, edge)
        again.writes = writes
        return again

    def _pack(self, device, pack, unpack):
        """Put the saved tensors through `pack`; `unpack` will be asked for them in the backward pass."""
        self._device, self._unpack = device, unpack
        self._saved = tuple(entry and (Packed(pack(Tensor(entry[0].array, device)), entry[0].edge, False), *entry[1:])
                            for entry in self._saved)

    def _settle(self, outputs):
        """Keep saved outputs without their edges: a node never holds a tensor that holds the node."""
        number = {id(t): k for k, t in enumerate(outputs)}
        self._saved = tuple(entry if entry is None or id(entry[0]) not in number else
                            (Tensor(entry[0].array, entry[0].device), *entry[1:], number[id(entry[0])])
                            for entry in self._saved)


class Function:
    """Base of ops written by the user; see the module's docstring.

    forward(ctx, *args) computes with Tensors (nothing is recorded inside) and returns a Tensor or a tuple of them;
    backward(ctx, *gradients of the outputs) returns one gradient (or None) for each argument of forward. Instead of
    taking ctx, forward may be given together with `setup_context(ctx, inputs, output)`.
    """

    @staticmethod
    def forward(ctx, *args):
        """Compute the output(s); to be written by the subclass."""
        raise ArgumentError("Function: forward is not defined. Write it as a staticmethod forward(ctx, *args).")

    @staticmethod
    def backward(ctx, *grads):
        """Give the gradients of the arguments; to be written by the subclass."""
        raise ArgumentError("Function: backward is not defined. Write it as a staticmethod backward(ctx, *gradients).")

    setup_context = None

    @classmethod
    def apply(cls, *args):
        """Call forward on `args` and record one node if a tensor among them requires grad."""
        mode = get_mode()
        if isinstance(mode, Watch) and mode.tape is not None:
            return mode.tape.call(cls, args, {}, functools.partial(cls.apply, *args))
        tensors = [a for a in args if isinstance(a, Tensor)]
        recording = is_grad_enabled() and any(t.edge is not None for t in tensors)
        context = Context(cls)
        context.needs_input_grad = tuple(isinstance(a, Tensor) and a.edge is not None for a in args)
        with no_grad():
            if cls.setup_context is None:
                found = cls.forward(context, *args)
            else:
                found = cls.forward(*args)
                cls.setup_context(context, args, found)
        outputs = found if isinstance(found, tuple) else (found,)
        for t in tensors:
            if id(t) in context._dirty:
                if recording:
                    check_writable(cls.__name__, t, tensors)
                t.wrote(cls.__name__)
        results = tuple(_own(t, tensors, context, recording) for t in outputs)
        if recording:
            cls._record(context, args, outputs, results)
        return results if isinstance(found, tuple) else results[0]

    @classmethod
    def _record(cls, context, args, outputs, results):
        node = FunctionNode()
        node.id = next_id()
        node.context = context
        node.edges = [a.edge for a in args if isinstance(a, Tensor)]
        count = iter(range(len(node.edges)))
        context._places = tuple(next(count) if isinstance(a, Tensor) else None for a in args)
        node.saved, node.versions, node.extras, node.plan = (), (), None, None
        node.watch = node.outputs = None
        mode = get_mode()
        if mode is not True and mode.anomaly:
            node.line = user_line()
        smooth = [k for k, t in enumerate(results) if isinstance(t, Tensor) and t.dtype.is_floating_point
                  and id(outputs[k]) not in context._constant]
        first = results[smooth[0]] if smooth else None
        if first is None:
            return
        node.shape, node.dtype = first.array.shape, first.array.dtype
        context._saved = tuple(entry and (_result_of(entry[0], outputs, results), *_count(entry, context))
                               for entry in context._saved)
        context._settle(results)
        if mode is not True and mode.hooks is not None:
            context._pack(first.device, *mode.hooks)
        if len(results) > 1:
            node.outputs = tuple((t.array.shape, t.array.dtype) if isinstance(t, Tensor) else ((), None)
                                 for t in results)
        for k in smooth:
            edge = node if len(results) == 1 else Part(node, k, results[k].array)
            if id(outputs[k]) in context._dirty:
                give_history(results[k], edge)
            else:
                results[k].edge = edge


def _own(t, inputs, context, recording):
    """The tensor to hand out for an output: one in another's memory must not be written behind the rule's back."""
    if not isinstance(t, Tensor) or id(t) in context._dirty:
        return t
    if recording and (t.source is not None or any(t is x for x in inputs)):
        return FunctionView.of(t)
    return detach(t) if any(t is x for x in inputs) else t


def _result_of(t, outputs, results):
    for output, result in zip(outputs, results):
        if t is output:
            return result
    return t


def _count(entry, context):
    """(writes, version) of a saved tensor; one that forward itself wrote into counts from after that write."""
    t, writes, version = entry
    return writes, writes[0] if id(t) in context._dirty else version


def once_differentiable(backward):
    """Decorator for a backward that cannot be differentiated again: a second derivative raises, it is not wrong."""
    @functools.wraps(backward)
    def inside(ctx, *gradients):
        create = is_grad_enabled()
        with no_grad():
            found = backward(ctx, *gradients)
        if not create:
            return found
        several = isinstance(found, tuple)
        results = tuple(_NotTwice.apply(g) if isinstance(g, Tensor) else g for g in (found if several else (found,)))
        return results if several else results[0]
    return inside


class _NotTwice(Function):
    """Passes a gradient on and refuses to be differentiated."""

    @staticmethod
    def forward(ctx, g):
        return g

    @classmethod
    def apply(cls, g):
        return super().apply(Tensor(g.array, g.device).requires_grad_())

    @staticmethod
    def backward(ctx, g):
        raise GradError("once_differentiable: this function's backward cannot be differentiated again. "
                        "Write it in differentiable ops and drop the decorator.")
