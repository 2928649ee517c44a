"""The backward pass: gradients flow from the newest node to the oldest.

`steps` pops the node with the greatest creation number from a heap. Every node is newer than its inputs, so by then all
its gradient has arrived: no recursion, no search, any depth, linear time in the number of edges. It is a generator
that never touches the grad mode: who starts a pass (differentiate.py) sets the mode once around exhausting it.
"""
from heapq import heappop, heappush

from ..errors import AnomalyError, DeviceError, DTypeError, GradError, ShapeError, TinygradError
from ..tensor import Tensor
from .basic import add, cast, sum_to
from .graph import Node, Part
from .modes import get_mode
from .op import quiet


class Pass:
    """One backward pass: what has arrived where.

    due: creation number -> [edge, gradient, whether the engine owns its memory]. leaves: the same by Leaf.
    wanted: the edges on a way to what is asked for, or None for all. targets: edges whose gradient is kept in `found`.
    """
    __slots__ = ("due", "heap", "leaves", "wanted", "targets", "found", "retain", "create", "check")

    def __init__(self, retain, create, wanted=None, targets=()):
        self.due, self.heap, self.leaves = {}, [], {}
        self.wanted, self.targets, self.found = wanted, targets, {}
        self.retain, self.create = retain, create
        mode = get_mode()
        self.check = mode is not True and mode is not False and mode.anomaly == "nan"

    def give(self, edge, g, owned):
        """Let gradient `g` arrive at `edge`, in the edge's shape and dtype; `owned` if nobody else has its memory."""
        shape = edge.shape
        if g.array.shape != shape:
            _check_reducible(g.array.shape, shape)
            g = sum_to(g, shape=shape) if self.create else _reduced(g, shape)
            owned = g.array.base is None and not self.create
        if g.array.dtype != edge.dtype:
            g = cast(g, dtype=edge.dtype)
            owned = not self.create
        key = edge.id
        if key:
            place = self.due.get(key)
            if place is None:
                self.due[key] = [edge, g, owned]
                heappush(self.heap, -key)
                return
        else:
            place = self.leaves.get(edge)
            if place is None:
                self.leaves[edge] = [edge, g, owned]
                return
        if place[2] and g.edge is None:
            total = place[1].array
            quiet.run(g.device.xp.add, total, g.array, total)
        else:
            place[1] = add(place[1], g)
            place[2] = not self.create

    def steps(self):
        """Work off the nodes, newest first; yields (node, gradient) after each."""
        due, heap, wanted, targets = self.due, self.heap, self.wanted, self.targets
        everyday = wanted is None and not self.check
        while heap:
            node, g, _ = due.pop(-heappop(heap))
            if node.watch is not None or targets:
                g = self.observe(node, g)
            plain = everyday and type(node) is Node and type(g) is not list and node.plan.single
            if not plain:
                if type(node) is Part:
                    if wanted is None or node.node in wanted:
                        self.collect(node, g)
                    continue
                if wanted is not None and wanted.isdisjoint(node.edges):
                    continue                            # what was asked for is reached; nothing further back is
                if type(g) is list:
                    device = next(part.device for part in g if part is not None)
                    g = tuple(_zeros(node, k, device) if part is None and node.materializes(k) else part
                              for k, part in enumerate(g))
            try:
                if plain:
                    self.apply(node, g)
                else:
                    self.apply_any(node, g)
            except GradError:
                raise
            except TinygradError as error:
                raise type(error)(f"in the backward pass of {node.name()}{node.where()}: {error}") from error
            if not self.retain:
                node.release()
            yield node, g

    def apply_any(self, node, g):
        """Pass the gradient of a node on through its rules."""
        edges, wanted = node.edges, self.wanted
        mine = node.makes_gradients and not self.create
        for i, dx in node.pull(g, self.create, wanted):
            edge = edges[i]
            if dx is None or edge is None or wanted is not None and edge not in wanted:
                continue
            if self.check:
                _check_nan(node, i, dx)
            self.give(edge, dx, mine and _is_new(dx, g))

    def apply(self, node, g):
        """`apply_any`, unrolled for a node with a rule for each input: the inner loop of every backward pass."""
        plan, values, edges, create, due = node.plan, node.saved, node.edges, self.create, self.due
        if values is None or plan.keeps_y:
            values = node.values(g.device, create)
        else:
            for k, version in enumerate(node.versions):
                if version is not None and values[k].writes[0] != version:
                    node.stale(values[k].writes, version, plan.names[k])
        for i, rule, slots, extras in plan.rules:
            if extras:
                dx = rule(g, *[values[s] for s in slots], *map(node.extra, extras))
            elif not slots:
                dx = rule(g)
            elif len(slots) == 1:
                dx = rule(g, values[slots[0]])
            else:
                dx = rule(g, *[values[s] for s in slots])
            if dx is None:
                continue
            edge = edges[i]
            key = edge.id
            array = dx.array
            new = not create and _is_new(dx, g)
            if key and key not in due and array.shape == edge.shape and array.dtype is edge.dtype:
                due[key] = [edge, dx, new]
                heappush(self.heap, -key)
            else:
                self.give(edge, dx, new)

    def collect(self, part, g):
        """Put the gradient of one output beside those of its node's other outputs."""
        node = part.node
        place = self.due.get(node.id)
        if place is None:
            place = self.due[node.id] = [node, [None] * len(node.outputs), False]
            heappush(self.heap, -node.id)
        before = place[1][part.index]
        place[1][part.index] = g if before is None else add(before, g)

    def observe(self, edge, g):
        """Show a gradient that is complete to the hooks, and keep it where it was asked for."""
        if type(g) is list:
            return g
        watch = edge.watch
        if watch is not None:
            g = _hooked(watch.hooks, g)
            kept = watch.retained
            if kept is not None:
                kept.grad = kept_gradient(g, False) if kept.grad is None else add(kept.grad, g)
        if edge in self.targets:
            self.found[edge] = g
        return g

    def settle(self):
        """Give the leaves what arrived: into `found` if it was asked for, else into `.grad`."""
        for leaf, g, owned in self.leaves.values():
            if leaf.watch is not None:
                g, owned = _hooked(leaf.watch.hooks, g), False
            if self.targets:
                if leaf in self.targets:
                    self.found[leaf] = g
                continue
            self.accumulate(leaf, g, owned)

    def accumulate(self, leaf, g, owned):
        """Add a gradient into a leaf's `.grad`, in place unless a graph is being made."""
        if not leaf.asks:
            return
        before = leaf.grad
        if before is None:
            leaf.grad = kept_gradient(g, owned)
        elif self.create or before.edge is not None:
            leaf.grad = add(before, g)
        else:
            quiet.run(g.device.xp.add, before.array, g.array, before.array)
            before.wrote("backward")
        for hook in tuple(leaf.after):
            hook()


def kept_gradient(g, owned):
    """A gradient to keep: itself if nobody else has its memory (or it has a graph), else a copy."""
    if owned or g.edge is not None:
        return g
    return Tensor(g.device.call(g.array.copy, order="K"), g.device)


def _is_new(dx, g):
    """Whether a rule's result has memory of its own: it is not g, a view of g, nor a part or a repetition of more."""
    array = dx.array
    base = array.base
    if base is None:
        return dx is not g
    if type(g) is tuple:
        return False
    before = g.array
    return type(base) is type(array) and base.size == array.size and base is not before and base is not before.base


def _zeros(node, k, device):
    shape, dtype = node.outputs[k]
    return Tensor(device.xp.zeros(shape, dtype), device)


def _hooked(hooks, g):
    for hook in list(hooks):
        other = hook(g)
        if other is not None:
            if not isinstance(other, Tensor):
                raise GradError(f"backward: a hook returned {type(other).__name__}; it must return a Tensor or None.")
            check_fits("a hook's gradient", other, g)
            g = other
    return g


def _check_nan(node, i, dx):
    if bool(dx.device.xp.isnan(dx.array).any()):
        raise AnomalyError(f"backward: the rule of {node.op.name}{node.where()} gave NaN for input {i} "
                           f"(shape {tuple(dx.shape)}). Look at the values that went into that op.")


def check_fits(what, g, like):
    """Refuse a gradient that has not the shape, device and dtype of `like`."""
    if g.array.shape != like.array.shape:
        raise ShapeError(f"backward: {what} has shape {tuple(g.shape)} but the tensor has {tuple(like.shape)}. "
                         "They must be the same.")
    if g.device is not like.device:
        raise DeviceError(f"backward: {what} is on {g.device} but the tensor is on {like.device}. "
                          "Move it with .to(device).")
    if g.array.dtype != like.array.dtype:
        raise DTypeError(f"backward: {what} is {g.dtype} but the tensor is {like.dtype}. Convert it with .to(dtype).")


def _reduced(g, shape):
    """sum_to(g, shape=shape) where nothing is recorded: 0.4 us less."""
    device = g.device
    y = quiet.run(sum_to.kernel(device), g.array, shape)
    return Tensor(y if type(y) is device.array_type else device.xp.asarray(y), device)


def _check_reducible(shape, target):
    """Refuse a gradient whose shape the tensor's cannot have been broadcast to."""
    tail = shape[len(shape) - len(target):]
    if tail == target:
        return
    if len(shape) < len(target) or any(n != m and m != 1 for n, m in zip(tail, target)):
        raise ShapeError(f"backward: a rule gave a gradient of shape {tuple(shape)} for a tensor of shape "
                         f"{tuple(target)}. It must have that shape, or one that shape broadcasts to.")
