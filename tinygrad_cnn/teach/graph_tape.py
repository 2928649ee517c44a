"""A tape made of a graph alone: for a result that was computed without a recorder.

The graph has the ops, the shapes, and the values that live rules keep. These become the forward events, oldest node
first. The backward events come from a pass of the engine that keeps every saved value and touches no `.grad`; where
saved values have been freed, only the order and the formulas are left, and a note says so.
"""
from ..autograd.graph import Node, Part
from ..autograd.modes import changed, get_mode, set_mode
from ..errors import GradError, GraphFreedError, StaleValueError
from ..nn import Parameter
from ..tensor import Leaf, Tensor
from .attributes import attributes_of
from .names import Names
from .recorder import Recorder
from .tape import Tape, TapeTensor
from .values import LIMIT
from .watched_pass import WatchedPass


def nodes_below(edge):
    """The nodes a result was computed by, oldest first."""
    seen, stack = set(), [edge]
    while stack:
        edge = stack.pop()
        node = edge.node if type(edge) is Part else edge
        if node is None or isinstance(node, Leaf) or node in seen:
            continue
        seen.add(node)
        stack.extend(e for e in node.edges if e is not None)
    return sorted(seen, key=lambda node: node.id)


def read_graph(loss, names, frames, limit, values=True, function="explain"):
    """A GraphReader that has written down the calls by which `loss` was computed, oldest first, for `function`."""
    if loss.edge is None or isinstance(loss.edge, Leaf):
        raise GradError(f"{function}: this tensor was not computed from one that requires grad, so there is no graph "
                        "to show. Set requires_grad=True on an input before computing it, or use record().")
    named = Names(names)
    named.add_all_of(frames)
    reader = GraphReader(Tape(limit, source="graph"), named, loss.device, values)
    reader.tape.add("note", note="graph", about="")
    for node in nodes_below(loss.edge):
        reader.read(node)
    reader.fill(reader.edge(loss.edge), loss)
    return reader


def graph_of(loss, names=None, frames=()):
    """The calls by which `loss` was computed, as a tape without values. Raises: GradError if there is no graph."""
    return read_graph(loss, names, frames, LIMIT, values=False, function="tree").tape


def graph_tape(loss, names=None, frames=(), limit=LIMIT):
    """The tape of what the graph of `loss` holds: the calls, and a backward pass that touches nothing.

    Args: names: a mapping name -> Tensor. frames: where to look for variables and modules that hold tensors.
    Raises: GradError if there is no graph, or if `loss` is not a single number.
    """
    if loss.array.size != 1:
        raise GradError(f"explain: the tensor has shape {tuple(loss.shape)}; only a single number has a gradient "
                        "without being told which. Reduce it (.sum(), .mean()), or record a backward pass with its "
                        "gradient.")
    reader = read_graph(loss, names, frames, limit)
    tape, here = reader.tape, len(reader.tape.events)
    try:
        reader.go_back(loss)
    except (GraphFreedError, StaleValueError) as error:
        at = next(event.op for event in reversed(tape.events) if event.kind == "visit")
        del tape.events[here:]
        kind, about = ("freed", at) if isinstance(error, GraphFreedError) else ("stale", str(error))
        tape.add("note", note=kind, about=about)
        reader.go_back_in_order(loss)
    return tape


class GraphReader(Recorder):
    """A Recorder that reads a graph instead of watching calls; without `values` it copies no numbers."""

    def __init__(self, tape, names, device, values):
        super().__init__(tape, names)
        self.device, self.values = device, values
        self._parts = {}                                # (node, which output) -> number of the tensor

    def edge(self, edge):
        if type(edge) is Part:
            number = self._parts[edge.node, edge.index]
            entry = self.tape.tensors[number]
            entry.name = entry.name or self.names.known(edge)[0]
            return number
        new = edge not in self._tensors
        number = super().edge(edge)
        if new:
            entry = self.tape.tensors[number]
            entry.name, tensor = self.names.known(edge)
            if tensor is not None:
                if entry.kind == "leaf" and isinstance(tensor, Parameter):
                    entry.kind = "parameter"
                self.fill(number, tensor)
        return number

    def fill(self, number, tensor):
        """Give a tensor of the tape its value, now that it is known."""
        entry = self.tape.tensors[number]
        if entry.value is None:
            entry.value = self.value(tensor)

    def value(self, g):
        return super().value(g) if self.values else None

    def read(self, node):
        """Write down the call that made a node, as far as the node still knows it."""
        self.steps += 1
        inputs = [{"unknown": True} if edge is None else {"tensor": self.edge(edge)} for edge in node.edges]
        names = self.names_of_inputs(node)
        for position, kept in _kept_inputs(node):
            if isinstance(kept, Tensor) and node.edges[position] is not None:
                self.fill(inputs[position]["tensor"], kept)
            else:
                inputs[position] = self.operand(kept, names[position])
        outputs = self.read_outputs(node)
        attrs = {}
        if node.plan is not None:
            attrs = attributes_of(node)
            if type(node) is Node and node.plan.keeps_y and node.saved:
                self.fill(outputs[0], Tensor(node.saved[-1], self.device))
        self._calls[node] = self.tape.add(
            "op", step=self.steps, op=self.op_name(node), inputs=inputs, names=names, attrs=attrs, outputs=outputs,
            module=None, line=None, inside=None)

    def read_outputs(self, node):
        """The numbers of the tensors that a node computed."""
        several = getattr(node, "outputs", None)
        if several is None:
            number = self.edge(node)
            self.tape.tensors[number].step = self.steps
            return [number]
        for k, (shape, dtype) in enumerate(several):
            self.tape.tensors.append(TapeTensor("computed", None, self.steps, k, tuple(shape), str(dtype), None))
            self._parts[node, k] = len(self.tape.tensors) - 1
        return [self._parts[node, k] for k in range(len(several))]

    def go_back(self, loss):
        """Write down a backward pass that keeps what is saved and adds into no `.grad`."""
        before = get_mode()
        try:
            set_mode(changed(grad=False, tape=None))    # in here: Ctrl-C may come as soon as it is set
            sweep = WatchedPass(self, retain=True, create=False, dry=True)
            one = Tensor(self.device.xp.ones(loss.array.shape, loss.array.dtype), self.device)
            sweep.give(loss.edge, one, False)
            for _ in sweep.steps():
                pass
            sweep.settle()
        finally:
            set_mode(before)

    def go_back_in_order(self, loss):
        """Write down the steps of a backward pass without their numbers."""
        note = self.tape.add
        note("backward", name="backward", starts=[self.edge(loss.edge)], values=[None], create_graph=False)
        arrivals = {}
        for node in reversed(nodes_below(loss.edge)):
            call = self._calls[node]
            outputs = self.tape.events[call].outputs
            note("visit", op=self.op_name(node), call=call, outputs=outputs, values=[None] * len(outputs))
            for name, edge in zip(self.names_of_inputs(node), node.edges):
                if edge is not None:
                    number = self.edge(edge)
                    arrivals[number] = arrivals.get(number, 0) + 1
                    note("rule", input=name, tensor=number, value=None)
                    note("add", tensor=number, arrival=arrivals[number], value=None)
        note("done")


def _kept_inputs(node):
    """Pairs (position, value) of the inputs that a node has kept."""
    if type(node) is not Node or not node.saved:
        return ()
    return zip(node.plan.inputs, node.saved)
