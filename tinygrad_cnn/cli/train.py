"""Train a network, on the handwritten digits in the package unless told otherwise, and leave a run folder."""
import argparse
from dataclasses import fields

from .exit_codes import DONE, INTERRUPTED, TERMINATED


def add_arguments(parser):
    """Declare the options of `train`: one for each setting, and where things lie."""
    from ..train.settings import TrainSettings
    for entry in fields(TrainSettings):
        _add(parser, entry)
    add = parser.add_argument
    add("--config", metavar="FILE", help="settings from a JSON file, such as a run's config.json; options given here "
                                         "come before it")
    add("--out", metavar="FOLDER", help="a new or empty folder (runs/<data>-<time>)")
    add("--resume", metavar="FOLDER", help="go on with the run in this folder; takes no other option")


def run(arguments):
    """Train; returns 0, or 130 if Ctrl-C cut it short, 143 if SIGTERM did."""
    import signal

    from ..train import resume, train
    from ..train.settings import TrainSettings
    given = {name: value for name, value in vars(arguments).items()
             if name not in ("command", "config", "out", "resume")}
    if arguments.resume is not None:
        _refuse_besides_resume(arguments, given)
        outcome = resume(arguments.resume)
    else:
        outcome = train(TrainSettings.from_dict({**_from_file(arguments.config), **given}), arguments.out)
    return {None: DONE, signal.SIGTERM: TERMINATED}.get(outcome.signal, INTERRUPTED)


def _add(parser, entry):
    """One option of the command line for one setting; what is not given is left out of the result."""
    from ..train.options import Choice, Flag
    option, name = entry.metadata["option"], "--" + entry.name.replace("_", "-")
    shown = {"dest": entry.name, "default": argparse.SUPPRESS, "help": _help(option, entry.default)}
    if isinstance(option, Flag):
        parser.add_argument(name, action=argparse.BooleanOptionalAction, **shown)
    elif isinstance(option, Choice):
        parser.add_argument(name, choices=option.choices, **shown)
    else:
        parser.add_argument(name, type=_converter(option), metavar=entry.name.upper(), **shown)


def _help(option, default):
    text = option.text.replace("%", "%%")
    if default is None or isinstance(default, bool):
        return text
    return f"{text} ({default})"


def _converter(option):
    """The option's reading of a word, for argparse."""
    def convert(text):
        try:
            return option.from_text(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{text!r} is no {option.kind}, or {error}") from None
    return convert


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
