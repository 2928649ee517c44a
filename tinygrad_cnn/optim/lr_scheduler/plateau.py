"""The schedule that looks at a metric."""
from math import inf

from .base import LRScheduler, per_group, require, require_optimizer


class ReduceLROnPlateau(LRScheduler):
    """The rate times factor when a metric has not improved for more than `patience` epochs.

    Args: optimizer. mode: "min" or "max", what is an improvement. factor: below 1. patience: epochs without improvement
    that are put up with. threshold: how much better counts, as a part of the best value (threshold_mode "rel") or as a
    difference ("abs"). cooldown: epochs after a reduction in which nothing is counted. min_lr: lower bound, or a list
    with one for each parameter group. eps: smaller reductions are not made.
    Raises: ArgumentError for a factor of 1 or more, or an unknown mode.
    """

    def __init__(self, optimizer, mode="min", factor=0.1, patience=10, threshold=1e-4, threshold_mode="rel", cooldown=0,
                 min_lr=0, eps=1e-8):
        require(self, factor < 1, f"factor is {factor}. Give a number below 1.")
        require(self, mode in ("min", "max"), f"mode is {mode!r}. Use 'min' or 'max'.")
        require(self, threshold_mode in ("rel", "abs"), f"threshold_mode is {threshold_mode!r}. Use 'rel' or 'abs'.")
        self.optimizer = require_optimizer(self, optimizer)
        self.min_lrs = per_group(self, "min_lr", min_lr, optimizer)
        self.default_min_lr = None if isinstance(min_lr, (list, tuple)) else min_lr
        self.mode, self.factor, self.patience, self.cooldown = mode, factor, patience, cooldown
        self.threshold, self.threshold_mode, self.eps = threshold, threshold_mode, eps
        self.best = inf if mode == "min" else -inf
        self.last_epoch = self.num_bad_epochs = self.cooldown_counter = 0
        self._last_lr = [group["lr"] for group in optimizer.param_groups]

    def is_better(self, metric):
        """Whether `metric` improves on the best value by more than the threshold."""
        sign = 1 if self.mode == "max" else -1
        if self.threshold_mode == "rel":
            bar = self.best * (1 + sign * self.threshold)
        else:
            bar = self.best + sign * self.threshold
        return metric > bar if sign > 0 else metric < bar

    def step(self, metrics, epoch=None):
        """Take note of the epoch's metric (a number or a tensor of one), and reduce the rates if it is time."""
        metric = float(metrics)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self.is_better(metric):
            self.best = metric
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]

    def _reduce(self):
        groups = self.optimizer.param_groups
        if len(self.min_lrs) != len(groups) and self.default_min_lr is not None:
            self.min_lrs = [self.default_min_lr] * len(groups)
        require(self, len(self.min_lrs) == len(groups), f"min_lr has {len(self.min_lrs)} values but the optimizer now "
                f"has {len(groups)} parameter groups. Append one to min_lrs for each group that was added.")
        for group, lowest in zip(groups, self.min_lrs):
            lr = max(group["lr"] * self.factor, lowest)
            if group["lr"] - lr > self.eps:
                group["lr"] = lr

    @property
    def in_cooldown(self):
        return self.cooldown_counter > 0
