"""What a unit of each layer sees of the image, found in three ways that must agree.

By the formula (24.19), by following the box of places backward, and by asking the gradient of one unit. The first two
come from the geometry alone (reach.py), the third from the network's own rules and weights (support.py). Where they
differ there is a reason, and it is given. Everything is read from the graph of one forward pass, so functions called
in a forward count as layers do.
"""
from collections import Counter

from ..errors import ArgumentError, ShapeError
from .forward_pass import channels_and_axes, check_module, forward_pass
from .locality import ADAPTIVE, EVERYTHING, UNKNOWN, Window, kind_of, view_of
from .reach import NO_FORMULA, box_of, reaches, source
from .support import support_of
from .text_table import Printed, lined_up, times, told
from .texts_layers import headings, say
from .untouched import untouched

__all__ = ["FieldRow", "ReceptiveField", "receptive_field"]

_WINDOWED = ("conv", "conv_dx", "max_pool", "avg_pool")
SIZES = (8, 16, 28, 32, 64, 128, 224, 256, 512)        # of images tried when no input shape is given


class FieldRow:
    """The receptive field of one convolution or pooling, numbers per spatial axis.

    Attributes: path (of the module, with the function's name in parentheses where no layer did it), kernel, stride,
    formula (R by (24.19); None where it does not hold), box (from the boxes, as if the image had no end), visible (the
    part of that box inside the image), gradient (what the gradient touched), unit (whose gradient), count (places the
    gradient touched), reasons (why these differ: dict key -> text).
    """
    __slots__ = ("path", "kernel", "stride", "formula", "box", "visible", "gradient", "unit", "count", "reasons")

    def __init__(self, **values):
        for name in self.__slots__:
            setattr(self, name, values[name])

    @property
    def agree(self):
        """Whether formula and boxes give one number, and the gradient touches all of it that lies in the image."""
        return self.formula == self.box and self.gradient == self.visible

    def __repr__(self):
        return f"FieldRow({self.path!r}, {times(self.box)})"


class ReceptiveField(Printed):
    """The rows of all layers; `[path]` is the row of one; printed, a table and the reasons for differences."""

    def __init__(self, input_shape, rows, lang="both"):
        self.input_shape, self.rows, self.lang = tuple(input_shape), rows, lang

    def __getitem__(self, path):
        for row in self.rows:
            if row.path == path:
                return row
        raise ArgumentError(f"receptive_field: there is no layer {path!r} that looks at windows. Use one of "
                            f"{', '.join(row.path for row in self.rows)}.")

    @property
    def agree(self):
        """Whether the three ways agree for every layer."""
        return all(row.agree for row in self.rows)

    def __str__(self):
        head = headings(self.lang, "field.head")
        cells = [(row.path, times(row.kernel), times(row.stride), *(times(numbers) for numbers in (
            row.formula, row.box, row.visible, row.gradient))) for row in self.rows]
        title = say(self.lang, "field.title", shape="x".join(map(str, self.input_shape[2:])))
        reasons = self._reasons()
        return "\n".join([*told(title), "", *lined_up(head, cells), "",
                          *(reasons or [say(self.lang, "field.agree")])])

    def _reasons(self):
        """One line for each kind of reason: the first layer it is for, and how many more."""
        first, count = {}, Counter(key for row in self.rows for key in row.reasons)
        for row in self.rows:
            for key, reason in row.reasons.items():
                first.setdefault(key, (row.path, reason))
        lines = []
        for key, (path, reason) in first.items():
            lines += told(reason, f"{path}: ")
            if count[key] > 1:
                lines.append(say(self.lang, "field.more", count=count[key] - 1))
        return lines


def receptive_field(model, input_shape=None, layers=None, lang="both"):
    """The receptive field of every convolution and pooling of `model`, by formula, by boxes and by the gradient.

    Args: model: a Module. input_shape: (N, C, *spatial), or an input; if None, images of 8 to 512 pixels are tried with
    the first convolution's channels, until every layer's field fits. layers: paths of the layers to look at, or None.
    lang: "zh", "en" or "both".
    Returns: a `ReceptiveField`; the model is left as it was.
    Raises: ArgumentError if the input has no spatial axes or the model no windows.
    Source: Li Hang, Machine Learning Methods, eq. 24.19.

    >>> import tinygrad_cnn as tg
    >>> field = receptive_field(tg.nn.models.LeNet(), (1, 3, 32, 32))
    >>> [row.formula[0] for row in field.rows], field.agree
    ([5, 6, 14, 16], True)
    """
    if input_shape is None:
        return _on_growing_images(model, layers, lang)
    check_module("receptive_field", model)
    with untouched(model, training=False):
        model.requires_grad_(False)                     # the gradient of one unit in the image is all that is asked for
        seen = forward_pass("receptive_field", model, input_shape)
        return ReceptiveField(seen.inputs[0].shape, _rows(model, seen, layers, lang), lang)


def _rows(model, seen, layers, lang):
    image = seen.inputs[0]
    rank = image.ndim - 2
    if rank not in (1, 2, 3) or not image.requires_grad:
        raise ArgumentError(f"receptive_field: the input has shape {tuple(image.shape)} and dtype {image.dtype}. Give "
                            "maps (N, C, *spatial) of floating-point numbers.")
    found = reaches(seen.nodes, image.edge, rank)
    looking = [node for node in seen.nodes if node in found and _looks(node, rank)]
    if layers is not None:
        looking = [node for node in looking if _path(seen, node) in layers]
    if not looking:
        raise ArgumentError(f"receptive_field: {type(model).__name__} has no convolution or pooling that sees the "
                            f"input{'' if layers is None else f', or none called {layers}'}. Give a convolutional "
                            "network.")
    return [_row(seen, node, found[node], rank, lang) for node in looking]


def _looks(node, rank):
    """Whether a node is a convolution or a pooling over those axes."""
    view = view_of(node, 0, rank)
    return view == ADAPTIVE or isinstance(view, Window) and kind_of(node) in _WINDOWED


def _row(seen, node, reach, rank, lang):
    image = seen.inputs[0]
    start = image.edge
    formula = None if reach in (EVERYTHING, UNKNOWN, NO_FORMULA) else tuple(r for r, _ in reach)
    unit = _middle(seen.nodes, start, node, rank)
    box = box_of(seen.nodes, start, node, unit, rank, clip=False)
    visible = box_of(seen.nodes, start, node, unit, rank, clip=True)
    touched, count = support_of(seen.nodes, start, node, unit, image.device)
    row = FieldRow(path=_path(seen, node), kernel=_numbers(node, "kernel"), stride=_numbers(node, "stride"),
                   formula=formula, box=_lengths(box), visible=_lengths(visible), gradient=_lengths(touched), unit=unit,
                   count=count, reasons={})
    row.reasons = _reasons(seen, node, row, reach, lang)
    return row


def _numbers(node, name):
    return getattr(node.extras["geom"], name, None)


def _lengths(box):
    return None if box is None else tuple(high - low + 1 for low, high in box)


def _middle(nodes, start, node, rank):
    """The unit of a map whose box lies in the middle of the image: boxes of neighbours lie a stride apart."""
    size, shape = start.shape[-rank:], node.shape[-rank:]
    first = box_of(nodes, start, node, (0,) * rank, rank, clip=False)
    last = box_of(nodes, start, node, tuple(n - 1 for n in shape), rank, clip=False)
    unit = []
    for n, m, (a, b), (c, d) in zip(size, shape, first, last):
        way = (c + d) - (a + b)                         # twice the way from the first centre to the last
        share = ((n - 1) - (a + b)) / way if way else 0.5
        unit.append(min(max(round(share * (m - 1)), 0), m - 1))
    return tuple(unit)


def _path(seen, node):
    call = seen.call_of(node)
    path = call.path if call is not None else ""
    name = {"conv": "conv", "conv_dx": "conv_transpose"}.get(node.op.name, node.op.name)
    return path if call is not None and not call.children and path else f"{path} ({name})".strip()


def _reasons(seen, node, row, reach, lang):
    """Why the three ways differ: the text of each reason by its key; nothing where they agree."""
    found, size = {}, seen.inputs[0].shape[2:]
    if reach == EVERYTHING:
        found["field.everything"] = {}
    elif reach == UNKNOWN:
        found["field.unknown"] = {"names": ", ".join(_functions(seen, node))}
    elif reach == NO_FORMULA or not isinstance(view_of(node, 0, len(size)), Window):
        found["field.no_formula"] = {}
    elif row.formula != row.box:
        found["field.branches"] = {}
    if row.visible != row.box and reach != UNKNOWN:
        found["field.cut"] = {"box": times(row.box), "size": times(size), "visible": times(row.visible)}
    if row.gradient != row.visible and reach not in (EVERYTHING, UNKNOWN):
        dead = _dead(seen, node)
        found["field.dead" if dead else "field.cancel"] = {"names": ", ".join(dead)}
    return {key: say(lang, key, **values) for key, values in found.items()}


def _below(seen, target):
    """`target` and the nodes it was computed from, newest first."""
    below = {target}
    for node in reversed(seen.nodes):
        if node in below:
            below |= {source(edge) for edge in node.edges if edge is not None}
            yield node


def _functions(seen, target):
    """The names of the user's Functions below `target`."""
    return sorted({node.name().removesuffix("Backward") for node in _below(seen, target) if node.plan is None})


def _dead(seen, target):
    """The layers below `target` whose weights are zero where it matters: along the kernel's border, or altogether."""
    weights = [(node, _weight(node)) for node in _below(seen, target)]
    return [_path(seen, node) for node, weight in weights if weight is not None and _is_dead(weight)][::-1]


def _weight(node):
    """The kernel of a convolution, or the scale of a batch norm, that a node kept."""
    place = {"conv": 1, "conv_dx": 1, "batch_norm_eval": 1}.get(kind_of(node))
    if place is None or place not in node.plan.inputs:
        return None
    return node.saved[node.plan.inputs.index(place)]


def _is_dead(weight):
    array = weight.device.asnumpy(weight.array)
    if array.ndim < 3:
        return not array.any()
    zero = (array == 0).all(axis=(0, 1))
    return any(zero.take(edge, axis).all() for axis in range(zero.ndim) for edge in (0, -1))


def _on_growing_images(model, layers, lang):
    """receptive_field on the smallest image that runs and that no field sticks out of, or else on the largest."""
    channels, rank = channels_and_axes("receptive_field", model, "input_shape=(N, C, *spatial)")
    found = failure = None
    for size in SIZES if rank < 3 else SIZES[:5]:
        try:
            found = receptive_field(model, (1, channels, *(size,) * rank), layers, lang)
        except ShapeError as error:
            failure = error
            continue
        if all(row.visible == row.box for row in found.rows):
            break
    if found is None:
        raise failure
    return found
