"""A backward pass that tells what it does: the engine's own `Pass`, with each step written down.

The steps, their order and their numbers are the engine's. Only the reduction of a gradient to its tensor's shape and
dtype is done here, by the engine's own ops, so that each sum over broadcast axes and each cast is an event of its own.
"""
from ..autograd.basic import cast, sum_to
from ..autograd.sweep import Pass


class _Told:
    """A node that says which input the rule at work is for."""

    def __init__(self, node, sweep):
        self._node, self._sweep = node, sweep

    def __getattr__(self, name):
        return getattr(self._node, name)

    def pull(self, *arguments):
        for i, dx in self._node.pull(*arguments):
            self._sweep.input = i
            yield i, dx


class WatchedPass(Pass):
    """A Pass that writes onto a recorder's tape.

    dry: only look: hooks are not called and no `.grad` is touched.
    """
    __slots__ = ("to", "dry", "starts", "arrivals", "names", "input")

    def __init__(self, recorder, retain, create, wanted=None, targets=(), dry=False):
        super().__init__(retain, create, wanted, targets)
        self.to, self.dry = recorder, dry
        self.starts, self.arrivals, self.names, self.input = [], {}, (), None

    def note(self, kind, **fields):
        return self.to.tape.add(kind, **fields)

    def begin(self):
        """Write down where the pass starts, once that is known."""
        starts, self.starts = self.starts, None
        self.note("backward", name="grad" if self.targets else "backward", create_graph=bool(self.create),
                  starts=[self.to.edge(edge) for edge, _ in starts], values=[self.to.value(g) for _, g in starts])
        for edge, g in starts:
            if self.create:
                self.to.names.name_start(g)
            self.arrivals[edge] = self.arrivals.get(edge, 0) + 1
            super().give(edge, g, False)

    def steps(self):
        self.begin()
        self.to.sweeping = True
        try:
            for step in super().steps():
                self.to.visit = None
                yield step
        finally:
            self.to.sweeping, self.to.visit = False, None

    def give(self, edge, g, owned):
        if self.starts is not None:                     # no rule gave it: the pass starts with it
            self.starts.append((edge, g))
            return
        number = self.to.edge(edge)
        self.note("rule", input=self.names[self.input], tensor=number, value=self.to.value(g))
        if g.array.shape != edge.shape and g.array.ndim >= len(edge.shape):
            before = tuple(g.array.shape)
            g = sum_to(g, shape=edge.shape)
            owned = g.array.base is None and not self.create
            self.note("sum_to", tensor=number, before=before, after=tuple(edge.shape), value=self.to.value(g))
        if g.array.dtype != edge.dtype:
            before = g.array.dtype.name
            g = cast(g, dtype=edge.dtype)
            owned = not self.create
            self.note("cast", tensor=number, before=before, after=g.array.dtype.name, value=self.to.value(g))
        super().give(edge, g, owned)
        self.arrivals[edge] = self.arrivals.get(edge, 0) + 1
        total = (self.due.get(edge.id) if edge.id else self.leaves.get(edge))[1]
        self.note("add", tensor=number, arrival=self.arrivals[edge], value=self.to.value(total))

    def apply(self, node, g):
        self.apply_any(node, g)

    def apply_any(self, node, g):
        values = [None if part is None else self.to.value(part) for part in (g if type(g) is tuple else (g,))]
        self.names = self.to.names_of_inputs(node)
        self.to.visit = self.note("visit", op=self.to.op_name(node), call=self.to.call_of(node),
                                  outputs=self.to.outputs_of(node), values=values)
        super().apply_any(_Told(node, self), g)

    def observe(self, edge, g):
        hooked = edge.watch is not None and edge.watch.hooks
        if self.dry:
            if hooked:
                self.note("note", note="hooks", about=self.to.tape.label(self.to.edge(edge)))
            return g
        kept = None if edge.watch is None or type(g) is list else edge.watch.retained
        before = None if kept is None or kept.grad is None else self.to.value(kept.grad)
        found = super().observe(edge, g)
        if found is not g:
            self.note("hook", tensor=self.to.edge(edge), value=self.to.value(found))
        if kept is not None:
            self.note("grad", tensor=self.to.edge(edge), before=before, added=self.to.value(found),
                      value=self.to.value(kept.grad))
        return found

    def settle(self):
        if self.dry:
            for leaf, g, _ in self.leaves.values():
                value = self.to.value(g)
                self.note("grad", tensor=self.to.edge(leaf), before=None, added=value, value=value)
        else:
            self.to.sweeping = True
            try:
                super().settle()
            finally:
                self.to.sweeping = False
            for edge, g in self.found.items():
                self.note("found", tensor=self.to.edge(edge), value=self.to.value(g))
        self.note("done")

    def accumulate(self, leaf, g, owned):
        number, kept = self.to.edge(leaf), leaf.grad
        before = None if kept is None else self.to.value(kept)
        added = self.to.value(g)
        arrived = self.leaves.get(leaf)
        if arrived is not None and arrived[1] is not g:
            self.note("hook", tensor=number, value=added)
        super().accumulate(leaf, g, owned)
        if leaf.grad is not None and leaf.grad.edge is None:
            self.to.names.name_grad(leaf.grad, self.to.tape.tensors[number].name)
        self.note("grad", tensor=number, before=before, added=added, value=self.to.value(leaf.grad))
