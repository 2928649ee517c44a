"""Jacobians, Hessians and their products, for functions of Tensors.

All of them are made of reverse passes. A Jacobian takes one pass a row. J v needs no forward mode: w -> J^T w is linear
in w, so the gradient of <J^T w, v> with respect to w is J v (two passes).
"""
from ..errors import ArgumentError, GradError, ShapeError
from ..tensor import Tensor
from .differentiate import grad
from .modes import enable_grad

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]


def _inputs(name, inputs, create_graph):
    """(whether a tuple was given, the inputs as fresh leaves or, for create_graph, as they are in their graph)."""
    given = isinstance(inputs, (tuple, list))
    inputs = tuple(inputs) if given else (inputs,)
    for k, x in enumerate(inputs):
        if not isinstance(x, Tensor) or not x.dtype.is_floating_point:
            raise ArgumentError(f"{name}: input {k} is {x.dtype if isinstance(x, Tensor) else type(x).__name__}; "
                                "only floating-point Tensors can be differentiated with respect to.")
    if create_graph:
        return given, tuple(x if x.requires_grad else Tensor(x.array, x.device).requires_grad_() for x in inputs)
    return given, tuple(Tensor(x.array, x.device).requires_grad_() for x in inputs)


def _outputs(name, func, inputs):
    found = func(*inputs)
    given = isinstance(found, (tuple, list))
    outputs = tuple(found) if given else (found,)
    for k, y in enumerate(outputs):
        if not isinstance(y, Tensor):
            raise ArgumentError(f"{name}: output {k} of the function is {type(y).__name__}, not a Tensor.")
    return given, outputs


def _independent(name, strict, what):
    if strict:
        raise GradError(f"{name}: {what}, and strict=True asks for that to be an error. Use strict=False for zeros.")


def _vectors(name, v, like, what):
    """`v` as a tuple of Tensors shaped like `like`; ones for single numbers where it is None."""
    if v is None:
        if len(like) != 1 or like[0].array.size != 1:
            raise ArgumentError(f"{name}: v is needed unless the function has one {what} with one element.")
        return (Tensor(like[0].device.xp.ones(like[0].array.shape, like[0].array.dtype), like[0].device),)
    v = tuple(v) if isinstance(v, (tuple, list)) else (v,)
    shapes, expected = [tuple(t.shape) for t in v], [tuple(t.shape) for t in like]
    if shapes != expected:
        raise ShapeError(f"{name}: v has shapes {shapes} but the {what}s have {expected}. They must be the same.")
    return v


def _gradients(name, outputs, inputs, starts, strict, create_graph):
    live = [(y, g) for y, g in zip(outputs, starts) if y.requires_grad]
    if not live:
        _independent(name, strict, "no output depends on the inputs")
        return tuple(Tensor(x.device.xp.zeros(x.array.shape, x.array.dtype), x.device) for x in inputs)
    if strict:
        found = grad([y for y, _ in live], inputs, [g for _, g in live], create_graph=True, allow_unused=True)
        for k, g in enumerate(found):
            if g is None:
                _independent(name, strict, f"the outputs do not depend on input {k}")
    return grad([y for y, _ in live], inputs, [g for _, g in live], create_graph=create_graph, retain_graph=True,
                materialize_grads=True)


def _plain(tensors, create_graph):
    return tensors if create_graph else tuple(Tensor(t.array, t.device) for t in tensors)


@enable_grad()
def jacobian(func, inputs, create_graph=False, strict=False, vectorize=False):
    """The Jacobian of `func` at `inputs`, one reverse pass for each element of the outputs.

    Args: func: a function of the inputs returning a Tensor or a tuple. inputs: a Tensor or a tuple. create_graph: make
        the result differentiable. strict: an output that does not depend on an input is an error, not zeros. vectorize
        is accepted for PyTorch's sake and changes nothing.
    Returns: a Tensor (*output shape, *input shape); tuples of them, outputs outside, where tuples came in or out.

    >>> import tinygrad_cnn as tg
    >>> jacobian(lambda x: x * x, tg.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    several_in, inputs = _inputs("jacobian", inputs, create_graph)
    several_out, outputs = _outputs("jacobian", func, inputs)
    rows = tuple(_jacobian_rows(y, inputs, create_graph, strict) for y in outputs)
    rows = rows if several_in else tuple(r[0] for r in rows)
    return rows if several_out else rows[0]


def _jacobian_rows(y, inputs, create_graph, strict):
    from ..ops import stack
    xp, size = y.device.xp, y.array.size
    found = []
    for k in range(size):
        start = xp.zeros(size, y.array.dtype)
        y.device.write(start, k, 1)
        found.append(_gradients("jacobian", (y,), inputs, (Tensor(start.reshape(y.array.shape), y.device),), strict,
                                create_graph))
    return tuple(_plain((stack([row[i] for row in found]).reshape((*y.shape, *x.shape)) if size else
                         Tensor(xp.zeros((*y.array.shape, *x.array.shape), x.array.dtype), x.device),), create_graph)[0]
                 for i, x in enumerate(inputs))


@enable_grad()
def hessian(func, inputs, create_graph=False, strict=False, vectorize=False):
    """The Hessian of `func`, which must return a single number: the Jacobian of its gradient.

    Returns: a Tensor (*input shape, *input shape); a tuple of tuples of them where `inputs` is a tuple.

    >>> import tinygrad_cnn as tg
    >>> hessian(lambda x: (x ** 3).sum(), tg.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    several, fresh = _inputs("hessian", inputs, create_graph)

    def gradient(*xs):
        _, outputs = _outputs("hessian", func, xs)
        if len(outputs) != 1 or outputs[0].array.size != 1:
            raise ShapeError(f"hessian: the function returned shapes {[tuple(y.shape) for y in outputs]}; it must "
                             "return one number. Reduce it, for example with .sum().")
        return _gradients("hessian", outputs, xs, _vectors("hessian", None, outputs, "output"), strict, True)

    found = jacobian(gradient, fresh, create_graph, strict)
    return found if several else found[0][0]


@enable_grad()
def vjp(func, inputs, v=None, create_graph=False, strict=False):
    """(outputs, v^T J): the product of a vector with the Jacobian, by one reverse pass.

    Args: v: Tensors shaped like the outputs; may be left out for one output with one element.
    """
    several_in, inputs = _inputs("vjp", inputs, create_graph)
    several_out, outputs = _outputs("vjp", func, inputs)
    found = _gradients("vjp", outputs, inputs, _vectors("vjp", v, outputs, "output"), strict, create_graph)
    return _unpacked(several_out, _plain(outputs, create_graph)), _unpacked(several_in, _plain(found, create_graph))


@enable_grad()
def jvp(func, inputs, v=None, create_graph=False, strict=False):
    """(outputs, J v): the product of the Jacobian with a vector, by two reverse passes.

    Args: v: Tensors shaped like the inputs; may be left out for one input with one element.
    """
    _, inputs = _inputs("jvp", inputs, create_graph)
    v = _vectors("jvp", v, inputs, "input")
    several, outputs = _outputs("jvp", func, inputs)
    w = tuple(Tensor(y.device.xp.zeros(y.array.shape, y.array.dtype), y.device).requires_grad_() for y in outputs)
    rows = _gradients("jvp", outputs, inputs, w, strict, True)          # J^T w, linear in w
    found = _gradients("jvp", rows, w, v, strict, create_graph)
    return _unpacked(several, _plain(outputs, create_graph)), _unpacked(several, _plain(found, create_graph))


@enable_grad()
def vhp(func, inputs, v=None, create_graph=False, strict=False):
    """(output, v^T H): the product of a vector with the Hessian of a function that returns one number."""
    several, inputs = _inputs("vhp", inputs, create_graph)
    v = _vectors("vhp", v, inputs, "input")
    _, outputs = _outputs("vhp", func, inputs)
    if len(outputs) != 1 or outputs[0].array.size != 1:
        raise ShapeError(f"vhp: the function returned shapes {[tuple(y.shape) for y in outputs]}; it must return one "
                         "number.")
    first = _gradients("vhp", outputs, inputs, _vectors("vhp", None, outputs, "output"), strict, True)
    found = _gradients("vhp", first, inputs, v, strict, create_graph)
    return _plain(outputs, create_graph)[0], _unpacked(several, _plain(found, create_graph))


def hvp(func, inputs, v=None, create_graph=False, strict=False):
    """(output, H v): the product of the Hessian with a vector; the Hessian is symmetric, so this is `vhp`.

    >>> import tinygrad_cnn as tg
    >>> hvp(lambda x: (x ** 3).sum(), tg.tensor([1.0, 2.0]), tg.tensor([1.0, 1.0]))[1]
    tensor([ 6., 12.])
    """
    return vhp(func, inputs, v, create_graph, strict)


def _unpacked(several, tensors):
    return tensors if several else tensors[0]
