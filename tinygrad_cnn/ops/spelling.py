"""NumPy's names of two arguments, which PyTorch takes beside its own: axis for dim, keepdims for keepdim."""
from ..errors import ArgumentError

SPELLINGS = {"axis": "dim", "keepdims": "keepdim"}


def respelled(name, known, options):
    """The options of a call of `name` with NumPy's names changed into PyTorch's, those among `known` alone.

    Raises: ArgumentError if one argument is given under both names.

    >>> respelled("sum", ("input", "dim", "keepdim"), {"axis": 0, "keepdims": True})
    {'dim': 0, 'keepdim': True}
    """
    found = {}
    for word, value in options.items():
        plain = SPELLINGS.get(word, word)
        plain = plain if plain in known else word
        if plain in found:
            raise ArgumentError(f"{name}: {plain} is given twice, once as {_other(plain)}. Give it under one name.")
        found[plain] = value
    return found


def _other(plain):
    return next(word for word, meant in SPELLINGS.items() if meant == plain)
