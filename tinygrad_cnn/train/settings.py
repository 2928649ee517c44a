"""The settings of a training run: one table of names, defaults and bounds, read by the command line and by JSON files.

They are apart from what runs so that the command line can show them without loading it. The defaults are the main job,
the handwritten digits in the package.
"""
from dataclasses import asdict, dataclass, field, fields

from ..errors import ArgumentError
from .options import Choice, Epochs, Flag, Integer, Number, Text

DATA = ("digits", "mnist", "fashion-mnist", "cifar10", "cifar100", "imagefolder")


def _setting(default, option):
    return field(default=default, metadata={"option": option})


@dataclass(frozen=True)
class TrainSettings:
    """What can be chosen for a run; each field's metadata holds its `Option`.

    Raises: ArgumentError for a value out of its bounds, or two settings that contradict each other.
    """

    model: str = _setting("digits_cnn", Text("name of a network; `models` lists them"))
    data: str = _setting("digits", Choice("data set; `data` says more", DATA))
    data_dir: str | None = _setting(None, Text("folder of the data set's files", none=True))
    download: bool = _setting(False, Flag("fetch the data set if it is not there"))
    image_size: int | None = _setting(None, Integer("side of the images in pixels (their own)", 1, none=True))
    epochs: int = _setting(20, Integer("passes over the training images", 1))
    batch_size: int = _setting(64, Integer("images at a time", 1))
    accumulate: int = _setting(1, Integer("batches whose gradients make one step", 1))
    optimizer: str = _setting("adamw", Choice("how the weights are changed", ("sgd", "adam", "adamw", "rmsprop")))
    lr: float = _setting(3e-3, Number("largest learning rate of the schedule", open=True))
    momentum: float = _setting(0.9, Number("of sgd and rmsprop", below=1.0))
    nesterov: bool = _setting(False, Flag("sgd with Nesterov's momentum"))
    weight_decay: float = _setting(1e-2, Number("pull of the weights towards 0"))
    decay_all: bool = _setting(True, Flag("decay biases and the weights of normalisation as well"))
    schedule: str = _setting("onecycle", Choice("learning rate by step",
                                                ("constant", "step", "multistep", "cosine", "onecycle")))
    warmup: float | None = _setting(None, Number("epochs in which the rate rises (none; for onecycle 30 % of all)",
                                                 none=True))
    step_size: float = _setting(10.0, Number("epochs between two drops of schedule step", open=True))
    milestones: list | None = _setting(None, Epochs("epochs of the drops of schedule multistep", none=True))
    gamma: float = _setting(0.1, Number("factor of a drop", open=True))
    augment: str = _setting("none", Choice("random changes to training images", ("none", "crop-flip", "imagenet")))
    label_smoothing: float = _setting(0.0, Number("probability shared among all classes", below=1.0))
    ema: float = _setting(0.0, Number("decay of a running average of the weights, which is then tested and kept; "
                                      "0 for none", below=1.0))
    clip: float | None = _setting(None, Number("largest norm of all gradients together", open=True, none=True))
    seed: int = _setting(0, Integer("for first weights, order, augmentation and dropout"))
    device: str = _setting("cpu", Text("cpu, or cuda with CuPy and a GPU"))
    threads: int | None = _setting(None, Integer("CPU threads; one a core if not given", 1, none=True))
    workers: int = _setting(0, Integer("threads that read images ahead", 0))
    checkpoint_every: int | None = _setting(None, Integer("steps between checkpoints within an epoch; one an epoch if "
                                                          "not given", 1, none=True))
    keep: int = _setting(3, Integer("checkpoints kept, besides the best", 1))

    def __post_init__(self):
        for entry in fields(self):
            value = entry.metadata["option"].check(entry.name, getattr(self, entry.name))
            object.__setattr__(self, entry.name, value)
        self._check_together()

    def _check_together(self):
        if self.nesterov and (self.optimizer != "sgd" or not self.momentum):
            raise ArgumentError(f"settings: nesterov is for sgd with a momentum, but the optimizer is {self.optimizer} "
                                f"with momentum {self.momentum}. Give --optimizer sgd, or leave --nesterov out.")
        if self.schedule == "multistep" and not self.milestones:
            raise ArgumentError("settings: schedule multistep needs to know when to drop. Give --milestones 10,15.")
        if self.warmup is not None and self.warmup >= self.epochs:
            raise ArgumentError(f"settings: warmup is {self.warmup} epochs of {self.epochs}. Give fewer than all.")

    @classmethod
    def from_dict(cls, entries):
        """The settings in a dict, as JSON gives it; what is not in it has its default.

        Raises: ArgumentError for a name that is no setting, besides those of the constructor.
        """
        if not isinstance(entries, dict):
            raise ArgumentError(f"settings: a {type(entries).__name__} holds no settings. Give an object with names.")
        known = [entry.name for entry in fields(cls)]
        unknown = sorted(set(entries) - set(known))
        if unknown:
            raise ArgumentError(f"settings: {', '.join(map(repr, unknown))} is no setting. Use {', '.join(known)}.")
        return cls(**entries)

    def as_dict(self):
        """The settings as a dict that JSON can hold."""
        return asdict(self)
