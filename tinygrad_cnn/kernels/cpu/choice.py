"""What a user has said about the choice of algorithms, in this thread: `precise()` and `algorithm(name)`."""
import threading
from contextlib import contextmanager

from ...errors import ArgumentError

ALGORITHMS = ("blocks", "strips", "depthwise", "merged", "winograd")


class _Choice(threading.local):
    """precise: algorithms that lose accuracy are forbidden. forced: the one algorithm to use, or None."""
    precise = False
    forced = None


choice = _Choice()


@contextmanager
def precise():
    """Forbid algorithms that are faster but less accurate than a plain sum (Winograd's) inside the block.

    It holds for this thread.

    >>> import tinygrad_cnn as tg
    >>> with tg.backends.cpu.precise():
    ...     y = tg.nn.functional.conv2d(tg.ones(1, 16, 8, 8), tg.ones(16, 16, 3, 3))
    """
    before, choice.precise = choice.precise, True
    try:
        yield
    finally:
        choice.precise = before


@contextmanager
def algorithm(name):
    """Compute convolutions by the algorithm called `name` inside the block, in this thread: for tests and comparisons.

    Raises: ArgumentError for an unknown name, or, inside, for a convolution that algorithm cannot do.
    """
    if name not in ALGORITHMS:
        raise ArgumentError(f"algorithm: there is no algorithm {name!r}. Use one of {', '.join(ALGORITHMS)}.")
    before, choice.forced = choice.forced, name
    try:
        yield
    finally:
        choice.forced = before
