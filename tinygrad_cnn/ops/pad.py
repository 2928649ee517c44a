"""Borders: `pad` adds them to the axes of a tensor, or crops where a width is negative.

The gradient of a constant border is the inside of it. A border that repeats the tensor's own elements gives its
gradient to the places it was read from: `sum_border`, the adjoint of `border`; each is the other's rule.
"""
from ..autograd import Op
from ..errors import ArgumentError, ShapeError
from .join import atleast_2d, cat
from .slices import getitem_op
from .spatial import require_tensor

__all__ = ["block_diag"]                                # pad is torch.nn.functional's

pad_op = Op("pad", "x", attrs="widths value", promote=None)
pad_op.rules(x=lambda g, widths: getitem_op(g, index=_inside(g.array.shape, widths)))

border = Op("border", "x", attrs="widths mode", promote=None)
sum_border = Op("sum_border", "g", attrs="widths mode", promote=None)
border.rules(x=lambda g, widths, mode: sum_border(g, widths=widths, mode=mode))
sum_border.rules(g=lambda u, widths, mode: border(u, widths=widths, mode=mode))

MODES = ("reflect", "replicate", "circular")


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
    require_tensor("pad", "input", input)
    widths = _widths(input.array.shape, tuple(pad))
    if mode not in MODES and mode != "constant":
        raise ArgumentError(f"pad: mode={mode!r} is not one. Use 'constant', 'reflect', 'replicate' or 'circular'.")
    if mode != "constant" and value:
        raise ArgumentError(f"pad: value={value} has no place in mode {mode!r}. It is for mode='constant'.")
    if mode in ("constant", "circular"):
        input, widths = _cropped(input, widths), [(max(a, 0), max(b, 0)) for a, b in widths]
    if all(w == (0, 0) for w in widths):
        return input.clone()
    if mode == "constant":
        return pad_op(input, widths=tuple(widths), value=0 if value is None else value)
    wide = tuple([(max(a, 0), max(b, 0)) for a, b in widths])
    _check_room(input.array.shape, wide, mode)
    return _cropped(border(input, widths=wide, mode=mode), widths)  # after mirroring: a border may show what is cropped


def _widths(shape, flat):
    """(before, after) for each axis, from the flat list that starts with the last one."""
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
    return widths


def _check_room(shape, widths, mode):
    """Refuse borders that the axes have not enough elements for."""
    for axis, (n, (a, b)) in enumerate(zip(shape, widths)):
        room = {"reflect": n - 1, "circular": n, "replicate": max(a, b) if n else 0}[mode]
        if max(a, b) > max(room, 0):
            raise ShapeError(f"pad: borders {(a, b)} of mode {mode!r} do not fit axis {axis} of size {n} (shape "
                             f"{tuple(shape)}), which can fill {room}. Make them narrower.")


def _cropped(x, widths):
    """x without what negative widths take away."""
    if all(a >= 0 and b >= 0 for a, b in widths):
        return x
    return getitem_op(x, index=_inside(x.array.shape, [(max(-a, 0), max(-b, 0)) for a, b in widths]))


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
