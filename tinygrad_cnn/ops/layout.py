"""How elements lie in memory: copies, contiguity, memory formats, and `view`, which is promised not to copy.

The activations of convolution, pooling and normalisation lie channels-last behind the logical (N, C, *spatial). What is
asked here is answered for the memory as it is; only `view` treats such a tensor as if it lay in logical order, so
that `x.view(x.size(0), -1)` works after a convolution (with a copy).
"""
from .. import dtypes
from ..autograd import Op
from ..dtypes import DType
from ..errors import ArgumentError, ShapeError
from .dims import existing_dim, sizes
from .shape import reshape_op

__all__ = ["MemoryFormat", "channels_last", "channels_last_3d", "clone", "contiguous_format", "preserve_format"]


class MemoryFormat:
    """An order of axes in memory: `contiguous_format` (logical order), `channels_last` (axis 1 innermost), ..."""
    __slots__ = ("name", "ndim")

    def __init__(self, name, ndim=None):
        self.name, self.ndim = name, ndim

    def __repr__(self):
        return f"tinygrad_cnn.{self.name}"

    def __reduce__(self):
        return self.name


contiguous_format = MemoryFormat("contiguous_format")
channels_last = MemoryFormat("channels_last", 4)
channels_last_3d = MemoryFormat("channels_last_3d", 5)
preserve_format = MemoryFormat("preserve_format")

clone_op = Op("clone", "x", promote=None).rules(x=lambda g: g)
contiguous_op = Op("contiguous", "x", attrs="channels_last", promote=None).rules(x=lambda g: g)


def _is_channels_last(op, input, memory_format):
    """Whether `memory_format` means axis 1 innermost, for a tensor that can have it."""
    if not isinstance(memory_format, MemoryFormat):
        raise ArgumentError(f"{op}: memory_format={memory_format!r} is not one. Use tg.contiguous_format or "
                            "tg.channels_last.")
    if memory_format.ndim not in (None, input.array.ndim):
        raise ShapeError(f"{op}: {memory_format.name} is for {memory_format.ndim} dimensions, but the tensor has "
                         f"{input.array.ndim} (shape {tuple(input.shape)}). Use tg.contiguous_format.")
    return memory_format.ndim is not None


def clone(input, *, memory_format=preserve_format):
    """A copy with its own memory, in the graph: its gradient goes to `input`.

    >>> import tinygrad_cnn as tg
    >>> x = tg.ones(2)
    >>> clone(x).add_(1), x
    (tensor([2., 2.]), tensor([1., 1.]))
    """
    if memory_format is preserve_format:
        return clone_op(input)
    return contiguous_op(input, channels_last=_is_channels_last("clone", input, memory_format))


def contiguous(input, memory_format=contiguous_format):
    """`input` itself if its memory is in that order already, else a copy which is.

    Raises: ShapeError for a memory format of another number of dimensions.
    """
    last = _is_channels_last("contiguous", input, memory_format)
    if memory_format is preserve_format or is_contiguous(input, memory_format=memory_format):
        return input
    return contiguous_op(input, channels_last=last)


def is_contiguous(input, memory_format=contiguous_format):
    """Whether the elements lie side by side in memory in that order of axes."""
    array = input.array
    if memory_format is contiguous_format:
        return bool(array.flags.c_contiguous)
    return (array.ndim == memory_format.ndim
            and bool(array.transpose(0, *range(2, array.ndim), 1).flags.c_contiguous))


def stride(input, dim=None):
    """How many elements apart neighbours along each axis lie in memory: a tuple, or one number for axis `dim`."""
    found = tuple([s // input.array.itemsize for s in input.array.strides])
    return found if dim is None else found[existing_dim("stride", dim, len(found))]


def storage_offset(input):
    """How many elements lie in memory between the start of what this is a view of and its own first one."""
    if input.source is None:
        return 0
    return (_address(input.array) - _address(input.source.array)) // input.array.itemsize


def _address(array):
    """Where the first element lies."""
    pointer = getattr(array, "__array_interface__", None) or array.__cuda_array_interface__
    return pointer["data"][0]


def data_ptr(input):
    """The address of the first element in the device's memory."""
    return _address(input.array)


def is_same_size(input, other):
    """Whether both have one shape."""
    return input.array.shape == other.array.shape


def view(input, shape, *more):
    """The elements in another shape on the same memory; or, given a DType of one size, the same bytes read as that.

    A tensor whose memory is not in logical order but would allow it if it were (a channels-last activation) is copied.
    Args: shape: sizes as numbers or as one sequence, one of them may be -1; or a DType.
    Raises: ShapeError if the sizes do not hold the elements, or if the axes to be merged are not side by side.

    >>> import tinygrad_cnn as tg
    >>> view(tg.arange(6), 2, 3).shape
    tinygrad_cnn.Size([2, 3])
    """
    if isinstance(shape, DType):
        return view_dtype(input, dtype=_same_size(input, shape))
    y = reshape_op(input, shape=sizes("view", shape, more))
    if y.source is None and input.array.size and not _would_be_a_view(input, y.array.shape):
        raise ShapeError(f"view: shape {tuple(y.shape)} would merge axes that do not lie side by side in memory (shape "
                         f"{tuple(input.shape)}, strides {stride(input)}). Use .reshape(...), which copies where it "
                         "must.")
    return y


def view_as(input, other):
    """`input` in the shape of `other`; see `view`."""
    return view(input, other.array.shape)


view_dtype = Op("view_dtype", "x", attrs="dtype", view=True, promote=None)


def _same_size(input, dtype):
    dtype = dtypes.of(dtype)
    if dtype.itemsize != input.array.itemsize:
        raise ShapeError(f"view: {dtype} has {dtype.itemsize} bytes an element but the tensor ({input.dtype}) has "
                         f"{input.array.itemsize}. Choose a DType of the same size, or convert with .to(dtype).")
    return dtype.numpy


def _would_be_a_view(input, shape):
    """Whether a view of `shape` would be one if what `input` is a view of lay in logical order.

    The view ops that led to `input` are replayed on strides alone, on one byte that pretends to be a whole tensor and
    is never read.
    """
    start = input.array if input.source is None else input.laid
    xp = input.device.xp
    double = _pretend(xp, start.shape)
    for op, attrs in () if input.source is None else input.path:
        if op is view_dtype:
            continue
        if op is reshape_op and not _splits(double, _complete(attrs["shape"], double.size)):
            double = _pretend(xp, _complete(attrs["shape"], double.size))
        else:
            double = op.kernel(input.device)(double, **attrs)
    return _splits(double, shape)


def _pretend(xp, shape):
    """A boolean array with the strides of a contiguous one of `shape`, in one byte of memory."""
    strides, step = [], 1
    for n in reversed(shape):
        strides.append(step)
        step *= max(n, 1)
    return xp.lib.stride_tricks.as_strided(xp.zeros(1, "bool"), shape, tuple(strides[::-1]))


def _complete(shape, count):
    """`shape` with its -1 worked out."""
    known = 1
    for n in shape:
        known *= n if n != -1 else 1
    return tuple([count // known if n == -1 else n for n in shape])


def _splits(array, shape):
    """Whether the sizes of `shape` split the runs of axes that lie side by side in memory."""
    runs = []
    for n, s in zip(array.shape, array.strides):
        if runs and n != 1 and runs[-1][1] == n * s:
            runs[-1] = runs[-1][0] * n, s
        elif n != 1:
            runs.append((n, s))
    rest = iter([n for n in shape if n != 1])
    for n, _ in runs:
        have = 1
        while have < n:
            have *= next(rest)
        if have != n:
            return False
    return True
