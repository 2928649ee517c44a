"""Borders: `pad` adds them to the axes of a tensor, or crops where a width is negative.

The gradient of a constant border is the inside of it. Borders that repeat the tensor's own elements are joins of its
slices, so their gradients are those of the slices.
"""
from ..autograd import Op
from ..errors import ArgumentError, ShapeError
from .join import atleast_2d, cat, cat_op, flip_op
from .shape import expand_op
from .slices import getitem_op, narrow

__all__ = ["block_diag"]                                # pad is torch.nn.functional's

pad_op = Op("pad", "x", attrs="widths value", promote=None)
pad_op.rules(x=lambda g, widths: getitem_op(g, index=_inside(g.array.shape, widths)))


def _inside(shape, widths):
    """The index of what lies within the borders."""
    return tuple([slice(a, n - b) for n, (a, b) in zip(shape, widths)])


def pad(input, pad, mode="constant", value=None):
    """`input` with borders: `pad` holds (before, after) for the last axis, then for the one before it, and so on.

    Negative widths crop.
    Args: mode: "constant" (with `value`, 0 by default), "reflect", "replicate", "circular"; the last three repeat the
        tensor's own elements and need borders that its axes can fill.
    Raises: ArgumentError for an odd number of widths or an unknown mode; ShapeError for borders that are too wide.

    >>> import tinygrad_cnn as tg
    >>> pad(tg.tensor([1, 2, 3]), (1, 2))
    tensor([0, 1, 2, 3, 0, 0])
    >>> pad(tg.tensor([[1, 2, 3]]), (1, 2), mode="reflect")
    tensor([[2, 1, 2, 3, 2, 1]])
    """
    shape = input.array.shape
    flat = tuple(pad)
    if not all(hasattr(n, "__index__") for n in flat):
        raise ArgumentError(f"pad: widths {flat} are not all integers. Give how many elements to add at each end.")
    if len(flat) % 2 or len(flat) > 2 * len(shape):
        raise ArgumentError(f"pad: {len(flat)} widths {flat} for a tensor of shape {shape}. Give (before, after) for "
                            "the last axis, then for the one before it, and so on.")
    widths = [(0, 0)] * (len(shape) - len(flat) // 2) + [flat[k:k + 2] for k in range(len(flat) - 2, -1, -2)]
    for axis, (n, (a, b)) in enumerate(zip(shape, widths)):
        if n + a + b < 0 or min(a, 0) + min(b, 0) + n < 0:
            raise ShapeError(f"pad: widths {(a, b)} crop axis {axis} of size {n} to less than nothing (shape {shape}, "
                             f"pad {flat}). Crop less.")
    if mode not in BORDERS and mode != "constant":
        raise ArgumentError(f"pad: mode={mode!r} is not one. Use 'constant', 'reflect', 'replicate' or 'circular'.")
    if mode != "constant" and value:
        raise ArgumentError(f"pad: value={value} has no place in mode {mode!r}. It is for mode='constant'.")
    if mode in ("constant", "circular"):
        input, widths = _cropped(input, widths), [(max(a, 0), max(b, 0)) for a, b in widths]
    if all(w == (0, 0) for w in widths):
        return input.clone()
    if mode == "constant":
        return pad_op(input, widths=tuple(widths), value=0 if value is None else value)
    for axis, (a, b) in enumerate(widths):
        if a > 0 or b > 0:
            input = _bordered(input, axis, max(a, 0), max(b, 0), mode)
    return _cropped(input, widths)                      # after reflecting: the border may show what is cropped


def _cropped(x, widths):
    """x without what negative widths take away."""
    if all(a >= 0 and b >= 0 for a, b in widths):
        return x
    return getitem_op(x, index=_inside(x.array.shape, [(max(-a, 0), max(-b, 0)) for a, b in widths]))


def _bordered(x, axis, before, after, mode):
    """x with borders of its own elements along one axis."""
    n = x.array.shape[axis]
    room = {"reflect": n - 1, "circular": n, "replicate": max(before, after) if n else 0}[mode]
    if max(before, after) > room:
        raise ShapeError(f"pad: borders {(before, after)} of mode {mode!r} do not fit axis {axis} of size {n} (shape "
                         f"{tuple(x.shape)}), which can fill {room}. Make them narrower.")
    border = BORDERS[mode]
    parts = [border(x, axis, before, n, True)] * (before > 0) + [x] + [border(x, axis, after, n, False)] * (after > 0)
    return cat_op(*parts, dim=axis)


def _reflected(x, axis, width, n, front):
    return flip_op(narrow(x, axis, 1 if front else n - 1 - width, width), dims=(axis,))


def _replicated(x, axis, width, n, front):
    edge = narrow(x, axis, 0 if front else n - 1, 1)
    return expand_op(edge, shape=(*x.array.shape[:axis], width, *x.array.shape[axis + 1:]))


def _wrapped(x, axis, width, n, front):
    return narrow(x, axis, n - width if front else 0, width)


BORDERS = {"reflect": _reflected, "replicate": _replicated, "circular": _wrapped}


def block_diag(*tensors):
    """Matrices on the diagonal of one matrix, zeros elsewhere."""
    tensors = atleast_2d(tensors)
    width = sum(x.array.shape[1] for x in tensors)
    rows, before = [], 0
    for x in tensors:
        n = x.array.shape[1]
        rows.append(pad_op(x, widths=((0, 0), (before, width - before - n)), value=0))
        before += n
    return cat(rows, 0)
