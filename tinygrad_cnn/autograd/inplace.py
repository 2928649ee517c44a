"""Writing into a tensor that may have a history.

`inplace(op, x, ...)` gives x the value op(x, ...) in x's own memory. The recorded node has x's old edge as its input,
and x gets the node as its new edge. Through a view, the source gets a node "source with this part replaced" (the op
`put`), from which every view of it derives its edge again. What PyTorch refuses, for the same reasons, is refused.
"""
from ..errors import DTypeError, InPlaceError, ShapeError
from ..tensor import Leaf, Tensor
from .arguments import explain
from .graph import Node, move_retained
from .modes import get_mode, is_grad_enabled
from .op import Op, quiet
from .views import FunctionView

# Ops whose kernel takes `out`: they really work in place.
WITH_OUT = frozenset(("add", "sub", "mul", "div", "neg", "exp", "log", "sqrt", "abs", "tanh", "sin", "cos", "relu"))


def _take(g, path):
    for op, attrs in path:
        g = op(g, **attrs)
    return g


put = Op("put", "base value", attrs="path", promote=None)
put.rules(base=lambda g, value_shape, path: put(g, _zeros(g, value_shape), path=path),
          value=lambda g, path: _take(g, path))


def _zeros(g, shape):
    return Tensor(g.device.xp.zeros(shape, g.array.dtype), g.device)


def check_writable(name, x, others=()):
    """Refuse, before any work, an in-place op that would make a gradient wrong."""
    if not isinstance(x, Tensor):
        raise DTypeError(f"{name}: expected a Tensor to write into, got {type(x).__name__}. "
                         "Make one with tg.tensor(...).")
    if x.array.size and any(s == 0 and n > 1 for s, n in zip(x.array.strides, x.array.shape)):
        raise InPlaceError(f"{name}: several elements of this expanded tensor are one place in memory (shape "
                           f"{tuple(x.shape)}). Write into its clone().")
    check_history(name, x, others)


def check_history(name, x, others=()):
    """Refuse what would leave x, or the tensor it is a view of, without a right gradient."""
    if not is_grad_enabled():
        return
    source = x.source
    if isinstance(x.edge, Leaf):
        raise InPlaceError(f"{name}: a leaf that requires grad cannot be written in place, its gradient would have no "
                           f"place to go. Write under tg.no_grad(), or use the out-of-place form.")
    if source is not None and isinstance(source.edge, Leaf):
        raise InPlaceError(f"{name}: this is a view of a leaf that requires grad. Write under tg.no_grad(), or use the "
                           "out-of-place form.")
    if isinstance(x, FunctionView) and x.edge is not None:
        raise InPlaceError(f"{name}: a Function returned this tensor as a view of another, and its backward knows "
                           "nothing of this write. Return x.clone() from the Function, or use the out-of-place form.")
    if source is None or source.edge is None and not any(isinstance(o, Tensor) and o.edge is not None for o in others):
        return
    x.require_path(name)
    if not x.tracked:
        raise InPlaceError(f"{name}: this view was made under no_grad, so its source cannot follow the write. "
                           "Make the view with grad enabled, or write under tg.no_grad().")


def inplace(op, x, *others, **attrs):
    """Give x the value op(x, *others, **attrs), in x's memory; returns x. `op` is an Op or a function made of ops.

    Raises: InPlaceError where autograd must refuse, ShapeError or DTypeError where the result does not fit into x.
    """
    name = (op.name if isinstance(op, Op) else op.__name__) + "_"
    check_writable(name, x, others)
    array = x.array
    old = Tensor(array, x.device, x.edge)
    if _will_be_recorded(old, others) and (not isinstance(op, Op) or _rules_read_input(op)):
        old.array = x.device.call(array.copy)           # a node may save it, and the write would make it stale
    y = _compute(op, old, array, others, attrs) if isinstance(op, Op) else op(old, *others, **attrs)
    if y.array is not array:
        with_room(name, array, y)
        x.device.write(array, ..., y.array)
    attach(name, x, y)
    return x


def _will_be_recorded(x, others):
    return is_grad_enabled() and (x.edge is not None
                                  or any(isinstance(o, Tensor) and o.edge is not None for o in others))


def _rules_read_input(op):
    rules = [op.joint] if op.joint else op.rule_of.values()
    return any(op.inputs[0] in rule.__code__.co_varnames[1:rule.__code__.co_argcount] for rule in rules)


def _compute(op, old, array, others, attrs):
    """op(old, *others): straight into `array` where the kernel is a plain function that can, else as a new array."""
    fits = (op.name in WITH_OUT and not attrs and array.dtype.kind == "f" and get_mode() in (True, False)
            and all(_plain_operand(o, old) for o in others))
    if not fits:
        return op(old, *others, **attrs)
    device = old.device
    kernel = op.kernel(device)
    edges = [old.edge] + [o.edge if isinstance(o, Tensor) else None for o in others]
    mask = sum(1 << i for i, e in enumerate(edges) if e is not None) & op.live_mask
    plan = None
    if mask and get_mode():
        plan = op.plans.get(mask) or op.plan(mask, len(edges))
    operands = [array] + [o.array if isinstance(o, Tensor) else o for o in others]
    try:
        quiet.run(kernel, *operands, out=array)
    except ValueError as error:
        explain(op, error, operands, attrs)
    return op.result(array, (), (old, *others), edges, plan, device, attrs, get_mode())


def _plain_operand(o, x):
    """Whether `o` can stand beside x without promotion, broadcasting x, or reading x's memory while it is written."""
    if not isinstance(o, Tensor):
        return type(o) in (float, int)
    return (o.device is x.device and o.array.dtype == x.array.dtype and o.array.ndim <= x.array.ndim
            and all(n in (1, m) for n, m in zip(o.array.shape[::-1], x.array.shape[::-1]))
            and (o.array is x.array or not x.device.xp.may_share_memory(o.array, x.array)))


def with_room(name, array, y):
    """Refuse a result that does not fit into `array` in shape or in kind."""
    if y.array.shape != array.shape:
        raise ShapeError(f"{name}: the result has shape {tuple(y.shape)} but is to be written into "
                         f"{tuple(array.shape)}. An in-place op cannot change the shape; use the out-of-place form.")
    kinds = {"b": 0, "u": 1, "i": 1}
    if kinds.get(y.array.dtype.kind, 2) > kinds.get(array.dtype.kind, 2):
        raise DTypeError(f"{name}: the result is {y.array.dtype} but is to be written into {array.dtype}. "
                         "Use the out-of-place form, or convert the tensor first.")


def attach(name, x, y):
    """Give x, whose memory has been written, the history of `y`; through a view, give its source one too."""
    x.wrote(name)
    if not is_grad_enabled():
        return
    edge = y.edge
    if edge is not None and edge.dtype != x.array.dtype:
        edge = _cast_edge(y, x.array.dtype)
    keep_current(edge, x, y)
    give_history(x, edge)


def give_history(x, edge):
    """x's memory holds what `edge` has computed: so does x, and, through a view, the part of its source."""
    source = x.source
    if source is None:
        move_retained(x, x.edge, edge)
        x.edge = edge
        return
    if edge is None and source.edge is None:
        return
    value = Tensor(x.array, x.device, edge)
    whole = Tensor(source.array, source.device, source.edge)
    edges = [whole.edge, value.edge]
    mask = (edges[0] is not None) | (edges[1] is not None) << 1
    plan = put.plans.get(mask) or put.plan(mask, 2)
    edge = put.node(source.array, (), (whole, value), edges, plan, x.device, {"path": x.path}, get_mode())
    move_retained(source, source.edge, edge)
    source.edge = edge


def keep_current(edge, x, y):
    """A node that saved its output saved what x holds now: count the writes from here."""
    if isinstance(edge, Node) and edge.plan.keeps_y and edge.saved[-1] is y.array:
        edge.writes = x.writes, x.writes[0]
        edge.saved[-1] = x.array


def _cast_edge(y, dtype):
    from .basic import cast
    return cast(y, dtype=dtype).edge
