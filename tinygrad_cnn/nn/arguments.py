"""Checks of constructor arguments, shared by the layers: what is wrong is said where the layer is made, not later.

Each check takes the layer's class name and the argument's name for its message, and returns the value in the form that
the layer keeps.
"""
import operator

from ..errors import ArgumentError


def whole(layer, name, value, least=1):
    """`value` as an int of at least `least`.

    Raises: ArgumentError for anything else.
    """
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None or number < least:
        raise ArgumentError(f"{layer}: {name} is {value!r}. Make it an integer of at least {least}.")
    return number


def sizes(layer, name, value, axes, least=1):
    """One int per spatial axis as a tuple, from one int or a sequence of `axes` ints.

    Raises: ArgumentError for anything else.
    """
    if isinstance(value, (tuple, list)):
        if len(value) != axes:
            raise ArgumentError(f"{layer}: {name} is {value!r}, {len(value)} numbers for {axes} spatial "
                                f"{'axis' if axes == 1 else 'axes'}. Make it one integer, or {axes} of them.")
        return tuple(whole(layer, name, v, least) for v in value)
    return (whole(layer, name, value, least),) * axes


def number(layer, name, value, least=None, above=None):
    """`value`, a real number, at least `least` or above `above` where given.

    Raises: ArgumentError for anything else.
    """
    if not isinstance(value, bool):
        try:
            real = float(value)
        except (TypeError, ValueError):
            real = None
        if real is not None and (least is None or real >= least) and (above is None or real > above):
            return value
    bound = f" of at least {least}" if least is not None else f" above {above}" if above is not None else ""
    raise ArgumentError(f"{layer}: {name} is {value!r}. Make it a number{bound}.")


def probability(layer, name, value):
    """`value`, a number from 0 to 1.

    Raises: ArgumentError for anything else.
    """
    if not (number(layer, name, value) >= 0 and value <= 1):
        raise ArgumentError(f"{layer}: {name} is {value!r}. Make it a probability, from 0 to 1.")
    return value


def choice(layer, name, value, options):
    """`value`, one of `options`.

    Raises: ArgumentError for anything else.
    """
    if value not in options:
        raise ArgumentError(f"{layer}: {name} is {value!r}. Use one of {', '.join(map(repr, options))}.")
    return value


def divides(layer, groups, channels, name):
    """Refuse `groups` that do not cut `channels` (the argument called `name`) into equal parts.

    Raises: ArgumentError if they do not.
    """
    if channels % groups:
        raise ArgumentError(f"{layer}: {name} is {channels}, not a multiple of {groups} groups. "
                            f"Make {name} a multiple of the groups.")
