"""The settings of the digits job, apart from what runs it so that the command line can show them without loading it."""
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class DigitsSettings:
    """What can be chosen for `train_digits`.

    Attributes: epochs, batch_size (images), lr (the largest learning rate of the one-cycle schedule), weight_decay
    (AdamW's), seed, device ("cpu", "cuda"), threads (of the CPU; None for the engine's choice).
    """

    epochs: int = 20
    batch_size: int = 64
    lr: float = 3e-3
    weight_decay: float = 1e-2
    seed: int = 0
    device: str = "cpu"
    threads: int | None = None

    def as_dict(self):
        """The settings as a dict that JSON can hold."""
        return asdict(self)
