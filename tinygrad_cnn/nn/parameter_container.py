"""Containers of parameters: ParameterList and ParameterDict.

The one idea: entries are attributes, so Module's registration does the work. A tensor becomes a Parameter, a value that
is no tensor is kept as it is.
"""
from ..tensor import Tensor
from .container import pairs_of, position_of
from .module import Module
from .parameter import Parameter

__all__ = ["ParameterDict", "ParameterList"]


def _as_entry(value):
    """A tensor as a Parameter; a Parameter and any other value as they are."""
    return Parameter(value) if isinstance(value, Tensor) and not isinstance(value, Parameter) else value


def _lines(entries):
    """One line of the printed form for each (key, value)."""
    lines = []
    for key, value in entries:
        if isinstance(value, Tensor):
            size = "x".join(map(str, value.shape))
            where = "" if value.device.type == "cpu" else f" ({value.device})"
            lines.append(f"  ({key}): Parameter containing: [{value.dtype} of size {size}{where}]")
        else:
            lines.append(f"  ({key}): Object of type: {type(value).__name__}")
    return "\n".join(lines)


class ParameterList(Module):
    """A list of parameters that registers them under "0", "1", ...

    Args: values: an iterable of tensors (each becomes a Parameter) or other values.

    >>> import tinygrad_cnn as tg
    >>> [name for name, _ in tg.nn.ParameterList([tg.zeros(2), tg.ones(3)]).named_parameters()]
    ['0', '1']
    """

    def __init__(self, values=None):
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def __len__(self):
        return self._size

    def __iter__(self):
        return (getattr(self, str(i)) for i in range(self._size))

    def __getitem__(self, index):
        if isinstance(index, slice):
            return type(self)(list(self)[index])
        return getattr(self, str(position_of(self, index, self._size)))

    def __setitem__(self, index, value):
        setattr(self, str(position_of(self, index, self._size)), _as_entry(value))

    def append(self, value):
        """Add a value at the end. Returns this container."""
        setattr(self, str(self._size), _as_entry(value))
        self._size += 1
        return self

    def extend(self, values):
        """Add each of `values` at the end. Returns this container."""
        for value in list(values):
            self.append(value)
        return self

    def __iadd__(self, values):
        return self.extend(values)

    def extra_repr(self):
        return _lines(enumerate(self))


class ParameterDict(Module):
    """A dictionary of parameters that registers them under their names.

    Args: parameters: a mapping of names to tensors (each becomes a Parameter) or other values, an iterable of such
    pairs, or an iterable of names (each with value None).
    """

    def __init__(self, parameters=None):
        super().__init__()
        self._names = {}                                # an ordered set
        if parameters is not None:
            self.update(parameters)

    def __getitem__(self, key):
        if key not in self._names:
            raise KeyError(key)
        return getattr(self, key)

    def __setitem__(self, key, value):
        setattr(self, key, _as_entry(value))
        self._names[key] = None

    def __delitem__(self, key):
        del self._names[key]
        delattr(self, key)

    def __len__(self):
        return len(self._names)

    def __iter__(self):
        return iter(self._names)

    def __reversed__(self):
        return reversed(self._names)

    def __contains__(self, key):
        return key in self._names

    def __or__(self, other):
        return self.copy().__ior__(other)

    def __ior__(self, other):
        self.update(other)
        return self

    def copy(self):
        """A new ParameterDict of the same parameters."""
        return ParameterDict(self.items())

    def get(self, key, default=None):
        """The entry called `key`, or `default`."""
        return self[key] if key in self._names else default

    def setdefault(self, key, default=None):
        """The entry called `key`, made of `default` if there is none."""
        if key not in self._names:
            self[key] = default
        return self[key]

    def pop(self, key):
        """Remove and return the entry called `key`."""
        value = self[key]
        del self[key]
        return value

    def popitem(self):
        """Remove and return the last (name, entry)."""
        key = next(reversed(self._names))
        return key, self.pop(key)

    def clear(self):
        """Remove all entries."""
        for key in list(self._names):
            del self[key]

    def keys(self):
        """The names."""
        return self._names.keys()

    def items(self):
        """The (name, entry) pairs."""
        return [(key, self[key]) for key in self._names]

    def values(self):
        """The entries."""
        return [self[key] for key in self._names]

    def update(self, parameters):
        """Add the entries of a mapping or of an iterable of pairs, replacing those of the same names."""
        for key, value in pairs_of(self, parameters):
            self[key] = value

    def extra_repr(self):
        return _lines(self.items())
