"""Options of the command line made of the settings' table, so that each is described, and its bounds are, once."""
import argparse
from dataclasses import fields


def add_settings(parser, *names):
    """Declare options for the settings of these names, or for all; what is not given is left out of the result."""
    from ..train.settings import TrainSettings
    for entry in fields(TrainSettings):
        if not names or entry.name in names:
            _add(parser, entry)


def given_settings(arguments):
    """The settings that were given on the command line, a dict."""
    from ..train.settings import TrainSettings
    known = {entry.name for entry in fields(TrainSettings)}
    return {name: value for name, value in vars(arguments).items() if name in known}


def add_trained(parser):
    """Declare the options that say which trained model to use."""
    parser.add_argument("--run", metavar="FOLDER", help="a folder that train left: its model, weights and data set")
    parser.add_argument("--weights", metavar="FILE", help="weights: .safetensors, .npz, or a file of PyTorch's")
    parser.add_argument("--classes", metavar="FILE", help="names of the classes, one a line (the data set's)")


def trained_model(arguments, **defaults):
    """The trained model that the command line asks for (a `train.trained.Trained`), with its threads set.

    Args: defaults: settings for a file of weights by itself.
    """
    from ..device import set_num_threads
    from ..train.trained import trained
    given = given_settings(arguments)
    if arguments.run is None:
        given = {**defaults, **given}
    found = trained(arguments.run, arguments.weights, arguments.classes, **given)
    if found.settings.threads is not None:
        set_num_threads(found.settings.threads)
    return found


def _add(parser, entry):
    from ..train.options import Choice, Flag
    option, name = entry.metadata["option"], "--" + entry.name.replace("_", "-")
    shown = {"dest": entry.name, "default": argparse.SUPPRESS, "help": _help(option, entry.default)}
    if isinstance(option, Flag):
        parser.add_argument(name, action=argparse.BooleanOptionalAction, **shown)
    elif isinstance(option, Choice):
        parser.add_argument(name, choices=option.choices, **shown)
    else:
        parser.add_argument(name, type=_converter(option), metavar=option.letter, **shown)


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
