"""Train a CNN on the handwritten digits in the package and leave a run folder."""
import argparse

from .exit_codes import DONE, INTERRUPTED


def add_arguments(parser):
    """Declare the options of `train`."""
    from ..train.settings import DigitsSettings
    default = DigitsSettings()
    add = parser.add_argument
    add("--epochs", type=_at_least(1), default=default.epochs, help="passes over the training images (%(default)s)")
    add("--batch-size", type=_at_least(1), default=default.batch_size, help="images per step (%(default)s)")
    add("--lr", type=_positive, default=default.lr, help="largest learning rate of the schedule (%(default)s)")
    add("--seed", type=int, default=default.seed, help="for first weights, order and dropout (%(default)s)")
    add("--device", default=default.device, help="cpu, or cuda with CuPy and a GPU (%(default)s)")
    add("--threads", type=_at_least(1), default=None, help="CPU threads (one a core)")
    add("--out", default=None, metavar="FOLDER", help="a new or empty folder (runs/digits-<time>)")


def run(arguments):
    """Train; returns 0, or 130 if Ctrl-C cut it short."""
    from ..train import train_digits
    from ..train.settings import DigitsSettings
    options = {name: value for name, value in vars(arguments).items() if name not in ("command", "out")}
    outcome = train_digits(DigitsSettings(**options), arguments.out)
    return INTERRUPTED if outcome.interrupted else DONE


def _at_least(smallest):
    """A converter for argparse: an integer not below `smallest`."""
    def convert(text):
        number = int(text)
        if number < smallest:
            raise argparse.ArgumentTypeError(f"{text} is below {smallest}")
        return number
    convert.__name__ = "integer"                            # argparse names it: invalid integer value: 'x'
    return convert


def _positive(text):
    """A converter for argparse: a number above 0."""
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a finite number above 0")
    return number
