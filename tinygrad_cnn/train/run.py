"""One training run: its parts, its position, and how both go into a checkpoint and come back.

A run is a function of its settings: the order of the images depends on the seed and the epoch, their augmentation on
these and the place in the epoch, dropout on a generator whose state is saved. So a run that goes on from a checkpoint
makes the very numbers that it would have made without a break. (On a GPU the sums of some kernels differ in their last
bits from run to run.)
"""
import math
import time

import numpy as np

from ..data import DataLoader
from ..device import CPU, Device, set_num_threads
from ..errors import TrainingError
from ..generator import Generator, manual_seed
from ..nn import CrossEntropyLoss
from .average import WeightAverage
from .checkpoints import part_of
from .labels import label_numbers
from .loop import evaluate, train_epoch
from .metrics import Tally
from .progress import Progress
from .recipe import make_model, make_optimizer, make_schedule
from .sources import on_device, open_data, test_batches


class Run:
    """Model, data, optimizer and schedule of a run, at its beginning.

    Args: settings: a `TrainSettings`.
    Attributes: `epoch`, the epochs done, and `step`, the steps done of the next; `rows`, the measurements, one dict an
    epoch; `seconds` of training so far; `rate`, the learning rate of the latest step.
    """

    def __init__(self, settings):
        if settings.threads is not None:
            set_num_threads(settings.threads)
        self.settings, self.device = settings, Device(settings.device)
        self.train_set, self.test_set = open_data(settings, True), open_data(settings, False)
        self.classes = list(self.train_set.classes)
        self._test_numbers = label_numbers(self.test_set.classes, self.classes,
                                           "Give the held-out half no class that the training half has not.")
        manual_seed(settings.seed)
        channels = self.train_set[0][0].shape[0]
        self.model = make_model(settings.model, len(self.classes), channels).to(self.device)
        self.average = WeightAverage(self.model, settings.ema) if settings.ema else None
        self.train_loss = CrossEntropyLoss(label_smoothing=settings.label_smoothing)
        self.batches = DataLoader(self.train_set, settings.batch_size, shuffle=True, num_workers=settings.workers,
                                  generator=Generator())
        self.steps_per_epoch = -(-len(self.batches) // settings.accumulate)
        self.optimizer = make_optimizer(settings, self.model)
        self.schedule = make_schedule(settings, self.optimizer, self.steps_per_epoch)
        self.epoch = self.step = 0
        self.rows, self.tally, self.seconds, self._epoch_seconds = [], Tally(), 0.0, 0.0
        self.rate = self.optimizer.param_groups[0]["lr"]

    @property
    def done(self):
        """Whether all epochs are."""
        return self.epoch >= self.settings.epochs

    @property
    def tested_model(self):
        """The model that is tested and kept: the running average, if there is one."""
        return self.model if self.average is None else self.average.model

    def train(self, after_step):
        """Go on to the end of the epoch, or until after_step(run) is True; returns whether the end is reached."""
        started, before = time.perf_counter(), self._epoch_seconds

        def took_step(tally):
            self.rate = self.optimizer.param_groups[0]["lr"]
            self.schedule.step()
            if self.average is not None:
                self.average.update(self.model)
            self.step += 1
            self._epoch_seconds = before + time.perf_counter() - started
            bar.show(tally)
            return after_step(self)

        with Progress(f"epoch {self.epoch + 1}/{self.settings.epochs}", len(self.train_set)) as bar:
            train_epoch(self.model, self._rest_of_the_epoch(), self.optimizer, self.train_loss,
                        accumulate=self.settings.accumulate, clip=self.settings.clip, tally=self.tally,
                        after_step=took_step)
        return self.step >= self.steps_per_epoch

    def _rest_of_the_epoch(self):
        """The batches that the epoch still has; its order and augmentation follow from the seed and its number."""
        self.batches.generator.manual_seed(_mixed_seed(self.settings.seed, self.epoch))
        return on_device(self.batches.starting_at(self.step * self.settings.accumulate), self.device)

    def test(self):
        """The `Evaluation` on the held-out images."""
        batches = test_batches(self.test_set, self.settings, self.device, self._test_numbers)
        return evaluate(self.tested_model, batches, CrossEntropyLoss())

    def row(self, evaluation):
        """The measurements of the epoch in hand, as a row for metrics.csv."""
        tally, seconds = self.tally, self._epoch_seconds
        return {"epoch": self.epoch + 1, "images": tally.images, "seconds": round(seconds, 3),
                "images_per_second": round(tally.images / seconds) if seconds else 0,
                "learning_rate": self.rate,
                "train_loss": tally.loss, "train_accuracy": tally.accuracy, "train_top5": tally.top5,
                "test_loss": evaluation.loss, "test_accuracy": evaluation.accuracy, "test_top5": evaluation.top5}

    def end_epoch(self, row):
        """Put the row of the epoch in hand to the others and begin the next."""
        self.rows.append(row)
        self.seconds += self._epoch_seconds
        self.epoch, self.step, self.tally, self._epoch_seconds = self.epoch + 1, 0, Tally(), 0.0

    def require_finite_loss(self):
        """Refuse to go on with a loss that is no number.

        Raises: TrainingError naming the epoch and the learning rate.
        """
        loss = self.tally.loss
        if self.tally.images and not math.isfinite(loss):
            self._lost(f"the loss is {loss}")

    def require_finite(self):
        """Refuse to go on with a loss or a weight that is no number.

        Raises: as `require_finite_loss`.
        """
        self.require_finite_loss()
        for name, parameter in self.model.named_parameters():
            if not bool(parameter.detach().isfinite().all()):
                self._lost(f"the weight {name!r} is no longer finite")

    def _lost(self, what):
        raise TrainingError(f"train: {what} in epoch {self.epoch + 1}. Use a smaller learning rate than "
                            f"{self.settings.lr:g}, or --clip 1.")

    def state(self):
        """(tensors by name, record): all of the run's state, as a checkpoint holds it.

        The tensors are the run's own: the next step changes them.
        """
        tensors = {f"model/{name}": value for name, value in self.model.state_dict().items()}
        optimizer = self.optimizer.state_dict()
        for number, entries in optimizer["state"].items():
            tensors.update({f"optimizer/{number}/{key}": value for key, value in entries.items() if value is not None})
        record = {"epoch": self.epoch, "step": self.step, "tally": self.tally.state_dict(), "rows": self.rows,
                  "seconds": self.seconds, "epoch_seconds": self._epoch_seconds, "rate": self.rate,
                  "optimizer": optimizer["param_groups"], "schedule": _plain(self.schedule.state_dict()),
                  "random": {str(device): device.generator.get_state() for device in {CPU, self.device}}}
        if self.average is not None:
            tensors.update({f"average/{name}": value for name, value in self.average.model.state_dict().items()})
            record["average_steps"] = self.average.steps
        return tensors, record

    def load_state(self, tensors, record):
        """Go on from what `state` gave.

        Raises: StateDictError if it is the state of another model.
        """
        self.model.load_state_dict(part_of(tensors, "model"))
        if self.average is not None:
            self.average.model.load_state_dict(part_of(tensors, "average"))
            self.average.steps = record["average_steps"]
        state = {}
        for name, value in part_of(tensors, "optimizer").items():
            number, key = name.split("/")
            state.setdefault(int(number), {})[key] = value
        self.optimizer.load_state_dict({"state": state, "param_groups": record["optimizer"]})
        self.schedule.load_state_dict(record["schedule"])
        for device in {CPU, self.device}:
            device.generator.set_state(record["random"][str(device)])
        self.tally.load_state_dict(record["tally"])
        self.epoch, self.step, self.rows = record["epoch"], record["step"], record["rows"]
        self.seconds, self._epoch_seconds, self.rate = record["seconds"], record["epoch_seconds"], record["rate"]


def _mixed_seed(seed, epoch):
    """An integer of 63 bits for an epoch of a run."""
    return int(np.random.SeedSequence((seed % 2**64, epoch)).generate_state(1, np.uint64)[0] >> np.uint64(1))


def _plain(state):
    """A schedule's state without what its constructor is given again and JSON would change (a table of drops)."""
    if isinstance(state, dict):
        return {key: _plain(value) for key, value in state.items() if key != "milestones"}
    if isinstance(state, list):
        return [_plain(value) for value in state]
    return state


