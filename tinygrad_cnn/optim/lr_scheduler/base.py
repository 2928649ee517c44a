"""The frame of a schedule, and the two schedules whose factor is the user's function.

t, the epoch (or step) count, is 0 after construction. A subclass gives `next_lr(lr, base_lr)`, the rate at t from the
rate at t - 1, and, where there is one, `lr_at(base_lr)`, the rate at t from the initial one, by which a schedule can
start or jump anywhere.
"""
import types
import warnings

from ...errors import ArgumentError, ArgumentTypeError, StateDictError
from ..optimizer import Optimizer


class LRScheduler:
    """Base class of schedules: a subclass gives `next_lr`, or overrides `get_lr`.

    Args: optimizer: whose groups' 'lr' is set. last_epoch: the epoch to go on from; -1 starts anew and keeps each
    group's present rate as its 'initial_lr'.
    Attributes: `base_lrs`, `last_epoch` (t).
    Raises: ArgumentTypeError if optimizer is none; ArgumentError for a last_epoch without 'initial_lr' in the groups.
    """
    _stepping = False
    _is_initial = False

    def __init__(self, optimizer, last_epoch=-1):
        self.optimizer = require_optimizer(self, optimizer)
        for k, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise ArgumentError(f"{type(self).__name__}: parameter group {k} has no 'initial_lr' to go on from at "
                                    f"last_epoch={last_epoch}. Load the optimizer's state dict first, or start anew "
                                    "with last_epoch=-1.")
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._begin()

    def _begin(self):
        """Set the rates at the first t: the step that making a schedule takes."""
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def step(self, epoch=None):
        """Go on to the next t, or to t = epoch, and set the rates; call it after the optimizer's step."""
        if self._step_count == 1 and not self.optimizer._opt_called:
            warnings.warn(f"{type(self).__name__}.step: called before the optimizer's first step, so the first "
                          "learning rate is never used. Call optimizer.step() first.", UserWarning, stacklevel=2)
        self._step_count += 1
        self._set(epoch)

    def _set(self, epoch=None):
        self._stepping = True
        try:
            if epoch is None:
                self.last_epoch += 1
                rates = self.get_lr()
            else:
                self.last_epoch = epoch
                rates = self.get_lr() if self.lr_at is None else [self.lr_at(base) for base in self.base_lrs]
        finally:
            self._stepping = False
        for group, rate in zip(self.optimizer.param_groups, rates):
            group["lr"] = rate
        self._last_lr = list(rates)

    def get_lr(self):
        """The rates that the present step sets; outside a step use `get_last_lr`."""
        self._warn_outside_step()
        return [self.next_lr(group["lr"], base) for group, base in zip(self.optimizer.param_groups, self.base_lrs)]

    def _warn_outside_step(self):
        if not self._stepping:
            warnings.warn(f"{type(self).__name__}.get_lr: outside step() this is not the rate in use. "
                          "Call get_last_lr().", UserWarning, stacklevel=3)

    def next_lr(self, lr, base_lr):
        """The rate at t, from the rate `lr` at t - 1 and the initial rate."""
        raise NotImplementedError(f"{type(self).__name__}: a schedule gives next_lr() or get_lr().")

    lr_at = None

    def get_last_lr(self):
        """The rates that the last step set, one a parameter group."""
        return self._last_lr

    def state_dict(self):
        """All the schedule knows, except the optimizer, as a dict."""
        return {key: value for key, value in vars(self).items() if key not in ("optimizer", "_stepping")}

    def load_state_dict(self, state_dict):
        """Go on from what `state_dict` gave.

        Raises: StateDictError for anything but a dict with '_last_lr'.
        """
        if not isinstance(state_dict, dict) or "_last_lr" not in state_dict:
            raise StateDictError(f"{type(self).__name__}.load_state_dict: this is not what state_dict() gives, a dict "
                                 "with the key '_last_lr'. Pass that dict unchanged.")
        vars(self).update(state_dict)


class _FunctionLR(LRScheduler):
    """A schedule by the user's function of t, one for all parameter groups or a list with one each."""

    def __init__(self, optimizer, lr_lambda, last_epoch=-1):
        groups = require_optimizer(self, optimizer).param_groups
        given = list(lr_lambda) if isinstance(lr_lambda, (list, tuple)) else [lr_lambda] * len(groups)
        if len(given) != len(groups):
            raise ArgumentError(f"{type(self).__name__}: {len(given)} functions for {len(groups)} parameter groups. "
                                "Give one for each group, or one for all.")
        for function in given:
            if not callable(function):
                raise ArgumentTypeError(f"{type(self).__name__}: lr_lambda is a {type(function).__name__}. "
                                        "Give a function of the epoch.")
        self.lr_lambdas = given
        super().__init__(optimizer, last_epoch)

    def state_dict(self):
        """As `LRScheduler.state_dict`; functions are left out, callable objects give their attributes."""
        state = super().state_dict()
        state["lr_lambdas"] = [None if isinstance(f, types.FunctionType) else dict(vars(f)) for f in self.lr_lambdas]
        return state

    def load_state_dict(self, state_dict):
        """Go on from what `state_dict` gave; functions stay those given to the constructor."""
        super().load_state_dict({key: value for key, value in state_dict.items() if key != "lr_lambdas"})
        for function, saved in zip(self.lr_lambdas, state_dict["lr_lambdas"]):
            if saved is not None:
                vars(function).update(saved)


class LambdaLR(_FunctionLR):
    """The initial rate times lr_lambda(t).

    Args: optimizer. lr_lambda: function of t, or a list with one for each parameter group. last_epoch: as
    `LRScheduler`.
    """

    def get_lr(self):
        """The initial rates times the functions' values at t."""
        self._warn_outside_step()
        return [base * function(self.last_epoch) for base, function in zip(self.base_lrs, self.lr_lambdas)]


class MultiplicativeLR(_FunctionLR):
    """The present rate times lr_lambda(t).

    Args: optimizer. lr_lambda: function of t, or a list with one for each parameter group. last_epoch: as
    `LRScheduler`.
    """

    def get_lr(self):
        """The present rates times the functions' values at t."""
        self._warn_outside_step()
        groups = self.optimizer.param_groups
        if self._is_initial:
            return [group["lr"] for group in groups]
        return [group["lr"] * function(self.last_epoch) for group, function in zip(groups, self.lr_lambdas)]


def require_optimizer(schedule, optimizer):
    """The optimizer, if it is one.

    Raises: ArgumentTypeError.
    """
    if not isinstance(optimizer, Optimizer):
        raise ArgumentTypeError(f"{type(schedule).__name__}: the first argument is a {type(optimizer).__name__}. "
                                "Give an optimizer.")
    return optimizer


def per_group(schedule, name, value, optimizer):
    """A list with one value for each parameter group.

    Raises: ArgumentError if `value` is a list of another length.
    """
    groups = len(optimizer.param_groups)
    values = list(value) if isinstance(value, (list, tuple)) else [value] * groups
    if len(values) != groups:
        raise ArgumentError(f"{type(schedule).__name__}: {name} has {len(values)} values for {groups} parameter "
                            "groups. Give one for each group, or one for all.")
    return values


def require(schedule, holds, text):
    """Refuse an argument with `text` unless `holds`.

    Raises: ArgumentError.
    """
    if not holds:
        raise ArgumentError(f"{type(schedule).__name__}: {text}")


def is_count(value):
    """Whether `value` is a positive whole number."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
