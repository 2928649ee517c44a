"""The main job: a small CNN learns the handwritten digits in the package, in well under a minute on two cores.

Images (N, 1, 8, 8) in [0, 1], ten classes, a fixed split. The held-out images are looked at after every epoch but
decide nothing: the weights kept are those of the last epoch, not of the best.
"""
import math
import platform
import time
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np

from ..data import DataLoader, Digits
from ..device import Device, set_num_threads
from ..errors import ArgumentError, MissingExtraError
from ..generator import Generator, manual_seed
from ..nn import CrossEntropyLoss
from ..nn.models import DigitsCNN
from ..optim import AdamW
from ..optim.lr_scheduler import OneCycleLR
from ..version import __version__
from .interruption import Interruption
from .loop import evaluate, train_epoch
from .metrics import confusion_matrix
from .progress import Progress
from .run_folder import RunFolder
from .settings import DigitsSettings

_TEST_BATCH = 512


class Outcome(NamedTuple):
    """What a run came to: accuracy on the held-out images (0 to 1), epochs begun, seconds, folder (a path), and whether
    Ctrl-C cut it short."""

    accuracy: float
    epochs: int
    seconds: float
    folder: object
    interrupted: bool


def train_digits(settings=None, out=None, say=print):
    """Train `DigitsCNN`, leave a run folder, and return the `Outcome`.

    Args: settings: a `DigitsSettings`; the defaults if not given. out: a new or empty folder; runs/digits-<time> if not
    given. say: called with each line of the report.
    The first Ctrl-C ends the training after the batch in hand, and the folder holds what was done until then.
    Raises: MissingExtraError before anything is done if a package of the extra `train` is not installed; ArgumentError
    if `out` is not empty, or if the loss stops being finite.
    """
    settings = settings or DigitsSettings()
    _require("tqdm", "matplotlib")
    if settings.threads is not None:
        set_num_threads(settings.threads)
    run = _Run(settings)
    folder = RunFolder.stamped("digits") if out is None else RunFolder(out)
    folder.write_config(run.config())
    say(f"DigitsCNN, {run.parameters} parameters, on {run.device}: {len(run.train_set)} training images, "
        f"{len(run.test_set)} held out")
    started = time.perf_counter()
    with Interruption() as interruption:
        for epoch in range(1, settings.epochs + 1):
            row, evaluation = run.epoch(epoch, interruption)
            folder.add_row(row)
            folder.write_weights(run.model)
            say(_epoch_line(row, settings.epochs))
            if interruption.requested:
                break
        seconds = time.perf_counter() - started
        outcome = Outcome(evaluation.accuracy, epoch, seconds, folder.path, interruption.requested)
        _finish(folder, outcome, evaluation)
    if outcome.interrupted:
        say(f"Stopped by Ctrl-C in epoch {epoch} of {settings.epochs}, after {row['images']} of its "
            f"{len(run.train_set)} images.")
    _report(outcome, evaluation, say)
    return outcome


class _Run:
    """The parts of one run: model, data, optimizer, schedule."""

    def __init__(self, settings):
        self.settings, self.device = settings, Device(settings.device)
        manual_seed(settings.seed)
        self.model = DigitsCNN().to(self.device)
        self.parameters = sum(parameter.shape.numel() for parameter in self.model.parameters())
        self.loss = CrossEntropyLoss()
        self.train_set, self.test_set = Digits(train=True), Digits(train=False)
        order = Generator().manual_seed(settings.seed)
        self.train_loader = DataLoader(self.train_set, settings.batch_size, shuffle=True, generator=order)
        self.test_loader = DataLoader(self.test_set, _TEST_BATCH)
        self.optimizer = AdamW(self.model.parameters(), lr=settings.lr, weight_decay=settings.weight_decay)
        self.schedule = OneCycleLR(self.optimizer, settings.lr, epochs=settings.epochs,
                                   steps_per_epoch=len(self.train_loader))

    def config(self):
        """What config.json says."""
        return {"model": "DigitsCNN", "parameters": self.parameters, "data": "digits",
                "training_images": len(self.train_set), "held_out_images": len(self.test_set),
                "optimizer": "AdamW", "schedule": "OneCycleLR", "settings": self.settings.as_dict(),
                "versions": {"tinygrad_cnn": __version__, "numpy": np.__version__,
                             "python": platform.python_version()}}

    def epoch(self, epoch, interruption):
        """Train for one epoch and look at the held-out images; returns the row for metrics.csv and the `Evaluation`."""
        learning_rate = self.optimizer.param_groups[0]["lr"]
        started = time.perf_counter()
        with Progress(f"epoch {epoch}/{self.settings.epochs}", len(self.train_set)) as bar:
            def after_batch(tally):
                self.schedule.step()
                bar.show(tally)
                return interruption.requested
            tally = train_epoch(self.model, self._batches(self.train_loader), self.optimizer, self.loss,
                                after_batch=after_batch)
        seconds = time.perf_counter() - started
        if not math.isfinite(tally.loss):
            raise ArgumentError(f"train: the loss is {tally.loss} in epoch {epoch}. "
                                f"Use a smaller learning rate than {self.settings.lr}.")
        evaluation = evaluate(self.model, self._batches(self.test_loader), self.loss)
        row = {"epoch": epoch, "images": tally.images, "seconds": round(seconds, 3),
               "images_per_second": round(tally.images / seconds), "learning_rate": learning_rate,
               "train_loss": tally.loss, "train_accuracy": tally.accuracy,
               "test_loss": evaluation.loss, "test_accuracy": evaluation.accuracy}
        return row, evaluation

    def _batches(self, loader):
        for inputs, targets in loader:
            yield inputs.to(self.device), targets.to(self.device)


def _require(*packages):
    """Refuse to begin what could not be finished."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise MissingExtraError(f"train: {', '.join(missing)} not installed. Run: pip install 'tinygrad_cnn[train]'")


def _finish(folder, outcome, evaluation):
    """Write what is known only at the end."""
    confusion = confusion_matrix(evaluation.targets, evaluation.predictions, len(Digits.classes))
    folder.draw(confusion, Digits.classes, f"Digits: {outcome.accuracy:.2%} of the held-out images right")
    folder.write_result({"held_out_accuracy": outcome.accuracy, "held_out_loss": evaluation.loss,
                         "epochs": outcome.epochs, "seconds": round(outcome.seconds, 3),
                         "interrupted": outcome.interrupted})


def _epoch_line(row, epochs):
    return (f"epoch {row['epoch']:>{len(str(epochs))}}/{epochs}"
            f"  training: loss {row['train_loss']:.4f}, accuracy {100 * row['train_accuracy']:6.2f} %"
            f"  held out: loss {row['test_loss']:.4f}, accuracy {100 * row['test_accuracy']:6.2f} %"
            f"  {row['images_per_second']} images/s")


def _report(outcome, evaluation, say):
    right, count = int((evaluation.targets == evaluation.predictions).sum()), len(evaluation.targets)
    say(f"Accuracy on the held-out images: {100 * outcome.accuracy:.2f} % ({right} of {count} right), "
        f"{outcome.seconds:.1f} s")
    say(f"Run folder: {outcome.folder}")
    for name, content in (("weights.safetensors", "the weights, for tg.load"), ("metrics.csv", "one row an epoch"),
                          ("learning_curve.png", "loss and accuracy by epoch"),
                          ("confusion_matrix.png", "which digit was taken for which"),
                          ("config.json", "what was asked for"), ("result.json", "what came out")):
        say(f"  {name:<22}{content}")
