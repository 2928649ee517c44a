"""The tensor: an array, the device it lives on, and the edge by which the graph knows it. No arithmetic here.

`edge` is None (no gradient wanted), a `Leaf` (its gradient is kept) or the node of the op that made it. `writes` says
how often the memory was written in place and by which op last; every tensor on the same memory shares that one list,
so a value saved for the backward pass can be seen to be stale. Operators and methods that compute are bound in
operators.py.
"""
from . import dtypes
from .device import Device
from .errors import ArgumentError, DTypeError, GradError, ShapeError


class Size(tuple):
    """A shape: a tuple of ints that prints as PyTorch's and knows its number of elements.

    >>> Size((2, 3)).numel()
    6
    """
    __slots__ = ()

    def numel(self):
        """The product of the sizes."""
        count = 1
        for n in self:
            count *= n
        return count

    def __repr__(self):
        return f"tinygrad_cnn.Size({list(self)})"

    def __getitem__(self, index):
        found = tuple.__getitem__(self, index)
        return Size(found) if isinstance(index, slice) else found

    def __add__(self, other):
        return Size(tuple.__add__(self, tuple(other)))


class Leaf:
    """The edge of a tensor that was not computed: where its gradient is kept. It belongs to that tensor for life."""
    __slots__ = ("grad", "shape", "dtype", "watch", "after", "asks", "__weakref__")
    id = 0                                              # older than every node

    def __init__(self, array):
        self.grad = None
        self.shape, self.dtype = array.shape, array.dtype
        self.watch = None                               # who sees a gradient before it is added
        self.after = ()                                 # called after it was
        self.asks = True                                # whether its tensor still requires grad


class Tensor:
    """An n-dimensional array that remembers how it was computed.

    Args: array: an array of `device`. edge: None, a Leaf or a graph node.
    Make tensors with `tg.tensor`, `tg.zeros`, `tg.randn`, ...; this constructor takes the array as it is. Without a
    Device it is PyTorch's: `tg.Tensor(2, 3)` holds zeros of these sizes (PyTorch's holds what the memory held before),
    `tg.Tensor([1, 2])` the data, both in the default dtype.
    """
    __slots__ = ("array", "device", "edge", "writes", "holder", "__weakref__")
    __array_priority__ = 1000                           # ndarray * tensor is left to Tensor.__rmul__
    __hash__ = object.__hash__                          # by identity, although == compares elements
    source = None                                       # a View has the tensor it is a view of

    def __init__(self, array=(), device=None, edge=None, *more):
        if device.__class__ is not Device:
            self._construct([value for value in (array, device, edge, *more) if value is not None])
            return
        self.array = array
        self.device = device
        self.edge = edge
        self.writes = [0, None]

    @property
    def shape(self):
        return Size(self.array.shape)

    @property
    def ndim(self):
        return self.array.ndim

    @property
    def dtype(self):
        return dtypes.of(self.array.dtype)

    def dim(self):
        """The number of dimensions."""
        return self.array.ndim

    def numel(self):
        """The number of elements."""
        return int(self.array.size)

    def is_floating_point(self):
        """Whether the elements are floating-point numbers."""
        return self.dtype.is_floating_point

    @property
    def version(self):
        """How often this memory has been written in place; shared with every view and with `detach()`'s results."""
        return self.writes[0]

    _version = version

    def wrote(self, op_name):
        """Note that `op_name` wrote into this tensor's memory: values saved before are stale from now on."""
        self.writes[0] += 1
        self.writes[1] = op_name

    @property
    def requires_grad(self):
        return self.edge is not None

    @requires_grad.setter
    def requires_grad(self, wanted):
        self.requires_grad_(wanted)

    def requires_grad_(self, requires_grad=True):
        """Ask for a gradient of this tensor (or stop asking); returns it.

        Raises: DTypeError if it is not floating point; GradError if it was computed and is told to need none.
        """
        edge = self.edge
        if not requires_grad:
            if edge is not None and not isinstance(edge, Leaf):
                raise GradError("requires_grad_: this tensor was computed from others that require grad, so it does "
                                "too. Use detach() for a tensor outside the graph.")
            if edge is not None:
                edge.asks = False
            self.edge = None
        elif edge is None:
            if not self.dtype.is_floating_point:
                raise DTypeError(f"requires_grad_: only floating-point tensors have gradients, this one is "
                                 f"{self.dtype}. Convert it first, for example with .float().")
            holder = getattr(self, "holder", None)
            if holder is None:
                holder = self.holder = Leaf(self.array)
            holder.asks = True
            self.edge = holder
        return self

    @property
    def is_leaf(self):
        return self.edge is None or isinstance(self.edge, Leaf)

    @property
    def grad(self):
        """The gradient kept by backward passes, a Tensor of this shape and dtype, or None."""
        holder = getattr(self, "holder", None)
        return None if holder is None else holder.grad

    @grad.setter
    def grad(self, grad):
        if grad is None:
            holder = getattr(self, "holder", None)
            if holder is not None:
                holder.grad = None
            return
        if not isinstance(grad, Tensor):
            raise ArgumentError(f"grad: a gradient is a Tensor or None, not {type(grad).__name__}.")
        if grad.array.shape != self.array.shape:
            raise ShapeError(f"grad: the gradient has shape {tuple(grad.shape)} but the tensor has "
                             f"{tuple(self.shape)}. They must be the same.")
        if grad.array.dtype != self.array.dtype or grad.device is not self.device:
            raise DTypeError(f"grad: the gradient is {grad.dtype} on {grad.device} but the tensor is {self.dtype} on "
                             f"{self.device}. They must be the same.")
        if getattr(self, "holder", None) is None:
            self.holder = Leaf(self.array)
        self.holder.grad = grad

    @grad.deleter
    def grad(self):
        self.grad = None

    @property
    def grad_fn(self):
        """The graph node that computed this tensor, or None for a leaf."""
        edge = self.edge
        return None if edge is None or isinstance(edge, Leaf) else edge.origin

    @property
    def output_nr(self):
        """Which of its node's outputs this tensor is."""
        return getattr(self.edge, "index", 0)
