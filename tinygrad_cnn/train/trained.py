"""A trained model, with what must be known to use it: from the folder of a run, or from a file of weights by itself."""
import json
import pathlib
from typing import NamedTuple

from ..device import Device
from ..errors import ArgumentError, DataError
from ..io import load, load_weights
from ..nn.models import get_model
from ..nn.utils import skip_init
from .checkpoints import RECORD, part_of
from .recipe import make_model
from .run_folder import read_config
from .settings import TrainSettings
from .sources import channels_of, class_names


class Trained(NamedTuple):
    """A model in evaluation mode on its device, the names of its classes, and the settings its images need."""

    model: object
    classes: list
    settings: TrainSettings


def trained(folder=None, weights=None, classes=None, **given):
    """The trained model in the folder of a run, or of a file of weights.

    Args: folder: of a run; its settings are used, and its weights unless others are given. weights: a file, as
    `tg.io.load_weights` reads it, or a checkpoint. classes: a text file with the name of a class on each line; the data
    set's names if not given, and numbers for an image folder that is not given. given: settings that come before those
    of the folder.
    Raises: ArgumentError if neither is given, or if there are more or fewer names than classes; DataError for files
    that do not hold what they should; StateDictError for the weights of another model.
    """
    if folder is None and weights is None:
        raise ArgumentError("weights: none are given. Give --run FOLDER, or --model NAME --weights FILE.")
    known = {} if folder is None else read_config(pathlib.Path(folder) / "config.json")
    settings = TrainSettings.from_dict({**known, **given})
    weights = pathlib.Path(folder) / "weights.safetensors" if weights is None else weights
    state = _weights_in(weights)
    count = _classes_in(state, settings.model)
    names, source = _names(folder, classes, settings, count)
    if count not in (None, len(names)):
        raise ArgumentError(f"classes: {str(weights)!r} holds the weights of a model of {count} classes, but {source} "
                            f"{len(names)}. Give --classes FILE with the names of all {count}, one a line in the order "
                            "of their numbers.")
    model = skip_init(make_model, settings.model, len(names), channels_of(settings))
    model.load_state_dict(state)
    model.eval()
    return Trained(model.to(Device(settings.device)), names, settings)


def _weights_in(path):
    """The state dict in a file of weights, or the model's in a checkpoint of ours: the average, if there is one."""
    if pathlib.Path(path).suffix.lower() == ".safetensors":
        tensors = load(path)
        if RECORD in tensors:
            return part_of(tensors, "average") or part_of(tensors, "model")
    return load_weights(path)


def _classes_in(state, model):
    """How many classes the model of that state dict has; None if it is the state of another model."""
    key = list(skip_init(get_model, model).state_dict())[-1]               # the last layer's bias
    return len(state[key]) if key in state and state[key].ndim else None


def _names(folder, classes, settings, count):
    """(names of the model's classes, how a message says where they are from)."""
    if classes is not None:
        lines = [line.strip() for line in pathlib.Path(classes).read_text(encoding="utf-8").splitlines()]
        names = [line for line in lines if line]
        if not names:
            raise DataError(f"classes: {str(classes)!r} is empty. Write the name of a class on each line, in the order "
                            "of their numbers.")
        return names, f"{str(classes)!r} names"
    if folder is not None:
        names = json.loads((pathlib.Path(folder) / "config.json").read_text(encoding="utf-8")).get("classes")
        if names:
            return names, "its run has"
    if settings.data == "imagefolder" and settings.data_dir is None and count is not None:
        return [f"class {k}" for k in range(count)], "it has"
    return class_names(settings), f"{settings.data} has"
