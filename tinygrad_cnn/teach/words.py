"""Sentences in two languages, which of them to say, and in how long lines."""
import re
import sys
from typing import NamedTuple

from ..errors import ArgumentError
from .page import columns

LANGUAGES = ("both", "zh", "en")


class Words(NamedTuple):
    """One thought in Chinese and in English."""
    zh: str
    en: str

    def said(self, lang="both"):
        """The text: Chinese, English, or the Chinese line with the English one under it.

        Args: lang: "zh", "en" or "both".
        Raises: ArgumentError for another language.

        >>> print(Words("卷积", "convolution").said("both"))
        卷积
        convolution
        """
        return f"{self.zh}\n{self.en}" if check_language(lang) == "both" else getattr(self, lang)

    def filled(self, lang="both", columns=100, indent=""):
        """What `said` gives, in lines of at most `columns` columns of a terminal, each after `indent`."""
        lines = [line for text in self.said(lang).splitlines() for line in _broken(text, columns - len(indent))]
        return "\n".join(indent + line for line in lines)


def tell(text=""):
    """Print text on standard output; a letter that the console cannot show becomes a question mark."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding))


# a Chinese letter with the punctuation that may not begin a line, or a run of others up to a space
_PIECES = re.compile("[\u2e80-\uffef][，。；：？！、）》”]*|[^\u2e80-\uffef ]+ *| +")


def _broken(text, widest):
    lines = [""]
    for piece in _PIECES.findall(text):
        if lines[-1] and columns(lines[-1] + piece.rstrip()) > widest:
            lines.append("")
        lines[-1] += piece
    return [line.rstrip() for line in lines]


def check_language(lang):
    """`lang` itself, if it is a language we speak; otherwise ArgumentError."""
    if lang not in LANGUAGES:
        raise ArgumentError(f"teach: lang={lang!r} is not known. Give one of {', '.join(map(repr, LANGUAGES))}.")
    return lang
