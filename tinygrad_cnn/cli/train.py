"""Train a network, on the handwritten digits in the package unless told otherwise, and leave a run folder."""
import signal

from .exit_codes import DONE, INTERRUPTED, TERMINATED
from .options import add_settings, given_settings


def add_arguments(parser):
    """Declare the options of `train`: one for each setting, and where things lie."""
    add_settings(parser)
    add = parser.add_argument
    add("--config", metavar="FILE", help="settings from a JSON file, such as a run's config.json; options given here "
                                         "come before it")
    add("--out", metavar="FOLDER", help="a new or empty folder (runs/<data>-<time>)")
    add("--resume", metavar="FOLDER", help="go on with the run in this folder; takes no other option")


def run(arguments):
    """Train; returns 0, or 130 if Ctrl-C cut it short, 143 if SIGTERM did."""
    from ..train import resume, train
    from ..train.settings import TrainSettings
    given = given_settings(arguments)
    if arguments.resume is not None:
        _refuse_besides_resume(arguments, given)
        outcome = resume(arguments.resume)
    else:
        outcome = train(TrainSettings.from_dict({**_from_file(arguments.config), **given}), arguments.out)
    return {None: DONE, signal.SIGTERM: TERMINATED}.get(outcome.signal, INTERRUPTED)


def _from_file(path):
    if path is None:
        return {}
    from ..train.run_folder import read_config
    return read_config(path)


def _refuse_besides_resume(arguments, given):
    from ..errors import ArgumentError
    others = [name for name in ("config", "out") if getattr(arguments, name) is not None] + list(given)
    if others:
        raise ArgumentError(f"train: --resume goes on with the settings in the folder, but --{others[0]} is given too. "
                            "Leave it out, or begin a new run without --resume.")
