"""The everyday call, unrolled: ops of one or two plain tensors of one device and dtype (or of a tensor and a number),
with nothing unusual going on.

What differs from `Op.__call__` is speed alone (`python -m tests.benchmarks.overhead`): no argument lists, no promotion,
no `Watch`. Whatever does not fit falls back to it.
"""
from ..tensor import Tensor
from .arguments import explain, refuse_none
from .graph import Node, next_id
from .modes import get_mode
from .op import F32, F64, Op, quiet
from .views import View, shares_memory


def unrolled(inputs, attrs, view, promote):
    """The class whose call fits an op with so many inputs, or None."""
    if inputs == 1 and promote is None:
        return Shaping
    if attrs or view or promote is None:
        return None
    return {1: Unary, 2: Binary}.get(inputs)


class Shaping(Op):
    """An op of one tensor that takes any dtype: views, casts, sums."""

    def __call__(self, a, **attrs):
        mode = get_mode()
        if not isinstance(a, Tensor) or not (mode is True or mode is False):
            return Op.__call__(self, a, **attrs)
        device = a.device
        x = a.array
        kernel = self.kernels.get(device) or self.kernel(device)
        try:
            y = kernel(x, **attrs) if self.view else quiet.run(kernel, x, **attrs)      # a view computes nothing
        except (ValueError, TypeError) as error:
            explain(self, error, (x,), attrs)
        if type(y) is not device.array_type:
            y = device.xp.asarray(y)
        node = None
        if mode:
            edge = a.edge
            if edge is not None and self.live_mask:
                node = Node()
                node.id = next_id()
                node.plan = plan = self.plans.get(1) or self.plan(1, 1)
                node.edges = (edge,)
                node.extras = attrs
                node.watch = None
                node.shape, node.dtype = y.shape, y.dtype
                node.saved, node.versions = ([a], (a.writes[0],)) if plan.inputs else ([], ())
                if plan.meta:
                    node.extras = {**attrs, **{name: getattr(x, what) for name, _, what in plan.meta}}
        if self.view and (self.view is True or shares_memory(y, x)):
            out = View.of(a, y, node, self, attrs, mode)
        else:
            out = Tensor(y, device, node)
        if node is not None and plan.keeps_y:
            node.saved.append(y)
            node.writes = out.writes, out.writes[0]
        return out


class Unary(Op):
    """An op of one tensor, without attributes, residuals or views."""

    def __call__(self, a):
        if isinstance(a, Tensor):
            mode = get_mode()
            x = a.array
            if (mode is True or mode is False) and (x.dtype is F32 or x.dtype is F64):
                device = a.device
                y = quiet.run(self.kernels.get(device) or self.kernel(device), x)
                if type(y) is not device.array_type:
                    y = device.xp.asarray(y)
                out = Tensor(y, device)
                edge = a.edge
                if edge is not None and mode and self.live_mask:
                    n = Node()
                    n.id = next_id()
                    n.plan = plan = self.plans.get(1) or self.plan(1, 1)
                    n.edges = (edge,)
                    n.extras = n.watch = None
                    n.shape, n.dtype = y.shape, y.dtype
                    if plan.inputs:
                        n.saved, n.versions = [a], (a.writes[0],)
                    else:
                        n.saved, n.versions = [], ()
                    if plan.keeps_y:
                        n.saved.append(y)
                        n.writes = out.writes, 0
                    if plan.meta:
                        n.extras = {name: self.about((a,), i, what) for name, i, what in plan.meta}
                    out.edge = n
                return out
        return Op.__call__(self, a)


class Binary(Op):
    """An op of two tensors, or of a tensor and a number, without attributes, residuals or views."""

    def __call__(self, a, b):
        if isinstance(a, Tensor):
            x, device = a.array, a.device
            dtype = x.dtype
            if isinstance(b, Tensor):
                z = b.array
                plain = z.dtype is dtype and b.device is device
            else:
                z = b
                plain = type(b) is float or type(b) is int
            mode = get_mode()
            if plain and (dtype is F32 or dtype is F64) and (mode is True or mode is False):
                try:
                    y = quiet.run(self.kernels.get(device) or self.kernel(device), x, z)
                except (ValueError, TypeError, OverflowError) as error:
                    explain(self, error, (x, z), {})
                if type(y) is not device.array_type:
                    y = device.xp.asarray(y)
                out = Tensor(y, device)
                if mode:
                    ea, eb = a.edge, None if z is b else b.edge
                    if ea is not None:
                        mask = 1 if eb is None else 3
                    elif eb is not None:
                        mask = 2
                    else:
                        return out
                    mask &= self.live_mask
                    if mask:
                        out.edge = self.pair(a, b, ea, eb, mask, y, out)
                return out
        if a is None or b is None:
            refuse_none(self)
        return Op.__call__(self, a, b)

    def pair(self, a, b, ea, eb, mask, y, out):
        """The node of a call."""
        n = Node()
        n.id = next_id()
        n.plan = plan = self.plans.get(mask) or self.plan(mask, 2)
        n.edges = (ea, eb)
        n.extras = n.watch = None
        n.shape, n.dtype = y.shape, y.dtype
        inputs = plan.inputs
        if not inputs:
            n.saved, n.versions = [], ()
        elif len(inputs) == 2:
            n.saved, n.versions = [a, b], (a.writes[0], b.writes[0] if isinstance(b, Tensor) else None)
        else:
            x = b if inputs[0] else a
            n.saved, n.versions = [x], (x.writes[0] if isinstance(x, Tensor) else None,)
        if plan.keeps_y:
            n.saved.append(y)
            n.writes = out.writes, 0
        if plan.meta:
            n.extras = {name: self.about((a, b), i, what) for name, i, what in plan.meta}
        return n
