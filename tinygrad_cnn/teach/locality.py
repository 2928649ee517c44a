"""Which places of an op's input one place of its output sees.

The one idea: on maps (N, C, *spatial) an op reads a window (convolution, pooling, padding, slices), the same place
(everything element by element) or all places (means over the map, matrix products on it). `view_of` says which, read
from the node's geometry; whatever is not known to be local counts as seeing everything, and says so. A `Function` of
the user's is UNKNOWN: it may read what it likes.
"""
from ..geometry import AdaptiveGeometry

__all__ = ["ADAPTIVE", "EVERYTHING", "OPEN", "SAME", "UNKNOWN", "Window", "kind_of", "view_of"]

SAME, EVERYTHING, ADAPTIVE, UNKNOWN = "same", "everything", "adaptive", "unknown"


def _names(text):
    return frozenset(text.split())


# Element by element, with a derivative that may vanish here and there: open to signals elsewhere.
OPEN = _names("""
    abs acos acosh asin asinh atan atanh clamp cos cosh elu erf erfc exp exp2 expm1 fmax fmin gelu gelu_tanh hardsigmoid
    hardswish hardtanh huber leaky_relu log log10 log1p log2 logsigmoid maximum minimum relu rsqrt sigmoid silu sin sinh
    softplus sqrt square tan tanh""")
_ELEMENTWISE = OPEN | _names("""
    add atan2 batch_norm_eval cast clone contiguous copy div drop dropout fill_where hypot keep lerp logaddexp logit
    masked_scale mul nan_to_num neg pow reciprocal remainder sub transfer where xlogy""")
_OVER_CHANNELS = {"softmax": "dim", "log_softmax": "dim", "cat": "dim", "split": "dim", "mean": "dim", "sum": "dim",
                  "amax": "dim", "amin": "dim"}


class Window:
    """Places o * stride + t * dilation - before of the input for t in 0 ... kernel - 1, numbers per axis.

    turned: it is the transposed convolution's: input and output exchange their parts.
    """
    __slots__ = ("kernel", "stride", "dilation", "before", "turned")

    def __init__(self, kernel, stride, dilation, before, turned=False):
        self.kernel, self.stride, self.dilation, self.before = kernel, stride, dilation, before
        self.turned = turned

    def seen(self, axis, places):
        """The input places along an axis that these output places see (a set), as if the maps had no end."""
        k, s, d, p = (numbers[axis] for numbers in (self.kernel, self.stride, self.dilation, self.before))
        taps = [t * d - p for t in range(k)]
        if self.turned:
            return {(o - tap) // s for o in places for tap in taps if (o - tap) % s == 0}
        return {o * s + tap for o in places for tap in taps}


def kind_of(node):
    """The name of the op that made a node, or "" for a `Function` of the user's."""
    return "" if node.plan is None else node.op.name


def view_of(node, position, rank):
    """What `node` sees of its input number `position`: SAME, EVERYTHING, ADAPTIVE, UNKNOWN or a Window.

    (ADAPTIVE: windows whose size follows from the input's, an AdaptiveGeometry in node.extras["geom"].)
    """
    if node.plan is None:
        return UNKNOWN
    name, extras = node.op.name, node.extras or {}
    shape, size = node.shape, getattr(node.edges[position], "shape", ())
    if len(shape) <= rank or len(size) <= rank:
        return EVERYTHING
    geometry = extras.get("geom")
    if geometry is not None and geometry.rank == rank and position == 0:
        return _of_geometry(name, geometry)
    axes = range(-rank, 0)
    if name in ("pad", "border"):
        return _shifted([1] * rank, [extras["widths"][axis][0] for axis in axes])
    if name == "getitem":
        return _of_slices(extras["index"], len(size), rank)
    if name in _ELEMENTWISE:
        same = all(size[axis] in (1, shape[axis]) for axis in axes)
    elif name in ("reshape", "squeeze", "unsqueeze", "expand"):
        same = shape[-rank:] == size[-rank:]
    elif name == "permute":
        same = tuple(d % len(size) for d in extras["dims"][-rank:]) == tuple(range(len(size) - rank, len(size)))
    elif name == "transpose":
        same = max(extras["dim0"] % len(size), extras["dim1"] % len(size)) < len(size) - rank
    else:
        same = name in _OVER_CHANNELS and _within_channels(extras.get(_OVER_CHANNELS[name]), len(size), rank)
    return SAME if same else EVERYTHING


def _of_geometry(name, geometry):
    if isinstance(geometry, AdaptiveGeometry):
        return ADAPTIVE
    if name in ("conv", "conv_dx", "max_pool", "avg_pool"):
        return Window(geometry.kernel, geometry.stride, geometry.dilation, geometry.before, turned=name == "conv_dx")
    return EVERYTHING


def _shifted(stride, before):
    return Window((1,) * len(stride), tuple(stride), (1,) * len(stride), tuple(before))


def _of_slices(index, ndim, rank):
    """The window of x[index] if it takes slices of the spatial axes."""
    given = [i for i in index if i is not Ellipsis]
    at = index.index(Ellipsis) if Ellipsis in index else len(index)
    full = [*given[:at], *[slice(None)] * (ndim - len(given)), *given[at:]]
    if None in given or len(full) != ndim or not all(isinstance(i, slice) for i in full[-rank:]):
        return EVERYTHING
    slices = full[-rank:]
    if any((i.start or 0) < 0 for i in slices):
        return EVERYTHING
    return _shifted([i.step or 1 for i in slices], [-(i.start or 0) for i in slices])


def _within_channels(dims, ndim, rank):
    dims = dims if isinstance(dims, (tuple, list)) else (dims,)
    return None not in dims and all(d % ndim < ndim - rank for d in dims)
