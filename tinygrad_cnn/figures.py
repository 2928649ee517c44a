"""Figures of matplotlib on its Agg canvas, for training and teaching: no window, nothing shared with a user's plots."""
from .errors import MissingExtraError
from .io import atomic_write

__all__ = ["new_figure", "save"]


def new_figure(function, width, height):
    """A figure of that many inches on an Agg canvas.

    Raises: MissingExtraError, naming the caller `function`, where matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError(f"{function}: the package matplotlib is not installed. "
                                "Run: pip install 'tinygrad_cnn[train]'") from None
    figure = Figure(figsize=(width, height), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save(figure, path):
    """Write a figure as PNG; a file that is there is replaced when the new one is whole."""
    with atomic_write(path) as part:
        figure.savefig(part, format="png")
