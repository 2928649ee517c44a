"""Consoles that cannot show every character.

Python writes UTF-8 to most places, but a pipe or an old console on Windows keeps its code page, and one character
outside it would end the program with UnicodeEncodeError.
"""


def tolerate_any_character(*streams):
    """Make text streams that are not UTF-8 write '?' for what they cannot encode."""
    for stream in streams:
        encoding = (getattr(stream, "encoding", None) or "").lower().replace("_", "-")
        if encoding not in ("utf-8", "utf8") and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
