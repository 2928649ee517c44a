"""How the pieces of a tape are put on a page: labels, calls, shapes, values and sentences."""
from itertools import groupby

from .names import shown
from .page import Page, columns, numbers, shape_text

INDENT = " " * 5


class Teller:
    """Writes pieces of a tape onto a page."""

    def __init__(self, tape, texts):
        self.tape, self.texts = tape, texts
        self.page = Page()
        self.types = {event.module: event.type for event in tape.events if event.kind == "enter"}

    def sentences(self, key, **values):
        """A text in each language, a paragraph each."""
        for sentence in self.texts.sentences(key, **values):
            self.page.paragraph(sentence, " ")

    def until(self, start, *kinds):
        """The events from `start` on, to the first of one of the kinds."""
        for k in range(start, len(self.tape.events)):
            event = self.tape.events[k]
            if event.kind in kinds:
                return
            yield event

    def count_text(self, count):
        return self.texts.phrase("steps", count=count, s="" if count == 1 else "s")

    def assignment(self, event):
        """v1 = linear(x=x, w=fc.weight, bias=fc.bias), and the layer that did it."""
        outputs = ", ".join(self.label(number) for number in event.outputs)
        arguments = [f"{name}={self.operand(operand)}" for name, operand in zip(event.names, event.inputs)
                     if operand is not None]
        layer = ""
        if event.module is not None:
            layer = f"{shown(event.module)} {shown(self.types.get(event.module, ''))}".strip()
        lead = f"{event.step:>3}  {outputs} = {shown(event.op)}("
        line, width = lead, self.page.width
        for k, argument in enumerate(arguments):
            piece = argument + (")" if k == len(arguments) - 1 else ", ")
            if columns(line) + columns(piece.rstrip()) > width and line.strip() != lead.strip():
                self.page.line(line)
                line = " " * min(columns(lead), 16)
            line += piece
        self.page.line(line if arguments else line + ")", layer)

    def operand(self, operand):
        return self.label(operand["tensor"]) if "tensor" in operand else str(operand.get("number", "?"))

    def shapes(self, event):
        """(2, 3), (4, 3) → (2, 4)"""
        before = self.shape_list(operands(event))
        return f"{before} → {self.shape_list(event.outputs)}".strip()

    def shape_list(self, tensors):
        """(2, 3), (4, 3); more than three equal ones in a row are counted: 8 × (2, 3)."""
        texts = []
        for shape, equal in groupby(shape_text(self.tape.tensors[number].shape) for number in tensors):
            count = len(list(equal))
            texts += [shape] * count if count <= 3 else [f"{count} × {shape}"]
        return ", ".join(texts)

    def label(self, number):
        return shown(self.tape.label(number))

    def value_lines(self, lead, value, right=""):
        """A value behind a lead, or under it where it is too wide."""
        if value is None:
            self.page.line(lead.rstrip(" ="), right)
            return
        value = self.tape.values[value]
        room = self.page.width - columns(lead) - (columns(right) + 2 if right else 0)
        lines = numbers(value, room)
        if max(map(columns, lines)) > room:
            self.page.line(lead.rstrip(), right)
            lead = INDENT + "    "
            self.page.block(lead, numbers(value, self.page.width - columns(lead)))
            return
        self.page.line(lead + lines[0], right)
        self.page.block(" " * columns(lead), lines[1:])


def operands(event):
    """The numbers of the tensors that a call was given."""
    return [operand["tensor"] for operand in event.inputs if operand and "tensor" in operand]


def subscript(number):
    """A number in subscript digits."""
    return str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
