"""The sizes of convolution and pooling windows, for 1, 2 and 3 spatial axes alike.

A geometry is everything about a call but the batch and the channels: where each window lies on the input. It is
hashable and made once for each set of numbers. All shape rules and their error messages are here. Per spatial axis,
tap t of window o reads input position `o * stride + t * dilation - before`; positions outside the input are padding.

A transposed convolution has no geometry of its own: it is the adjoint of a convolution, so it carries the geometry of
that convolution, whose input size is the transposed convolution's output size.
"""
from functools import lru_cache
from math import prod
from numbers import Integral

from .errors import ArgumentError, ShapeError

CACHED = 1024                                           # geometries remembered for each kind of call
_AXES = {1: ("L",), 2: ("H", "W"), 3: ("D", "H", "W")}


class _Geometry:
    """Equal numbers are equal geometries; the tuple of the numbers is hashed once.

    `rank` is the number of spatial axes.
    """
    __slots__ = ("rank", "_key", "_hash")

    def _freeze(self):
        self._key = tuple(getattr(self, name) for name in self.__slots__)
        self._hash = hash(self._key)
        self.rank = len(self.size)

    def __eq__(self, other):
        return self is other or (type(other) is type(self) and other._key == self._key)

    def __hash__(self):
        return self._hash

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{k}={v}' for k, v in zip(self.__slots__, self._key))})"

    def __reduce__(self):
        return (type(self), self._key)


class _Windows(_Geometry):
    """A geometry of windows with a stride.

    `padded` is the extent that the windows cover together, padding included; `taps` the number of kernel positions.
    """
    __slots__ = ("padded", "taps")

    def _freeze(self):
        super()._freeze()
        self.padded = tuple((o - 1) * s + (k - 1) * d + 1
                            for o, s, k, d in zip(self.output, self.stride, self.kernel, self.dilation))
        self.taps = prod(self.kernel)


class ConvGeometry(_Windows):
    """Where the windows of a convolution lie.

    Attributes, each a tuple with one number per spatial axis: `size` of the input, `kernel`, `stride`, `dilation`,
    `before` (padding in front of the input; negative where windows start inside it), `output` (number of windows);
    and the number of `groups`. The padding behind the input follows: `after`.
    """
    __slots__ = ("size", "kernel", "stride", "dilation", "before", "output", "groups")

    def __init__(self, size, kernel, stride, dilation, before, output, groups=1):
        self.size, self.kernel, self.stride, self.dilation = size, kernel, stride, dilation
        self.before, self.output, self.groups = before, output, groups
        self._freeze()

    @property
    def is_pointwise(self):
        """Whether each output position reads the one input position with its own index: a matrix product."""
        return self.taps == 1 and not any(self.before) and all(s == 1 for s in self.stride) and self.output == self.size


class PoolGeometry(_Windows):
    """Where the windows of a pool lie: as ConvGeometry, with `padding` the same on both sides and no groups.

    With ceil_mode the last window may reach past the padding.
    """
    __slots__ = ("size", "kernel", "stride", "dilation", "padding", "output")

    def __init__(self, size, kernel, stride, dilation, padding, output):
        self.size, self.kernel, self.stride, self.dilation = size, kernel, stride, dilation
        self.padding, self.output = padding, output
        self._freeze()

    @property
    def before(self):
        """The padding in front of the input, under the name it has in a ConvGeometry."""
        return self.padding

    def counts(self, include_padding):
        """Per axis, the number of positions each window averages over (avg_pool's divisor is their product).

        A window never counts what ceil_mode adds behind the padding.
        """
        axes = []
        for size, k, s, p, o in zip(self.size, self.kernel, self.stride, self.padding, self.output):
            low, high = (-p, size + p) if include_padding else (0, size)
            axes.append(tuple(min(i * s - p + k, high) - max(i * s - p, low) for i in range(o)))
        return tuple(axes)


class AdaptiveGeometry(_Geometry):
    """The windows of an adaptive pool: window i of an axis covers [floor(i*size/output), ceil((i+1)*size/output))."""
    __slots__ = ("size", "output")

    def __init__(self, size, output):
        self.size, self.output = size, output
        self._freeze()

    def windows(self, axis):
        """The (start, stop) of each window along one axis."""
        size, output = self.size[axis], self.output[axis]
        return [(i * size // output, -(-(i + 1) * size // output)) for i in range(output)]

    def as_pool(self):
        """The PoolGeometry with the same windows, if the sizes divide; else None."""
        if not all(o and n % o == 0 for n, o in zip(self.size, self.output)):
            return None
        kernel = tuple(n // o for n, o in zip(self.size, self.output))
        ones, zeros = (1,) * self.rank, (0,) * self.rank
        return PoolGeometry(self.size, kernel, kernel, ones, zeros, self.output)


# ---- from a user's arguments to a geometry -------------------------------------------------------------------------

def conv_geometry(op, size, kernel, stride=1, padding=0, dilation=1, groups=1):
    """The ConvGeometry of a convolution called `op` on an input of spatial `size`.

    Args: stride, dilation: an integer or one per axis. padding: the same, or "valid" (none) or "same" (output as
        large as the input; an odd number of padding cells has the larger half behind).
    Raises: ArgumentError for an argument out of range; ShapeError if no window fits.

    >>> conv_geometry("conv2d", (224, 224), (7, 7), 2, 3).output
    (112, 112)
    """
    return _conv_geometry(op, size, kernel, _key(op, "stride", stride), _key(op, "padding", padding),
                          _key(op, "dilation", dilation), _key(op, "groups", groups))


@lru_cache(CACHED, typed=True)
def _conv_geometry(op, size, kernel, stride, padding, dilation, groups):
    rank = len(size)
    stride = _numbers(op, "stride", stride, rank, 1)
    dilation = _numbers(op, "dilation", dilation, rank, 1)
    _check_groups(op, groups)
    _check_kernel(op, kernel)
    if isinstance(padding, str):
        before, after = _named_padding(op, padding, kernel, stride, dilation)
    else:
        before = after = _numbers(op, "padding", padding, rank, 0)
    spans = [n + p + q - d * (k - 1) - 1 for n, p, q, d, k in zip(size, before, after, dilation, kernel)]
    for axis, span in enumerate(spans):
        if span < 0:
            n, p, q, d, k, s = (v[axis] for v in (size, before, after, dilation, kernel, stride))
            raise ShapeError(f"{op}: no window fits along {_AXES[rank][axis]}: floor(({n} + {p} + {q} - {d}*({k} - 1) "
                             f"- 1)/{s}) + 1 "
                             f"= {span // s + 1} (input size {tuple(size)}, kernel {tuple(kernel)}, padding "
                             f"{_both(before, after)}, dilation "
                             f"{dilation}). Give a larger input, more padding or a smaller kernel.")
    output = tuple(span // s + 1 for span, s in zip(spans, stride))
    return ConvGeometry(tuple(size), tuple(kernel), stride, dilation, before, output, groups)


def conv_transpose_geometry(op, size, kernel, stride=1, padding=0, output_padding=0, dilation=1, groups=1):
    """The geometry of the convolution whose adjoint is the transposed convolution `op` on an input of spatial `size`.

    The output of `op` has the size (n - 1)*stride - 2*padding + dilation*(k - 1) + output_padding + 1; that is `.size`
    here, and `.output` is the input's size.
    Raises: ArgumentError for an argument out of range; ShapeError if the output is empty.

    >>> conv_transpose_geometry("conv_transpose1d", (4,), (3,), stride=2, padding=1, output_padding=1).size
    (8,)
    """
    return _conv_transpose_geometry(op, size, kernel, _key(op, "stride", stride), _key(op, "padding", padding),
                                    _key(op, "output_padding", output_padding), _key(op, "dilation", dilation),
                                    _key(op, "groups", groups))


@lru_cache(CACHED, typed=True)
def _conv_transpose_geometry(op, size, kernel, stride, padding, output_padding, dilation, groups):
    rank = len(size)
    stride = _numbers(op, "stride", stride, rank, 1)
    dilation = _numbers(op, "dilation", dilation, rank, 1)
    padding = _numbers(op, "padding", padding, rank, 0)
    extra = _numbers(op, "output_padding", output_padding, rank, 0)
    _check_groups(op, groups)
    _check_kernel(op, kernel)
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation)):
        raise ArgumentError(f"{op}: output_padding {extra} is not smaller than stride {stride} or dilation {dilation} "
                            f"on every "
                            "axis. It only chooses among the sizes that stride rounds away: give less than the stride.")
    output = []
    for axis, (n, s, p, d, k, e) in enumerate(zip(size, stride, padding, dilation, kernel, extra)):
        output.append((n - 1) * s - 2 * p + d * (k - 1) + e + 1)
        if n < 1 or output[-1] < 1:
            raise ShapeError(f"{op}: the output is empty along {_AXES[rank][axis]}: ({n} - 1)*{s} - 2*{p} + {d}*({k} - "
                             f"1) + {e} + 1 = "
                             f"{output[-1]} (input size {tuple(size)}, kernel {tuple(kernel)}). Give less padding or a "
                             f"larger input.")
    return ConvGeometry(tuple(output), tuple(kernel), stride, dilation, padding, tuple(size), groups)


def pool_geometry(op, size, kernel, stride=None, padding=0, dilation=1, ceil_mode=False):
    """The PoolGeometry of a pool called `op`; stride None is the kernel.

    With ceil_mode the size is rounded up, but a window must start inside the input or the padding before it.
    Raises: ArgumentError for an argument out of range; ShapeError if no window fits.

    >>> pool_geometry("max_pool2d", (112, 112), 3, 2, 1).output
    (56, 56)
    """
    return _pool_geometry(op, size, _key(op, "kernel_size", kernel), _key(op, "stride", stride),
                          _key(op, "padding", padding), _key(op, "dilation", dilation), bool(ceil_mode))


@lru_cache(CACHED, typed=True)
def _pool_geometry(op, size, kernel, stride, padding, dilation, ceil_mode):
    rank = len(size)
    kernel = _numbers(op, "kernel_size", kernel, rank, 1)
    stride = kernel if stride is None or stride == () else _numbers(op, "stride", stride, rank, 1)
    padding = _numbers(op, "padding", padding, rank, 0)
    dilation = _numbers(op, "dilation", dilation, rank, 1)
    if any(2 * p > k for p, k in zip(padding, kernel)):
        raise ArgumentError(f"{op}: padding {padding} is more than half of the kernel {kernel}, so windows could lie "
                            f"wholly in the "
                            "padding. Give less padding, or pad the input first.")
    output = []
    for axis, (n, k, s, p, d) in enumerate(zip(size, kernel, stride, padding, dilation)):
        span = n + 2 * p - d * (k - 1) - 1
        windows = (span + s - 1 if ceil_mode else span) // s + 1
        if ceil_mode and (windows - 1) * s >= n + p:
            windows -= 1
        if n < 1 or windows < 1:
            rounding = "ceil" if ceil_mode else "floor"
            raise ShapeError(f"{op}: no window fits along {_AXES[rank][axis]}: {rounding}(({n} + 2*{p} - {d}*({k} - 1) "
                             f"- 1)/{s}) + 1 = "
                             f"{windows} (input size {tuple(size)}, kernel {kernel}). Give a larger input or a smaller "
                             f"kernel.")
        output.append(windows)
    return PoolGeometry(tuple(size), kernel, stride, dilation, padding, tuple(output))


def adaptive_geometry(op, size, output_size):
    """The AdaptiveGeometry from spatial `size` to `output_size`: an integer or one per axis, None meaning the input's.

    Raises: ArgumentError for a size that is not an integer of at least 0; ShapeError for an empty input.

    >>> adaptive_geometry("adaptive_avg_pool2d", (7, 5), (None, 1)).output
    (7, 1)
    """
    return _adaptive_geometry(op, size, _key(op, "output_size", output_size))


@lru_cache(CACHED, typed=True)
def _adaptive_geometry(op, size, output_size):
    rank = len(size)
    wanted = output_size if isinstance(output_size, tuple) else (output_size,) * rank
    wanted = tuple(n if w is None else w for n, w in zip(size, wanted)) if len(wanted) == rank else wanted
    output = _numbers(op, "output_size", wanted, rank, 0)
    if min(size) < 1:
        raise ShapeError(f"{op}: the input is empty (spatial size {tuple(size)}). Give an input with at least one "
                         f"position.")
    return AdaptiveGeometry(tuple(size), output)


def unpool_size(op, size, kernel, stride=None, padding=0, output_size=None):
    """The spatial size max_unpool gives back: `output_size`, or (n - 1)*stride - 2*padding + kernel if that is None.

    Raises: ArgumentError if output_size is not within one stride of that; ShapeError if that is empty.

    >>> unpool_size("max_unpool2d", (2, 3), 2)
    (4, 6)
    """
    rank = len(size)
    kernel = _numbers(op, "kernel_size", _key(op, "kernel_size", kernel), rank, 1)
    stride = kernel if stride is None or stride == () else _numbers(op, "stride", _key(op, "stride", stride), rank, 1)
    padding = _numbers(op, "padding", _key(op, "padding", padding), rank, 0)
    usual = tuple((n - 1) * s - 2 * p + k for n, s, p, k in zip(size, stride, padding, kernel))
    if output_size is None:
        if min(usual) < 1:
            raise ShapeError(f"{op}: the output is empty: (n - 1)*{stride} - 2*{padding} + {kernel} = {usual} for n = "
                             f"{tuple(size)}. Give less padding.")
        return usual
    given = _key(op, "output_size", output_size)
    given = given[-rank:] if isinstance(given, tuple) and len(given) in (rank + 1, rank + 2) else given
    given = _numbers(op, "output_size", given, rank, 1)
    if any(abs(g - u) >= s for g, u, s in zip(given, usual, stride)):
        raise ArgumentError(f"{op}: output_size {given} is not within a stride {stride} of (n - 1)*stride - 2*padding "
                            f"+ kernel = {usual}. "
                            "Give the size of the pool's input.")
    return given


# ---- arguments ------------------------------------------------------------------------------------------------------

def _key(op, name, value):
    """`value` as it can stand in a cache's key: a list becomes a tuple."""
    if value.__class__ is int:
        return value
    if isinstance(value, (list, tuple)):
        value = tuple(value)
    try:
        hash(value)
    except TypeError:
        raise ArgumentError(f"{op}: {name}={value!r} is not an integer or a tuple of integers.") from None
    return value


def _numbers(op, name, value, rank, least):
    """`value` as a tuple of `rank` integers of at least `least`."""
    given = value if isinstance(value, tuple) else (value,)
    if len(given) == 1:
        given *= rank
    if len(given) != rank:
        raise ArgumentError(f"{op}: {name}={value} has {len(given)} numbers for {rank} spatial axes. Give one number "
                            f"or {rank}.")
    for number in given:
        if not isinstance(number, Integral) or isinstance(number, bool) or number < least:
            raise ArgumentError(f"{op}: {name}={value} must be made of integers of at least {least}, and {number!r} is "
                                f"not. "
                                f"Give an integer or a tuple of {rank}.")
    return tuple(map(int, given))


def _named_padding(op, padding, kernel, stride, dilation):
    zeros = (0,) * len(kernel)
    if padding == "valid":
        return zeros, zeros
    if padding != "same":
        raise ArgumentError(f"{op}: padding={padding!r} is not known. Give 'same', 'valid', an integer or a tuple of "
                            f"{len(kernel)}.")
    if any(s != 1 for s in stride):
        raise ArgumentError(f"{op}: padding='same' needs stride 1 and stride is {stride}. Give the padding in numbers.")
    total = [d * (k - 1) for d, k in zip(dilation, kernel)]
    before = tuple(t // 2 for t in total)
    return before, tuple(t - b for t, b in zip(total, before))


def _check_groups(op, groups):
    if not isinstance(groups, Integral) or isinstance(groups, bool) or groups < 1:
        raise ArgumentError(f"{op}: groups={groups!r} must be an integer of at least 1. Give 1 for no groups.")


def _check_kernel(op, kernel):
    if min(kernel) < 1:
        raise ShapeError(f"{op}: the kernel is empty (kernel size {tuple(kernel)}). Give a weight with at least one "
                         f"tap on every axis.")


def _both(before, after):
    return f"{before}" if before == after else f"{before} before and {after} behind"
