"""A model layer by layer, in the form of the book's tables 24.1 to 24.3: what each layer makes, sees and costs.

Everything is read from one forward pass (forward_pass.py): modules by hooks, functions from the graph. A module that is
called twice has two rows; its parameters are counted once. Kernels are written M x N x K x K' and maps I x J x K, as
the book does.
"""
from collections import Counter
from math import prod

from ..geometry import AdaptiveGeometry
from ..nn import Sequential
from ..tensor import Leaf
from .forward_pass import forward_pass
from .locality import EVERYTHING, UNKNOWN, kind_of
from .reach import NO_FORMULA, reaches, source
from .text_table import Printed, bytes_of, count_of, lined_up, rounded, times, told
from .texts_layers import headings, say
from .work import multiply_adds

__all__ = ["LayerRow", "Summary", "summary"]

_WINDOWED = ("conv", "conv_dx", "max_pool", "avg_pool", "adaptive_avg_pool", "adaptive_max_pool")


class LayerRow:
    """One call of one layer, or of a function in parentheses.

    Attributes: path, kind (class or function), kernel, stride, padding (tuples, or None), kernel_text, shape (of its
    output, with the batch), maps (whether that is (N, C, *spatial)), parameters (counted here), again (whether they
    were counted above), multiply_adds, field (tuple, "all", or None), bytes (of memory that its output takes anew).
    """
    __slots__ = ("path", "kind", "kernel", "stride", "padding", "kernel_text", "shape", "maps", "parameters", "again",
                 "multiply_adds", "field", "bytes")

    def __init__(self, **values):
        for name in self.__slots__:
            setattr(self, name, values.get(name))

    def __repr__(self):
        return f"LayerRow({self.path!r}, {self.kind}, {self.size})"

    @property
    def size(self):
        """The output as the book writes it: 28x28x8 for (N, 8, 28, 28), 120 for (N, 120)."""
        sizes = list(self.shape or ())[1:]
        return "x".join(map(str, sizes[1:] + sizes[:1] if self.maps else sizes)) or "-"

    def cells(self, lang):
        """The row as strings, in the order of the table's columns."""
        everywhere, again = headings(lang, "summary.words")
        field = everywhere if self.field == "all" else times(self.field)
        parameters = again if self.again else count_of(self.parameters)
        return (self.path, self.kind, self.kernel_text or "-", times(self.stride), times(self.padding), self.size,
                parameters, count_of(self.multiply_adds), field, bytes_of(self.bytes))


class Summary(Printed):
    """The rows, and totals: `parameters`, `trainable`, `multiply_adds`, `activation_bytes`, `parameter_bytes`.

    functions: names of other functions called outside of layers, with their counts. unlisted: names of parameters that
    belong to no row.
    """

    def __init__(self, model, input_shapes, rows, functions, unlisted, multiply_adds, lang):
        self.name, self.input_shapes, self.rows, self.lang = type(model).__name__, input_shapes, rows, lang
        self.functions, self.unlisted, self.multiply_adds = functions, unlisted, multiply_adds
        parameters = list(model.parameters())
        self.parameters = sum(p.numel() for p in parameters)
        self.trainable = sum(p.numel() for p in parameters if p.requires_grad)
        self.parameter_bytes = sum(p.array.nbytes for p in parameters)
        self.activation_bytes = sum(row.bytes for row in rows)

    def __str__(self):
        inputs = ", ".join("x".join(map(str, shape)) for shape in self.input_shapes)
        lines = [say(self.lang, "summary.title", name=self.name, inputs=inputs), "",
                 *lined_up(headings(self.lang, "summary.head"), [row.cells(self.lang) for row in self.rows], left=2),
                 "",
                 say(self.lang, "summary.total", parameters=f"{self.parameters:,}", trainable=f"{self.trainable:,}",
                     size=bytes_of(self.parameter_bytes), work=f"{self.multiply_adds:,}",
                     rounded=rounded(self.multiply_adds), activations=bytes_of(self.activation_bytes))]
        if any(row.path.endswith(")") for row in self.rows):
            lines.append(say(self.lang, "summary.parentheses"))
        if self.functions:
            names = ", ".join(name if n == 1 else f"{n} {name}" for name, n in sorted(self.functions.items()))
            lines += told(say(self.lang, "summary.functions", names=names))
        if self.unlisted:
            lines += told(say(self.lang, "summary.unlisted", names=", ".join(self.unlisted)))
        return "\n".join(lines)


def summary(model, input_or_shape, lang="both"):
    """What each layer of `model` makes, sees and costs, from one forward pass that leaves the model as it was.

    Args: model: a Module. input_or_shape: a Tensor, a shape (N, C, *spatial), or a tuple of these for several
    arguments; counts are for this batch. lang: "zh", "en" or "both".
    Returns: a `Summary`; printed, a table.
    Raises: ArgumentTypeError for what is neither; whatever the model itself raises.

    >>> import tinygrad_cnn as tg
    >>> found = summary(tg.nn.models.LeNet(), (1, 3, 32, 32))
    >>> found.parameters, found.rows[0].size, found.rows[0].multiply_adds
    (62958, '28x28x8', 470400)
    """
    seen = forward_pass("summary", model, input_or_shape, parameters=True)
    table = _Table(model, seen)
    rows = table.rows()
    work = sum(multiply_adds(node) for node in seen.nodes)
    unlisted = [name for name, p in model.named_parameters() if p not in table.counted]
    return Summary(model, [tuple(x.shape) for x in seen.inputs], rows, table.functions, unlisted, work, lang)


class _Table:
    """The making of the rows: what was counted already, so that nothing is counted twice."""

    def __init__(self, model, seen):
        self.model, self.seen, self.functions = model, seen, Counter()
        self.counted, self.memory = set(), []
        image = next((x for x in seen.inputs if x.requires_grad and x.ndim > 2), None)
        self.rank = 0 if image is None else image.ndim - 2
        self.reach = {} if image is None else reaches(seen.nodes, image.edge, self.rank)
        self.owner = {}                                 # call (or None) -> the nodes made in it and in no call inside
        for node in seen.nodes:
            self.owner.setdefault(seen.call_of(node), []).append(node)

    def rows(self):
        """The rows in the order of the forward pass."""
        items = []
        for call in self.seen.calls:
            nodes = self.owner.get(call, [])
            if call.children or self.is_users(call, nodes):
                items += [(node.id, call, node) for node in nodes]
            elif nodes or not isinstance(call.module, Sequential):
                items.append((call.first, call, None))
        rows = [self.layer(call) if node is None else self.function(call, node)
                for _, call, node in sorted(items, key=lambda item: item[0])]
        return [row for row in rows if row is not None]

    @staticmethod
    def is_users(call, nodes):
        """Whether a call without calls in it is a user's own program of several functions."""
        steps = sum(kind_of(node) in _WINDOWED or multiply_adds(node) > 0 for node in nodes)
        return steps > 1 and not type(call.module).__module__.startswith(__name__.split(".")[0] + ".nn.")

    def layer(self, call):
        """The row of a module's call."""
        nodes = self.owner.get(call, [])
        main = next((node for node in nodes if kind_of(node) in _WINDOWED or multiply_adds(node)), None)
        parameters = list(call.module.parameters())
        out = call.outputs[0] if call.outputs else None
        return LayerRow(path=call.path or type(self.model).__name__, kind=type(call.module).__name__,
                        **self.window(main), shape=out and out.shape, maps=bool(out and self.is_map(out.shape)),
                        **self.count(parameters), multiply_adds=sum(multiply_adds(node) for node in nodes),
                        field=self.field(out and out.edge), bytes=sum(self.new_bytes(o) for o in call.outputs))

    def function(self, call, node):
        """The row of a function, or None for one that is only counted by its name."""
        kind = kind_of(node)
        name = {"conv_dx": "conv_transpose", "": node.name().removesuffix("Backward")}.get(kind, kind)
        leaves = [edge for edge in node.edges if isinstance(edge, Leaf)]
        used = [p for p in self.model.parameters() if getattr(p, "holder", None) in leaves]
        work = multiply_adds(node)
        if not work and kind not in _WINDOWED and self.counted.issuperset(used):
            self.functions[name] += 1
            return None
        return LayerRow(path=f"{call.path if call else ''} ({name})".strip(), kind=name, **self.window(node),
                        shape=tuple(node.shape), maps=self.is_map(node.shape), **self.count(used), multiply_adds=work,
                        field=self.field(node), bytes=prod(node.shape) * node.dtype.itemsize)

    def is_map(self, shape):
        return self.rank > 0 and len(shape) == self.rank + 2

    def count(self, parameters):
        new = [p for p in parameters if p not in self.counted]
        self.counted.update(new)
        return {"parameters": sum(p.numel() for p in new), "again": bool(parameters) and not new}

    def new_bytes(self, out):
        """The bytes of an output, unless its memory is that of one before it (a view, or written in place)."""
        if any(out.memory is known for known in self.memory):
            return 0
        self.memory.append(out.memory)
        return out.bytes

    def field(self, edge):
        reach = self.reach.get(source(edge)) if edge is not None else None
        if reach in (None, NO_FORMULA, UNKNOWN):
            return None
        return "all" if reach == EVERYTHING else tuple(r for r, _ in reach)

    @staticmethod
    def window(node):
        """kernel, stride, padding and how the kernel is written, for a convolution, a pooling or a product."""
        if node is None:
            return {}
        weight = next((e.shape for e in node.edges[1:2] if e is not None), ())
        if node.op.name not in _WINDOWED:               # a linear layer's weight is (out, in), the table's in x out
            return {"kernel_text": "x".join(map(str, weight[::-1] if node.op.name == "linear" else weight))}
        geometry = node.extras["geom"]
        if isinstance(geometry, AdaptiveGeometry):
            return {}
        ends = {"conv": weight[1::-1], "conv_dx": weight[:2]}.get(node.op.name, ())
        return {"kernel": geometry.kernel, "stride": geometry.stride, "padding": geometry.before,
                "kernel_text": "x".join(map(str, (*geometry.kernel, *ends)))}
