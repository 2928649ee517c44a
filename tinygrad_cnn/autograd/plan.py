"""The plan: what a node keeps for its rules, worked out once for each set of inputs that want a gradient."""


class Plan:
    """What a node keeps when a given set of inputs wants gradients, and the rules to apply.

    inputs: positions of the inputs kept. residuals: positions of the residuals kept; wants: their names. keeps_y:
    whether the output's array is kept. meta: (name, input position, "shape" or "dtype") read at the call.
    rules: (input position or tuple of them, function, places of its values in `saved`, names of its `extra`s).
    names: what the k-th saved value is called in messages. single: whether each rule is for one input.
    """
    __slots__ = ("op", "inputs", "residuals", "wants", "keeps_y", "meta", "rules", "names", "single")

    def __init__(self, op, live, count):
        self.op = op
        chosen = [(tuple(live), op.joint)] if op.joint else [(i, op.rule_at(i)) for i in live]
        kept, extras = [], []
        for _, rule in chosen:
            for name in parameters(rule)[1:]:
                (kept if name in op.places else extras).append(name)
        places = op.places
        expand = range(count) if op.variadic else None
        positions = sorted({p for n in kept if places[n] >= 0 for p in (expand or (places[n],))})
        self.inputs = tuple(positions)
        self.residuals = tuple(sorted({-2 - places[n] for n in kept if places[n] < -1}))
        self.wants = frozenset(op.residuals[k] for k in self.residuals)
        self.keeps_y = "y" in kept
        slot = {p: k for k, p in enumerate(positions)}
        slot.update({-2 - r: len(positions) + k for k, r in enumerate(self.residuals)})
        slot[-1] = len(slot)
        self.names = tuple([_input_name(op, p) for p in positions] + [op.residuals[k] for k in self.residuals]
                           + ["its output"] * self.keeps_y)
        self.rules = tuple(self._rule(op, i, rule, slot) for i, rule in chosen)
        self.meta = tuple((n, op.inputs.index(n.rsplit("_", 1)[0]), n.rsplit("_", 1)[1])
                          for n in dict.fromkeys(extras) if n in op.metadata)
        self.single = all(type(i) is int for i, _, _, _ in self.rules)

    @staticmethod
    def _rule(op, i, rule, slot):
        names = parameters(rule)[1:]
        split = next((k for k, n in enumerate(names) if n not in op.places), len(names))
        slots = tuple(slot[op.places[n]] for n in names[:split])
        return i, rule, slots, tuple(names[split:])


def parameters(rule):
    """The names of a rule's parameters: the gradient, then what it asks for."""
    return rule.__code__.co_varnames[:rule.__code__.co_argcount]


def _input_name(op, position):
    return f"{op.inputs[0]}[{position}]" if op.variadic else op.inputs[min(position, len(op.inputs) - 1)]
