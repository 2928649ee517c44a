"""Checks for the exercises of `examples/exercises`: `check(function)` says what is right, missing or wrong.

A student's function is run on small cases and compared, number by number, with ours. An answer that equals a known
mistake is told which one it is.
"""
import difflib

from ...errors import ArgumentError
from ..words import check_language, tell
from . import convolution, derivatives, training
from .judge import judge

__all__ = ["EXERCISES", "check"]

EXERCISES = {exercise.name: exercise for table in (derivatives, convolution, training) for exercise in table.EXERCISES}


def check(function, lang="both"):
    """Check the student's function against the exercise of the same name and print the verdict.

    Args: function: called with NumPy arrays and numbers. lang: "zh", "en" or "both".
    Returns: whether it is right.
    Raises: ArgumentError if no exercise has that name. Errors of the function itself come out as they are.

    >>> def output_size(I, M, P, S):
    ...     return (I + 2 * P - M) // S + 1
    >>> check(output_size, "en")
    output_size: right, in 6 cases.
    True
    """
    name = getattr(function, "__name__", type(function).__name__)
    if name not in EXERCISES:
        near = difflib.get_close_matches(name, EXERCISES, 3) or list(EXERCISES)
        raise ArgumentError(f"check: no exercise asks for a function called {name!r}. Keep the name it has in the "
                            f"exercise: {', '.join(near)}.")
    check_language(lang)
    right, call, verdict = judge(EXERCISES[name], function)
    if call:
        tell(call)
    tell(verdict.filled(lang))
    return right
