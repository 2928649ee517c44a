"""The op: a name, its inputs and a table of derivatives.

A rule's parameter names say what the graph keeps for it, nothing else is kept:

    mul = Op("mul", "a b").rules(a=lambda g, b: mul(g, b), b=lambda g, a: mul(g, a))
    exp = Op("exp", "x", promote="float").rules(x=lambda g, y: mul(g, y))

The first parameter is the incoming gradient. Each further one is, by name, an input, the output `y`, a residual (an
array the kernel returns after its output), an attribute, `<input>_shape` or `<input>_dtype`, or `needs` (which inputs
want a gradient). Rules are written in ops, so they can be differentiated again. Which values a node keeps is worked
out once for each set of inputs that want a gradient (a `Plan`), never per call.
"""
import threading
from contextvars import copy_context
from types import MethodType

import numpy as np

from .. import dtypes
from ..device import CPU
from ..errors import ArgumentError, DeviceError, DTypeError, ShapeError, TinygradError
from ..tensor import Tensor
from .graph import Node, PackedNode, Part, next_id
from .modes import get_mode, user_line
from .views import InferenceTensor, View, shares_memory

OPS = {}
F32, F64 = np.dtype("float32"), np.dtype("float64")
NOTHING = frozenset()


class _Quiet(threading.local):
    """Runs kernels with floating-point warnings off: log(0) is -inf. One context a thread, where seterr was called once
    (20 ns a call, against 1,000 for numpy.errstate)."""

    def __init__(self):
        context = copy_context()
        context.run(np.seterr, all="ignore")
        self.run = context.run


quiet = _Quiet()


class Plan:
    """What a node keeps when a given set of inputs wants gradients, and the rules to apply.

    inputs: positions of the inputs kept. residuals: positions of the residuals kept; wants: their names. keeps_y:
    whether the output's array is kept. meta: (name, input position, "shape" or "dtype") read at the call.
    rules: (input position or tuple of them, function, places of its values in `saved`, names passed by keyword).
    names: what the k-th saved value is called in messages. single: whether each rule is for one input.
    """
    __slots__ = ("op", "inputs", "residuals", "wants", "keeps_y", "meta", "rules", "names", "single")

    def __init__(self, op, live, count):
        self.op = op
        chosen = [(tuple(live), op.joint)] if op.joint else [(i, op.rule_at(i)) for i in live]
        kept, extras = [], []
        for _, rule in chosen:
            for name in _parameters(rule)[1:]:
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
        names = _parameters(rule)[1:]
        split = next((k for k, n in enumerate(names) if n not in op.places), len(names))
        slots = tuple(slot[op.places[n]] for n in names[:split])
        return i, rule, slots, tuple(names[split:])


def _parameters(rule):
    return rule.__code__.co_varnames[:rule.__code__.co_argcount]


def _input_name(op, position):
    return f"{op.inputs[0]}[{position}]" if op.variadic else op.inputs[min(position, len(op.inputs) - 1)]


class Op:
    """A differentiable operation, called with Tensors (and Python scalars) in the order of `inputs`.

    Args:
        name: its name, and its kernels'.
        inputs: names separated by spaces; `*tensors` for any number of them.
        attrs: names of keyword arguments that are not differentiated, passed to the kernel and to rules that name them.
        residuals: names of the arrays the kernel returns after its output; the kernel's `wants` names those needed.
        outputs: how many tensors it gives.
        view: True if the result shares the input's memory; "maybe" if it does where it can.
        promote: "arith" (PyTorch's promotion), "float" (then integers become the default dtype), "same" (one dtype, or
            DTypeError), None (inputs as they are). fixed: inputs left out of promotion.
        diagnose: function(*arrays, **attrs) -> our message for sizes the kernel refused.
    """

    def __init__(self, name, inputs, *, attrs="", residuals="", outputs=1, view=False, promote="arith", fixed="",
                 diagnose=None):
        if name in OPS:
            raise ArgumentError(f"Op: there is an op called {name!r} already. Choose another name.")
        if "y" in inputs.split():
            raise ArgumentError(f"Op {name}: an input cannot be called y, that is the output in rules. Choose another name.")
        self.name, self.view, self.outputs, self.promote = name, view, outputs, promote
        self.variadic = inputs.startswith("*")
        self.inputs = tuple(inputs.lstrip("*").split())
        self.attrs, self.residuals = tuple(attrs.split()), tuple(residuals.split())
        self.fixed = frozenset(self.inputs.index(n) for n in fixed.split())
        self.diagnose = diagnose
        self.places = {n: i for i, n in enumerate(self.inputs)}
        self.places.update({"y": -1}, **{n: -2 - k for k, n in enumerate(self.residuals)})
        self.metadata = {f"{n}_{what}" for n in self.inputs for what in ("shape", "dtype")}
        self.rule_of, self.joint = {}, None
        self.live_mask = 0
        self.kernels, self.plans = {}, {}
        OPS[name] = self

    def __new__(cls, name, inputs, *, attrs="", residuals="", outputs=1, view=False, promote="arith", **others):
        """An op of one or two tensors gets an unrolled call of fast.py where one fits."""
        if cls is Op and not residuals and outputs == 1 and not inputs.startswith("*"):
            from .fast import unrolled
            cls = unrolled(len(inputs.split()), attrs, view, promote) or cls
        return object.__new__(cls)

    def rules(self, joint=None, **rules):
        """Declare the derivative for each input by name, or all together by `joint`; returns the op.

        Raises: ArgumentError if a rule is for no input, or asks for a name that is none of those it may.
        """
        known = {*self.places, *self.attrs, *self.metadata, "needs"}
        for name, rule in [*rules.items(), *([("joint", joint)] if joint else [])]:
            if name != "joint" and name not in self.inputs:
                raise ArgumentError(f"Op {self.name}: there is no input {name!r} to give a rule for; "
                                    f"the inputs are {', '.join(self.inputs)}.")
            for wanted in _parameters(rule)[1:]:
                if wanted not in known or (wanted in self.places and wanted in self.attrs):
                    raise ArgumentError(f"Op {self.name}: the rule for {name} asks for {wanted!r}, which is not exactly "
                                        f"one of its inputs, residuals, attributes or metadata ({', '.join(sorted(known))}).")
                if wanted == "y" and self.outputs > 1:
                    raise ArgumentError(f"Op {self.name}: it has {self.outputs} outputs, so a rule cannot name `y`.")
        self.rule_of.update(rules)
        self.joint = joint or self.joint
        self.live_mask = -1 if self.joint else sum(1 << self.places[n] for n in self.rule_of)
        self.plans.clear()
        return self

    def rule_at(self, position):
        return self.rule_of[self.inputs[position]]

    def plan(self, mask, count):
        live = [i for i in range(count) if mask >> i & 1]
        plan = Plan(self, live, count)
        self.plans[mask if not self.variadic else (mask, count)] = plan
        return plan

    def kernel(self, device):
        """The kernel for `device`, looked up once."""
        try:
            return self.kernels[device]
        except KeyError:
            kernel = self.kernels[device] = device.kernel(self.name)
            return kernel

    def __call__(self, *args, **attrs):
        device = dtype = None
        mask, bit, plain, scalars = 0, 1, True, False
        arrays, edges = [], []
        for a in args:
            if isinstance(a, Tensor):
                x = a.array
                edge = a.edge
                if a.device is not device:
                    if device is not None:
                        self.refuse_devices(args)
                    device = a.device
                if x.dtype is not dtype:
                    if dtype is not None:
                        plain = False
                    dtype = x.dtype
                if edge is not None:
                    mask |= bit
                arrays.append(x)
                edges.append(edge)
            else:
                if a is not None:
                    scalars = True
                    if type(a) is not float and type(a) is not int:
                        plain = False
                arrays.append(a)
                edges.append(None)
            bit += bit
        if self.promote is not None and not (plain and (dtype is F32 or dtype is F64 or
                                                        not (scalars or self.promote == "float"))):
            args, arrays, device = self.promoted(args, device)
        elif device is None:
            args, arrays, device = self.promoted(args, device)
        return self.run(args, arrays, edges, mask & self.live_mask, device, attrs)

    def run(self, args, arrays, edges, mask, device, attrs):
        """Run the kernel on prepared arrays and record a node if one is wanted."""
        mode = get_mode()
        record = mask and (mode is True or (mode is not False and mode.grad))
        plan = None
        if record:
            plan = self.plans.get((mask, len(args)) if self.variadic else mask) or self.plan(mask, len(args))
        kernel = self.kernels.get(device) or self.kernel(device)
        try:
            if self.residuals:
                y = quiet.run(kernel, *arrays, wants=plan.wants if record else NOTHING, **attrs)
            elif attrs:
                y = quiet.run(kernel, *arrays, **attrs)
            else:
                y = quiet.run(kernel, *arrays)
        except (ValueError, TypeError) as error:
            self.explain(error, arrays, attrs)
        if type(y) is not device.array_type:
            if type(y) is tuple:
                return self.several(y, args, edges, plan, device, attrs, mode)
            y = device.xp.asarray(y)
        return self.result(y, (), args, edges, plan, device, attrs, mode)

    def result(self, y, residuals, args, edges, plan, device, attrs, mode):
        """The output tensor, with its node if `plan` is given."""
        node = None if plan is None else self.node(y, residuals, args, edges, plan, device, attrs, mode)
        if self.view and (self.view is True or shares_memory(y, args[0].array)):
            out = View.of(args[0], y, node, self, attrs, mode)
        elif mode is True or mode is False or not mode.inference:
            out = Tensor(y, device, node)
        else:
            return InferenceTensor(y, device)
        if node is not None and plan.keeps_y:
            node.writes = out.writes, out.writes[0]
        return out

    def node(self, y, residuals, args, edges, plan, device, attrs, mode):
        """A node for output array `y`, keeping what `plan` names."""
        n = Node() if mode is True or mode.hooks is None else PackedNode()
        n.id = next_id()
        n.plan = plan
        n.edges = edges
        n.extras = attrs
        n.shape, n.dtype = y.shape, y.dtype
        n.watch = None
        saved, versions = [], []
        for i in plan.inputs:
            a = args[i]
            saved.append(a)
            versions.append(a.writes[0] if isinstance(a, Tensor) else None)
        for k in plan.residuals:
            saved.append(Tensor(residuals[k], device))
            versions.append(0)
        if plan.keeps_y:
            saved.append(y)
        n.saved, n.versions = saved, versions
        if plan.meta:
            n.extras = {**attrs, **{name: self.about(args, i, what) for name, i, what in plan.meta}}
        if mode is not True:
            self.watched(n, device, mode)
        return n

    def about(self, args, position, what):
        if self.variadic:
            return tuple(getattr(a.array, what) for a in args)
        return getattr(args[position].array, what) if isinstance(args[position], Tensor) else ()

    def watched(self, node, device, mode):
        """Note the user's line, and pack what is saved, as the mode asks."""
        if mode.anomaly:
            node.line = user_line()
        if mode.hooks is not None:
            node.pack(device, *mode.hooks)

    def several(self, found, args, edges, plan, device, attrs, mode):
        """Outputs and residuals of a kernel that returned a tuple."""
        xp, array_type = device.xp, device.array_type
        found = [y if y is None or type(y) is array_type else xp.asarray(y) for y in found]
        outputs, residuals = found[:self.outputs], found[self.outputs:]
        if self.outputs == 1:
            return self.result(outputs[0], residuals, args, edges, plan, device, attrs, mode)
        node = None if plan is None else self.node(outputs[0], residuals, args, edges, plan, device, attrs, mode)
        if node is not None:
            node.outputs = tuple((y.shape, y.dtype) for y in outputs)
        return tuple(Tensor(y, device, None if node is None or y.dtype.kind in "biu" else Part(node, k, y))
                     for k, y in enumerate(outputs))

    def promoted(self, args, device):
        """Arguments as Tensors and scalars, their arrays in the dtype they promote to, and the device."""
        args = [Tensor(np.asarray(a), CPU) if isinstance(a, np.ndarray) else a for a in args]
        dimensioned, zero_dim, kind = [], [], -1
        for i, a in enumerate(args):
            if isinstance(a, Tensor):
                if device is not None and a.device is not device:
                    self.refuse_devices(args)
                device = a.device
                if i not in self.fixed:
                    (dimensioned if a.array.ndim else zero_dim).append(a.array.dtype)
            elif a is not None and i not in self.fixed:
                kind = max(kind, self.scalar(a))
        if device is None:
            raise DTypeError(f"{self.name}: expected at least one Tensor, got {', '.join(type(a).__name__ for a in args)}. "
                             "Make one with tg.tensor(...).")
        if self.promote is None:
            return args, [a.array if isinstance(a, Tensor) else a for a in args], device
        if self.promote == "same" and len({*dimensioned, *zero_dim}) > 1:
            raise DTypeError(f"{self.name}: inputs have dtypes {', '.join(str(d) for d in (*dimensioned, *zero_dim))}. "
                             "Convert them to one dtype with .to(dtype).")
        dtype = dtypes.result_dtype(tuple(dimensioned), tuple(zero_dim), kind)
        if self.promote == "float" and not dtype.is_floating_point:
            dtype = dtypes.get_default_dtype()
        return args, [a if i in self.fixed and not isinstance(a, Tensor) else
                      self.as_dtype(a, dtype, device, i in self.fixed) for i, a in enumerate(args)], device

    def scalar(self, value):
        kind = dtypes.scalar_kind(value)
        if kind is None:
            raise DTypeError(f"{self.name}: expected Tensors and numbers, got {type(value).__name__}. "
                             "Make a Tensor of it with tg.tensor(...).")
        return kind

    def as_dtype(self, a, dtype, device, fixed):
        if isinstance(a, Tensor):
            return a.array if fixed else a.array.astype(dtype.numpy, copy=False)
        try:
            return a if a is None else device.xp.asarray(a, dtype=dtype.numpy)
        except OverflowError:
            raise DTypeError(f"{self.name}: {a} does not fit into {dtype}. Convert the tensor to a wider type first.") from None

    def refuse_devices(self, args):
        places = ", ".join(f"{n} on {a.device}" for n, a in zip(self.argument_names(args), args) if isinstance(a, Tensor))
        raise DeviceError(f"{self.name}: the inputs are on different devices ({places}). "
                          "Nothing is moved implicitly: bring them together with .to(device).")

    def argument_names(self, args):
        return [f"{self.inputs[0]}[{i}]" for i in range(len(args))] if self.variadic else self.inputs

    def explain(self, error, arrays, attrs):
        """Our error for sizes the kernel refused, in place of the array library's."""
        if isinstance(error, TinygradError):
            raise error
        if isinstance(error, TypeError):
            self.explain_dtypes(error, arrays)
        shapes = [tuple(x.shape) for x in arrays if hasattr(x, "shape")]
        message = self.diagnose(*arrays, **attrs) if self.diagnose else _broadcast_message(shapes)
        if message is None:
            raise error
        raise ShapeError(f"{self.name}: {message}") from None

    def explain_dtypes(self, error, arrays):
        """Our error for dtypes that the array library's function does not take (NumPy's words, then CuPy's)."""
        words = str(error)
        if not any(said in words for said in ("not supported", "did not contain a loop", "Wrong type")):
            raise error
        kinds = ", ".join(str(x.dtype) if hasattr(x, "dtype") else type(x).__name__ for x in arrays if x is not None)
        raise DTypeError(f"{self.name}: not defined for {kinds}. Convert the tensors with .to(dtype) first.") from error

    @property
    def __name__(self):
        return self.name

    def __get__(self, instance, owner):
        return self if instance is None else MethodType(self, instance)

    def __repr__(self):
        return f"<op {self.name}>"


def _broadcast_message(shapes):
    if len(shapes) < 2:
        return None
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(s)) + s for s in shapes]
    for axis, sizes in enumerate(zip(*padded)):
        if len({n for n in sizes if n != 1}) > 1:
            return (f"shapes {' and '.join(map(str, shapes))} cannot be broadcast together: axis {axis - rank} has sizes "
                    f"{' and '.join(map(str, sizes))}. Sizes must be equal or 1, counted from the last axis.")
    return None
