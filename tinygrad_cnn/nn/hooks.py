"""Hooks of a module: functions called before and after its forward, and when gradients pass it on the way back.

The one idea: a module without hooks has `_hooks` None and its call does not come here. Backward hooks work by putting
two identity ops, one around the inputs and one around the outputs, whose backward rules tell the hooks what passes.
"""
from ..autograd import Function
from ..autograd.graph import Hook
from ..errors import ArgumentError, ArgumentTypeError, GradError
from ..tensor import Tensor

__all__ = ["Hooked"]


class HookTables:
    """The hooks of one module: for each moment a list of (hook, with_kwargs, always_call)."""
    __slots__ = ("forward_pre", "forward", "backward_pre", "backward")

    def __init__(self):
        for moment in self.__slots__:
            setattr(self, moment, [])

    def __bool__(self):
        return bool(self.forward_pre or self.forward or self.backward_pre or self.backward)


def add_hook(hooks, entry, prepend=False):
    """Add `entry`, whose first element is the function, to the list `hooks`; returns the handle that removes it.

    Raises: ArgumentTypeError if the function cannot be called.
    """
    if not callable(entry[0]):
        raise ArgumentTypeError(f"hook: a {type(entry[0]).__name__} cannot be called. Register a function.")
    handle = Hook(hooks, entry)
    if prepend:
        hooks.insert(0, hooks.pop())
    return handle


class Hooked:
    """The part of Module that registers and calls hooks."""

    def _add(self, moment, hook, prepend, with_kwargs=False, always_call=False):
        if self._hooks is None:
            self._hooks = HookTables()
        return add_hook(getattr(self._hooks, moment), (hook, with_kwargs, always_call), prepend)

    def register_forward_pre_hook(self, hook, *, prepend=False, with_kwargs=False):
        """Call `hook(module, args)` before each forward; what it returns, if not None, takes the place of args.

        With `with_kwargs` it is hook(module, args, kwargs) and returns None or (args, kwargs).
        Returns: a handle; its remove() takes the hook off.
        """
        return self._add("forward_pre", hook, prepend, with_kwargs)

    def register_forward_hook(self, hook, *, prepend=False, with_kwargs=False, always_call=False):
        """Call `hook(module, args, output)` after each forward; what it returns, if not None, takes the output's place.

        With `with_kwargs` it is hook(module, args, kwargs, output). With `always_call` it is called, with output None,
        also when forward raises. Returns: a handle; its remove() takes the hook off.
        """
        return self._add("forward", hook, prepend, with_kwargs, always_call)

    def register_full_backward_pre_hook(self, hook, prepend=False):
        """Call `hook(module, grad_output)` when the gradients of the outputs are known, before those of the inputs.

        What it returns, if not None, takes the place of grad_output (a tuple, one entry an output).
        Returns: a handle; its remove() takes the hook off.
        """
        return self._add("backward_pre", hook, prepend)

    def register_full_backward_hook(self, hook, prepend=False):
        """Call `hook(module, grad_input, grad_output)` when the gradients of the inputs are known.

        Both are tuples, None where an input or output has no gradient; what it returns, if not None, takes the place of
        grad_input. Returns: a handle; its remove() takes the hook off.
        """
        return self._add("backward", hook, prepend)

    def _call_with_hooks(self, args, kwargs):
        tables = self._hooks
        if not tables:                                  # the last hook was removed: the straight way is open again
            self._hooks = None
            return self.forward(*args, **kwargs)
        for hook, with_kwargs, _ in list(tables.forward_pre):
            args, kwargs = self._call_pre_hook(hook, with_kwargs, args, kwargs)
        watch = GradientWatch(self, tables) if tables.backward or tables.backward_pre else None
        if watch is not None:
            args = watch.enter(args)
        waiting = list(tables.forward)
        result = None
        try:
            result = self.forward(*args, **kwargs)
            while waiting:
                hook, with_kwargs, _ = waiting.pop(0)
                changed = hook(self, args, kwargs, result) if with_kwargs else hook(self, args, result)
                result = result if changed is None else changed
        finally:                                        # hooks still waiting: forward or a hook raised
            for hook, with_kwargs, always_call in waiting:
                if always_call:
                    hook(self, args, kwargs, result) if with_kwargs else hook(self, args, result)
        return result if watch is None else watch.leave(result)

    def _call_pre_hook(self, hook, with_kwargs, args, kwargs):
        """(args, kwargs) as a forward pre-hook leaves them."""
        if not with_kwargs:
            changed = hook(self, args)
            if changed is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
            return args, kwargs
        changed = hook(self, args, kwargs)
        if changed is None:
            return args, kwargs
        if not (isinstance(changed, tuple) and len(changed) == 2):
            raise ArgumentError("register_forward_pre_hook: a hook with with_kwargs=True returned "
                                f"{type(changed).__name__}. Return None or (args, kwargs).")
        return changed


class Passing(Function):
    """The identity of some tensors; backward hands their gradients to `told` and passes on what that returns."""

    @staticmethod
    def forward(ctx, told, *tensors):
        ctx.told = told
        ctx.set_materialize_grads(False)
        return tuple(t.view_as(t) for t in tensors)

    @staticmethod
    def backward(ctx, *grads):
        return (None, *ctx.told(grads))


class GradientWatch:
    """One call of a module with backward hooks: sees the gradients of its outputs, then those of its inputs."""

    def __init__(self, module, tables):
        self.module, self.tables = module, tables
        self.grad_output, self.done = None, False

    def enter(self, args):
        """`args` with the tensors that require grad led through the watch."""
        args, self.inputs = self._lead(args, self.see_grad_input)
        self.input_count = len(args)
        return args

    def leave(self, result):
        """`result` (a tensor, or a tuple or list of such) with its tensors led through the watch."""
        packed = result if isinstance(result, (tuple, list)) else (result,)
        outputs, self.outputs = self._lead(packed, self.see_grad_output)
        self.output_count = len(packed)
        if not self.outputs:
            return result
        if packed is not result:
            return outputs[0]
        return type(result)(*outputs) if hasattr(result, "_fields") else type(result)(outputs)

    def _lead(self, values, told):
        where = [i for i, v in enumerate(values) if isinstance(v, Tensor) and v.requires_grad]
        if where:
            led = Passing.apply(told, *(values[i] for i in where))
            values = list(values)
            for i, tensor in zip(where, led if isinstance(led, tuple) else (led,)):
                values[i] = tensor
        return tuple(values), where

    def see_grad_output(self, grads):
        grad_output = _spread(grads, self.outputs, self.output_count)
        for hook, _, _ in list(self.tables.backward_pre):
            grad_output = _replaced("register_full_backward_pre_hook", grad_output, hook(self.module, grad_output))
        self.grad_output = grad_output
        if not self.inputs:                             # no gradient goes further: this is the only moment there is
            self._call(_spread((), (), self.input_count))
        return tuple(grad_output[i] for i in self.outputs)

    def see_grad_input(self, grads):
        if self.grad_output is None:
            if self.done:                               # a derivative of gradients: it comes past the outputs, rightly
                return grads
            raise GradError("register_full_backward_hook: a gradient reached the inputs of "
                            f"{type(self.module).__name__} past its outputs. "
                            "Return every tensor that is used from forward.")
        grad_input = self._call(_spread(grads, self.inputs, self.input_count))
        return tuple(grad_input[i] for i in self.inputs)

    def _call(self, grad_input):
        for hook, _, _ in list(self.tables.backward):
            changed = hook(self.module, grad_input, self.grad_output)
            grad_input = _replaced("register_full_backward_hook", grad_input, changed)
        self.grad_output, self.done = None, True
        return grad_input


def _spread(grads, where, count):
    """The tuple of `count` entries with `grads` at the places `where` and None elsewhere."""
    spread = [None] * count
    for i, grad in zip(where, grads):
        spread[i] = grad
    return tuple(spread)


def _replaced(name, grads, changed):
    """`grads`, or what a hook returned in their place."""
    if changed is None:
        return grads
    changed = changed if isinstance(changed, tuple) else (changed,)
    if len(changed) != len(grads):
        raise GradError(f"{name}: a hook returned {len(changed)} gradients in the place of {len(grads)}. "
                        "Return None or one for each.")
    return changed
