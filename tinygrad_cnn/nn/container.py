"""Containers of modules: Sequential runs its modules in turn; ModuleList and ModuleDict only hold them.

The one idea: a list's element i is registered under the name str(i), so state-dict keys read "layers.0.weight".
"""
import operator
from collections.abc import Iterable, Mapping

from ..errors import ArgumentTypeError, TensorIndexError
from .module import Module

__all__ = ["ModuleDict", "ModuleList", "Sequential"]


def position_of(container, index, length):
    """A non-negative index into `length` entries.

    Raises: TensorIndexError out of range, ArgumentTypeError if index is no integer.
    """
    name = type(container).__name__
    try:
        position = operator.index(index)
    except TypeError:
        raise ArgumentTypeError(f"{name}: {index!r} is not an index. Use an integer or a slice.") from None
    if not -length <= position < length:
        raise TensorIndexError(f"{name}: index {position} is out of range for {length} entries. "
                               f"Use {-length} to {length - 1}." if length else
                               f"{name}: index {position} of an empty one. Append an entry first.")
    return position % length


class ModuleRow(Module):
    """What Sequential and ModuleList share: modules in a row, under the names "0", "1", ..."""

    def _keys(self, index):
        return list(self._modules)[index]

    def __len__(self):
        return len(self._modules)

    def __iter__(self):
        return iter(self._modules.values())

    def __getitem__(self, index):
        if isinstance(index, slice):
            return self._part(self._keys(index))
        return self._modules[self._keys(position_of(self, index, len(self)))]

    def __setitem__(self, index, module):
        setattr(self, self._keys(position_of(self, index, len(self))), module)

    def __delitem__(self, index):
        keys = self._keys(index) if isinstance(index, slice) else [self._keys(position_of(self, index, len(self)))]
        for key in keys:
            delattr(self, key)
        self._renumber(list(self._modules.values()))

    def _renumber(self, modules):
        """Put `modules` in the place of all modules, under their positions."""
        self._modules.clear()
        for position, module in enumerate(modules):
            self.add_module(str(position), module)

    def append(self, module):
        """Add a module at the end. Returns this container."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules):
        """Add each of `modules` at the end. Returns this container.

        Raises: ArgumentTypeError if modules cannot be iterated over.
        """
        if not isinstance(modules, Iterable):
            raise ArgumentTypeError(f"{type(self).__name__}: extend takes an iterable of modules, "
                                    f"not a {type(modules).__name__}. Put the modules in a list.")
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index, module):
        """Put a module before position `index`."""
        modules = list(self._modules.values())
        modules.insert(index, module)
        self._renumber(modules)

    def pop(self, index=-1):
        """Remove and return the module at `index`."""
        module = self[index]
        del self[index]
        return module

    def __iadd__(self, modules):
        return self.extend(modules)

    def __dir__(self):
        return [name for name in super().__dir__() if not name.isdigit()]


class Sequential(ModuleRow):
    """Modules run one after the other, each on the output of the one before.

    Args: modules, or one mapping of names to modules (names may not contain a dot).
    Raises: ArgumentTypeError for an argument that is not a Module.

    >>> import tinygrad_cnn as tg
    >>> tg.nn.Sequential(tg.nn.Linear(4, 8), tg.nn.ReLU())
    Sequential(
      (0): Linear(in_features=4, out_features=8, bias=True)
      (1): ReLU()
    )
    """

    def __init__(self, *args):
        super().__init__()
        if len(args) == 1 and isinstance(args[0], Mapping):
            for name, module in args[0].items():
                self.add_module(name, module)
        else:
            for position, module in enumerate(args):
                self.add_module(str(position), module)

    def forward(self, input):
        for module in self._modules.values():
            input = module(input)
        return input

    def _part(self, keys):
        return type(self)({key: self._modules[key] for key in keys})

    def _joined(self, other):
        if not isinstance(other, Sequential):
            raise ArgumentTypeError(f"Sequential: + joins two Sequentials, not a {type(other).__name__}. "
                                    "Wrap it: nn.Sequential(module).")
        return Sequential(*self, *other)

    def __add__(self, other):
        return self._joined(other)

    def __iadd__(self, other):
        self._joined(other)
        return self.extend(other)

    def __mul__(self, times):
        if not isinstance(times, int) or times < 1:
            raise ArgumentTypeError(f"Sequential: * takes a positive integer, not {times!r}.")
        return Sequential(*(module for _ in range(times) for module in self))

    __rmul__ = __mul__

    def __imul__(self, times):
        return self.extend((self * times)[len(self):])


class ModuleList(ModuleRow):
    """A list of modules that registers them; it has no forward of its own.

    Args: modules: an iterable of modules.
    """

    def __init__(self, modules=None):
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def _part(self, keys):
        return type(self)(self._modules[key] for key in keys)

    def __add__(self, other):
        return ModuleList([*self, *other])

    def __repr__(self):
        return _run_length_repr(self)


def _run_length_repr(modules):
    """PyTorch's form of a ModuleList: a run of equal lines is written once, as (0-3): 4 x Linear(...)."""
    runs = []
    for position, module in enumerate(modules):
        text = repr(module)
        if runs and runs[-1][2] == text:
            runs[-1][1] = position
        else:
            runs.append([position, position, text])
    if not runs:
        return f"{modules._get_name()}()"
    lines = [f"({first}): {text}" if first == last else f"({first}-{last}): {last - first + 1} x {text}"
             for first, last, text in runs]
    return f"{modules._get_name()}(\n  " + "\n  ".join(line.replace("\n", "\n  ") for line in lines) + "\n)"


class ModuleDict(Module):
    """A dictionary of modules that registers them under their names.

    Args: modules: a mapping, or an iterable of (name, module) pairs.
    """

    def __init__(self, modules=None):
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key):
        return self._modules[key]

    def __setitem__(self, key, module):
        self.add_module(key, module)

    def __delitem__(self, key):
        del self._modules[key]

    def __len__(self):
        return len(self._modules)

    def __iter__(self):
        return iter(self._modules)

    def __contains__(self, key):
        return key in self._modules

    def clear(self):
        """Remove all modules."""
        self._modules.clear()

    def pop(self, key):
        """Remove and return the module called `key`."""
        return self._modules.pop(key)

    def keys(self):
        """The names."""
        return self._modules.keys()

    def items(self):
        """The (name, module) pairs."""
        return self._modules.items()

    def values(self):
        """The modules."""
        return self._modules.values()

    def update(self, modules):
        """Add the modules of a mapping or of an iterable of pairs, replacing those of the same names.

        Raises: ArgumentTypeError if it is neither.
        """
        for key, module in pairs_of(self, modules):
            self[key] = module


def pairs_of(container, entries):
    """The (name, entry) pairs of a mapping or of an iterable of pairs."""
    if isinstance(entries, (Mapping, type(container))):
        return list(entries.items())
    try:
        return [(key, entry) for key, entry in entries]
    except (TypeError, ValueError):
        raise ArgumentTypeError(f"{type(container).__name__}: a {type(entries).__name__} is neither a mapping nor an "
                                "iterable of (name, entry) pairs. Pass a dict.") from None
