"""Module: the base of every layer and model, as PyTorch's.

The one idea: a module is a tree. Assigning a Parameter, a Module or a registered buffer to an attribute files it in
one of three dictionaries, and everything else is a walk over these: parameters() and its kin (tree.py), to() and its
kin (casting.py), state dicts (state_dict.py). A call with no hooks goes straight to forward; hooks are in hooks.py.
"""
from ..errors import ArgumentError, ArgumentTypeError, ModuleError, TinygradError
from ..tensor import Tensor
from .casting import Castable
from .hooks import Hooked
from .layer_errors import name_the_layer
from .parameter import Buffer, Parameter
from .state_dict import Stateful
from .tree import Tree

__all__ = ["Module"]


class Module(Tree, Castable, Hooked, Stateful):
    """A tree of parameters, buffers and submodules with a `forward`.

    Example:

    >>> import tinygrad_cnn as tg
    >>> class Net(tg.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.fc = tg.nn.Linear(4, 2)
    ...     def forward(self, x):
    ...         return self.fc(x).relu()
    >>> Net()(tg.zeros(3, 4)).shape
    tinygrad_cnn.Size([3, 2])
    >>> [name for name, _ in Net().named_parameters()]
    ['fc.weight', 'fc.bias']
    """
    _version = 1                            # of this class's state dict; a newer class can read an older dict by it
    _shown = ()                             # attributes that extra_repr prints as name=value
    training = True

    def __init__(self):
        state = self.__dict__
        state["training"] = True
        state["_parameters"] = {}
        state["_buffers"] = {}
        state["_non_persistent_buffers_set"] = set()
        state["_modules"] = {}
        state["_hooks"] = None

    # The call

    def forward(self, *args, **kwargs):
        """What the module computes; every subclass defines it."""
        raise NotImplementedError(f"{type(self).__name__}: this module has no forward. "
                                  "Define forward(self, ...) in the class.")

    def __call__(self, *args, **kwargs):
        try:
            if self._hooks is None:
                return self.forward(*args, **kwargs)
            return self._call_with_hooks(args, kwargs)
        except TinygradError as error:
            name_the_layer(self, error)
            raise

    # Registration

    def _check_name(self, kind, name):
        """Refuse a name under which nothing can be registered."""
        if "_parameters" not in self.__dict__:
            raise ModuleError(f"{type(self).__name__}: a {kind} was assigned before Module.__init__() ran. "
                              "Call super().__init__() first in __init__.")
        if not isinstance(name, str):
            raise ArgumentTypeError(f"register_{kind}: the name is a {type(name).__name__}, not a string. "
                                    "Give the attribute's name as a string.")
        if "." in name or name == "":
            raise ArgumentError(f"register_{kind}: {name!r} cannot name a {kind}. Use a name that is not empty and has "
                                "no dot (dots separate the levels of a state dict's keys).")

    def _check_free(self, kind, name, store):
        if name not in store and hasattr(self, name):
            raise ArgumentError(f"register_{kind}: {type(self).__name__} already has an attribute {name!r}. "
                                f"Delete it first (del module.{name}) or choose another name.")

    def _forget(self, name, keep):
        """Remove `name` wherever it is registered, except in the dictionary `keep`."""
        state = self.__dict__
        state.pop(name, None)
        for store in (state["_parameters"], state["_buffers"], state["_modules"]):
            if store is not keep:
                store.pop(name, None)
        if keep is not state["_buffers"]:
            state["_non_persistent_buffers_set"].discard(name)

    def register_parameter(self, name, param):
        """Add a Parameter (or None, which keeps the name's place) under `name`.

        Raises: ArgumentTypeError if it is neither, ArgumentError for a bad or taken name.
        """
        self._check_name("parameter", name)
        self._check_free("parameter", name, self._parameters)
        if param is not None and not isinstance(param, Parameter):
            raise ArgumentTypeError(f"register_parameter: {name!r} is a {type(param).__name__}, not a Parameter or "
                                    "None. Wrap the tensor: nn.Parameter(tensor).")
        self._parameters[name] = param

    def register_buffer(self, name, tensor, persistent=True):
        """Add a Tensor that is state but not trained (or None) under `name`; state_dict() has it if `persistent`.

        Raises: ArgumentTypeError if it is not a Tensor, ArgumentError for a bad or taken name.
        """
        self._check_name("buffer", name)
        self._check_free("buffer", name, self._buffers)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise ArgumentTypeError(f"register_buffer: {name!r} is a {type(tensor).__name__}, not a Tensor or None. "
                                    "Make a tensor of it first: tg.tensor(...).")
        self._buffers[name] = tensor
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name, module):
        """Add a submodule (or None) under `name`.

        Raises: ArgumentTypeError if it is not a Module, ArgumentError for a bad or taken name.
        """
        self._check_name("module", name)
        self._check_free("module", name, self._modules)
        if module is not None and not isinstance(module, Module):
            raise ArgumentTypeError(f"add_module: {name!r} is a {type(module).__name__}, not a Module or None. "
                                    "Pass an instance of a class derived from nn.Module.")
        self._modules[name] = module

    register_module = add_module

    # Attributes: registered tensors and modules read and write like any other

    def __getattr__(self, name):
        state = self.__dict__
        if "_parameters" in state:
            if name in state["_parameters"]:
                return state["_parameters"][name]
            if name in state["_buffers"]:
                return state["_buffers"][name]
            if name in state["_modules"]:
                return state["_modules"][name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)

    def __setattr__(self, name, value):
        state = self.__dict__
        if isinstance(value, Parameter):
            self._check_name("parameter", name)
            self._forget(name, keep=self._parameters)
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            self._check_name("module", name)
            self._forget(name, keep=self._modules)
            self.add_module(name, value)
        elif isinstance(value, Buffer):
            self._check_name("buffer", name)
            self._forget(name, keep=self._buffers)
            self.register_buffer(name, value, value.persistent)
        elif "_parameters" in state and self._fill_place(name, value):
            return
        else:
            object.__setattr__(self, name, value)

    def _fill_place(self, name, value):
        """Put a plain value where a tensor or module of that name is registered; whether there was such a place."""
        for store, kind, accepted in ((self._parameters, "parameter", "a Parameter"),
                                      (self._modules, "module", "a Module"), (self._buffers, "buffer", "a Tensor")):
            if name in store:
                if value is not None and not (kind == "buffer" and isinstance(value, Tensor)):
                    raise ArgumentTypeError(f"{type(self).__name__}: {name!r} is a registered {kind} and a "
                                            f"{type(value).__name__} cannot take its place. Assign {accepted} or "
                                            f"None, or delete it first (del module.{name}).")
                store[name] = value
                return True
        return False

    def __delattr__(self, name):
        state = self.__dict__
        for store in ("_parameters", "_buffers", "_modules"):
            if name in state.get(store, ()):
                del state[store][name]
                state["_non_persistent_buffers_set"].discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self):
        return sorted({*super().__dir__(), *self._parameters, *self._buffers, *self._modules})

    # State of training

    def train(self, mode=True):
        """Set this module and all below it to training mode (or, with False, to evaluation mode). Returns this module.

        Raises: ArgumentError if `mode` is not a bool.
        """
        if not isinstance(mode, bool):
            raise ArgumentError(f"train: mode is {mode!r}. Make it True or False.")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self):
        """Set this module and all below it to evaluation mode. Returns this module."""
        return self.train(False)

    def requires_grad_(self, requires_grad=True):
        """Turn the training of every parameter on or off, in place. Returns this module."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none=True):
        """Drop the gradient of every parameter, or fill it with zeros if not `set_to_none`."""
        for parameter in self.parameters():
            if parameter.grad is not None:
                if set_to_none:
                    parameter.grad = None
                else:
                    parameter.grad = parameter.grad.detach().zero_()

    # The printed form

    def _get_name(self):
        return type(self).__name__

    def extra_repr(self):
        """What stands in the parentheses of this module's own line."""
        return ", ".join(f"{name}={getattr(self, name)!r}" for name in self._shown)

    def _repr_html_(self):
        """What a notebook shows: the tree of modules as a table; static, nothing in it runs."""
        from ..reprs import module_html
        return module_html(self)

    def __repr__(self):
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        below = [f"({name}): " + repr(child).replace("\n", "\n  ") for name, child in self._modules.items()]
        if len(lines) <= 1 and not below:
            return f"{self._get_name()}({extra})"
        return f"{self._get_name()}(\n  " + "\n  ".join(lines + below) + "\n)"
