"""State dicts: a flat mapping from dotted paths to tensors, and back.

The one idea: loading first compares everything and only then copies, so a state dict that does not fit changes nothing
and is refused with one message. `_save_to_state_dict` and `_load_from_state_dict` are the places where a module with
state of its own joins in, as in PyTorch.
"""
from collections import OrderedDict, namedtuple
from collections.abc import Mapping
from itertools import chain

from ..autograd import no_grad
from ..errors import ArgumentTypeError, StateDictError, TinygradError
from ..ops.creation import as_tensor
from ..tensor import Tensor
from .hooks import add_hook
from .parameter import Parameter

__all__ = ["Stateful"]

_EXTRA = "_extra_state"


class IncompatibleKeys(namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    """What load_state_dict(strict=False) passed over: two lists of paths."""
    __slots__ = ()

    def __repr__(self):
        return super().__repr__() if self.missing_keys or self.unexpected_keys else "<All keys matched successfully>"

    __str__ = __repr__


class Stateful:
    """The part of Module that writes and reads state dicts."""
    _state_hooks = None

    def _add_state_hook(self, moment, hook):
        if self._state_hooks is None:
            self._state_hooks = {}
        return add_hook(self._state_hooks.setdefault(moment, []), (hook,))

    def _hooks_at(self, moment):
        return [hook for hook, in self._state_hooks.get(moment, ())] if self._state_hooks else []

    def register_state_dict_pre_hook(self, hook):
        """Call `hook(module, prefix, keep_vars)` before each state_dict(). Returns a handle with remove()."""
        return self._add_state_hook("save_pre", hook)

    def register_state_dict_post_hook(self, hook):
        """Call `hook(module, state_dict, prefix, local_metadata)` after each state_dict().

        Returns: a handle with remove().
        """
        return self._add_state_hook("save_post", hook)

    def register_load_state_dict_pre_hook(self, hook):
        """Call `hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)`
        before the module reads its part of a (copied) state dict, which the hook may change.

        Returns: a handle with remove().
        """
        return self._add_state_hook("load_pre", hook)

    def register_load_state_dict_post_hook(self, hook):
        """Call `hook(module, incompatible_keys)` after each load, before a refusal; it may change the two lists.

        Returns: a handle with remove().
        """
        return self._add_state_hook("load_post", hook)

    def get_extra_state(self):
        """What the state dict keeps beside tensors; a module that overrides this overrides set_extra_state too."""
        raise NotImplementedError(f"{type(self).__name__}: override get_extra_state and set_extra_state together.")

    def set_extra_state(self, state):
        """Take back what get_extra_state gave."""
        raise NotImplementedError(f"{type(self).__name__}: override get_extra_state and set_extra_state together.")

    def _local_state(self):
        """{name: tensor} of this module alone: its parameters, then its persistent buffers."""
        buffers = ((name, b) for name, b in self._buffers.items() if name not in self._non_persistent_buffers_set)
        return {name: t for name, t in chain(self._parameters.items(), buffers) if t is not None}

    def _save_to_state_dict(self, destination, prefix, keep_vars):
        """Write this module's own tensors, not its submodules', to `destination`."""
        for name, tensor in self._local_state().items():
            destination[prefix + name] = tensor if keep_vars else tensor.detach()
        if type(self).get_extra_state is not Stateful.get_extra_state:
            destination[prefix + _EXTRA] = self.get_extra_state()

    def state_dict(self, *, destination=None, prefix="", keep_vars=False):
        """An ordered {path: tensor} of all parameters and persistent buffers, with PyTorch's keys.

        The tensors share the module's memory and, unless `keep_vars`, are detached from its graph.
        """
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        local_metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = local_metadata
        for hook in self._hooks_at("save_pre"):
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, child in self._modules.items():
            if child is not None:
                child.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in self._hooks_at("save_post"):
            hook(self, destination, prefix, local_metadata)
        return destination

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys,
                              error_msgs):
        """Compare this module's part of a state dict and note in local_metadata["pending"] what is to be copied."""
        for hook in self._hooks_at("load_pre"):
            hook(self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        local = self._local_state()
        for name, tensor in local.items():
            key = prefix + name
            if key not in state_dict:
                missing_keys.append(key)
                continue
            value = _read(key, state_dict[key], error_msgs)
            if value is None:
                continue
            if value.shape != tensor.shape:
                error_msgs.append(f"{key} is {tuple(value.shape)} in the state dict but {tuple(tensor.shape)} in the "
                                  "module")
            else:
                local_metadata["pending"].append((self, name, value))
        if type(self).set_extra_state is not Stateful.set_extra_state:
            if prefix + _EXTRA in state_dict:
                local_metadata["pending"].append((self, _EXTRA, state_dict[prefix + _EXTRA]))
            else:
                missing_keys.append(prefix + _EXTRA)
            local[_EXTRA] = None
        for key in state_dict:
            if key.startswith(prefix):
                first, dot, _ = key[len(prefix):].partition(".")
                if first not in (self._modules if dot else local):
                    unexpected_keys.append(key)

    def load_state_dict(self, state_dict, strict=True, assign=False):
        """Copy the values of `state_dict` into this module, or, if it does not fit, change nothing.

        The values are tensors, NumPy arrays or what NumPy can read. With `assign` the module takes the given tensors
        themselves, their dtype and device included.
        Returns: a named tuple of two lists, missing_keys and unexpected_keys, both empty if `strict`.
        Raises: StateDictError that lists what is missing or unexpected (if strict) and the shapes that differ.
        """
        if not isinstance(state_dict, Mapping):
            raise ArgumentTypeError(f"load_state_dict: state_dict is a {type(state_dict).__name__}, not a mapping. "
                                    "Pass what state_dict() or tg.load() gave.")
        found = IncompatibleKeys([], [])
        errors, pending = [], []
        metadata = getattr(state_dict, "_metadata", None) or {}

        def compare(module, state, prefix):
            local_metadata = {**metadata.get(prefix[:-1], {}), "pending": pending, "assign_to_params_buffers": assign}
            module._load_from_state_dict(state, prefix, local_metadata, True, found.missing_keys,
                                         found.unexpected_keys, errors)
            for name, child in module._modules.items():
                if child is not None:
                    inner = f"{prefix}{name}."
                    compare(child, OrderedDict((k, v) for k, v in state.items() if k.startswith(inner)), inner)

        compare(self, OrderedDict(state_dict), "")
        if not _fits(found, errors, strict):            # a hook may forgive keys
            self._call_load_post_hooks(found)
            if not _fits(found, errors, strict):
                raise StateDictError(_refusal(self, found, errors, strict))
        with no_grad():
            for module, name, value in pending:
                _write(module, name, value, assign)
        self._call_load_post_hooks(found)
        return found

    def _call_load_post_hooks(self, found):
        for module in self.modules():
            for hook in module._hooks_at("load_post"):
                hook(module, found)


def _fits(found, errors, strict):
    return not errors and not (strict and (found.missing_keys or found.unexpected_keys))


def _read(key, value, error_msgs):
    """`value` as a Tensor, or None with a note in `error_msgs`."""
    if isinstance(value, Tensor):
        return value
    try:
        return as_tensor(value)
    except (TinygradError, TypeError, ValueError, RuntimeError) as error:
        error_msgs.append(f"{key} is a {type(value).__name__} that no tensor can be made of ({error})")
        return None


def _write(module, name, value, assign):
    """Give the tensor `name` of `module` a new value, or with `assign` put another tensor in its place."""
    if name == _EXTRA:
        module.set_extra_state(value)
        return
    parameters = name in module._parameters
    store = module._parameters if parameters else module._buffers
    old = store[name]
    if not assign:
        old.copy_(value.to(device=old.device, dtype=old.dtype))
    elif parameters and not isinstance(value, Parameter):
        store[name] = Parameter(value, old.requires_grad)
    else:
        store[name] = value.requires_grad_(old.requires_grad) if parameters else value


def _refusal(module, found, errors, strict):
    """The message for a state dict that does not fit."""
    lines = [f"load_state_dict: the state dict does not fit {type(module).__name__}; nothing was changed."]
    if strict:
        for word, keys in (("missing", found.missing_keys), ("unexpected", found.unexpected_keys)):
            if keys:
                lines.append(f"  {word} ({len(keys)}): {', '.join(keys)}")
    if errors:
        lines.append(f"  wrong ({len(errors)}): {'; '.join(errors)}")
    prefix = _common_prefix(found)
    if prefix:
        lines.append(f"The keys would fit without their prefix {prefix!r}: "
                     f"{{key.removeprefix({prefix!r}): value for key, value in state_dict.items()}}.")
    elif strict and (found.missing_keys or found.unexpected_keys):
        lines.append("Pass strict=False to leave out what is missing or unexpected"
                     + ("; shapes must agree all the same." if errors else "."))
    else:
        lines.append("Make the module with the sizes of the state dict.")
    return "\n".join(lines)


def _common_prefix(found):
    """The prefix ("module.") whose removal from the unexpected keys gives the missing ones, or ""."""
    if not (found.missing_keys and found.unexpected_keys):
        return ""
    first, unexpected = found.missing_keys[0], set(found.unexpected_keys)
    for key in found.unexpected_keys:
        if key.endswith("." + first):
            prefix = key[:-len(first)]
            if all(k.startswith(prefix) for k in unexpected) and unexpected >= {prefix + k for k in found.missing_keys}:
                return prefix
    return ""
