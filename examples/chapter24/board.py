"""The blackboard of these programs: bilingual lines, matrices side by side, and pictures made of characters.

板书：中英文各一行，矩阵并排书写，用字符画图。Give a program the option --png and `draw` also writes a PNG (matplotlib).
"""
import pathlib
import sys
import unicodedata

import numpy as np

import tinygrad_cnn as tg

INK = " .:-=+*#%@"

if hasattr(sys.stdout, "reconfigure"):
    sys.stdout.reconfigure(errors="replace")            # a console without Chinese letters prints ?, it does not fail


def say(chinese, english):
    """Print one thought in both languages."""
    print(f"\n{chinese}\n{english}")


def array_of(matrix):
    """A Tensor, array or nested list as a NumPy array."""
    return matrix.detach().numpy() if isinstance(matrix, tg.Tensor) else np.asarray(matrix)


def write(*parts):
    """Write matrices and the signs between them side by side: write(W, "*", X, "=", Y)."""
    blocks = [[part] if isinstance(part, str) else _lines(array_of(part)) for part in parts]
    height = max(map(len, blocks))
    columns = [_centred(block, height) for block in blocks]
    for row in zip(*columns):
        print("    " + "   ".join(row).rstrip())


def shade(matrix, low=None, high=None):
    """Print a matrix as a picture: the larger the number, the more ink, two characters a pixel."""
    values = array_of(matrix).astype(float)
    low = values.min() if low is None else low
    high = values.max() if high is None else high
    steps = np.clip((values - low) / max(high - low, 1e-12) * (len(INK) - 1), 0, len(INK) - 1).round().astype(int)
    for row in steps:
        print("    |" + "".join(INK[step] * 2 for step in row) + "|")


def bar(value, longest=1.0, width=40):
    """A bar of # for a number between 0 and `longest`."""
    return "#" * round(width * value / longest)


def table(head, rows):
    """Print rows under their headings: the first column to the left, the others to the right."""
    cells = [[str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(_width(row[k]) for row in cells) for k in range(len(head))]
    for number, row in enumerate(cells):
        spaces = [" " * (width - _width(cell)) for cell, width in zip(row, widths)]
        first, *others = zip(row, spaces)
        print("    " + "  ".join(["".join(first), *("".join(pair[::-1]) for pair in others)]))
        if number == 0:
            print("    " + "  ".join("-" * w for w in widths))


def draw(**panels):
    """With --png on the command line: write the named signals and matrices to <program>.png, side by side."""
    if "--png" not in sys.argv[1:]:
        return
    from matplotlib.figure import Figure  # only who asks for a picture needs matplotlib

    figure = Figure(figsize=(4 * len(panels), 3.2), layout="constrained")
    for place, (name, values) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items()):
        values = array_of(values)
        place.set_title(name.replace("_", " "))
        place.plot(values) if values.ndim == 1 else place.imshow(values, cmap="gray_r")
    path = pathlib.Path(sys.argv[0]).with_suffix(".png").name
    figure.savefig(path, dpi=120)
    print(f"\n{path}")


def _lines(array):
    """One string for each row, numbers right-aligned; a scalar or a vector is one row."""
    rows = np.atleast_2d(array)
    cells = [[f"{value:g}" if abs(value - round(value, 2)) < 1e-9 else f"{value:.3f}" for value in row]
             for row in rows.astype(float)]
    width = max(len(cell) for row in cells for cell in row)
    return [" ".join(cell.rjust(width) for cell in row) for row in cells]


def _centred(block, height):
    above = (height - len(block)) // 2
    width = max(map(_width, block))
    padded = [line + " " * (width - _width(line)) for line in block]
    return [" " * width] * above + padded + [" " * width] * (height - len(block) - above)


def _width(text):
    """Columns a text takes in a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
