"""Files taken out of a .tar.gz in memory: the archive is read once, nothing of it is written to the disk.

What it may cost is bounded before anything is believed: by the size of the whole once unpacked, of each member, and by
the number of members. A path that leads out of the archive's folder, or a link, is refused.
"""
import gzip
import tarfile
import zlib

from ..errors import DataError
from ..io.npz import leads_elsewhere

_LARGEST_WHOLE = 256 * 2**20                # bytes; CIFAR's archives unpack to 190 MB
_MOST_MEMBERS = 1000


def read_members(path, names, largest):
    """The bytes of the files called `names` in an archive, in any folder of it: name -> bytes.

    Args: path: of the .tar.gz. names: without folders. largest: bytes one of them may have.
    Raises: DataError if one is missing, if the archive is damaged, unpacks to too much, or has paths that lead
    elsewhere.
    """
    try:
        with gzip.open(path) as packed, tarfile.open(fileobj=_Counted(packed), mode="r|") as archive:
            found = _wanted(archive, set(names), largest)
    except (tarfile.TarError, zlib.error, EOFError, gzip.BadGzipFile) as error:
        raise DataError(f"{path.name!r} is not a whole .tar.gz file ({error}). Fetch it again.") from None
    except DataError as error:
        raise DataError(f"{path.name!r} cannot be read: {error}. Fetch it again.") from None
    missing = [name for name in names if name not in found]
    if missing:
        raise DataError(f"{path.name!r} has no {', '.join(missing)} in it. Fetch it again.")
    return found


def _wanted(archive, names, largest):
    found = {}
    for count, member in enumerate(archive, 1):
        if count > _MOST_MEMBERS:
            raise DataError(f"it has more than {_MOST_MEMBERS} members")
        if leads_elsewhere(member.name):
            raise DataError(f"its member {member.name!r:.80} is a path that leads elsewhere")
        name = member.name.rpartition("/")[2]
        if name not in names or member.isdir():
            continue
        if name in found:
            raise DataError(f"it has {name!r} twice")
        if not member.isreg():
            raise DataError(f"its member {name!r} is a link or a device, not a file")
        if member.size > largest:
            raise DataError(f"its member {name!r} has {member.size} bytes, more than {largest}")
        found[name] = archive.extractfile(member).read()
        if len(found[name]) != member.size:
            raise DataError(f"its member {name!r} ends after {len(found[name])} of {member.size} bytes")
        if len(found) == len(names):
            break                               # what follows need not be unpacked
    return found


class _Counted:
    """A stream that may give no more than _LARGEST_WHOLE bytes."""

    def __init__(self, stream):
        self._stream, self._left = stream, _LARGEST_WHOLE

    def read(self, count=-1):
        found = self._stream.read(count)
        self._left -= len(found)
        if self._left < 0:
            raise DataError(f"it unpacks to more than {_LARGEST_WHOLE} bytes")
        return found
