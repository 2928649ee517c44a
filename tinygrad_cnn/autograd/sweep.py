"""The backward pass: gradients flow from the newest node to the oldest.

`steps` pops the node with the greatest creation number from a heap. Every node is newer than its inputs, so by then all
its gradient has arrived: no recursion, no search, any depth, linear time in the number of edges. It is a generator
that never touches the grad mode: `backward` and `grad` set the mode once around exhausting it.
"""
from heapq import heappop, heappush

from ..errors import AnomalyError, DeviceError, DTypeError, GradError, ShapeError, TinygradError
from ..tensor import Leaf, Tensor
from .basic import add, cast, sum_to
from .graph import Node, Part
from .modes import changed, is_anomaly_enabled, get_mode, reset_mode, set_mode
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
        self.check = is_anomaly_enabled() and mode.anomaly == "nan"

    def give(self, edge, g, owned):
        """Let gradient `g` arrive at `edge`, in the edge's shape and dtype; `owned` if nobody else has its memory."""
        if g.array.shape != edge.shape:
            _check_reducible(g.array.shape, edge.shape)
            g = sum_to(g, shape=edge.shape)
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
            quiet.run(g.device.xp.add, total, g.array, out=total)
        else:
            place[1] = add(place[1], g)
            place[2] = not self.create

    def steps(self):
        """Work off the nodes, newest first; yields (node, gradient) after each."""
        due, heap, wanted = self.due, self.heap, self.wanted
        while heap:
            node, g, _ = due.pop(-heappop(heap))
            if node.watch is not None or self.targets:
                g = self.observe(node, g)
            if type(node) is Part:
                self.collect(node, g)
                continue
            if type(g) is list:
                device = next(part.device for part in g if part is not None)
                g = tuple(_zeros(node, k, device) if part is None and node.materializes(k) else part
                          for k, part in enumerate(g))
            try:
                if type(node) is Node and node.plan.single and wanted is None and not self.check:
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
        for i, dx in node.pull(g, self.create):
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
            k = 0
            for version in node.versions:
                if version is not None and values[k].writes[0] != version:
                    node.stale(values[k].writes, version, plan.names[k])
                k += 1
        for i, rule, slots, extras in plan.rules:
            count = len(slots)
            if extras:
                dx = rule(g, *[values[s] for s in slots], **{name: node.extra(name) for name in extras})
            elif count == 1:
                dx = rule(g, values[slots[0]])
            elif count == 0:
                dx = rule(g)
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
                kept.grad = _kept(g, False) if kept.grad is None else add(kept.grad, g)
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
        before = leaf.grad
        if before is None:
            leaf.grad = _kept(g, owned)
        elif self.create or before.edge is not None:
            leaf.grad = add(before, g)
        else:
            quiet.run(g.device.xp.add, before.array, g.array, out=before.array)
            before.wrote("backward")
        for hook in tuple(leaf.after):
            hook()


def _kept(g, owned):
    """A gradient to keep: itself if nobody else has its memory (or it has a graph), else a copy."""
    if owned or g.edge is not None:
        return g
    return Tensor(g.array.copy(order="K"), g.device)


def _is_new(dx, g):
    """Whether a rule's result has memory of its own: it is not g, nor a view of g, nor a part or a repetition of more."""
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
            _check_fits("a hook's gradient", other, g)
            g = other
    return g


def _check_nan(node, i, dx):
    if bool(dx.device.xp.isnan(dx.array).any()):
        raise AnomalyError(f"backward: the rule of {node.op.name}{node.where()} gave NaN for input {i} "
                           f"(shape {tuple(dx.shape)}). Look at the values that went into that op.")


def _check_fits(what, g, like):
    """Refuse a gradient that has not the shape, device and dtype of `like`."""
    if g.array.shape != like.array.shape:
        raise ShapeError(f"backward: {what} has shape {tuple(g.shape)} but the tensor has {tuple(like.shape)}. "
                         "They must be the same.")
    if g.device is not like.device:
        raise DeviceError(f"backward: {what} is on {g.device} but the tensor is on {like.device}. "
                          "Move it with .to(device).")
    if g.array.dtype != like.array.dtype:
        raise DTypeError(f"backward: {what} is {g.dtype} but the tensor is {like.dtype}. Convert it with .to(dtype).")


def _check_reducible(shape, target):
    """Refuse a gradient whose shape the tensor's cannot have been broadcast to."""
    tail = shape[len(shape) - len(target):]
    if len(shape) < len(target) or any(n != m and m != 1 for n, m in zip(tail, target)):
        raise ShapeError(f"backward: a rule gave a gradient of shape {tuple(shape)} for a tensor of shape {tuple(target)}. "
                         "It must have that shape, or one that shape broadcasts to.")


def _first_gradient(name, tensor, g):
    """The gradient a pass starts with at `tensor`: the given one, or 1 for a single number."""
    edge = tensor.edge
    if edge is None:
        raise GradError(f"{name}: this tensor does not require grad and was not computed from one that does, so there is "
                        "nothing to differentiate. Set requires_grad=True on an input before computing it.")
    if g is None:
        if tensor.array.size != 1:
            raise GradError(f"{name}: the tensor has shape {tuple(tensor.shape)}; only a single number has a gradient "
                            "without being told which. Reduce it (.sum(), .mean()) or pass gradient= of that shape.")
        return Tensor(tensor.device.xp.ones(edge.shape, edge.dtype), tensor.device)
    if not isinstance(g, Tensor):
        raise GradError(f"{name}: a gradient is a Tensor or None, not {type(g).__name__}.")
    _check_fits("the gradient", g, tensor)
    return g


def _reaching(roots, targets):
    """All edges on a way from `roots` to `targets`."""
    seen, stack = set(), list(roots)
    while stack:
        edge = stack.pop()
        if edge in seen:
            continue
        seen.add(edge)
        if type(edge) is Part:
            stack.append(edge.node)
        elif not isinstance(edge, Leaf):
            stack.extend(e for e in edge.edges if e is not None and e not in seen)
    wanted = set()
    for edge in sorted(seen, key=lambda e: e.id):       # oldest first: inputs before what was made of them
        if edge in targets:
            wanted.add(edge)
        elif type(edge) is Part:
            if edge.node in wanted:
                wanted.add(edge)
        elif not isinstance(edge, Leaf) and any(e in wanted for e in edge.edges if e is not None):
            wanted.add(edge)
    return wanted


def _run(name, tensors, gradients, retain, create, targets):
    """Start a pass at `tensors` and exhaust it; returns it."""
    first = [_first_gradient(name, t, g) for t, g in zip(tensors, gradients)]
    wanted = _reaching([t.edge for t in tensors], targets) if targets else None
    token = set_mode(changed(grad=create))
    try:
        this = Pass(retain, create, wanted, targets)
        for tensor, g in zip(tensors, first):
            if wanted is None or tensor.edge in wanted:
                this.give(tensor.edge, g, False)
        for _ in this.steps():
            pass
        this.settle()
    finally:
        reset_mode(token)
    return this


def backward(tensors, gradients=None, retain_graph=None, create_graph=False, inputs=None):
    """Add the gradients of `tensors` to the `.grad` of the leaves they were computed from.

    Args:
        tensors: a Tensor or a sequence of them. gradients: for each, a Tensor of its shape, or None for a single number.
        retain_graph: keep the saved values for another pass (default: create_graph).
        create_graph: record the pass itself, so that it can be differentiated.
        inputs: leaves or other tensors to which alone gradients are added.
    Raises: GradError if there is nothing to differentiate; GraphFreedError; StaleValueError.

    >>> import tinygrad_cnn as tg
    >>> x = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> backward((x * x).sum())
    >>> x.grad
    tensor([2., 4.])
    """
    tensors, gradients = _sequences("backward", tensors, gradients)
    retain = create_graph if retain_graph is None else retain_graph
    if inputs is None:
        _run("backward", tensors, gradients, retain, create_graph, ())
        return
    inputs = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    targets = _targets("backward", inputs)
    this = _run("backward", tensors, gradients, retain, create_graph, targets)
    for x in inputs:
        g = this.found.get(x.edge)
        if g is None:
            continue
        if isinstance(x.edge, Leaf):
            token = set_mode(changed(grad=create_graph))
            try:
                this.accumulate(x.edge, g, False)
            finally:
                reset_mode(token)
        elif getattr(x, "holder", None) is None or x.holder.grad is None:
            x.grad = _kept(g, False)
        else:
            x.holder.grad = add(x.holder.grad, g)


def grad(outputs, inputs, grad_outputs=None, retain_graph=None, create_graph=False, allow_unused=None,
         materialize_grads=False):
    """The gradients of `outputs` with respect to `inputs`, leaving every `.grad` alone.

    Only the part of the graph between them is visited.

    Args:
        outputs, inputs: a Tensor or a sequence of them. grad_outputs: for each output a Tensor of its shape, or None for
            a single number. allow_unused: give None for an input the outputs do not depend on, instead of an error.
        materialize_grads: give zeros instead of None. retain_graph, create_graph: as for `backward`.
    Returns: a tuple of Tensors (or None), one for each input.
    Raises: GradError, GraphFreedError, StaleValueError.

    >>> import tinygrad_cnn as tg
    >>> x = tg.tensor(3.0, requires_grad=True)
    >>> g, = grad(x ** 3, x, create_graph=True)
    >>> grad(g, x)
    (tensor(18.),)
    """
    outputs, grad_outputs = _sequences("grad", outputs, grad_outputs)
    inputs = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    if materialize_grads and allow_unused is False:
        raise GradError("grad: materialize_grads=True gives zeros for unused inputs, so allow_unused cannot be False.")
    retain = create_graph if retain_graph is None else retain_graph
    found = _run("grad", outputs, grad_outputs, retain, create_graph, _targets("grad", inputs)).found
    result = []
    for k, x in enumerate(inputs):
        g = found.get(x.edge)
        if g is None and materialize_grads:
            g = Tensor(x.device.xp.zeros(x.array.shape, x.array.dtype), x.device)
        elif g is None and not allow_unused:
            raise GradError(f"grad: the outputs do not depend on input {k} (shape {tuple(x.shape)}). Pass "
                            "allow_unused=True to get None for it, or materialize_grads=True to get zeros.")
        result.append(g)
    return tuple(result)


def _sequences(name, tensors, gradients):
    tensors = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    if gradients is None:
        gradients = [None] * len(tensors)
    gradients = [gradients] if isinstance(gradients, Tensor) else list(gradients)
    if len(gradients) != len(tensors):
        raise GradError(f"{name}: {len(tensors)} tensors but {len(gradients)} gradients. Give one for each, or None.")
    return tensors, gradients


def _targets(name, inputs):
    for k, x in enumerate(inputs):
        if not isinstance(x, Tensor) or x.edge is None:
            raise GradError(f"{name}: input {k} does not require grad. Set requires_grad=True before computing with it.")
    if not inputs:
        raise GradError(f"{name}: there are no inputs to differentiate with respect to.")
    return frozenset(x.edge for x in inputs)
