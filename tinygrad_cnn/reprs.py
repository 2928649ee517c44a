"""Tensors and modules as a notebook shows them: static HTML and SVG, safe where the notebook is not trusted.

There is no script, no link and no style sheet, only table cells with a colour, and every text is escaped; so nothing is
lost where a page strips what it does not trust. Numbers are written into the cells while they are few; larger planes
are heat-maps of evenly spaced elements. The last two axes make a plane; of the axes before them the first few planes
are shown, and what is left out is said.
"""
import math
from html import escape

import numpy as np

from . import dtypes
from .autograd import View

PLANES = 4                                              # planes shown side by side
NUMBERS = 10                                            # rows and columns with numbers in the cells
CELLS = 24                                              # rows and columns of a heat-map
ROWS = 200                                              # lines of a module's table
LOW, MIDDLE, HIGH = (33, 102, 172), (247, 247, 247), (178, 24, 43)      # blue, white, red: ColorBrewer's RdBu
UNKNOWN = "#999999"                                     # NaN
FONT = "font-family: monospace; font-size: 12px"


def colour(value, scale):
    """#rrggbb for a number: blue below 0, white at 0, red above, full at +-scale; grey for NaN.

    >>> colour(0.0, 1.0), colour(1.0, 1.0), colour(float("nan"), 1.0)
    ('#f7f7f7', '#b2182b', '#999999')
    """
    if math.isnan(value):
        return UNKNOWN
    if scale and math.isfinite(value):
        part = max(-1.0, min(1.0, value / scale))
    else:
        part = math.copysign(1.0, value) if value else 0.0
    end = HIGH if part > 0 else LOW
    return "#" + "".join(f"{round(m + (e - m) * abs(part)):02x}" for m, e in zip(MIDDLE, end))


def _ink(background):
    """Black or white, whichever can be read on a colour."""
    r, g, b = (int(background[k:k + 2], 16) for k in (1, 3, 5))
    return "#000000" if 0.299 * r + 0.587 * g + 0.114 * b > 140 else "#ffffff"


def _number(value):
    if isinstance(value, bool):
        return str(value)
    return f"{value:.3g}"


def _picked(size):
    """The indices of at most CELLS evenly spaced elements."""
    if size <= CELLS:
        return list(range(size))
    return [k * size // CELLS for k in range(CELLS)]


def _planes(x):
    """(title, host array of two axes) for each plane that is shown, how many there are, and whether each is whole."""
    array = x.array
    if array.ndim < 2:
        array = array.reshape(1, -1)
    leading = tuple(array.shape[:-2])
    count = math.prod(leading)
    rows, columns = _picked(array.shape[-2]), _picked(array.shape[-1])
    shown = []
    for k in range(min(count, PLANES) if array.size else 0):
        index = tuple(int(i) for i in np.unravel_index(k, leading)) if leading else ()
        plane = x.device.asnumpy(array[index])
        plane = plane[np.ix_(rows, columns)].astype(np.float64)
        shown.append((", ".join([*map(str, index), ":", ":"]) if leading else "", plane))
    return shown, count, len(rows) == array.shape[-2] and len(columns) == array.shape[-1]


def _described(x):
    """Class, shape, dtype and the rest, in words."""
    kind = "Tensor" if type(x).__module__ == View.__module__ else type(x).__name__
    parts = [f"{kind} ({', '.join(map(str, x.shape))}{',' if x.ndim == 1 else ''})", str(x.dtype).rpartition(".")[2]]
    if x.device.type != "cpu":
        parts.append(str(x.device))
    node = x.grad_fn
    if node is not None:
        parts.append(f"grad_fn=<{node.name()}>")
    elif x.requires_grad:
        parts.append("requires_grad")
    return "  ".join(parts)


def _range(planes):
    """The greatest finite absolute value shown, and a text of the least and greatest."""
    numbers = np.concatenate([plane.reshape(-1) for _, plane in planes]) if planes else np.zeros(0)
    finite = numbers[np.isfinite(numbers)]
    if not finite.size:
        return 0.0, ""
    return float(np.abs(finite).max()), f"{finite.min():.4g} … {finite.max():.4g}"


def _notes(x):
    """(planes, scale, what is said of them besides the numbers)."""
    planes, count, whole = _planes(x)
    scale, extent = _range(planes)
    notes = [extent] if extent else ["no elements" if not x.array.size else "no finite elements"]
    if count > len(planes) and planes:
        notes.append(f"{len(planes)} of {count} planes")
    if not whole:
        notes.append(f"every plane by at most {CELLS} x {CELLS} of its elements")
    return planes, scale, "; ".join(notes)


def tensor_html(x):
    """A tensor as HTML: a line of facts, and a table of cells for each plane shown."""
    planes, scale, notes = _notes(x)
    cell = '<td style="vertical-align: top; padding: 2px 8px 2px 0">'
    tables = "".join(f"{cell}{_plane_html(title, plane, scale, x)}</td>" for title, plane in planes)
    return (f'<div style="{FONT}"><div>{escape(_described(x))}</div>'
            f'<table style="border-collapse: collapse"><tr>{tables}</tr></table>'
            f'<div style="color: #666666">{escape(notes)}</div></div>')


def _plane_html(title, plane, scale, x):
    with_numbers = max(plane.shape) <= NUMBERS
    whole = not dtypes.of(x.array.dtype).is_floating_point
    is_bool = x.array.dtype.kind == "b"
    rows = []
    for row in plane.tolist():
        cells = []
        for value in row:
            background = colour(value, scale)
            text = escape(_number(bool(value) if is_bool else int(value) if whole else value)) if with_numbers else ""
            style = f"padding:2px 5px;text-align:right;color:{_ink(background)}" if with_numbers else "padding:3px"
            cells.append(f'<td style="{style};background-color:{background}">{text}</td>')
        rows.append(f"<tr>{''.join(cells)}</tr>")
    heading = f'<div style="color: #666666">[{escape(title)}]</div>' if title else ""
    return f'{heading}<table style="border-collapse: collapse; border: 1px solid #cccccc">{"".join(rows)}</table>'


def tensor_svg(x):
    """A tensor as a picture: a heat-map of each plane shown under a line of facts."""
    planes, scale, notes = _notes(x)
    longest = max((max(plane.shape) for _, plane in planes), default=1)
    cell, left, top = max(8, min(24, 120 // longest)), 4, 36
    parts, width = [], left
    for title, plane in planes:
        rows, columns = plane.shape
        parts.append(_text(width, top - 4, f"[{title}]" if title else ""))
        for i, row in enumerate(plane.tolist()):
            parts += [f'<rect x="{width + j * cell}" y="{top + i * cell}" width="{cell}" height="{cell}" '
                      f'fill="{colour(value, scale)}"/>' for j, value in enumerate(row)]
        width += max(columns * cell, 8 * len(title) + 16) + 8
    height = top + max((plane.shape[0] for _, plane in planes), default=0) * cell
    first = _described(x)
    width = max(width, left + 8 * max(len(first), len(notes)))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height + 20}" role="img">'
            f'{_text(left, 14, first)}{"".join(parts)}{_text(left, height + 14, notes)}</svg>')


def _text(x, y, text):
    if not text:
        return ""
    return f'<text x="{x}" y="{y}" font-family="monospace" font-size="12" fill="#555555">{escape(text)}</text>'


def module_html(module):
    """A module's tree as a table: name, layer, shapes of its own parameters, their number with those below."""
    lines = _module_lines(module)
    own = {id(p): p for p in module.parameters()}
    total = sum(p.numel() for p in own.values())
    trained = sum(p.numel() for p in own.values() if p.requires_grad)
    head = "".join(f'<th style="text-align: {side}; padding: 2px 10px">{text}</th>' for side, text in
                   (("left", "name"), ("left", "layer"), ("left", "parameters"), ("right", "number")))
    body = "".join(f'<tr>{"".join(_cell(*cell) for cell in line)}</tr>' for line in lines[:ROWS])
    more = f"; {len(lines) - ROWS} more layers not shown" if len(lines) > ROWS else ""
    return (f'<div style="{FONT}"><table style="border-collapse: collapse"><tr>{head}</tr>{body}</table>'
            f'<div style="color: #666666">{total:,} parameters, {trained:,} of them trained{more}</div></div>')


def _cell(text, side):
    return f'<td style="text-align: {side}; padding: 2px 10px; white-space: pre">{escape(text)}</td>'


def _module_lines(module):
    """The cells of each module, parents first; a stack takes the place of recursion, and a module in itself ends it."""
    lines, stack = [], [("", module, 0, ())]
    while stack:
        name, layer, depth, above = stack.pop()
        if layer is None or id(layer) in above:
            continue
        extra = layer.extra_repr().replace("\n", ", ") if not layer._modules else ""
        shapes = ", ".join(f"{key} {tuple(p.shape)}" for key, p in layer._parameters.items() if p is not None)
        count = sum(p.numel() for p in layer.parameters())
        title = f"{layer._get_name()}({extra})" if extra else layer._get_name()
        lines.append((("  " * depth + name, "left"), (title, "left"), (shapes, "left"),
                      (f"{count:,}" if count else "", "right")))
        stack += [(key, child, depth + 1, (*above, id(layer))) for key, child in reversed(layer._modules.items())]
    return lines
