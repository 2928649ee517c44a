"""What the engine does besides computing: record or not, watch for NaN, pack what is saved.

One context variable holds it all, so a setting belongs to one thread (or one asynchronous task). The two everyday
settings are plain True (record) and False; anything else is a `Watch`, and ops take the slow path for it.
"""
import functools
import inspect
import sys
from contextvars import ContextVar

from ..errors import ArgumentError

_mode = ContextVar("tinygrad_cnn mode", default=True)
get_mode = _mode.get
set_mode = _mode.set
reset_mode = _mode.reset


class Watch:
    """A mode out of the ordinary.

    grad: whether ops are recorded. anomaly: whether nodes keep the user's line and rules are checked for NaN.
    inference: whether results refuse to enter a graph later. hooks: (pack, unpack) for saved tensors, or None.
    tape: who watches (teach.record), or None: `tape.call(op, args, attrs, compute)` is asked for the result of each
    call of an op, and `tape.sweep(retain, create, wanted, targets)` for the `Pass` of each backward pass.
    """
    __slots__ = ("grad", "anomaly", "inference", "hooks", "tape")

    def __init__(self, grad=True, anomaly=False, inference=False, hooks=None, tape=None):
        self.grad, self.anomaly, self.inference, self.hooks, self.tape = grad, anomaly, inference, hooks, tape


def changed(**changes):
    """The present mode with `changes` made to it: True or False where that says it all, else a Watch."""
    mode = get_mode()
    if isinstance(mode, Watch):
        settings = {name: getattr(mode, name) for name in Watch.__slots__}
    elif changes.keys() == {"grad"}:
        return changes["grad"]
    else:
        settings = {"grad": mode}
    settings.update(changes)
    if not (settings.get("anomaly") or settings.get("inference") or settings.get("hooks") or settings.get("tape")):
        return settings["grad"]
    return Watch(**settings)


def user_line():
    """file:line of the innermost caller outside this package."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").split(".")[0] == __name__.split(".")[0]:
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def is_grad_enabled():
    """Whether ops are recorded for differentiation in this thread."""
    mode = get_mode()
    return mode.grad if isinstance(mode, Watch) else mode


def is_inference_mode_enabled():
    """Whether this thread is inside `inference_mode`."""
    mode = get_mode()
    return isinstance(mode, Watch) and mode.inference


def is_anomaly_enabled():
    """Whether this thread is inside `detect_anomaly`."""
    mode = get_mode()
    return isinstance(mode, Watch) and mode.anomaly


class _Setting:
    """A change of mode, as a context manager (re-entrant) and as a decorator; `mode()` is the mode inside."""

    def __init__(self):
        self._tokens = []

    def __enter__(self):
        self._tokens.append(set_mode(self.mode()))
        return self

    def __exit__(self, *error):
        reset_mode(self._tokens.pop())

    def fresh(self):
        """Another of the same settings: one for each call of a decorated function."""
        return type(self)()

    def __call__(self, function):
        if inspect.isgeneratorfunction(function):
            return _decorate_generator(self, function)

        @functools.wraps(function)
        def inside(*args, **kwargs):
            with self.fresh():
                return function(*args, **kwargs)
        return inside


def _decorate_generator(setting, function):
    """The mode holds while the generator's body runs, not while its caller does."""
    @functools.wraps(function)
    def inside(*args, **kwargs):
        generator = function(*args, **kwargs)
        resume, value = generator.send, None
        while True:
            try:
                with setting.fresh():
                    item = resume(value)
            except StopIteration as end:
                return end.value
            try:
                value = yield item
                resume = generator.send
            except GeneratorExit:
                generator.close()
                raise
            except BaseException as error:
                resume, value = generator.throw, error
    return inside


class no_grad(_Setting):
    """Ops inside are not recorded: a context manager and a decorator.

    >>> import tinygrad_cnn as tg
    >>> x = tg.ones(2, requires_grad=True)
    >>> with tg.no_grad():
    ...     (x * 2).requires_grad
    False
    """

    def __new__(cls, function=None):
        self = object.__new__(cls)
        if function is None:
            return self
        self.__init__()
        return self(function)                           # @no_grad without parentheses

    def __init__(self, function=None):
        super().__init__()

    def mode(self):
        return changed(grad=False)


class enable_grad(no_grad):
    """Ops inside are recorded, also within `no_grad`: a context manager and a decorator."""

    def mode(self):
        return changed(grad=True)


class inference_mode(_Setting):
    """`no_grad`, and the tensors made inside refuse to be saved for a gradient, or written to, outside.

    Args: mode: False makes the block an ordinary one.
    """

    def __new__(cls, mode=True):
        self = object.__new__(cls)
        if callable(mode):
            self.__init__()
            return self(mode)
        return self

    def __init__(self, mode=True):
        super().__init__()
        self._wanted = bool(mode)

    def mode(self):
        return changed(grad=False, inference=True) if self._wanted else changed(inference=False)

    def fresh(self):
        return inference_mode(self._wanted)


class set_grad_enabled(_Setting):
    """Turn recording on or off: at once when called as a function, until the end of a block as a context manager."""

    def __init__(self, mode):
        super().__init__()
        self._wanted = bool(mode)
        self._before = get_mode()
        set_mode(self.mode())

    def mode(self):
        return changed(grad=self._wanted)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        set_mode(self._before)

    def fresh(self):
        return set_grad_enabled(self._wanted)

    def __call__(self, function):
        set_mode(self._before)                          # as a decorator it changes nothing until the function runs
        return super().__call__(function)


class detect_anomaly(_Setting):
    """Nodes made inside keep the user's line, and a backward pass inside stops at the first rule that gives NaN.

    Args: check_nan: whether gradients are checked (the user's lines are kept in any case).
    """

    def __init__(self, check_nan=True):
        super().__init__()
        self._check = check_nan

    def mode(self):
        return changed(anomaly="nan" if self._check else "lines")

    def fresh(self):
        return detect_anomaly(self._check)


class set_detect_anomaly(set_grad_enabled):
    """Turn anomaly detection on or off: at once as a function, until the end of a block as a context manager."""

    def __init__(self, mode, check_nan=True):
        self._check = check_nan
        super().__init__(mode)

    def mode(self):
        return changed(anomaly=("nan" if self._check else "lines") if self._wanted else False)

    def fresh(self):
        return set_detect_anomaly(self._wanted, self._check)


class saved_tensors_hooks(_Setting):
    """Ops inside keep pack_hook(value) instead of a value, and get it back by unpack_hook in the backward pass.

    Args: pack_hook: Tensor -> anything. unpack_hook: that -> Tensor of the same shape, dtype and device.
    """

    def __init__(self, pack_hook, unpack_hook):
        super().__init__()
        if not callable(pack_hook) or not callable(unpack_hook):
            raise ArgumentError("saved_tensors_hooks: pack_hook and unpack_hook must be functions of one argument.")
        self._hooks = pack_hook, unpack_hook

    def mode(self):
        return changed(hooks=self._hooks)

    def fresh(self):
        return saved_tensors_hooks(*self._hooks)
