"""What tensors are called where they are shown.

A name comes, in this order, from the names the user gave, from the path of the parameter or buffer in a module, and
from the user's own variables: those of the frames outside this package, innermost first, when the tensor is used. A
variable that holds several tensors one after the other gives x, x₂, x₃.
"""
import inspect
import sys
from collections.abc import Mapping

from ..errors import ArgumentError, ArgumentTypeError
from ..nn import Module
from ..tensor import Tensor
from .page import printable

_PACKAGE = __name__.split(".")[0]
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
RESERVED = ("g",)                                       # what has arrived is called so: a variable g is shown as g₁
LONGEST = 48
DEEPEST = 20                                            # frames in which variables are looked for


def key_of(tensor):
    """What identifies a tensor for the engine: its edge, or, without one, its array."""
    return tensor.edge if tensor.edge is not None else id(tensor.array)


def user_frames():
    """The frames outside this package, innermost first."""
    frames, frame = [], sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__", "").split(".")[0] != _PACKAGE:
            frames.append(frame)
        frame = frame.f_back
    return frames[:DEEPEST]


def shown(name):
    """A name made safe to print: one line, no control characters, not too long."""
    text = printable(name)
    return text if len(text) <= LONGEST else f"{text[:LONGEST // 2]}…{text[1 - LONGEST // 2:]}"


class Names:
    """Names of tensors: `of(tensor)` finds one, or None.

    Args: given: a mapping name -> Tensor, or None. model: a Module whose parameters and buffers go by their paths.
    Raises: ArgumentError, ArgumentTypeError for anything else.
    """

    def __init__(self, given=None, model=None):
        self._known, self._tensors, self._counts = {}, {}, {}
        self._modules = {}                              # by id, so that no id is used again while it stands here
        if given is not None and not isinstance(given, Mapping):
            raise ArgumentTypeError(f"record: names is a {type(given).__name__}. Give a mapping of names to "
                                    "Tensors: names={'x': x}.")
        for name, tensor in (given or {}).items():
            if not isinstance(name, str) or not isinstance(tensor, Tensor):
                raise ArgumentTypeError(f"record: names maps strings to Tensors, but {name!r} is given a "
                                        f"{type(tensor).__name__}. Write names={{'x': x}}.")
            if not name.strip():
                raise ArgumentError("record: a name in names is empty. Give every tensor a name that can be read.")
            self._set(tensor, shown(name))
        if model is not None:
            self.add_module(model)

    def _set(self, tensor, name):
        count = self._counts[name] = self._counts.get(name, 0) + 1
        self._tensors[key_of(tensor)] = tensor          # its array's id belongs to it as long as it lives
        plain = count == 1 and name not in RESERVED
        self._known[key_of(tensor)] = name if plain else name + str(count).translate(_SUBSCRIPTS)

    def by_letter(self, tensor, letter):
        """Name a tensor after the argument it was: a last resort, and only for letters that say something."""
        if len(letter) > 1 and not letter[-1].isdigit():
            self._set(tensor, letter)
        return self._known.get(key_of(tensor))

    def name_start(self, tensor):
        """Name the gradient a recorded backward pass starts with, unless it has a name."""
        if self.of(tensor) is None:
            self._set(tensor, "start")

    def name_grad(self, grad, owner):
        """Name what stands in the `.grad` of a tensor with a name, unless it has one itself."""
        if owner and key_of(grad) not in self._known:
            self._set(grad, f"{owner}.grad")

    def add_module(self, module, prefix=""):
        """Name the parameters and buffers of a module by their paths."""
        self._modules[id(module)] = module
        for members in (module.named_parameters(prefix), module.named_buffers(prefix)):
            for path, tensor in members:
                if key_of(tensor) not in self._known:
                    self._set(tensor, shown(path))

    def add_modules_of(self, frames):
        """Name the members of the modules that variables of these frames hold, by their paths in them."""
        for scope in variables_of(frames):
            modules = {name: value for name, value in scope.items() if isinstance(value, Module)}
            for name, module in modules.items():
                if id(module) not in self._modules:
                    self.add_module(module, "" if len(modules) == 1 or name == "self" else name)

    def of(self, tensor):
        """The tensor's name, or None; variables are looked for in the user's frame."""
        known = self._known.get(key_of(tensor))
        return known or self.find(key_of(tensor), user_frames())[0]

    def find(self, key, frames):
        """(name, tensor) for a tensor's key, (None, None) if no variable of the frames holds it."""
        if key not in self._known:
            self.add_modules_of(frames)
        if key not in self._known:
            self._look(variables_of(frames), key)
        return self._known.get(key), self._tensors.get(key)

    def add_all_of(self, frames):
        """Name every tensor that variables of the frames hold, once for many questions."""
        self.add_modules_of(frames)
        self._look(variables_of(frames))

    def known(self, key):
        """(name, tensor) for a tensor's key as far as it has been named, without looking further."""
        return self._known.get(key), self._tensors.get(key)

    def _look(self, scopes, key=None):
        """Name the tensor with that key, or every tensor, by the variable that holds it."""
        for scope in scopes:
            for name, value in scope.items():
                if isinstance(value, Tensor) and not name.startswith("_"):
                    here = key_of(value)
                    if here not in self._known and key in (None, here):
                        self._set(value, shown(name))


def variables_of(frames):
    """The tensors and modules that variables hold, by name: of each frame, innermost first, then of their modules."""
    scopes = [_held(frame.f_locals) for frame in frames]
    for frame in frames:
        _forget(frame)
    return scopes + [_held(scope) for scope in {id(f.f_globals): f.f_globals for f in frames}.values()]


def _held(scope):
    return {name: value for name, value in list(scope.items()) if isinstance(value, (Tensor, Module))}


def _forget(frame):
    """Before Python 3.13 the frame of a function keeps the dictionary that f_locals made, and all that is in it, alive.

    It is emptied, unless somebody else (who called locals(), a debugger) has it too.
    """
    if sys.version_info < (3, 13) and frame.f_code.co_flags & inspect.CO_OPTIMIZED:
        scope = frame.f_locals
        if sys.getrefcount(scope) <= 3:                 # the frame's, this function's and the call's
            scope.clear()
