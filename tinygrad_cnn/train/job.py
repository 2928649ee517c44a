"""The job behind `python -m tinygrad_cnn train`: begin a run or go on with one, and keep its folder up to date.

What is on the disk is always a run that can go on: a checkpoint is written after every epoch (and every so many steps,
if asked for), at Ctrl-C and at SIGTERM, and the one before stays until the new one is whole. The held-out images are
looked at after every epoch but decide nothing, except which checkpoint is called the best.
"""
import contextlib
import platform
from typing import NamedTuple

import numpy as np

from ..errors import TrainingError
from ..nn.conv import Conv2d
from ..version import __version__
from .checkpoints import Checkpoints
from .extras import require_extra
from .interruption import Interruption
from .metrics import confusion_matrix
from .report import epoch_line, final_lines, first_line, stopped_lines
from .run import Run
from .run_folder import RunFolder, read_config
from .settings import TrainSettings

_STEPS_BETWEEN_LOOKS = 50                   # at the loss: looking waits for a GPU


class Outcome(NamedTuple):
    """What a run came to: accuracy and top-5 on the held-out images (0 to 1), epochs begun, seconds of training, folder
    (a path), and the signal that cut it short, or None."""

    accuracy: float
    top5: float
    epochs: int
    seconds: float
    folder: object
    signal: object

    @property
    def interrupted(self):
        """Whether Ctrl-C or SIGTERM cut it short."""
        return self.signal is not None


def train(settings=None, out=None, say=print):
    """Train a model from nothing, leave a run folder, and return the `Outcome`.

    Args: settings: a `TrainSettings`; the digits if not given. out: a new or empty folder; runs/<data>-<time> if not
    given. say: called with each line of the report.
    The first Ctrl-C or SIGTERM ends the training after the batch in hand, with a checkpoint to go on from.
    Raises: MissingExtraError before anything is done if a package of the extra `train` is not installed; ArgumentError
    if `out` is not empty; TrainingError if the loss stops being finite, a file cannot be written or another process
    trains in the folder.
    """
    settings = settings or TrainSettings()
    require_extra("tqdm", "matplotlib")
    run = Run(settings)
    folder = RunFolder.stamped(settings.data) if out is None else RunFolder(out)
    with folder.held():
        folder.write_config(_config(run))
        say(first_line(run))
        return _Job(run, folder, say).work()


def resume(path, say=print):
    """Go on with the run in a folder, from its newest checkpoint that can be read; returns the `Outcome`.

    The weights at the end are those, bit for bit, of a run that was never stopped.
    Raises: DataError if there is no run; otherwise as `train`.
    """
    require_extra("tqdm", "matplotlib")
    folder = RunFolder.of_a_run(path)
    with folder.held():
        run = Run(TrainSettings.from_dict(read_config(folder.path / "config.json")))
        found = Checkpoints(folder.checkpoints, run.settings.keep).newest(say)
        if found is not None:
            run.load_state(*found)
        say(first_line(run))
        say("No checkpoint was written yet: it begins anew." if found is None else
            f"It goes on after epoch {run.epoch} of {run.settings.epochs}"
            f"{f' and {run.step} of {run.steps_per_epoch} steps' if run.step else ''}.")
        return _Job(run, folder, say).work()


class _Job:
    """A run and the folder that follows it."""

    def __init__(self, run, folder, say):
        self.run, self.folder, self.say = run, folder, say
        self.checkpoints = Checkpoints(folder.checkpoints, run.settings.keep)
        self.interruption = None

    def work(self):
        run = self.run
        with Interruption() as self.interruption, self._with_the_way_back():
            evaluation = None
            while not run.done and not self.interruption.requested:
                evaluation = self._epoch()
            if evaluation is None:                          # all epochs were done already, or none is
                evaluation = run.test()
            rows = run.rows
            if run.step:                                    # cut short: the part is shown, but not kept for later
                rows = [*rows, run.row(evaluation)]
            outcome = Outcome(evaluation.accuracy, evaluation.top5, len(rows), run.seconds, self.folder.path,
                              self.interruption.signal)
            with self._writing():
                self._finish(rows, outcome, evaluation)
        if outcome.interrupted and not run.done:
            for line in stopped_lines(run, self.interruption.name, self.folder.path):
                self.say(line)
        for line in final_lines(outcome, evaluation):
            self.say(line)
        return outcome

    def _epoch(self):
        """Train to the end of the epoch and test; or stop where Ctrl-C says so. Returns: the `Evaluation`, or None."""
        run = self.run
        if not run.train(self._after_step):
            self._checkpoint()
            return None
        run.require_finite()
        evaluation = run.test()
        row = run.row(evaluation)
        best = all(evaluation.accuracy > earlier["test_accuracy"] for earlier in run.rows)
        run.end_epoch(row)
        self._checkpoint(best)
        with self._writing():
            self.folder.write_rows(run.rows)
            self.folder.write_weights(run.tested_model)
        self.say(epoch_line(row, run.settings.epochs))
        return evaluation

    def _after_step(self, run):
        every = run.settings.checkpoint_every
        if run.step % _STEPS_BETWEEN_LOOKS == 0:
            run.require_finite_loss()
        if every and run.step % every == 0 and run.step < run.steps_per_epoch:
            self._checkpoint()
        return self.interruption.requested

    def _checkpoint(self, best=False):
        run = self.run
        run.require_finite()
        with self._writing():
            self.checkpoints.write(run.epoch, run.step, *run.state(), best=best)

    def _finish(self, rows, outcome, evaluation):
        """Write what is known only at the end."""
        run = self.run
        if rows:
            self.folder.write_rows(rows)
            confusion = confusion_matrix(evaluation.targets, evaluation.predictions, len(run.classes))
            title = f"{run.settings.model}, {run.settings.data}: {outcome.accuracy:.2%} of the held-out images right"
            self.folder.draw(rows, confusion, run.classes, _first_filters(run.tested_model), title)
        self.folder.write_weights(run.tested_model)
        self.folder.write_result({"held_out_accuracy": outcome.accuracy, "held_out_top5": outcome.top5,
                                  "held_out_loss": evaluation.loss, "epochs": outcome.epochs,
                                  "seconds": round(outcome.seconds, 3), "interrupted": outcome.interrupted})

    @contextlib.contextmanager
    def _writing(self):
        """What the system refuses to write stops the run with one line."""
        try:
            yield
        except OSError as error:
            raise TrainingError(f"train: {error.strerror or error} while writing to "
                                f"{str(self.folder.path)!r}.") from error

    @contextlib.contextmanager
    def _with_the_way_back(self):
        """What stops a run, told together with where it can go on."""
        try:
            yield
        except TrainingError as error:
            raise TrainingError(f"{error} {self._last_good()}") from error

    def _last_good(self):
        paths = self.checkpoints.paths()
        if not paths:
            return "No checkpoint had been written."
        return f"The last good checkpoint is {paths[-1]}; go on from it with --resume {self.folder.path}."


def _config(run):
    """What config.json says."""
    parameters = sum(parameter.shape.numel() for parameter in run.model.parameters())
    return {"model": run.settings.model, "parameters": parameters, "data": run.settings.data,
            "training_images": len(run.train_set), "held_out_images": len(run.test_set),
            "classes": run.classes, "settings": run.settings.as_dict(),
            "versions": {"tinygrad_cnn": __version__, "numpy": np.__version__, "python": platform.python_version()}}


def _first_filters(model):
    """The weight (O, C, KH, KW) of the first convolution as a NumPy array; None if there is none."""
    for module in model.modules():
        if isinstance(module, Conv2d):
            return module.weight.detach().cpu().numpy()
    return None
