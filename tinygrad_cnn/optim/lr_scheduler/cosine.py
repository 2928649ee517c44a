"""Cosine annealing.

Source: Loshchilov and Hutter (2017), SGDR: stochastic gradient descent with warm restarts, equation 5.
"""
import math

from .base import LRScheduler, is_count, require


class CosineAnnealingLR(LRScheduler):
    """Half a cosine from the initial rate to eta_min in T_max epochs, and back up if it goes on.

    Args: optimizer. T_max: epochs of the way down. eta_min: the lowest rate. last_epoch: as `LRScheduler`.
    Raises: ArgumentError if T_max is not a positive integer.
    """

    def __init__(self, optimizer, T_max, eta_min=0.0, last_epoch=-1):
        require(self, is_count(T_max), f"T_max is {T_max!r}. Give a positive integer.")
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr, base_lr):
        t, half = self.last_epoch, self.T_max
        if self._is_initial:
            return lr
        if self._step_count == 1 and t > 0:
            return self.lr_at(base_lr)
        if (t - 1 - half) % (2 * half) == 0:            # the rate before was eta_min: no factor leads away from it
            return lr + (base_lr - self.eta_min) * (1 - math.cos(math.pi / half)) / 2
        height = (1 + math.cos(math.pi * t / half)) / (1 + math.cos(math.pi * (t - 1) / half))
        return height * (lr - self.eta_min) + self.eta_min

    def lr_at(self, base_lr):
        """The rate at t from the initial one."""
        return self.eta_min + (base_lr - self.eta_min) * (1 + math.cos(math.pi * self.last_epoch / self.T_max)) / 2


class CosineAnnealingWarmRestarts(LRScheduler):
    """Half a cosine down to eta_min, again and again, each T_mult times as long as the one before.

    Args: optimizer. T_0: epochs of the first way down. T_mult: how much longer each next one is. eta_min: the lowest
    rate. last_epoch: as `LRScheduler`.
    Raises: ArgumentError if T_0 or T_mult is not a positive integer.
    """

    def __init__(self, optimizer, T_0, T_mult=1, eta_min=0.0, last_epoch=-1):
        require(self, is_count(T_0), f"T_0 is {T_0!r}. Give a positive integer.")
        require(self, is_count(T_mult), f"T_mult is {T_mult!r}. Give a positive integer.")
        self.T_0 = self.T_i = T_0
        self.T_mult, self.eta_min, self.T_cur = T_mult, eta_min, last_epoch
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr, base_lr):
        return self.eta_min + (base_lr - self.eta_min) * (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2

    def step(self, epoch=None):
        """Go on by one epoch, or to `epoch`, which may have a fraction (the batch within the epoch).

        Raises: ArgumentError for a negative epoch.
        """
        if epoch is None and self.last_epoch >= 0:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        else:
            epoch = epoch or 0
            require(self, epoch >= 0, f"epoch is {epoch}. Give a number of at least 0.")
            self.T_i, self.T_cur = self.T_0, epoch
            while self.T_cur >= self.T_i:
                self.T_cur -= self.T_i
                self.T_i *= self.T_mult
        self._step_count += 1
        self.last_epoch = math.floor(epoch) - 1         # which _set counts up
        self._set()
