"""Options: one object says what a value may be, for the command line (text) and for a JSON file (values) alike."""
import math
from abc import ABC, abstractmethod

from ..errors import ArgumentError


class Option(ABC):
    """What one setting may be.

    Args: text: what the help says. none: whether it may be left open (None).
    Attributes: `kind`, what messages call it, and `letter`, what the help puts in its place.
    """
    kind, letter = "value", "VALUE"

    def __init__(self, text, none=False):
        self.text, self.none = text, none

    def from_text(self, text):
        """The value that a word of the command line stands for. Raises: ValueError."""
        return self.of(text)

    @abstractmethod
    def of(self, value):
        """The value, if it is one that may be. Raises: ValueError saying what is wrong with it."""

    def check(self, name, value):
        """The value, if it is one that may be. Raises: ArgumentError naming the setting."""
        if value is None and self.none:
            return None
        try:
            return self.of(value)
        except ValueError as error:
            raise ArgumentError(f"settings: {name} is {value!r}, but {error}.") from None


class Text(Option):
    """A string."""
    kind, letter = "text", "NAME"

    def of(self, value):
        if not isinstance(value, str):
            raise ValueError("it must be a text")
        return value


class Choice(Text):
    """One of some words."""

    def __init__(self, text, choices):
        super().__init__(text)
        self.choices = choices

    def of(self, value):
        if value not in self.choices:
            raise ValueError(f"it must be one of {', '.join(self.choices)}")
        return value


class Flag(Option):
    """Yes or no."""

    def of(self, value):
        if not isinstance(value, bool):
            raise ValueError("it must be true or false")
        return value


class Integer(Option):
    """A whole number of at least `least`."""
    kind, letter = "integer", "N"

    def __init__(self, text, least=None, none=False):
        super().__init__(text, none)
        self.least = least

    def from_text(self, text):
        return self.of(int(text))

    def of(self, value):
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError("it must be an integer")
        if self.least is not None and value < self.least:
            raise ValueError(f"it must be at least {self.least}")
        return value


class Number(Option):
    """A finite number of at least `least` (or above it, if `open`), and below `below`."""
    kind, letter = "number", "X"

    def __init__(self, text, least=0.0, below=math.inf, none=False, open=False):
        super().__init__(text, none)
        self.least, self.below, self.open = least, below, open

    def from_text(self, text):
        return self.of(float(text))

    def of(self, value):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError("it must be a number")
        if not self.least <= value < self.below or self.open and value == self.least:
            low = "above" if self.open else "at least"
            raise ValueError(f"it must be {low} {self.least:g} and below {self.below:g}")
        return float(value)


class Epochs(Option):
    """A list of epochs, as 10,15 on the command line."""
    kind, letter = "list of numbers", "X,X"

    def from_text(self, text):
        return self.of([float(word) for word in text.split(",")])

    def of(self, value):
        if not isinstance(value, (list, tuple)):
            raise ValueError("it must be a list of epochs")
        one = Number("", open=True)
        return [one.of(entry) for entry in value]
