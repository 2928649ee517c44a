"""The graph: nodes, one an op that was recorded, joined by edges to the nodes and leaves of the op's inputs.

A node's `id` is its creation number. A node is newer than its inputs, so "newest first" is a topological order and
needs no search. Edges point from results to inputs only and a saved output is kept as a bare array, so there are no
reference cycles: memory goes when the last tensor does.
"""
from itertools import count

from ..errors import ArgumentError, GraphFreedError, StaleValueError
from ..tensor import Tensor
from .modes import saved_tensors_hooks  # noqa: F401, PyTorch has it here

next_id = count(1).__next__


class Hook:
    """The handle of a registered hook: `remove()` takes it out; also a context manager that does so at its end."""
    __slots__ = ("_hooks", "_function")

    def __init__(self, hooks, function):
        self._hooks, self._function = hooks, function
        hooks.append(function)

    def remove(self):
        """Take the hook out; a second call does nothing."""
        if self._hooks is not None and self._function in self._hooks:
            self._hooks.remove(self._function)
        self._hooks = None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.remove()


class Watchers:
    """Who wants to see the gradient that arrives at an edge: hooks, and the Leaf that keeps it (retain_grad)."""
    __slots__ = ("hooks", "retained")

    def __init__(self):
        self.hooks, self.retained = [], None

    def add(self, hook):
        return Hook(self.hooks, hook)


def watchers(edge):
    """The Watchers of an edge, made when first needed."""
    if edge.watch is None:
        edge.watch = Watchers()
    return edge.watch


def move_retained(x, old, new):
    """Let `retain_grad` of tensor x keep the gradient at its new edge, no longer at the old one."""
    watch = getattr(old, "watch", None)
    if watch is None or new is None or watch.retained is None:
        return
    if watch.retained is getattr(x, "holder", None):
        watchers(new).retained, watch.retained = watch.retained, None


class Node:
    """One recorded op: its edges, and exactly what the live rules need.

    saved: the input Tensors and residuals the plan names, then the output's array if a rule names `y`.
    versions: the version each saved tensor had. extras: the attributes, and shapes and dtypes of inputs that rules ask
    for, by name. shape, dtype: the output's. watch: who wants to see the gradient (a `Watchers`), or None.
    """
    __slots__ = ("id", "plan", "edges", "saved", "versions", "extras", "shape", "dtype", "watch", "writes", "line",
                 "outputs", "__weakref__")
    index = 0
    makes_gradients = True                              # what a rule returns is new memory, g itself or a view of g

    @property
    def origin(self):
        return self

    @property
    def op(self):
        return self.plan.op

    def name(self):
        """The op's name in PyTorch's manner: MulBackward."""
        return "".join(part.capitalize() for part in self.op.name.split("_")) + "Backward"

    @property
    def next_functions(self):
        """Pairs (node, which of its outputs), one for each input; a Leaf stands for itself, None for no gradient."""
        return tuple((None, 0) if e is None else (getattr(e, "origin", e), getattr(e, "index", 0)) for e in self.edges)

    def register_hook(self, hook):
        """Call hook(gradient of this node's output) in backward passes; what it returns, if not None, replaces it."""
        return watchers(self).add(hook)

    def __repr__(self):
        return f"<{self.name()}>"

    def values(self, device, create_graph):
        """The saved values, checked to be what they were: Tensors (or Python scalars) in the plan's order."""
        saved = self.saved
        if saved is None:
            raise GraphFreedError(f"backward: the values that {self.op.name}{self.where()} saved were freed by an "
                                  "earlier backward pass. Call the first one with retain_graph=True to go through the "
                                  "graph again.")
        for k, version in enumerate(self.versions):
            if version is not None and saved[k].writes[0] != version:
                self.stale(saved[k].writes, version, self.plan.names[k])
        if not self.plan.keeps_y:
            return saved
        writes, version = self.writes
        if writes[0] != version:
            self.stale(writes, version, "its output")
        y = Tensor(saved[-1], device, self if create_graph else None)
        y.writes = writes
        return [*saved[:-1], y]

    def stale(self, writes, version, name):
        raise StaleValueError(
            f"backward: {self.op.name}{self.where()} saved {name} at version {version}, but {writes[1]} has written "
            f"into it since (version {writes[0]}). Use the out-of-place form of {writes[1]}, or give it a clone().")

    def where(self):
        """' (called at file:line)' where anomaly detection noted it."""
        line = getattr(self, "line", None)
        return "" if line is None else f" (called at {line})"

    def pull(self, g, create_graph, wanted=None):
        """Pairs (input position, gradient) from the gradient of the output(s): the op's rules, applied.

        wanted: the edges whose gradients are asked for, or None for all.
        """
        values = self.values((g[0] if type(g) is tuple else g).device, create_graph)
        for positions, rule, slots, extras in self.plan.rules:
            if wanted is not None and type(positions) is int and self.edges[positions] not in wanted:
                continue
            found = rule(g, *[values[s] for s in slots], *map(self.extra, extras))
            if type(positions) is tuple:
                yield from ((i, found[i]) for i in positions)
            else:
                yield positions, found

    def materializes(self, output):
        """Whether rules are given zeros for an output that received no gradient."""
        return True

    def extra(self, name):
        if name == "needs":
            return tuple(e is not None for e in self.edges)
        return self.extras[name]

    def release(self):
        """Let go of the saved values, after their use."""
        if self.saved:
            self.saved = None


class Packed:
    """What a pack hook returned for one saved tensor, and the edge that tensor had (None for the node's own output)."""
    __slots__ = ("value", "edge", "is_output")

    def __init__(self, value, edge, is_output):
        self.value, self.edge, self.is_output = value, edge, is_output


class PackedNode(Node):
    """A node recorded under saved_tensors_hooks: each saved tensor is a `Packed`."""
    __slots__ = ("unpack",)

    def pack(self, device, pack_hook, unpack_hook):
        """Put every saved tensor through `pack_hook`; `unpack_hook` will be asked for it in the backward pass."""
        self.unpack = unpack_hook
        last = len(self.saved) - 1 if self.plan.keeps_y else None
        self.saved = [self._packed(value, k == last, device, pack_hook) for k, value in enumerate(self.saved)]

    def _packed(self, value, is_output, device, pack_hook):
        if is_output:
            return Packed(pack_hook(Tensor(value, device)), None, True)
        if not isinstance(value, Tensor):
            return value
        return Packed(pack_hook(Tensor(value.array, device)), value.edge, False)

    def values(self, device, create_graph):
        if self.saved is None:
            return super().values(device, create_graph)
        return [self._unpacked(value, k, create_graph) if type(value) is Packed else value
                for k, value in enumerate(self.saved)]

    def _unpacked(self, packed, k, create_graph):
        value = self.unpack(packed.value)
        if not isinstance(value, Tensor):
            raise ArgumentError(f"saved_tensors_hooks: unpack_hook gave {type(value).__name__} for "
                                f"{self.plan.names[k]} of {self.op.name}. It must return the Tensor that was packed.")
        edge = self if packed.is_output else packed.edge
        return Tensor(value.array, value.device, edge if create_graph else None)


class Part:
    """One output of a node with several: collects its gradient for the node."""
    __slots__ = ("id", "node", "index", "shape", "dtype", "watch", "__weakref__")

    def __init__(self, node, index, array):
        self.id = next_id()
        self.node, self.index = node, index
        self.shape, self.dtype = array.shape, array.dtype
        self.watch = None

    @property
    def origin(self):
        return self.node
