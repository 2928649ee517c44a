"""What a label of a data set means to a model: the class of the same name, whatever the numbers of the two are."""
from collections import Counter

from ..errors import ArgumentError
from ..ops import tensor

_SHOWN = 3


def label_numbers(own, names, cure, renamed=False):
    """The number in a model of each class of a data set, an integer Tensor; None where the numbers are the same.

    Args: own: the names of the data set's classes; names: of the model's. cure: the last sentence of a refusal.
    renamed: whether the model's may be other names for the data set's classes, in the same order.
    Raises: ArgumentError if a class of the data set is none of the model's, or could be two of them.

    >>> label_numbers(["cat", "dog"], ["bird", "cat", "dog"], "")
    tensor([1, 2])
    """
    own, names = list(own), list(names)
    if own == names:
        return None
    counts = Counter(names)
    strangers = [name for name in own if not counts[name]]
    if renamed and len(strangers) == len(own) == len(names):
        return None
    if strangers:
        raise ArgumentError(f"classes: {len(strangers)} of the data set's {len(own)} ({_some(strangers)}) are none of "
                            f"the {len(names)} of the model ({_some(names)}), so a right answer cannot be told. {cure}")
    twice = [name for name in own if counts[name] > 1]
    if twice:
        raise ArgumentError(f"classes: the model has more than one called {_some(twice)}, so a right answer cannot be "
                            "told. Give each class a name of its own.")
    return tensor([names.index(name) for name in own])


def _some(names):
    return ", ".join(map(str, names[:_SHOWN])) + (", ..." if len(names) > _SHOWN else "")
