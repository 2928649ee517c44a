"""Schedules made of schedules."""
from bisect import bisect_right

from ...errors import StateDictError
from .base import LRScheduler, require
from .plateau import ReduceLROnPlateau


class _Combined(LRScheduler):
    """What both combinations share: their parts are checked, saved and loaded together."""

    def _take(self, optimizer, schedulers):
        require(self, len(schedulers) > 0, "the list of schedules is empty. Give at least one.")
        for k, part in enumerate(schedulers):
            name = type(part).__name__
            require(self, isinstance(part, LRScheduler), f"schedule {k} is a {name}. Give schedules.")
            require(self, not isinstance(part, ReduceLROnPlateau),
                    f"schedule {k} is a ReduceLROnPlateau, whose step needs a metric. Step it by itself.")
            require(self, part.optimizer is optimizer, f"schedule {k} ({name}) belongs to another optimizer. "
                    "Make all schedules for one optimizer.")
        self._schedulers = schedulers
        self.optimizer = optimizer

    def state_dict(self):
        """As `LRScheduler.state_dict`, with the state of each part."""
        state = super().state_dict()
        state["_schedulers"] = [part.state_dict() for part in self._schedulers]
        return state

    def load_state_dict(self, state_dict):
        """Go on from what `state_dict` gave."""
        if not isinstance(state_dict, dict) or "_schedulers" not in state_dict:
            raise StateDictError(f"{type(self).__name__}.load_state_dict: this is not what state_dict() gives, a dict "
                                 "with the key '_schedulers'. Pass that dict unchanged.")
        super().load_state_dict({key: value for key, value in state_dict.items() if key != "_schedulers"})
        for part, state in zip(self._schedulers, state_dict["_schedulers"]):
            part.load_state_dict(state)


class SequentialLR(_Combined):
    """One schedule after the other: the k-th begins, at its own t = 0, at milestones[k - 1].

    Args: optimizer. schedulers: schedules of that optimizer. milestones: epochs at which the next takes over, one fewer
    than schedules. last_epoch: as `LRScheduler`.
    Raises: ArgumentError if the numbers do not fit or a schedule belongs to another optimizer.
    """

    def __init__(self, optimizer, schedulers, milestones, last_epoch=-1):
        self._take(optimizer, schedulers)
        require(self, len(milestones) == len(schedulers) - 1, f"{len(schedulers)} schedules with {len(milestones)} "
                f"milestones. Give {len(schedulers) - 1} milestones, one between each two schedules.")
        require(self, list(milestones) == sorted(milestones), f"milestones {list(milestones)} are not in order. "
                "Give them from the first to the last.")
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        for group in optimizer.param_groups:            # what making the parts has done to the rates is taken back
            group["lr"] = group["initial_lr"]
        _rewind(schedulers)
        first = schedulers[bisect_right(milestones, 0)]
        first._begin()
        self._last_lr = first.get_last_lr()

    def step(self):
        """Go on by one epoch with the schedule whose turn it is."""
        self.last_epoch += 1
        turn = bisect_right(self._milestones, self.last_epoch)
        part = self._schedulers[turn]
        if turn > 0 and self._milestones[turn - 1] == self.last_epoch:
            part._set(0)
        else:
            part.step()
        self._last_lr = part.get_last_lr()


class ChainedScheduler(_Combined):
    """All schedules at once: each multiplies what the one before it set.

    Args: schedulers: schedules of one optimizer. optimizer: that optimizer (the first schedule's if not given).
    Raises: ArgumentError if there are none, or they belong to different optimizers.
    """

    def __init__(self, schedulers, optimizer=None):
        require(self, len(schedulers) > 0, "the list of schedules is empty. Give at least one.")
        self._take(optimizer or getattr(schedulers[0], "optimizer", None), schedulers)
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]

    def step(self):
        """Step every schedule, in order."""
        for part in self._schedulers:
            part.step()
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]


def _rewind(schedulers):
    """Take back the step that making each schedule took."""
    for part in schedulers:
        if isinstance(part, _Combined):
            _rewind(part._schedulers)
        else:
            part.last_epoch -= 1
