"""Schedules that multiply the rate by simple factors. t counts epochs (or steps) from 0."""
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from numbers import Integral, Real

from .base import LRScheduler, is_count, require


class StepLR(LRScheduler):
    """The rate times gamma every step_size epochs: base gamma^floor(t / step_size).

    Args: optimizer. step_size: epochs between two drops. gamma: the factor. last_epoch: as `LRScheduler`.
    Raises: ArgumentError if step_size is not a positive integer.
    """

    def __init__(self, optimizer, step_size, gamma=0.1, last_epoch=-1):
        require(self, is_count(step_size), f"step_size is {step_size!r}. Give a positive integer.")
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr, base_lr):
        return lr if self.last_epoch == 0 or self.last_epoch % self.step_size else lr * self.gamma

    def lr_at(self, base_lr):
        """The rate at t from the initial one."""
        return base_lr * self.gamma ** (self.last_epoch // self.step_size)


class MultiStepLR(LRScheduler):
    """The rate times gamma at each milestone.

    Args: optimizer. milestones: epochs, in any order; one given twice counts twice. gamma: the factor. last_epoch: as
    `LRScheduler`.
    """

    def __init__(self, optimizer, milestones, gamma=0.1, last_epoch=-1):
        holds = isinstance(milestones, Iterable) and not isinstance(milestones, str)
        milestones = list(milestones) if holds else milestones
        require(self, holds and all(isinstance(t, Integral) for t in milestones),
                f"milestones is {milestones!r}. Give a list of integers.")
        self.milestones, self.gamma = Counter(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr, base_lr):
        return lr * self.gamma ** self.milestones[self.last_epoch]

    def lr_at(self, base_lr):
        """The rate at t from the initial one."""
        return base_lr * self.gamma ** bisect_right(sorted(self.milestones.elements()), self.last_epoch)


class ConstantLR(LRScheduler):
    """The rate times factor for total_iters epochs, then the initial rate.

    Args: optimizer. factor: between 0 (excluded) and 1. total_iters: epochs. last_epoch: as `LRScheduler`.
    Raises: ArgumentError for a factor outside its range.
    """

    def __init__(self, optimizer, factor=1.0 / 3, total_iters=5, last_epoch=-1):
        require(self, 0 < factor <= 1, f"factor is {factor}. Give a number above 0 and at most 1.")
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr, base_lr):
        if self.last_epoch == 0:
            return lr * self.factor
        return lr * (1.0 / self.factor) if self.last_epoch == self.total_iters else lr

    def lr_at(self, base_lr):
        """The rate at t from the initial one."""
        return base_lr if self.last_epoch >= self.total_iters else base_lr * self.factor


class LinearLR(LRScheduler):
    """The factor goes in a straight line from start_factor to end_factor in total_iters epochs (a warm-up), then stays.

    Args: optimizer. start_factor: above 0, at most 1. end_factor: 0 to 1. total_iters: epochs. last_epoch: as
    `LRScheduler`.
    Raises: ArgumentError for a factor outside its range.
    """

    def __init__(self, optimizer, start_factor=1.0 / 3, end_factor=1.0, total_iters=5, last_epoch=-1):
        require(self, 0 < start_factor <= 1, f"start_factor is {start_factor}. Give a number above 0 and at most 1.")
        require(self, 0 <= end_factor <= 1, f"end_factor is {end_factor}. Give a number from 0 to 1.")
        require(self, is_count(total_iters), f"total_iters is {total_iters!r}. Give a positive integer.")
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr, base_lr):
        if self.last_epoch == 0:
            return lr * self.start_factor
        if self._is_initial or self.last_epoch > self.total_iters:
            return lr
        rise = self.end_factor - self.start_factor
        return lr * (1.0 + rise / (self.total_iters * self.start_factor + (self.last_epoch - 1) * rise))

    def lr_at(self, base_lr):
        """The rate at t from the initial one."""
        part = min(self.last_epoch, self.total_iters) / self.total_iters
        return base_lr * (self.start_factor + (self.end_factor - self.start_factor) * part)


class ExponentialLR(LRScheduler):
    """The rate times gamma every epoch: base gamma^t.

    Args: optimizer. gamma: the factor. last_epoch: as `LRScheduler`.
    Raises: ArgumentError if gamma is no number.
    """

    def __init__(self, optimizer, gamma, last_epoch=-1):
        require(self, isinstance(gamma, Real), f"gamma is {gamma!r}. Give a number.")
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr, base_lr):
        return lr if self._is_initial else lr * self.gamma

    def lr_at(self, base_lr):
        """The rate at t from the initial one."""
        return base_lr * self.gamma ** self.last_epoch


class PolynomialLR(LRScheduler):
    """Down to 0 in total_iters epochs: base (1 - t / total_iters)^power.

    Args: optimizer. total_iters: epochs. power: 1 is a straight line. last_epoch: as `LRScheduler`.
    Raises: ArgumentError if total_iters is not a positive integer.
    """

    def __init__(self, optimizer, total_iters=5, power=1.0, last_epoch=-1):
        require(self, is_count(total_iters), f"total_iters is {total_iters!r}. Give a positive integer.")
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr, base_lr):
        t, last = self.last_epoch, self.total_iters
        if self._is_initial or t > last:
            return lr
        return lr * ((1.0 - t / last) / (1.0 - (t - 1) / last)) ** self.power

    def lr_at(self, base_lr):
        """The rate at t from the initial one."""
        return base_lr * (1.0 - min(self.last_epoch, self.total_iters) / self.total_iters) ** self.power
