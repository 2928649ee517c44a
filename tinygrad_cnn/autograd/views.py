"""Tensors that share another's memory: views, and the tensors of inference mode.

A view knows its source (the tensor whose history counts) and the path of view ops that leads from it. When the source
gets a new edge by an in-place write, the view's own edge is derived again, along the path, when next asked for.
"""
from ..errors import InPlaceError, StaleValueError
from ..tensor import Tensor
from .graph import move_retained
from .modes import get_mode, is_grad_enabled, set_mode


def shares_memory(y, x):
    """Whether a view kernel's result `y` lies in x's memory (reshape has to copy some layouts)."""
    base = y.base
    return base is not None and (base is x or base is x.base)


class View(Tensor):
    """A tensor in the memory of another.

    source: the tensor it is a view of (never itself a View with a source). path: ((op, args, attrs), ...) from the
    source. tracked: False if it was made while nothing was recorded; it then stays out of the graph. laid: the source's
    array when the view was made, which the path starts from.
    """
    __slots__ = ("source", "path", "tracked", "laid", "_own", "_seen")

    @staticmethod
    def of(x, array, edge, op, attrs, mode):
        """The view that `op` made of tensor `x`."""
        if isinstance(x, InferenceTensor):
            return InferenceTensor(array, x.device)
        self = View.__new__(View)
        self.array, self.device, self.writes = array, x.device, x.writes
        if x.source is None:
            self.source, self.path, self.laid = x, ((op, attrs),), x.array
            self.tracked = mode is True or mode is not False and mode.grad
        elif isinstance(x, FunctionView):
            return FunctionView.of(x, array, edge)
        else:
            self.source, self.path, self.laid = x.source, (*x.path, (op, attrs)), x.laid
            self.tracked = x.tracked and (mode is True or mode is not False and mode.grad)
        self._own, self._seen = edge, self.source.edge
        return self

    @property
    def edge(self):
        if self.tracked and self.source.edge is not self._seen:
            self._follow()
        return self._own

    @edge.setter
    def edge(self, edge):
        self._own, self._seen = edge, self.source.edge

    def _follow(self):
        """Derive the edge anew from the source's present one."""
        source = self.source
        self._seen = source.edge
        if source.edge is None:                         # it was detached, not written: this view is what it was
            return
        self.require_path("a view")
        before = get_mode()
        try:
            set_mode(True)                              # in here: Ctrl-C may come as soon as it is set
            x = Tensor(source.array, source.device, source.edge)
            for op, attrs in self.path:
                x = op(x, **attrs)
            move_retained(self, self._own, x.edge)
            self._own = x.edge
        finally:
            set_mode(before)

    def require_path(self, name):
        """Refuse to follow the path where the source has another shape, or other data, than when the view was made."""
        if self.source.array is not self.laid:
            raise InPlaceError(f"{name}: the tensor this is a view of had its shape changed in place, or its data "
                               "replaced, after the view was made, so its history cannot be followed. Make the view "
                               "afterwards, or use the out-of-place form.")


class FunctionView(View):
    """What a user's Function returned in the memory of another tensor.

    Its gradient is the Function's rule, which knows nothing of writes to come: it cannot be written and differentiated,
    nor used in a graph after a write into that memory.
    """
    __slots__ = ("_version",)

    @staticmethod
    def of(x, array=None, edge=None):
        """The view of x's memory (of all of x, or of `array`)."""
        self = FunctionView.__new__(FunctionView)
        self.array, self.device, self.writes = x.array if array is None else array, x.device, x.writes
        self.source, self.path, self.tracked = x if x.source is None else x.source, (), False
        self.laid = self.source.array
        self.edge = edge
        return self

    @property
    def edge(self):
        if self._own is not None and self.writes[0] != self._version and is_grad_enabled():
            raise InPlaceError(f"Function: {self.writes[1]} has written into the memory of this tensor, which a "
                               "Function returned as a view, so the Function's backward would be wrong. Return "
                               "x.clone() from it.")
        return self._own

    @edge.setter
    def edge(self, edge):
        self._own, self._version = edge, self.writes[0]


class InferenceTensor(Tensor):
    """A tensor made in inference mode: it can be computed with, but not saved for a gradient."""
    __slots__ = ()

    def __init__(self, array, device):
        self.array, self.device, self.edge = array, device, None

    @property
    def writes(self):
        raise StaleValueError("inference_mode: a tensor made in inference mode cannot be saved for a gradient, because "
                              "writes into it are not counted. Make it under no_grad instead, or use its clone().")

    def wrote(self, op_name):
        from .modes import is_inference_mode_enabled
        if not is_inference_mode_enabled():
            raise InPlaceError(f"{op_name}: a tensor made in inference mode cannot be written to outside of it. "
                               "Use its clone().")

    def requires_grad_(self, requires_grad=True):
        if requires_grad:
            raise InPlaceError("requires_grad_: a tensor made in inference mode cannot enter a graph. Use its clone().")
        return self


def detach(x):
    """A tensor on the same memory, outside the graph; writes through either are seen by both."""
    if isinstance(x, InferenceTensor):
        return InferenceTensor(x.array, x.device)
    out = Tensor(x.array, x.device)
    out.writes = x.writes
    return out
