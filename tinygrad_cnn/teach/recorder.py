"""Recording: `record` puts a tape into the mode, and the engine tells it each call of an op and each backward pass.

The engine knows one door, the mode's `tape` (autograd/modes.py). What comes through it is written down as events
(tape.py); how a backward pass is watched is in watched_pass.py. Without a recorder nothing of this runs.
"""
import inspect
import os
from functools import cache

from ..autograd.graph import Node, next_id
from ..autograd.modes import changed, get_mode, is_grad_enabled, reset_mode, set_mode, user_line
from ..errors import ArgumentTypeError, GradError
from ..nn import Module, Parameter
from ..tensor import Leaf, Tensor
from .attributes import attributes_of, text_of
from .names import Names, key_of, user_frames, variables_of
from .tape import Tape, TapeTensor
from .values import LIMIT, Value, written
from .watched_pass import WatchedPass


class Recorder:
    """Writes what the engine does onto a tape.

    tape: where to. names: a `Names`. sweeping: whether a backward pass is running; visit: the number of the event of
    the node whose rules it applies, or None. path: the modules that are running, outermost first.
    """

    def __init__(self, tape, names):
        self.tape, self.names = tape, names
        self.sweeping, self.visit, self.path = False, None, []
        self.steps = 0
        self._tensors = {}                              # key -> (number, version)
        self._held = []                                 # what keeps the keys from being used again
        self._calls = {}                                # node -> number of the event of its call
        self._arrays = {}                               # id of an array -> number of the newest tensor in it
        self._first = next_id()                         # nodes with greater numbers were made since

    # Forward

    def call(self, op, args, attrs, compute):
        """Compute one call of an op with nobody watching, and write it down."""
        token = set_mode(changed(tape=None))
        try:
            if self.sweeping and not is_grad_enabled():
                return compute()                        # inside a rule or a hook of a pass that is itself not recorded
            args = list(_flat(args))
            names = input_names(op, len(args))
            inputs = [self.operand(a, name) for a, name in zip(args, names)]
            found = compute()
        finally:
            reset_mode(token)
        outputs = [t for t in (found if isinstance(found, tuple) else (found,)) if isinstance(t, Tensor)]
        self.steps += 1
        numbers = [self.output(t, k if len(outputs) > 1 else None) for k, t in enumerate(outputs)]
        event = self.tape.add("op", step=self.steps, op=getattr(op, "name", op.__name__), inputs=inputs, names=names,
                              attrs={k: text_of(v) for k, v in attrs.items()}, outputs=numbers,
                              module=self.path[-1] if self.path else None, line=os.path.basename(user_line()),
                              inside=self.visit)
        for t in outputs:
            node = t.grad_fn
            if node is not None:
                self._calls.setdefault(node, event)
        return found

    def operand(self, a, letter=""):
        """How an argument of a call stands in the event; `letter` is the argument's name."""
        if isinstance(a, Tensor):
            number = self.tensor(a)
            entry = self.tape.tensors[number]
            if entry.name is None and entry.kind == "constant":
                entry.name = self.names.by_letter(a, letter)
                entry.kind = "argument" if entry.name else "constant"
            return {"tensor": number}
        if isinstance(a, (bool, int, float)):
            return {"number": written(a) if isinstance(a, float) else a}
        return None

    def tensor(self, t):
        """The number of a tensor on the tape; it is added if it has not been seen, or was written into since."""
        key, version = key_of(t), _version(t)
        if t.edge is not None and key not in self._tensors and self.write_own_steps(key):
            self.fill_in(key, version, t)
        known = self._tensors.get(key)
        if known is not None and known[1] == version:
            entry = self.tape.tensors[known[0]]
            if entry.name is None:
                entry.name = self.names.of(t)
            return known[0]
        if known is not None:
            return self._written(known[0], key, version, t)
        kind = ("constant" if t.edge is None else "computed" if not isinstance(t.edge, Leaf) else
                "parameter" if isinstance(t, Parameter) else "leaf")
        name = self.names.of(t) or (self.detached_name(t) if kind == "constant" else None)
        return self._add(key, version, t, TapeTensor(kind, name, None, None, *_shape_dtype(t), None))

    def write_own_steps(self, edge):
        """Write down the nodes that the engine made without a call, down from `edge`; whether `edge` is one of them.

        They are writes through views, and views derived again after such a write.
        """
        found, stack = {}, [edge]
        while stack:
            node = stack.pop()
            if isinstance(node, Node) and node.id > self._first and node not in self._tensors:
                found[node.id] = node
                stack += [e for e in node.edges if e is not None and getattr(e, "id", 0) not in found]
        for number in sorted(found):
            self.own_step(found[number])
        return edge in self._calls

    def own_step(self, node):
        """Write down one node as a call, as far as it knows it; its value is not known here."""
        inputs = [{"unknown": True} if edge is None else {"tensor": self.edge(edge)} for edge in node.edges]
        self.steps += 1
        entry = TapeTensor("computed", None, self.steps, None, tuple(node.shape), dtype_name(node.dtype), None)
        self.tape.tensors.append(entry)
        self._tensors[node] = len(self.tape.tensors) - 1, None
        self._calls[node] = self.tape.add(
            "op", step=self.steps, op=self.op_name(node), inputs=inputs, names=self.names_of_inputs(node),
            attrs=attributes_of(node), outputs=[self._tensors[node][0]],
            module=self.path[-1] if self.path else None, line=None, inside=self.visit)

    def fill_in(self, key, version, t):
        """Give the tensor of the engine's own step its name and value, now that it is seen."""
        number = self._tensors[key][0]
        entry = self.tape.tensors[number]
        entry.name, entry.value = self.names.of(t), self.value(t)
        self._held.append(t.array)
        self._tensors[key] = number, version

    def detached_name(self, t):
        """The name of a constant in the memory of a tensor on the tape: what detach() returned; None for others."""
        number = self._arrays.get(id(t.array))
        return None if number is None else f"{self.tape.label(number)}.detach()"

    def _written(self, number, key, version, t):
        """The number of a tensor whose memory was written since: a new entry, unless it holds the same as before."""
        entry, value = self.tape.tensors[number], Value.of(t, self.tape.limit)
        if entry.value is not None and self.tape.values[entry.value].key() == value.key():
            self._tensors[key] = number, version
            return number
        entry = TapeTensor(entry.kind, entry.name, entry.step, entry.part, *_shape_dtype(t), None)
        return self._add(key, version, t, entry)

    def output(self, t, part):
        """The number of a new tensor that the present step computed."""
        entry = TapeTensor("computed", None, self.steps, part, *_shape_dtype(t), None)
        return self._add(key_of(t), _version(t), t, entry)

    def _add(self, key, version, t, entry):
        entry.value = self.value(t)
        self.tape.tensors.append(entry)
        self._held.append(t.array)
        self._arrays[id(t.array)] = len(self.tape.tensors) - 1
        self._tensors[key] = len(self.tape.tensors) - 1, version
        return len(self.tape.tensors) - 1

    # Backward: what a WatchedPass asks for

    def edge(self, edge):
        """The number of the tensor that an edge of the graph stands for."""
        known = self._tensors.get(edge)
        if known is None:
            kind = "leaf" if isinstance(edge, Leaf) else "computed"
            entry = TapeTensor(kind, None, None, None, tuple(edge.shape), dtype_name(edge.dtype), None)
            self.tape.tensors.append(entry)
            known = self._tensors[edge] = len(self.tape.tensors) - 1, None
        return known[0]

    def call_of(self, node):
        """The number of the event of the call that made a node, or None if it was not recorded."""
        return self._calls.get(node)

    def outputs_of(self, node):
        """The numbers of the tensors that a node computed."""
        call = self._calls.get(node)
        return [self.edge(node)] if call is None else self.tape.events[call].outputs

    def op_name(self, node):
        """The name of a node's op, or of the user's Function."""
        return node.name().removesuffix("Backward") if node.plan is None else node.op.name

    def names_of_inputs(self, node):
        """The letters of a node's inputs, one for each of its edges."""
        if node.plan is not None:
            return input_names(node.op, len(node.edges))
        names = input_names(node.context.function, len(node.context._places))
        return [name for name, place in zip(names, node.context._places) if place is not None]

    def value(self, g):
        """The number of the present value of a tensor or gradient."""
        return self.tape.keep(Value.of(g, self.tape.limit))

    def sweep(self, retain, create, wanted, targets):
        """The Pass that a backward pass is made with."""
        self.name_results(user_frames())
        return WatchedPass(self, retain, create, wanted, targets)

    def name_results(self, frames):
        """Give computed tensors without a name the variables that hold them."""
        for value in [value for scope in variables_of(frames) for value in scope.values()]:
            known = self._tensors.get(key_of(value)) if isinstance(value, Tensor) else None
            if known is not None and self.tape.tensors[known[0]].name is None:
                self.tape.tensors[known[0]].name = self.names.find(key_of(value), frames)[0]

    def close(self):
        """Let go of everything that is not on the tape."""
        self._tensors, self._held, self._calls, self._arrays = {}, [], {}, {}


class record:
    """Write down what the engine does inside a `with` block; the block's variable is the tape.

    Inside, each call of an op, each step of a backward pass and each addition into a gradient becomes an event on the
    tape, with the numbers of that moment; `explain(tape)` tells it, `tape.save(path)` writes it as JSON.

    Args:
        model: a Module; its parameters go by their paths, and each call by the path of the layer that made it.
        names: a mapping name -> Tensor. Tensors without a name have that of the variable that holds them, if any.
        limit: arrays of more elements are summarised (least, greatest, mean, norm).
    Raises: ArgumentTypeError, ArgumentError for other arguments; GradError inside another recording.

    >>> import tinygrad_cnn as tg
    >>> x = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> with record() as tape:
    ...     (x * x).sum().backward()
    >>> [event.op for event in tape.events if event.kind == "visit"]
    ['sum', 'mul']
    """

    def __init__(self, model=None, names=None, limit=LIMIT):
        if model is not None and not isinstance(model, Module):
            raise ArgumentTypeError(f"record: model is a {type(model).__name__}. Pass the Module whose layers are to "
                                    "be named, or nothing.")
        self.model, self.given, self.limit = model, names, limit
        self._recorder = None

    def __enter__(self):
        mode = get_mode()
        if mode is not True and mode is not False and mode.tape is not None:
            raise GradError("record: this thread is recording already. Use one `with teach.record()` block at a time.")
        tape = Tape(self.limit)
        names = Names(self.given, self.model)
        names.add_modules_of(user_frames())
        self._recorder = Recorder(tape, names)
        self._hooks = [hook for path, module in (self.model.named_modules() if self.model is not None else ())
                       for hook in _follow(module, path, self._recorder)]
        self._token = set_mode(changed(tape=self._recorder))
        return tape

    def __exit__(self, *error):
        reset_mode(self._token)
        for hook in self._hooks:
            hook.remove()
        self._recorder.name_results(user_frames())
        self._recorder.close()


def _follow(module, path, recorder):
    """The hooks that tell the recorder when a module is entered and left."""
    def enter(module, args):
        recorder.path.append(path)
        recorder.tape.add("enter", module=path, type=type(module).__name__)

    def leave(module, args, output):
        recorder.path.pop()
        recorder.tape.add("leave", module=path)

    return (module.register_forward_pre_hook(enter, prepend=True),
            module.register_forward_hook(leave, always_call=True))


def _flat(args):
    """The arguments of a call, a list of tensors among them as its members."""
    for a in args:
        if isinstance(a, (list, tuple)):
            yield from a
        else:
            yield a


def input_names(op, count):
    """The letters of a call's arguments: the op's own, those of a Function's forward, or numbered ones."""
    names = getattr(op, "inputs", ())
    if isinstance(op, type):
        names = list(inspect.signature(op.forward).parameters)[0 if op.setup_context else 1:]
    if getattr(op, "variadic", False) or len(names) != count:
        stem = names[0] if names else "x"
        return [f"{stem}{k}" for k in range(1, count + 1)]
    return list(names)


@cache
def dtype_name(dtype):
    """The name of an array's dtype; NumPy works it out anew each time, in 30 us."""
    return dtype.name


def _shape_dtype(t):
    return tuple(t.array.shape), dtype_name(t.array.dtype)


def _version(t):
    """How often a tensor's memory was written; tensors of inference mode do not count."""
    from ..autograd.views import InferenceTensor
    return None if isinstance(t, InferenceTensor) else t.writes[0]
