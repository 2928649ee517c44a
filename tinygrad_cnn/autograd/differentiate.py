"""`backward` and `grad`: where a pass starts, what part of the graph it is for, and where what it finds is kept."""
from ..errors import GradError
from ..tensor import Leaf, Tensor
from .basic import add, cast
from .graph import Part
from .modes import changed, get_mode, set_mode
from .sweep import Pass, check_fits, kept_gradient


def _first_gradient(name, tensor, g):
    """The gradient a pass starts with at `tensor`: the given one, or 1 for a single number."""
    edge = tensor.edge
    if edge is None:
        raise GradError(f"{name}: this tensor does not require grad and was not computed from one that does, so there "
                        "is nothing to differentiate. Set requires_grad=True on an input before computing it.")
    if g is None:
        if tensor.array.size != 1:
            raise GradError(f"{name}: the tensor has shape {tuple(tensor.shape)}; only a single number has a gradient "
                            "without being told which. Reduce it (.sum(), .mean()) or pass gradient= of that shape.")
        return Tensor(tensor.device.xp.ones(edge.shape, edge.dtype), tensor.device)
    if not isinstance(g, Tensor):
        raise GradError(f"{name}: a gradient is a Tensor or None, not {type(g).__name__}. "
                        "Make one with tg.tensor(...).")
    if g.array.dtype != tensor.array.dtype:
        g = cast(g, dtype=tensor.array.dtype)
    check_fits("the gradient", g, tensor)
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
    mode, before = changed(grad=create), get_mode()
    try:
        set_mode(mode)                                  # in here: Ctrl-C may come as soon as it is set
        make = Pass if mode is True or mode is False or mode.tape is None else mode.tape.sweep
        this = make(retain, create, wanted, targets)
        for tensor, g in zip(tensors, first):
            if wanted is None or tensor.edge in wanted:
                this.give(tensor.edge, g, False)
        for _ in this.steps():
            pass
        this.settle()
    finally:
        set_mode(before)
    return this


def backward(tensors, gradients=None, retain_graph=None, create_graph=False, inputs=None):
    """Add the gradients of `tensors` to the `.grad` of the leaves they were computed from.

    Args:
        tensors: a Tensor or a sequence of them. gradients: for each a Tensor of its shape, or None for a single number.
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
            before = get_mode()
            try:
                set_mode(changed(grad=create_graph))
                this.accumulate(x.edge, g, False)
            finally:
                set_mode(before)
        elif getattr(x, "holder", None) is None or x.holder.grad is None:
            x.grad = kept_gradient(g, False)
        else:
            x.holder.grad = add(x.holder.grad, g)


def grad(outputs, inputs, grad_outputs=None, retain_graph=None, create_graph=False, allow_unused=None,
         materialize_grads=False):
    """The gradients of `outputs` with respect to `inputs`, leaving every `.grad` alone.

    Only the part of the graph between them is visited.

    Args:
        outputs, inputs: a Tensor or a sequence of them. grad_outputs: for each output a Tensor of its shape, or None
            for a single number. allow_unused: give None for an input the outputs do not depend on, instead of an error.
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
            raise GradError(f"{name}: input {k} does not require grad. "
                            "Set requires_grad=True before computing with it.")
    if not inputs:
        raise GradError(f"{name}: there are no inputs to differentiate with respect to.")
    return frozenset(x.edge for x in inputs)
