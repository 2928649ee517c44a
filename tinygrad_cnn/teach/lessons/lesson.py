"""What a lesson is: something given, questions about it with numbers for answers, what the engine runs, and why."""
import inspect
import textwrap
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ...tensor import Tensor
from ..words import Words


class Question(NamedTuple):
    """A prediction to make.

    text: asks for one number or several. run: takes nothing and returns them (a number, a list or a Tensor); its body
    is shown as what the engine runs. why: the explanation. picture: text to show with the result, if any.
    """
    text: Words
    run: Callable
    why: Words
    picture: Callable = None

    def answer(self):
        """The numbers, row by row, computed now."""
        found = self.run()
        found = found.detach().numpy() if isinstance(found, Tensor) else np.asarray(found)
        return [float(number) for number in found.ravel()]

    def code(self):
        """What `run` does, as lines one could type."""
        lines = inspect.getsource(self.run).splitlines()[1:]
        return textwrap.dedent("\n".join(lines)).replace("return ", "")


class Lesson(NamedTuple):
    """number: as typed after `lesson`. given: the lines shown first. program: in examples/, to read on."""
    number: str
    title: Words
    given: Callable
    questions: tuple
    program: str
