"""The graph of a result as text: one line a node, the newest first.

A node with several users is printed once, under the oldest of them, and only named (↓) by the others. Where a node has
several inputs to print, the one with the most below it goes on straight down, and the others come first, one step to
the right: so the indentation grows with the logarithm of the number of nodes, and no graph is too deep. Long straight
pieces are folded.
"""
from collections import Counter

from ..errors import ArgumentError, ArgumentTypeError
from ..tensor import Tensor
from .graph_tape import graph_of
from .names import shown, user_frames
from .page import WIDTH, columns, padded, shape_text, write
from .texts import Texts

KEPT_HEAD, KEPT_TAIL = 12, 4                            # lines of a folded piece that stay


def tree(loss, lang="both", file=None, names=None, fold=40):
    """Print the graph of a tensor: each op with its inputs, its result's shape, and how many steps use it.

    Args:
        loss: a Tensor computed from one that requires grad. lang: "zh", "en" or "both". file: sys.stdout by default.
        names: a mapping name -> Tensor; other names are found as `record` finds them.
        fold: straight pieces of more lines than this are folded; None folds nothing.
    Raises: GradError if there is no graph; ArgumentTypeError, ArgumentError for other arguments.

    >>> import tinygrad_cnn as tg
    >>> x = tg.ones(2, 3, requires_grad=True)
    >>> y = (x * x).sum()
    >>> tree(y, names={"x": x, "y": y})                 # doctest: +NORMALIZE_WHITESPACE
    ●  y = sum(x=v1)           ()
    ●  v1 = mul(a=x, b=x)      (2, 3)
    """
    if not isinstance(loss, Tensor):
        raise ArgumentTypeError(f"tree: expected a Tensor, got {type(loss).__name__}.")
    if fold is not None and (type(fold) is not int or fold < 20):
        raise ArgumentError(f"tree: fold is {fold!r}. Give a number of lines, 20 or more, or None.")
    tape = graph_of(loss, names, user_frames())
    lines = Drawing(tape, Texts(lang), fold).lines()
    write("".join(line.rstrip() + "\n" for line in lines), file)


class Drawing:
    """The lines of one graph, given as the calls of a tape (oldest first)."""

    def __init__(self, tape, texts, fold):
        self.tape, self.texts, self.fold = tape, texts, fold
        self.calls = [event for event in tape.events if event.kind == "op"]
        self.made = {number: k for k, call in enumerate(self.calls) for number in call.outputs}
        self.users = Counter()
        self.below = [[] for _ in self.calls]           # the calls that are printed under each
        self.heavy = [1] * len(self.calls)              # how many calls are printed below each, itself included
        self.plan()

    def plan(self):
        """Decide under which user each call is printed: the oldest."""
        placed = set()
        for k, call in enumerate(self.calls):
            inputs = {self.made[o["tensor"]] for o in call.inputs if o and o.get("tensor") in self.made}
            for j in inputs:
                self.users[j] += 1
            self.below[k] = sorted(inputs - placed, key=lambda j: self.heavy[j])
            placed |= inputs
            self.heavy[k] += sum(self.heavy[j] for j in self.below[k])

    def lines(self):
        """All lines; a stack of (call, indentation) takes the place of recursion."""
        lines, piece, stack = [], [], [(len(self.calls) - 1, "", False)]
        while stack:
            k, indent, begins = stack.pop()
            if begins:
                lines += self.folded(piece)
                piece = []
            piece.append((k, indent, begins))
            *side, main = self.below[k] or [None]
            if main is not None:
                stack.append((main, indent, bool(side)))
            stack += [(j, indent + "│ ", True) for j in reversed(side)]
        lines += self.folded(piece)
        return [*lines, f"   {self.texts.phrase('shared')}"] if any("↓" in line for line in lines) else lines

    def folded(self, piece):
        """The lines of a straight piece, its middle left out if it is long."""
        if self.fold is None or len(piece) <= self.fold:
            return [self.line(*each) for each in piece]
        hidden = piece[KEPT_HEAD:-KEPT_TAIL]
        ops = Counter(self.calls[k].op for k, _, _ in hidden).most_common(4)
        kinds = ", ".join(f"{count} {shown(op)}" for op, count in ops)
        note = self.texts.phrase("folded", count=len(hidden), ops=kinds)
        return [*[self.line(*each) for each in piece[:KEPT_HEAD]], f"{piece[0][1]}⋮  {note}",
                *[self.line(*each) for each in piece[-KEPT_TAIL:]]]

    def line(self, k, indent, begins):
        """One call: ●  v3 = add(a=v2, b=x)      (2, 3)"""
        call = self.calls[k]
        branch = indent[:-2] + "├─" if begins and indent else indent
        outputs = ", ".join(self.label(number) for number in call.outputs)
        inputs = ", ".join(f"{name}={self.operand(k, operand)}" for name, operand in zip(call.names, call.inputs)
                           if operand is not None and "unknown" not in operand)
        text = f"{branch}●  {outputs} = {shown(call.op)}({inputs})"
        shape = ", ".join(shape_text(self.tape.tensors[number].shape) for number in call.outputs)
        users = "  " + self.texts.phrase("used_by", count=self.users[k]) if self.users[k] > 1 else ""
        room = WIDTH - columns(shape) - columns(users) - 2
        if columns(text) > room:
            text = text[:max(room - 1, 20)] + "…"
        return f"{padded(text + users, WIDTH - columns(shape))}{shape}"

    def operand(self, k, operand):
        """An input by its name, with ↓ if it is printed under another call further down."""
        if "tensor" not in operand:
            return str(operand["number"])
        number = operand["tensor"]
        j = self.made.get(number)
        return self.label(number) + ("↓" if j is not None and j not in self.below[k] else "")

    def label(self, number):
        return shown(self.tape.label(number))
