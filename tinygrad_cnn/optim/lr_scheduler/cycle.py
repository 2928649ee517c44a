"""Schedules that go up and down, and take the momentum along in the opposite sense.

The momentum is a group's 'momentum', or the first of its 'betas' for optimizers of the Adam family.
"""
import math
import types

from .base import LRScheduler, is_count, per_group, require, require_optimizer


class _Cycled(LRScheduler):
    """A schedule that may set the momentum too."""

    def _take_momentum(self, cycle_momentum, base_momentum, max_momentum, last_epoch):
        optimizer = self.optimizer
        self.cycle_momentum = cycle_momentum
        if not cycle_momentum:
            return
        self.use_beta1 = "betas" in optimizer.defaults
        require(self, self.use_beta1 or "momentum" in optimizer.defaults,
                f"{type(optimizer).__name__} has neither momentum nor betas. Give cycle_momentum=False.")
        self.base_momentums = per_group(self, "base_momentum", base_momentum, optimizer)
        self.max_momentums = per_group(self, "max_momentum", max_momentum, optimizer)
        if last_epoch == -1:
            for group, low, high in zip(optimizer.param_groups, self.base_momentums, self.max_momentums):
                self._set_momentum(group, high)
                group["max_momentum"], group["base_momentum"] = high, low

    def _set_momentum(self, group, momentum):
        if self.use_beta1:
            group["betas"] = (momentum, *group["betas"][1:])
        else:
            group["momentum"] = momentum


class OneCycleLR(_Cycled):
    """Up from max_lr / div_factor to max_lr, then down to far below the start, in total_steps steps; step it every
    batch.

    Args: optimizer. max_lr: the highest rate, or a list with one for each parameter group. total_steps: the number of
    steps, or epochs and steps_per_epoch, whose product it is. pct_start: the part of them that goes up.
    anneal_strategy: "cos" or "linear". cycle_momentum: momentum down from max_momentum to base_momentum and up again.
    div_factor: max_lr over the first rate. final_div_factor: the first rate over the last. three_phase: first down to
    the first rate, then to the last. last_epoch: as `LRScheduler`.
    Raises: ArgumentError for numbers of steps that are not positive integers, and for a step beyond the last.
    Source: Smith and Topin (2017), Super-convergence.
    """

    def __init__(self, optimizer, max_lr, total_steps=None, epochs=None, steps_per_epoch=None, pct_start=0.3,
                 anneal_strategy="cos", cycle_momentum=True, base_momentum=0.85, max_momentum=0.95, div_factor=25.0,
                 final_div_factor=1e4, three_phase=False, last_epoch=-1):
        self.optimizer = require_optimizer(self, optimizer)
        if total_steps is None:
            require(self, is_count(epochs) and is_count(steps_per_epoch), f"total_steps is not given, epochs is "
                    f"{epochs!r} and steps_per_epoch is {steps_per_epoch!r}. Give total_steps, or both others, as "
                    "positive integers.")
            total_steps = epochs * steps_per_epoch
        require(self, is_count(total_steps), f"total_steps is {total_steps!r}. Give a positive integer.")
        require(self, isinstance(pct_start, (int, float)) and 0 <= pct_start <= 1,
                f"pct_start is {pct_start!r}. Give a number from 0 to 1.")
        require(self, anneal_strategy in ("cos", "linear"),
                f"anneal_strategy is {anneal_strategy!r}. Use 'cos' or 'linear'.")
        self.total_steps = total_steps
        self._schedule_phases = _phases(total_steps, float(pct_start), three_phase)
        self._anneal_func_type = anneal_strategy
        peaks = per_group(self, "max_lr", max_lr, optimizer)
        if last_epoch == -1:
            for group, peak in zip(optimizer.param_groups, peaks):
                first = peak / div_factor
                group.update(initial_lr=first, max_lr=peak, min_lr=first / final_div_factor)
        self._take_momentum(cycle_momentum, base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)

    def _anneal(self, start, end, part):
        if self._anneal_func_type == "linear":
            return (end - start) * part + start
        return end + (start - end) / 2.0 * (math.cos(math.pi * part) + 1)

    def get_lr(self):
        """The rates at t; sets the momentum too."""
        self._warn_outside_step()
        t = self.last_epoch
        require(self, t <= self.total_steps, f"step {t} of a schedule of {self.total_steps} steps. Give the number of "
                "steps you take as total_steps, one for each batch of each epoch.")
        start = 0.0
        for phase in self._schedule_phases[:-1]:
            if t <= phase["end_step"]:
                break
            start = phase["end_step"]
        else:
            phase = self._schedule_phases[-1]
        length = phase["end_step"] - start
        part = (t - start) / length if length else 1.0
        groups = self.optimizer.param_groups
        if self.cycle_momentum:
            for group in groups:
                start, end = group[phase["start_momentum"]], group[phase["end_momentum"]]
                self._set_momentum(group, self._anneal(start, end, part))
        return [self._anneal(group[phase["start_lr"]], group[phase["end_lr"]], part) for group in groups]


def _phases(total_steps, pct_start, three_phase):
    """The stretches of the cycle: where each ends, and from and to which of a group's entries it leads."""
    def phase(end_step, start_lr, end_lr, start_momentum, end_momentum):
        return {"end_step": end_step, "start_lr": start_lr, "end_lr": end_lr,
                "start_momentum": f"{start_momentum}_momentum", "end_momentum": f"{end_momentum}_momentum"}

    up = phase(pct_start * total_steps - 1, "initial_lr", "max_lr", "max", "base")
    if not three_phase:
        return [up, phase(total_steps - 1, "max_lr", "min_lr", "base", "max")]
    return [up, phase(2 * pct_start * total_steps - 2, "max_lr", "initial_lr", "base", "max"),
            phase(total_steps - 1, "initial_lr", "min_lr", "max", "max")]


class CyclicLR(_Cycled):
    """To and fro between base_lr and max_lr in straight lines; step it every batch.

    Args: optimizer. base_lr, max_lr: the bounds, or lists with one for each parameter group. step_size_up,
    step_size_down: steps of the two halves (down as up if not given). mode: "triangular", "triangular2" (half as high
    each cycle) or "exp_range" (gamma^t as high). scale_fn: the height by your own function of the cycle's number from 1
    (scale_mode "cycle") or of t ("iterations"), which takes the place of mode. cycle_momentum: momentum between
    max_momentum and base_momentum, the other way round. last_epoch: as `LRScheduler`.
    Raises: ArgumentError for an unknown mode.
    Source: Smith (2017), Cyclical learning rates for training neural networks.
    """

    def __init__(self, optimizer, base_lr, max_lr, step_size_up=2000, step_size_down=None, mode="triangular", gamma=1.0,
                 scale_fn=None, scale_mode="cycle", cycle_momentum=True, base_momentum=0.8, max_momentum=0.9,
                 last_epoch=-1):
        self.optimizer = require_optimizer(self, optimizer)
        require(self, scale_fn is not None or mode in ("triangular", "triangular2", "exp_range"),
                f"mode is {mode!r}. Use 'triangular', 'triangular2' or 'exp_range', or give scale_fn.")
        lows = per_group(self, "base_lr", base_lr, optimizer)
        self.max_lrs = per_group(self, "max_lr", max_lr, optimizer)
        if last_epoch == -1:
            for group, low in zip(optimizer.param_groups, lows):
                group["lr"] = low
        up = float(step_size_up)
        self.total_size = up + (up if step_size_down is None else float(step_size_down))
        self.step_ratio = up / self.total_size
        self.mode, self.gamma, self._scale_fn_custom = mode, gamma, scale_fn
        self.scale_mode = scale_mode if scale_fn is not None else "iterations" if mode == "exp_range" else "cycle"
        self._take_momentum(cycle_momentum, base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)
        self.base_lrs = lows

    def scale_fn(self, x):
        """The height of the triangle, as a part of max_lr - base_lr, in cycle x or at step x (see scale_mode)."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        return {"triangular": 1.0, "triangular2": 0.5 ** (x - 1)}.get(self.mode, self.gamma ** x)

    def get_lr(self):
        """The rates at t; sets the momentum too."""
        self._warn_outside_step()
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        height *= self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            for group, low, high in zip(self.optimizer.param_groups, self.base_momentums, self.max_momentums):
                self._set_momentum(group, high - (high - low) * height)
        return [low + (high - low) * height for low, high in zip(self.base_lrs, self.max_lrs)]

    def state_dict(self):
        """As `LRScheduler.state_dict`; a function is left out, a callable object gives its attributes."""
        state = super().state_dict()
        own = self._scale_fn_custom
        state["_scale_fn_custom"] = None if own is None or isinstance(own, types.FunctionType) else dict(vars(own))
        return state

    def load_state_dict(self, state_dict):
        """Go on from what `state_dict` gave; scale_fn stays the one given to the constructor."""
        super().load_state_dict({key: value for key, value in state_dict.items() if key != "_scale_fn_custom"})
        if state_dict.get("_scale_fn_custom") is not None:
            vars(self._scale_fn_custom).update(state_dict["_scale_fn_custom"])
