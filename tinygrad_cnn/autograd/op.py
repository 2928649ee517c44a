"""The op: a name, its inputs and a table of derivatives.

A rule's parameter names say what the graph keeps for it, nothing else is kept:

    mul = Op("mul", "a b").rules(a=lambda g, b: mul(g, b), b=lambda g, a: mul(g, a))
    exp = Op("exp", "x", promote="float").rules(x=lambda g, y: mul(g, y))

The first parameter is the incoming gradient. Each further one is, by name, an input, the output `y`, a residual (an
array the kernel returns after its output), an attribute, `<input>_shape` or `<input>_dtype`, or `needs` (which inputs
want a gradient). Rules are written in ops, so they can be differentiated again. Which values a node keeps is worked
out once for each set of inputs that want a gradient (plan.py), never per call.
"""
import threading
from contextvars import copy_context
from functools import partial
from types import MethodType

import numpy as np

from ..errors import ArgumentError
from ..tensor import Tensor
from .arguments import explain, promoted, refuse_devices
from .graph import Node, PackedNode, Part, next_id
from .modes import get_mode, user_line
from .plan import Plan, parameters
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
            raise ArgumentError(f"Op {name}: an input cannot be called y, that is the output in rules. "
                                "Choose another name.")
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
            for wanted in parameters(rule)[1:]:
                if wanted not in known or (wanted in self.places and wanted in self.attrs):
                    raise ArgumentError(f"Op {self.name}: the rule for {name} asks for {wanted!r}, which is not "
                                        "exactly one of its inputs, residuals, attributes or metadata "
                                        f"({', '.join(sorted(known))}).")
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
                        refuse_devices(self, args)
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
        if device is None or self.promote is not None and not (
                plain and (dtype is F32 or dtype is F64 or not (scalars or self.promote == "float"))):
            args, arrays, device = promoted(self, args, device)
        return self.run(args, arrays, edges, mask & self.live_mask, device, attrs)

    def run(self, args, arrays, edges, mask, device, attrs):
        """Run the kernel on prepared arrays and record a node if one is wanted."""
        mode = get_mode()
        if mode is True:
            record = mask
        elif mode is False:
            record = 0
        elif mode.tape is None:
            record = mask and mode.grad
        else:
            return mode.tape.call(self, args, attrs, partial(self.run, args, arrays, edges, mask, device, attrs))
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
        except (ValueError, TypeError, OverflowError) as error:
            explain(self, error, arrays, attrs)
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

    @property
    def __name__(self):
        return self.name

    def __get__(self, instance, owner):
        return self if instance is None else MethodType(self, instance)

    def __repr__(self):
        return f"<op {self.name}>"
