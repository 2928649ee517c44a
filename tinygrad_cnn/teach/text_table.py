"""Tables and bars for the terminal: columns that line up, Chinese letters counted as two wide, nothing unprintable."""
import math

from .page import WIDTH, columns, padded, printable, wrapped

__all__ = ["Printed", "bar", "bytes_of", "count_of", "lined_up", "rounded", "times", "told"]


class Printed:
    """A result that an interactive session shows as it is printed."""

    def __repr__(self):
        return str(self)


def lined_up(head, rows, left=1):
    """The lines of a table: the first `left` columns to the left, the others to the right.

    >>> print("\\n".join(lined_up(("layer", "size"), [("conv1", 28), ("fc", 10)])))
    layer  size
    -----  ----
    conv1    28
    fc       10
    """
    cells = [[printable(str(cell)) for cell in row] for row in (head, *rows)]
    widths = [max(columns(row[k]) for row in cells) for k in range(len(head))]
    lines = [_line(row, widths, left) for row in cells]
    return [lines[0], "  ".join("-" * w for w in widths).rstrip(), *lines[1:]]


def _line(row, widths, left):
    parts = [padded(cell, w) if k < left else " " * (w - columns(cell)) + cell
             for k, (cell, w) in enumerate(zip(row, widths))]
    return "  ".join(parts).rstrip()


def told(text, lead=""):
    """The lines of a text, none wider than the page: `lead` before the first, as much space before the others.

    >>> told("one\\ntwo", "a: ")
    ['a: one', '   two']
    """
    lead = printable(lead)
    room = max(WIDTH - columns(lead), WIDTH // 2)
    lines = [line for part in text.split("\n") for line in wrapped(printable(part), room)]
    return [(lead if k == 0 else " " * columns(lead)) + line for k, line in enumerate(lines)]


def bar(value, longest, length=40):
    """A bar of # for a number between 0 and `longest`.

    >>> bar(3, 4, 8)
    '######'
    """
    return "#" * round(length * min(max(value / longest, 0), 1)) if longest else ""


def times(numbers):
    """Numbers per axis as one: 5 for (5, 5), 5x3 for (5, 3), - for none.

    >>> times((5, 5)), times((5, 3)), times(None)
    ('5', '5x3', '-')
    """
    if numbers is None or len(numbers) == 0:
        return "-"
    return str(numbers[0]) if len(set(numbers)) == 1 else "x".join(map(str, numbers))


def count_of(number):
    """A count with commas; - for none.

    >>> count_of(61100840), count_of(0)
    ('61,100,840', '-')
    """
    return f"{number:,}" if number else "-"


def bytes_of(number):
    """A number of bytes in the largest unit that leaves something before the point.

    >>> bytes_of(640), bytes_of(3_000_000), bytes_of(0)
    ('640 B', '2.9 MB', '-')
    """
    if not number:
        return "-"
    units = ["B", "kB", "MB", "GB"]
    power = min(int(math.log(number, 1024)), 3)
    size = number / 1024 ** power
    return f"{size:.0f} {units[power]}" if size >= 99.5 or not power else f"{size:.1f} {units[power]}"


def rounded(number):
    """A count in thousands, millions or billions, three digits of it.

    >>> rounded(1814073344), rounded(849320), rounded(12)
    ('1.81 G', '849 k', '12')
    """
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= size:
            return f"{number / size:.3g}{unit}"
    return str(number)
