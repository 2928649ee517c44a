"""What CuPy 14.2.0 offers, read from tests/data/cupy_api_14.2.0.json (make_manifest.py writes it and tells its form).

An `Entry` answers the two questions asked at every call: is this name there, and does it take these arguments?
"""
import functools
import json
import pathlib

from .refusals import Refused

PATH = pathlib.Path(__file__).parents[1] / "data" / "cupy_api_14.2.0.json"
# The keywords every CuPy ufunc takes, from `ufunc.__call__`: no `where`, no `order`.
UFUNC_KEYWORDS = frozenset({"out", "dtype", "casting"})


class Entry:
    """One name: `kind` ("function", "ufunc", "class", "constant", "method", "property", "special", "object"), and for
    what can be called `names` (its parameters in order), `positional` (how many may be given by position, None for any
    number), `keywords` (names that may be given by keyword, None for any).
    """
    __slots__ = ("kind", "names", "positional", "keywords", "scatter")

    def __init__(self, text):
        self.kind, *words = text.split(" ")
        self.scatter = None
        if self.kind == "ufunc":
            inputs, outputs = int(words[0]), int(words[1])
            if len(words) > 2:
                self.scatter = words[2].removeprefix("at:")
            self.names, self.positional, self.keywords = (), inputs + outputs, UFUNC_KEYWORDS
            return
        names, positional, keywords, by_position = [], 0, set(), True
        for word in words:
            name = word.rstrip("=")
            if word.startswith("**"):
                keywords = None
            elif word.startswith("*"):
                if len(word) > 1:
                    positional = None
                by_position = False
            else:
                names.append(name)
                if by_position:
                    positional += 1
                if keywords is not None:
                    keywords.add(name)
        self.names, self.positional = tuple(names), positional
        self.keywords = None if keywords is None else frozenset(keywords)

    def check(self, path, args, kwargs):
        """Refuse keywords and counts of arguments that CuPy does not take.

        Raises: Refused, naming what it does take.
        """
        if kwargs and self.keywords is not None and not kwargs.keys() <= self.keywords:
            raise Refused(f"{path}: CuPy 14.2.0 takes no {', '.join(sorted(kwargs.keys() - self.keywords))}; "
                          f"it takes {', '.join(sorted(self.keywords))}")
        if self.positional is not None and len(args) > self.positional:
            raise Refused(f"{path}: CuPy 14.2.0 takes at most {self.positional} arguments by position, not {len(args)}")


@functools.lru_cache(maxsize=1)
def load():
    """The manifest: section ("cupy", "cupy.linalg", "cupy.ndarray", ...) -> name -> Entry."""
    sections = json.loads(PATH.read_text(encoding="utf-8"))
    return {section: {name: Entry(text) for name, text in entries.items()} for section, entries in sections.items()}
