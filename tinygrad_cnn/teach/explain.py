"""Backpropagation told step by step: first what was computed, then each rule on the way back, with its numbers.

Everything is read from a tape (tape.py). For a loss that was not recorded, a tape is made of what its graph still holds
(graph_tape.py). One forward step is printed as an assignment, its formula and its result; one backward step as the
gradient that has arrived and, for each input, the rule, what it gives, and the sum so far.
"""
from ..errors import ArgumentTypeError
from ..tensor import Tensor
from .formulas import arriving, forward_formula, rule_formula
from .graph_tape import graph_tape
from .names import shown, user_frames
from .page import SMALL, columns, padded, shape_text, write
from .tape import Tape
from .telling import INDENT, Teller, operands, subscript
from .texts import Texts

PLAIN = {"None", "False", "Generator"}                               # attributes that say nothing


def explain(tape_or_loss, lang="both", file=None, names=None):
    """Print how a result was computed and how its gradients came about, step by step.

    Args:
        tape_or_loss: the tape of a `record` block (or of `load_tape`); or a Tensor, whose graph is then gone through
            without touching any `.grad`: forward values are shown where the graph keeps them.
        lang: "zh", "en" or "both". file: where to print, sys.stdout by default.
        names: for a Tensor, a mapping name -> Tensor; other names are found as `record` finds them.
    Raises: ArgumentTypeError for anything else; ArgumentError for another language; GradError if the tensor was not
        computed from one that requires grad.

    >>> import io, tinygrad_cnn as tg
    >>> x = tg.tensor(3.0, requires_grad=True)
    >>> with tg.teach.record(names={"x": x}) as tape:
    ...     (x * x).backward()
    >>> page = io.StringIO()
    >>> explain(tape, lang="en", file=page)
    >>> print(*page.getvalue().splitlines(keepends=True)[-10:])      # doctest: +NORMALIZE_WHITESPACE
      1  v1 = mul(a=x, b=x)
         g = ∂L/∂v1 = 1.
         ∂L/∂a = g · b  → x = 3.
         ∂L/∂b = g · a  → x + 3.
                            = 6.                   sum so far
    <BLANKLINE>
    ━━━...━━━
     Result   what was added to .grad
    ━━━...━━━
     x.grad  ()  = 6.
    """
    texts = Texts(lang)
    tape = tape_or_loss
    if isinstance(tape, Tensor):
        tape = graph_tape(tape, names, user_frames())
    elif not isinstance(tape, Tape):
        raise ArgumentTypeError("explain: expected the tape of a record() block or a Tensor, got "
                                f"{type(tape).__name__}.")
    write(Explanation(tape, texts).text(), file)


class Explanation(Teller):
    """The text of one tape."""

    def __init__(self, tape, texts):
        super().__init__(tape, texts)
        self.given, self.phase, self.results, self.conventions, self.creating = set(), None, [], False, False
        self.labels = set()                             # of what has been given
        self.visited = None                             # the event of the node whose rules are being told

    def text(self):
        events = self.tape.events
        for event in events:
            if event.kind == "note" and event.note in ("graph", "freed", "stale"):
                self.sentences(f"note_{event.note}", about=event.about)
        if not any(event.kind in ("op", "visit") for event in events):
            self.sentences("note_empty")
        for number, event in enumerate(events):
            tell = getattr(self, "tell_" + event.kind, None)
            if tell is not None:
                tell(number, event)
        self.close_backward()
        if self.page.lines and not any(event.kind == "backward" for event in events):
            self.page.line()
            self.sentences("note_no_backward")
        return self.page.text()

    # Forward

    def tell_op(self, number, event):
        if event.inside is not None:
            self.tell_inside(event)
            return
        if self.phase != "forward":
            self.open_forward(number)
        self.page.line()
        self.assignment(event)
        formula = forward_formula(event.op, [name for name, given in zip(event.names, event.inputs) if given is None])
        shapes = self.shapes(event)
        attributes = attribute_text(event.attrs)
        self.page.line(INDENT + formula, shapes)
        if attributes:
            self.page.paragraph(attributes, INDENT)
        for number in operands(event):
            if self.tape.tensors[number].kind == "argument" and number not in self.given:
                self.given.add(number)
                self.value_lines(f"{INDENT}{self.label(number)} = ", self.tape.tensors[number].value)
        for k, output in enumerate(event.outputs):
            value = self.tape.tensors[output].value
            if value is not None:
                self.value_lines(INDENT + (f"y{subscript(k)} = " if len(event.outputs) > 1 else "= "), value)

    def open_forward(self, start):
        """The heading of a forward pass, and what is known when it begins."""
        self.close_backward()
        self.phase = "forward"
        calls = [event for event in self.until(start, "backward") if event.kind == "op" and event.inside is None]
        self.page.heading(f"{self.texts.heading('forward')}   {self.texts.phrase('forward_about')}",
                          self.count_text(len(calls)))
        if not self.given and any(value.size > SMALL for value in self.tape.values):
            self.sentences("note_limit", about=SMALL)
            self.page.line()
        used = dict.fromkeys(n for event in calls for n in operands(event))
        self.list_given([n for n in used if n not in self.given and self.tape.tensors[n].step is None
                         and self.tape.tensors[n].kind != "argument"])

    def list_given(self, numbers_):
        if not numbers_:
            return
        self.given.update(numbers_)
        labels = {number: self.label(number) for number in numbers_}
        tensors = {number: self.tape.tensors[number] for number in numbers_}
        first = max(columns(label) for label in labels.values())
        second = max(columns(shape_text(t.shape)) for t in tensors.values())
        self.page.line(" " + self.texts.heading("given"))
        for number, label in labels.items():
            tensor = tensors[number]
            lead = f"   {padded(label, first)}  {padded(shape_text(tensor.shape), second)}  "
            if label in self.labels:
                right = self.texts.phrase("rewritten")
            elif tensor.kind != "constant":
                right = self.texts.phrase(tensor.kind)
            else:
                right = tensor.dtype if "int" in tensor.dtype or tensor.dtype == "bool" else ""
            self.labels.add(label)
            self.value_lines(lead, tensor.value, right)

    # Backward

    def tell_backward(self, number, event):
        self.close_backward()
        self.phase, self.creating = "backward", event.create_graph
        visits = sum(e.kind == "visit" for e in self.until(number + 1, "done", "backward"))
        self.page.heading(f"{self.texts.heading('backward')}   {self.texts.phrase('backward_about')}",
                          self.count_text(visits))
        starts = ", ".join(self.label(start) for start in event.starts)
        self.sentences("convention", start=starts)
        if not self.conventions:
            self.sentences("convention_rules")
            self.conventions = True
        self.page.line()
        for start, value in zip(event.starts, event.values):
            self.value_lines(f" {self.texts.heading('start')}   ∂L/∂{self.label(start)} = ", value)

    def tell_visit(self, number, event):
        self.page.line()
        if event.call is None:
            self.page.line(f"     {', '.join(self.label(n) for n in event.outputs)} = {shown(event.op)}(…)")
        else:
            self.assignment(self.tape.events[event.call])
        self.visited, self.told_inside = event, False
        letter = arriving(event.op)
        several = len(event.values) > 1
        for k, value in enumerate(event.values):
            if value is None:
                continue
            label = self.label(event.outputs[k]) if k < len(event.outputs) else "y"
            self.value_lines(f"{INDENT}{letter}{subscript(k) if several else ''} = ∂L/∂{label} = ", value)
        rows = self.rules_of(number)
        self.widths = [max((columns(row[k]) for row in rows), default=0) for k in (0, 1, 2)]
        self.beside = sum(self.widths) + 36 <= self.page.width

    def rules_of(self, number):
        """(∂L/∂w, formula, target) for each rule of the visit with that number."""
        rows = []
        for event in self.until(number + 1, "visit", "done", "backward"):
            if event.kind == "rule":
                rows.append((*self.rule_texts(self.visited.op, event.input), self.label(event.tensor)))
        return rows

    @staticmethod
    def rule_texts(op, name):
        formula = rule_formula(op, name)
        index, _, rest = formula.partition("] = ") if formula.startswith("[") else ("", "", formula)
        return f"∂L/∂{shown(name)}{index}{']' if index else ''}", f"= {rest}"

    def tell_rule(self, number, event):
        """A rule, what reaches its input of it, and the sum so far; the events that belong to it are told with it."""
        given, notes, added = event.value, [], None
        for e in self.until(number + 1, "visit", "rule"):
            if e.kind == "sum_to":
                axes = summed_axes(e.before, e.after)
                notes.append((self.texts.phrase("summed", input=shown(event.input), axes=", ".join(map(str, axes))),
                              f"{shape_text(e.before)} → {shape_text(e.after)}"))
                given = e.value
            elif e.kind == "cast":
                notes.append((self.texts.phrase("cast"), f"{e.before} → {e.after}"))
                given = e.value
            elif e.kind == "add":
                added = e
                break
        left, formula = self.rule_texts(self.visited.op, event.input)
        first, second, third = self.widths
        rule, target = f"{INDENT}{padded(left, first)} ", f"  → {padded(self.label(event.tensor), third)} "
        if self.beside:
            lead = rule + padded(formula, second) + target
        else:                                           # a long rule has a line of its own
            self.page.line(rule + formula)
            lead = " " * (len(INDENT) + first - 1) + target
        later = added is not None and added.arrival > 1
        told = later and added.value is not None
        self.value_lines(lead + ("+ " if later else "= "), given)
        for note, change in notes:
            self.page.line(f"{INDENT}    {note}", change)
        if told:
            self.value_lines(" " * columns(lead) + "= ", added.value, self.texts.phrase("total"))

    def tell_inside(self, event):
        outputs = ", ".join(self.label(number) for number in event.outputs)
        arguments = ", ".join(self.operand(operand) for operand in event.inputs if operand is not None)
        why = "recorded_inside" if self.creating else "computed_inside"
        self.page.line(f"{INDENT}  ({event.step}) {outputs} = {shown(event.op)}({arguments})",
                       "" if self.told_inside else self.texts.phrase(why))
        self.told_inside = True

    def tell_hook(self, number, event):
        self.value_lines(f"{INDENT}∂L/∂{self.label(event.tensor)} {self.texts.phrase('hooked')} ", event.value)

    def tell_note(self, number, event):
        if event.note not in ("graph", "freed", "stale"):
            self.sentences(f"note_{event.note}", about=event.about)

    def tell_grad(self, number, event):
        self.results.append(event)

    tell_found = tell_grad

    def close_backward(self):
        """What the pass has brought."""
        results, self.results = self.results, []
        if not results:
            return
        about = ("result_dry" if self.tape.source == "graph" else
                 "result_grad" if any(event.kind == "found" for event in results) else "result_about")
        self.page.heading(f"{self.texts.heading('result')}   {self.texts.phrase(about)}")
        labels = [self.label(event.tensor) + ("" if event.kind == "found" else ".grad") for event in results]
        first = max(map(columns, labels))
        shapes = [shape_text(self.tape.tensors[event.tensor].shape) for event in results]
        second = max(map(columns, shapes))
        for event, label, shape in zip(results, labels, shapes):
            lead = f" {padded(label, first)}  {padded(shape, second)}  "
            before = getattr(event, "before", None)
            if before is not None:
                self.value_lines(lead + "  ", before, self.texts.phrase("before"))
                self.value_lines(" " * columns(lead) + "+ ", event.added, self.texts.phrase("added"))
                lead = " " * columns(lead)
            self.value_lines(lead + "= ", event.value)


def summed_axes(before, after):
    """The axes over which a gradient of shape `before` is summed to `after`, counted in `before`."""
    extra = len(before) - len(after)
    return [axis for axis, n in enumerate(before) if axis < extra or after[axis - extra] != n]


def attribute_text(attrs):
    """The attributes of a call that say something, in one line; numbers with at most six digits."""
    return ", ".join(text if name == "geom" else f"{name} = {_short(text)}" for name, text in attrs.items()
                     if text not in PLAIN and len(text) <= 60)


def _short(text):
    try:
        return f"{float(text):.6g}" if "." in text else text
    except ValueError:
        return text
