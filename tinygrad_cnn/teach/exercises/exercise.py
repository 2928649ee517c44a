"""What an exercise is to the checker: cases, our answer, and the answers people give by mistake."""
from collections.abc import Callable
from typing import NamedTuple

from ..words import Words


class Mistake(NamedTuple):
    """A wrong answer that is often given, and what to say to it."""
    answer: Callable
    remark: Words


class Exercise(NamedTuple):
    """cases: tuples of arguments, the easiest first. answer: the right function. mistakes: wrong ones with a remark."""
    name: str
    cases: tuple
    answer: Callable
    mistakes: tuple = ()
