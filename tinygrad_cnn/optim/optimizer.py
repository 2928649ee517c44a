"""What all optimizers share: parameter groups, state, hooks, and the step's frame.

An optimizer is a list of parameter groups (dicts of options and a list of parameters) and a state per parameter. A step
sorts each group's parameters that have a gradient by device and dtype and hands them to the subclass's `update`, which
makes one kernel call for all of them. The kernel writes into the parameters' memory and records no graph, so `update`
notes the write: a value that a graph saved before the step is known to be stale.
"""
import functools
from collections import defaultdict
from collections.abc import Iterable
from copy import deepcopy

from .. import dtypes
from ..autograd import Hook, enable_grad, no_grad
from ..autograd.op import quiet
from ..device import CPU
from ..errors import ArgumentError, ArgumentTypeError, DTypeError, StateDictError
from ..tensor import Tensor

_WIDE = {"float16": dtypes.float32, "bfloat16": dtypes.float32}


def hooked(step):
    """`step` with the step hooks around it (once, also where a subclass's step calls that of its base)."""
    @functools.wraps(step)
    def wrapper(self, *args, **kwargs):
        if self._stepping:
            return step(self, *args, **kwargs)
        self._stepping = self._opt_called = True
        try:
            for hook in tuple(self._step_pre_hooks):
                changed = hook(self, args, kwargs)
                if changed is not None:
                    args, kwargs = changed
            result = step(self, *args, **kwargs)
            for hook in tuple(self._step_post_hooks):
                hook(self, args, kwargs)
        finally:
            self._stepping = False
        return result
    return wrapper


class Optimizer:
    """Base class: give `update(group, device, params)`, or override `step` altogether.

    Args: params: an iterable of Tensors, of (name, Tensor) pairs or of dicts (parameter groups). defaults: the options
    of groups that do not give their own.
    Attributes: `param_groups`, `state` (a dict a parameter), `defaults`.
    Raises: ArgumentError for no parameters, one given twice, one that is not a leaf, or an option outside its range;
    ArgumentTypeError for what is no Tensor, DTypeError for one that is not floating point.
    """
    _stepping = _opt_called = False

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "step" in vars(cls):
            cls.step = hooked(cls.step)

    def __init__(self, params, defaults):
        self.defaults = defaults
        self.state = defaultdict(dict)
        self.param_groups = []
        self._reset_hooks()
        if isinstance(params, (Tensor, dict, set)) or not isinstance(params, Iterable):
            raise ArgumentTypeError(f"{type(self).__name__}: params is a {type(params).__name__}. Give a list of "
                             "Tensors, such as model.parameters(), or a list of dicts with the key 'params'.")
        groups = list(params)
        if not groups:
            raise ArgumentError(f"{type(self).__name__}: the list of parameters is empty. A generator such as "
                                "model.parameters() is used up by one loop: call it again for the optimizer.")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def _reset_hooks(self):
        self._step_pre_hooks, self._step_post_hooks = [], []

    def check(self, group):
        """Refuse options of a parameter group that are out of range; subclasses say which."""

    def update(self, group, device, params):
        """Make one step with `params`, those of the group that have a gradient and share one device and dtype."""
        raise NotImplementedError(f"{type(self).__name__}: a subclass of Optimizer gives update() or step().")

    @hooked
    def step(self, closure=None):
        """Change every parameter that has a gradient, once.

        closure: a function that clears the gradients, computes the loss, calls backward and returns the loss.
        Returns: the closure's loss, or None.
        """
        loss = None
        if closure is not None:
            if not callable(closure):
                raise ArgumentTypeError(f"{type(self).__name__}.step: closure is a {type(closure).__name__}. Give a "
                                        "function that computes the loss, or nothing.")
            with enable_grad():
                loss = closure()
        with no_grad():
            for group in self.param_groups:
                self._update_group(group)
        return loss

    def _update_group(self, group):
        name = f"{type(self).__name__}.step"
        buckets = {}
        for p in group["params"]:
            if p.grad is not None:
                buckets.setdefault((p.device, p.array.dtype), []).append(p)
        for (device, _), params in buckets.items():
            self.update(group, device, params)
            for p in params:
                p.wrote(name)

    def zero_grad(self, set_to_none=True):
        """Forget the gradients of all parameters, or fill them with zeros in place if set_to_none is False."""
        for group in self.param_groups:
            for p in group["params"]:
                grad = p.grad
                if grad is None:
                    continue
                if set_to_none:
                    p.grad = None
                elif grad.requires_grad:
                    p.grad = zeros_like(grad)
                else:
                    grad.device.write(grad.array, ..., 0)
                    grad.wrote("zero_grad")

    def add_param_group(self, param_group):
        """Add a group of parameters, a dict with the key 'params' and options of its own (say, layers newly unfrozen).

        Raises: as the constructor.
        """
        name = type(self).__name__
        if not isinstance(param_group, dict):
            raise ArgumentTypeError(f"{name}: a parameter group is a dict, not {type(param_group).__name__}. "
                             "Write {'params': [...], 'lr': 0.1}.")
        if "params" not in param_group:
            raise ArgumentError(f"{name}: a parameter group has the keys {sorted(param_group)} but not 'params'. "
                                "Give its parameters under that key.")
        group = {**param_group, **_named(name, param_group["params"])}
        for option, value in self.defaults.items():
            group.setdefault(option, value)
        self._check_params(name, group)
        if group.get("differentiable"):
            raise ArgumentError(f"{name}: differentiable=True is not supported, a step records no graph. "
                                "Leave it False and write the update with tensor operations.")
        self.check(group)
        self.param_groups.append(group)

    def _check_params(self, name, group):
        known = {id(p) for g in self.param_groups for p in g["params"]}
        for k, p in enumerate(group["params"]):
            if not isinstance(p, Tensor):
                raise ArgumentTypeError(f"{name}: parameter {k} is a {type(p).__name__}. Give Tensors only.")
            if not p.dtype.is_floating_point:
                raise DTypeError(f"{name}: parameter {k} is {p.dtype}. Give floating-point Tensors.")
            if not p.is_leaf:
                raise ArgumentError(f"{name}: parameter {k} (shape {tuple(p.shape)}) was computed from other tensors. "
                                    "Optimize leaves: tensors made with requires_grad=True, or "
                                    "detach().requires_grad_().")
            if id(p) in known:
                raise ArgumentError(f"{name}: parameter {k} (shape {tuple(p.shape)}) is given twice and would be "
                                    "changed twice a step. Give each parameter once, in one group.")
            known.add(id(p))
        if any(("param_names" in g) != ("param_names" in group) for g in self.param_groups):
            raise ArgumentError(f"{name}: some parameter groups have names and others have none. "
                                "Give all groups named_parameters(), or none.")

    def state_dict(self):
        """A copy of all that a later run needs, a dict: 'state' and 'param_groups', with parameters by number."""
        number, groups = {}, []
        for group in self.param_groups:
            for p in group["params"]:
                number[id(p)] = len(number)
            packed = {key: deepcopy(value) for key, value in group.items() if key != "params"}
            packed["params"] = [number[id(p)] for p in group["params"]]
            groups.append(packed)
        state = {number.get(id(p), p): {key: _saved(key, value) for key, value in entries.items()}
                 for p, entries in self.state.items()}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict):
        """Go on from what `state_dict` gave; the tensors are copied to each parameter's device and dtype.

        Raises: StateDictError if groups, numbers of parameters or shapes do not fit; nothing is changed then.
        """
        name = type(self).__name__
        if not isinstance(state_dict, dict) or not {"state", "param_groups"} <= state_dict.keys():
            raise StateDictError(f"{name}.load_state_dict: this is not what state_dict() gives, a dict with the keys "
                                 "'state' and 'param_groups'. Pass that dict unchanged.")
        saved = state_dict["param_groups"]
        if len(saved) != len(self.param_groups):
            raise StateDictError(f"{name}.load_state_dict: the state dict has {len(saved)} parameter groups but this "
                                 f"optimizer has {len(self.param_groups)}. Make the groups as they were when it was "
                                 "saved.")
        by_number = {}
        for k, (old, group) in enumerate(zip(saved, self.param_groups)):
            if len(old["params"]) != len(group["params"]):
                raise StateDictError(f"{name}.load_state_dict: parameter group {k} has {len(old['params'])} "
                                     f"parameters in the state dict but {len(group['params'])} in this optimizer. "
                                     "Make the groups as they were when it was saved.")
            by_number.update(zip(old["params"], group["params"]))
        state = defaultdict(dict)
        for key, entries in state_dict["state"].items():
            p = by_number.get(key)
            if p is None:
                raise StateDictError(f"{name}.load_state_dict: the state dict has state for parameter {key!r}, which "
                                     "is in none of its groups.")
            state[p] = {entry: _loaded(name, key, p, entry, value) for entry, value in entries.items()}
        for old, group in zip(saved, self.param_groups):
            group.update({key: deepcopy(value) for key, value in old.items() if key != "params"})
        self.state = state

    def register_step_pre_hook(self, hook):
        """Call hook(optimizer, args, kwargs) before each step; it may return other (args, kwargs). Returns: a handle
        with `remove()`."""
        return Hook(self._step_pre_hooks, hook)

    def register_step_post_hook(self, hook):
        """Call hook(optimizer, args, kwargs) after each step. Returns: a handle with `remove()`."""
        return Hook(self._step_post_hooks, hook)

    def __getstate__(self):
        return {key: value for key, value in vars(self).items() if key not in ("_step_pre_hooks", "_step_post_hooks")}

    def __setstate__(self, state):
        vars(self).update(state)
        self._reset_hooks()

    def __repr__(self):
        text = f"{type(self).__name__} ("
        for k, group in enumerate(self.param_groups):
            text += f"\nParameter Group {k}\n"
            text += "".join(f"    {key}: {group[key]}\n" for key in sorted(group) if key != "params")
        return text + ")"


def run_kernel(device, name, params, *averages, **options):
    """Call update kernel `name` on the arrays of parameters, their gradients and averages (lists of Tensors, None)."""
    averages = [None if tensors is None else [t.array for t in tensors] for tensors in averages]
    quiet.run(device.kernel(name), [p.array for p in params], [p.grad.array for p in params], *averages, **options)


def zeros_like(p):
    """Zeros for a running average of `p`, a Tensor: float32 if p is float16 or bfloat16, so that small sums survive."""
    dtype = _WIDE.get(p.dtype.name, p.dtype).numpy
    array = p.device.empty(p.array.shape, dtype)
    p.device.write(array, ..., 0)
    return Tensor(array, p.device)


def check_range(name, group, **options):
    """Refuse an option of `group` outside [low, high), given as option=(low, high); high None is no bound.

    Raises: ArgumentError.
    """
    for option, (low, high) in options.items():
        value = group[option]
        if isinstance(value, (bool, Tensor)) or dtypes.scalar_kind(value) is None:
            raise ArgumentError(f"{name}: {option} is a {type(value).__name__}. Give a number.")
        if not value >= low or high is not None and not value < high:
            bound = f"at least {low}" if high is None else f"at least {low} and below {high}"
            raise ArgumentError(f"{name}: {option} is {value}. Give a number of {bound}.")


def _named(name, params):
    """{'params': list of Tensors}, and 'param_names' if `params` holds pairs as `named_parameters()` gives."""
    if isinstance(params, set):
        raise ArgumentTypeError(f"{name}: the parameters are in a set, whose order differs from run to run. "
                                "Give a list.")
    params = [params] if isinstance(params, Tensor) else list(params)
    pairs = [p for p in params if isinstance(p, tuple)]
    if not pairs:
        return {"params": params}
    if len(pairs) != len(params):
        raise ArgumentError(f"{name}: {len(pairs)} of {len(params)} parameters have names. Name all of them, or none.")
    return {"params": [p for _, p in pairs], "param_names": [n for n, _ in pairs]}


def _saved(key, value):
    if isinstance(value, Tensor):
        return Tensor(value.device.call(value.array.copy), value.device)
    if key == "step":                                   # a 0-d float32 tensor, as PyTorch keeps it
        return Tensor(CPU.xp.array(value, "float32"), CPU)
    return deepcopy(value)


def _loaded(name, number, p, key, value):
    if key == "step":
        return int(value.item()) if isinstance(value, Tensor) else int(value)
    if not isinstance(value, Tensor):
        return deepcopy(value)
    if value.array.shape != p.array.shape:
        raise StateDictError(f"{name}.load_state_dict: {key} of parameter {number} has shape {tuple(value.shape)} but "
                             f"the parameter has {tuple(p.shape)}. Load the state of the same model.")
    copy = zeros_like(p)
    source = value.array if value.device is p.device else p.device.xp.asarray(value.device.asnumpy(value.array))
    p.device.write(copy.array, ..., source)
    return copy
