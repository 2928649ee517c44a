"""Fetching a file that is known beforehand: its address, its size and its checksum.

What has arrived lies beside the target as NAME.part, and a second try goes on from there. The target's name appears
only when all bytes are there and the checksum is right.
"""
import hashlib
import http.client
import os
import pathlib
import sys
import urllib.error
import urllib.request

from ..errors import DataError

_BLOCK, _PATIENCE = 1 << 16, 30.0           # bytes a read; seconds without any
_PARTIAL = 206                              # the status of an answer that begins in the middle


class Source:
    """A file on the web. Attributes: `url`; `md5`, as published; `size` in bytes; `name`, of the file."""

    def __init__(self, url, md5, size):
        self.url, self.md5, self.size = url, md5, size
        self.name = url.rpartition("/")[2]

    def by_hand(self, folder):
        """What to tell someone whose machine cannot fetch it."""
        return (f"Give download=True, or fetch {self.url} ({self.size} bytes, MD5 {self.md5}) by hand and put it into "
                f"{str(folder)!r} as {self.name}.")


def fetch(source, folder, opener=urllib.request.urlopen, report=None):
    """Download `source` into `folder` (made if it is not there), going on with a download that was broken off.

    Args: opener: called with a urllib.request.Request and timeout=seconds. report: called with the bytes that are there
    and the bytes of the whole, every 64 kB; if not given, a terminal is told the percentage.
    Returns: the path of the file. If it is there already, and whole, nothing is fetched.
    Raises: DataError if the network or the server fails, saying what to fetch by hand; what has arrived is kept. Also
    for a wrong checksum; then what has arrived is removed.
    """
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    target, part = folder / source.name, folder / f"{source.name}.part"
    if target.is_file() and _is_whole(target, source):
        return target
    try:
        _receive(source, part, opener, report or _percentage(source.name))
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        kept = f" The {part.stat().st_size} bytes that came are kept for the next try." if part.is_file() else ""
        raise DataError(f"download: {source.url} cannot be fetched ({error}).{kept} Without a network: fetch it on "
                        f"another machine ({source.size} bytes, MD5 {source.md5}) and put it into {str(folder)!r} as "
                        f"{source.name}.") from None
    if not _is_whole(part, source):
        size = part.stat().st_size
        part.unlink()
        raise DataError(f"download: {source.url} gave {size} bytes with another checksum than MD5 {source.md5}; they "
                        "were removed. Try again, or fetch it by hand from a source you trust.")
    os.replace(part, target)
    return target


def _percentage(name):
    """A report that keeps one line of the terminal up to date; anything but a terminal is told nothing."""
    shown = -1

    def report(done, size):
        nonlocal shown
        percent = 100 * done // size
        if percent != shown and sys.stderr.isatty():
            shown = percent
            end = "\n" if done == size else ""
            print(f"\r{name}: {percent} % of {size / 1e6:.1f} MB", end=end, file=sys.stderr, flush=True)
    return report


def _receive(source, part, opener, report):
    """Bring `part` to the file's full length, beginning where it ends."""
    there = part.stat().st_size if part.is_file() else 0
    if there > source.size:
        part.unlink()
        there = 0
    if there == source.size:
        return
    asked = urllib.request.Request(source.url, headers={"Range": f"bytes={there}-"} if there else {})
    with opener(asked, timeout=_PATIENCE) as answer:
        there = there if answer.status == _PARTIAL else 0
        with open(part, "ab" if there else "wb") as file:
            while there < source.size:
                block = answer.read(min(_BLOCK, source.size - there))
                if not block:
                    raise http.client.IncompleteRead(b"", source.size - there)
                file.write(block)
                there += len(block)
                report(there, source.size)
            file.flush()
            os.fsync(file.fileno())


def _is_whole(path, source):
    if path.stat().st_size != source.size:
        return False
    found = hashlib.md5(usedforsecurity=False)              # what the publishers give: it finds damage, not intent
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest() == source.md5
