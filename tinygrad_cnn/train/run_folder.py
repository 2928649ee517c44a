"""The folder a run leaves: its settings, weights, measurements and pictures, each file whole at any moment.

    config.json            what was asked for, and with which versions
    metrics.csv            one row an epoch
    weights.safetensors    the state dict after the last epoch written
    learning_curve.png     loss and accuracy by epoch
    confusion_matrix.png   true class by predicted class
    result.json            what came out
"""
import csv
import json
import pathlib
import time

from ..errors import ArgumentError
from ..io import atomic_write, save
from . import pictures


class RunFolder:
    """A new folder for one run, and the rows of its metrics so far (`rows`, a list of dicts).

    Args: path: where to make it; it must not exist, or be empty.
    Raises: ArgumentError if there is something at `path` already.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.rows = []
        if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise ArgumentError(f"run folder: {str(self.path)!r} is not empty, and a run never overwrites another. "
                                "Give a new folder with --out.")
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

    def write_config(self, config):
        """Write config.json from a dict."""
        self._write_json("config.json", config)

    def write_result(self, result):
        """Write result.json from a dict."""
        self._write_json("result.json", result)

    def add_row(self, row):
        """Add a dict of one epoch's measurements to metrics.csv; all rows have the same columns."""
        self.rows.append(row)
        with atomic_write(self.path / "metrics.csv") as part, open(part, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(self.rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows)

    def write_weights(self, model):
        """Write weights.safetensors from the model's state dict."""
        save(model.state_dict(), self.path / "weights.safetensors")

    def draw(self, confusion, class_names, title):
        """Write the two pictures, from the rows so far and a confusion matrix (K, K)."""
        pictures.draw_learning_curve(self.rows, self.path / "learning_curve.png", title)
        pictures.draw_confusion_matrix(confusion, class_names, self.path / "confusion_matrix.png", title)

    def _write_json(self, name, content):
        with atomic_write(self.path / name) as part:
            part.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
