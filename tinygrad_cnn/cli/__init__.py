"""The command line: `python -m tinygrad_cnn train`, and what goes with it.

Each command is a module with `add_arguments(parser)` and `run(arguments) -> exit code`. A user's mistake ends as one
line on standard error and exit code 2, Ctrl-C as exit code 130; anything else is our fault and shows its traceback.
"""
import argparse
import os
import sys

from ..errors import TinygradError
from ..version import __version__
from . import data, doctor, evaluate, lesson, models, predict, summary, train
from .console import tolerate_any_character
from .exit_codes import DONE, INTERRUPTED, USER_ERROR

_COMMANDS = {"train": train, "eval": evaluate, "predict": predict, "summary": summary, "models": models, "data": data,
             "lesson": lesson, "doctor": doctor}


def main(argv=None):
    """Run one command; returns the exit code.

    Args: argv: the words after `python -m tinygrad_cnn`; those of this process if not given.
    """
    tolerate_any_character(sys.stdout, sys.stderr)
    words = sys.argv[1:] if argv is None else argv
    arguments = _parser(words).parse_args(words)
    try:
        code = _COMMANDS[arguments.command].run(arguments)
        sys.stdout.flush()
        return code
    except BrokenPipeError:                                 # a reader, such as `head`, that has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
    except (TinygradError, OSError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return USER_ERROR


def _parser(words):
    parser = argparse.ArgumentParser(prog="python -m tinygrad_cnn", description=(
        "Convolutional networks from the ground up, on NumPy and CuPy."))
    parser.add_argument("--version", action="version", version=f"tinygrad_cnn {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name, module in _COMMANDS.items():
        first_line = module.__doc__.split("\n", 1)[0]
        command = commands.add_parser(name, help=first_line, description=first_line)
        if name in words:                                   # the others need not load what they would offer
            module.add_arguments(command)
    return parser
