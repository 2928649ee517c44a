"""Checkpoints: all that a run needs to go on as if it had never stopped, in one file that is whole or not there.

A checkpoint is a dict of tensors by name and a dict of plain values. Both go into one safetensors file, the plain
values as the bytes of a JSON text under the name `record.json`: nothing in it can be executed, and other programs can
read it.
The files are named after the position in the run, so their order is that of their names:

    checkpoints/epoch-0003-step-000000.safetensors      three epochs done
    checkpoints/epoch-0003-step-000120.safetensors      and 120 steps of the next
    checkpoints/best.safetensors                        the best on the held-out images so far
"""
import json
import pathlib

import numpy as np

from ..errors import DataError
from ..io import load, save

RECORD = "record.json"
_BEST = "best.safetensors"
_PATTERN = "epoch-*-step-*.safetensors"


class Checkpoints:
    """The checkpoints in a folder, which is made with the first.

    Args: folder: a path. keep: how many of the newest stay.
    """

    def __init__(self, folder, keep=3):
        self.folder, self.keep = pathlib.Path(folder), keep

    def write(self, epoch, step, tensors, record, *, best=False):
        """Write the checkpoint at a position (epochs done, steps of the next) and remove those that are too old.

        Args: tensors: by name. record: a dict that JSON can hold. best: whether it is the best so far as well.
        Raises: OSError if it cannot be written; the checkpoints that were there stay.
        Returns: its path.
        """
        self.folder.mkdir(exist_ok=True)
        text = json.dumps(record, allow_nan=True).encode("utf-8")
        content = {**tensors, RECORD: np.frombuffer(text, np.uint8)}
        path = self.folder / f"epoch-{epoch:04d}-step-{step:06d}.safetensors"
        if best:                                        # first: once the other is there, nobody would write it again
            save(content, self.folder / _BEST)
        save(content, path)
        for old in self.paths()[:-self.keep]:
            old.unlink(missing_ok=True)
        return path

    def paths(self):
        """Those there are, the oldest first."""
        return sorted(self.folder.glob(_PATTERN))

    def newest(self, say=print):
        """(tensors, record) of the newest checkpoint that can be read, or None if there is none.

        say: called with a line for each that cannot be read.
        """
        for path in reversed(self.paths()):
            try:
                return read_checkpoint(path)
            except DataError as error:
                say(f"{path.name} is left out: {error}")
        return None


def read_checkpoint(path):
    """(tensors by name, record) of one checkpoint.

    Raises: FileNotFoundError; DataError if it is damaged or no checkpoint.
    """
    tensors = load(path)
    text = tensors.pop(RECORD, None)
    if text is None:
        raise DataError(f"checkpoint: {pathlib.Path(path).name!r} holds no {RECORD!r}, so it is no checkpoint. Give a "
                        "file from the folder 'checkpoints' of a run.")
    try:
        record = json.loads(text.numpy().tobytes().decode("utf-8"))
    except ValueError as error:
        raise DataError(f"checkpoint: the record in {pathlib.Path(path).name!r} is damaged ({error}). Use an older "
                        "checkpoint.") from None
    return tensors, record


def part_of(tensors, prefix):
    """The tensors whose names begin with `prefix` and a slash, without it."""
    return {name[len(prefix) + 1:]: value for name, value in tensors.items() if name.startswith(f"{prefix}/")}
