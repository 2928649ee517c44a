"""Sentences in two languages, and which of them to say."""
from typing import NamedTuple

from ..errors import ArgumentError

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


def check_language(lang):
    """`lang` itself, if it is a language we speak; otherwise ArgumentError."""
    if lang not in LANGUAGES:
        raise ArgumentError(f"teach: lang={lang!r} is not known. Give one of {', '.join(map(repr, LANGUAGES))}.")
    return lang
