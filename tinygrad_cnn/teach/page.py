"""A page of text for the terminal: lines of at most 100 columns, Chinese characters counted as two.

Numbers are printed as tensors print them (printing.py): few elements in full, many as least … greatest and norm.
"""
import math
import sys
import unicodedata

from ..printing import format_array, get_printoptions
from .values import summary_of

WIDTH = 100
SMALL = 24                                              # elements printed in full
LINES = 8                                               # of one array


def columns(text):
    """The columns that a text takes in a terminal."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def padded(text, width):
    """The text with spaces behind it, `width` columns wide (or as wide as it is)."""
    return text + " " * (width - columns(text))


def wrapped(text, width):
    """The text in lines of at most `width` columns, cut at spaces and after Chinese characters."""
    lines, line, word = [], "", ""
    for c in text + " ":
        word += c
        if c != " " and columns(c) < 2:
            continue
        if line and columns(line) + columns(word.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line, word = line + word, ""
    return [*lines, line.rstrip()]


def printable(text):
    """The text with escapes for what would move the cursor, colour the terminal, or cannot be seen.

    >>> print(printable("a" + chr(27) + "[31mb"))
    a\\x1b[31mb
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def shape_text(shape):
    """(2, 3) for a shape, () for a single number."""
    return str(tuple(shape))


def numbers(value, room):
    """The numbers of a Value as lines of at most `room` columns."""
    if value.array is not None and value.size <= SMALL:
        indent = max(0, get_printoptions()["linewidth"] - room)
        first, *rest = format_array(value.array, indent).split("\n")
        lines = [first, *(line[indent:] for line in rest if line.strip())]
        rows = value.size // (value.shape[-1] if value.shape and value.size else 1)
        if len(lines) <= min(LINES, 2 * max(rows, 1)) and max(map(len, lines)) <= room:
            return lines
    return [summary_text(value)]


def summary_text(value):
    """Least … greatest and norm of a Value, and how many elements are no finite numbers."""
    found = value.summary or summary_of(value.array)
    parts = [] if math.isnan(found["norm"]) else [f"{found['min']:.4g} … {found['max']:.4g}   ‖·‖ {found['norm']:.4g}"]
    parts += [f"{int(found[name])} {name}" for name in ("nan", "inf") if found[name]]
    return "   ".join(parts) or "[]"


def write(text, file=None):
    """Write a text to a stream (sys.stdout by default), with ? for what its encoding does not have."""
    file = sys.stdout if file is None else file
    encoding = getattr(file, "encoding", None) or "utf-8"
    file.write(text.encode(encoding, "replace").decode(encoding))


class Page:
    """Lines of text as they grow."""

    def __init__(self, width=WIDTH):
        self.width, self.lines = width, []

    def line(self, text="", right=""):
        """A line, with something at its right end where there is room, else on a line of its own."""
        text, right = printable(text), printable(right)
        if not right:
            self.lines.append(text.rstrip())
        elif columns(text) + columns(right) + 2 <= self.width:
            self.lines.append(padded(text, self.width - columns(right)) + right)
        elif columns(right) > self.width:
            self.lines.append(text.rstrip())
            self.paragraph(right, "    ")
        else:
            self.lines += [text.rstrip(), " " * (self.width - columns(right)) + right]

    def paragraph(self, text, indent=""):
        """A text in as many lines as it takes."""
        self.lines += [indent + line for line in wrapped(printable(text), self.width - columns(indent))]

    def heading(self, text, right=""):
        """A heading between two rules."""
        if self.lines:
            self.line()
        self.line("━" * self.width)
        self.line(" " + text, right)
        self.line("━" * self.width)

    def block(self, lead, lines):
        """Lines of numbers behind a lead: the first beside it, the others under it."""
        for k, line in enumerate(lines):
            self.line((lead if k == 0 else " " * columns(lead)) + line)

    def text(self):
        return "\n".join(self.lines) + "\n"
