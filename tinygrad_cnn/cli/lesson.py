"""Predict, run, explain: the chapter's lessons."""
import sys

from .exit_codes import DONE


def add_arguments(parser):
    """Declare the options of `lesson`."""
    add = parser.add_argument
    add("number", nargs="*", help="one or several of the list's, such as 24.2, or all; without one: the list")
    add("--lang", choices=("both", "zh", "en"), default=None, help="Chinese, English or both (if the console can)")
    add("--answers", action="store_true", help="ask nothing, show the answers")


def run(arguments):
    """List the lessons, or teach those asked for; returns 0."""
    from ..teach.lessons import LESSONS, lesson, teach
    lang = arguments.lang or ("both" if _shows_chinese(sys.stdout) else "en")
    if not arguments.number:
        for line in _listed(LESSONS.values(), lang):
            print(line)
        return DONE
    wanted = list(LESSONS.values()) if arguments.number == ["all"] else [lesson(n) for n in arguments.number]
    ask = None if arguments.answers or not _somebody_is_there() else _asker()
    for place, each in enumerate(wanted):
        print("\n" * bool(place), end="")
        if teach(each, lang, ask) is None:
            break
    return DONE


def _listed(lessons, lang):
    from ..teach.text_table import lined_up
    rows = [(each.number, each.title.said(lang).replace("\n", " / ")) for each in lessons]
    yield from lined_up(("lesson", ""), rows, left=2)
    yield ""
    yield "python -m tinygrad_cnn lesson 24.2"


def _somebody_is_there():
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


def _asker():
    """`input`, on a stream that takes any bytes a keyboard may send."""
    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(errors="replace")
    return input


def _shows_chinese(stream):
    try:
        "卷积".encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
