"""The folder a run leaves: its settings, weights, measurements and pictures, each file whole at any moment.

    config.json            what was asked for, and with which versions
    metrics.csv            one row an epoch
    weights.safetensors    the state dict after the last epoch written
    checkpoints/           what `--resume` goes on from
    learning_curve.png     loss and accuracy by epoch
    confusion_matrix.png   true class by predicted class
    filters.png            the filters of the first convolution
    result.json            what came out
    .lock                  while a process trains in it
"""
import contextlib
import csv
import json
import pathlib
import time

from ..errors import ArgumentError, DataError
from ..io import atomic_write, save
from . import pictures
from .lock import locked

_LEFT_BY_A_KILL = (".lock", ".*.part")


class RunFolder:
    """A folder for one run.

    Args: path: where to make it; it must not exist, or be empty.
    Raises: ArgumentError if there is something at `path` already.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        if self.path.exists() and (not self.path.is_dir() or any(map(_is_of_use, self.path.iterdir()))):
            raise ArgumentError(f"run folder: {str(self.path)!r} is not empty, and a run never overwrites another. "
                                "Give a new folder with --out, or go on with the run in it: --resume.")
        self.path.mkdir(parents=True, exist_ok=True)

    @classmethod
    def stamped(cls, name, parent="runs"):
        """A folder named after the time, such as runs/digits-20250131-235959, numbered if that is taken."""
        stem = f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"
        for number in range(1, 1000):
            path = pathlib.Path(parent) / (stem if number == 1 else f"{stem}-{number}")
            try:
                path.mkdir(parents=True)                # making it is the test: two runs cannot both succeed
            except FileExistsError:
                continue
            return cls(path)
        raise ArgumentError(f"run folder: a thousand folders called {stem} exist in {parent}. Give one with --out.")

    @classmethod
    def of_a_run(cls, path):
        """The folder of a run that was begun.

        Raises: DataError if there is no such folder, or no run was begun in it.
        """
        folder = cls.__new__(cls)
        folder.path = pathlib.Path(path)
        if not (folder.path / "config.json").is_file():
            raise DataError(f"run folder: {str(folder.path)!r} has no config.json, so there is no run to go on with. "
                            "Give the folder that `train` named at its end or with --out.")
        return folder

    @contextlib.contextmanager
    def held(self):
        """A context in which no other process trains in the folder; what a kill left half written is removed.

        Raises: TrainingError if another process trains in it.
        """
        with locked(self.path):
            for folder in (self.path, self.checkpoints):
                for part in folder.glob(".*.part"):
                    part.unlink(missing_ok=True)
            yield

    @property
    def checkpoints(self):
        """Where the checkpoints lie."""
        return self.path / "checkpoints"

    def write_config(self, config):
        """Write config.json from a dict."""
        self._write_json("config.json", config)

    def write_result(self, result):
        """Write result.json from a dict."""
        self._write_json("result.json", result)

    def write_rows(self, rows):
        """Write metrics.csv from dicts of one epoch's measurements, which have the same keys."""
        with atomic_write(self.path / "metrics.csv") as part, open(part, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def write_weights(self, model):
        """Write weights.safetensors from the model's state dict."""
        save(model.state_dict(), self.path / "weights.safetensors")

    def draw(self, rows, confusion, class_names, filters, title):
        """Write the pictures, from the rows of the metrics, a confusion matrix (K, K) and a convolution's weight (or
        None)."""
        pictures.draw_learning_curve(rows, self.path / "learning_curve.png", title)
        pictures.draw_confusion_matrix(confusion, class_names, self.path / "confusion_matrix.png", title)
        if filters is not None:
            pictures.draw_filters(filters, self.path / "filters.png", "The filters of the first convolution")

    def _write_json(self, name, content):
        with atomic_write(self.path / name) as part:
            part.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _is_of_use(path):
    """Whether a file is more than what a run that was killed at its beginning left."""
    return not any(path.match(pattern) for pattern in _LEFT_BY_A_KILL)


def read_config(path):
    """The settings in a JSON file, a dict: a whole config.json of a run, or its "settings" alone.

    Raises: FileNotFoundError; DataError if the file is no JSON object.
    """
    path = pathlib.Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"config: {path.name!r} is no JSON ({error}). Correct it, or leave --config out.") from None
    if not isinstance(content, dict):
        raise DataError(f"config: {path.name!r} holds a {type(content).__name__}, not an object with names. "
                        'Write {"model": "resnet20", ...}.')
    return content["settings"] if isinstance(content.get("settings"), dict) else content
