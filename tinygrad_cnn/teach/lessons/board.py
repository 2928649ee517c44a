"""Matrices and the signs between them, side by side, as on a blackboard."""
import numpy as np

from ...tensor import Tensor
from ..page import columns


def side_by_side(*parts):
    """The text of matrices (Tensors, arrays, lists) and signs (strings) in one row.

    >>> print(side_by_side("X =", [[1, 2], [3, 4]]))
        X =   1 2
              3 4
    """
    blocks = [[part] if isinstance(part, str) else _rows(part) for part in parts]
    height = max(map(len, blocks))
    columns = [_padded(block, height) for block in blocks]
    return "\n".join("    " + "   ".join(row).rstrip() for row in zip(*columns))


def number_text(value):
    """A number as short as it can be said: 18, 1.75, 0.333, 1e-10.

    >>> number_text(18.0), number_text(1 / 3)
    ('18', '0.3333')
    """
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.6g}"


def _rows(matrix):
    values = matrix.detach().numpy() if isinstance(matrix, Tensor) else np.asarray(matrix)
    cells = [[number_text(value) for value in row] for row in np.atleast_2d(values).astype(float)]
    widest = max(len(cell) for row in cells for cell in row)
    return [" ".join(cell.rjust(widest) for cell in row) for row in cells]


def _padded(block, height):
    """Signs stand beside the first row."""
    widest = max(map(columns, block))
    lines = [line + " " * (widest - columns(line)) for line in block]
    return lines + [" " * widest] * (height - len(lines))
