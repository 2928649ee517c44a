"""The chapter's lessons: predict a number, let the engine compute it, read why.

Each lesson is a small file: what is given, its questions, the function that computes each answer, the explanation.
`python -m tinygrad_cnn lesson` is the door for readers.
"""
from ...errors import ArgumentError
from .algorithm_24_1 import LESSON as _ALGORITHM_24_1
from .dialogue import teach
from .example_24_2 import LESSON as _EXAMPLE_24_2
from .example_24_3 import LESSON as _EXAMPLE_24_3
from .example_24_4 import LESSON as _EXAMPLE_24_4
from .example_24_5 import LESSON as _EXAMPLE_24_5
from .example_24_6 import LESSON as _EXAMPLE_24_6
from .example_24_7 import LESSON as _EXAMPLE_24_7
from .example_24_8 import LESSON as _EXAMPLE_24_8
from .example_24_9 import LESSON as _EXAMPLE_24_9
from .example_24_10 import LESSON as _EXAMPLE_24_10
from .formula_24_19 import LESSON as _FORMULA_24_19
from .formula_24_24 import LESSON as _FORMULA_24_24
from .formula_24_25 import LESSON as _FORMULA_24_25
from .formula_24_26 import LESSON as _FORMULA_24_26
from .lesson import Lesson, Question
from .residual import LESSON as _RESIDUAL

_IN_THE_CHAPTER_S_ORDER = (
    _EXAMPLE_24_2, _EXAMPLE_24_3, _EXAMPLE_24_4, _EXAMPLE_24_5, _EXAMPLE_24_6, _EXAMPLE_24_7, _EXAMPLE_24_8,
    _EXAMPLE_24_9, _EXAMPLE_24_10, _FORMULA_24_19, _FORMULA_24_24, _FORMULA_24_25, _FORMULA_24_26, _ALGORITHM_24_1,
    _RESIDUAL)
LESSONS = {each.number: each for each in _IN_THE_CHAPTER_S_ORDER}


def lesson(number):
    """The lesson with this number.

    Args: number: "24.2" to "24.10" for the book's examples, "24.19" and "24.24" to "24.26" for its formulas, "alg24.1",
        "residual".
    Raises: ArgumentError for another.

    >>> lesson("24.7").title.en
    'Max pooling'
    """
    if number not in LESSONS:
        raise ArgumentError(f"lesson: there is none with the number {number!r}. Choose one of {', '.join(LESSONS)}.")
    return LESSONS[number]
