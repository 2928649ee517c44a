"""One process at a time in a run folder: two would write over each other's checkpoints.

The lock is the operating system's, on the file `.lock` in the folder. The system lets go of it when the process ends,
however it ends, so that a run that was killed can go on at once. The file says which process holds it, for the message
to the next; what it says has no force.
"""
import contextlib
import errno
import os
import pathlib
import platform
import warnings

from ..errors import TrainingError

try:
    import fcntl
except ImportError:                             # Windows
    fcntl = None
    import msvcrt

_NAME = ".lock"
_LOCKED_BYTE = 1 << 20                          # on Windows nobody can read a locked byte; the text stands before it
_HELD = {errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK}
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


@contextlib.contextmanager
def locked(folder):
    """A context in which no other run, of this process or another, holds the folder; the file goes when it is left.

    Where a file system (some network ones) has no locks, it warns and goes on.
    Raises: TrainingError at once if another holds it; OSError if the folder cannot be written.
    """
    path = pathlib.Path(folder) / _NAME
    file = _taken(path)
    try:
        yield
    finally:
        _give_back(file, path)


def _taken(path):
    """The file at path, open and locked."""
    while True:
        file = open(path, "a+b", buffering=0)   # noqa: SIM115 - it stays open as long as the run
        try:
            if not _lock(file):
                raise TrainingError(_refusal(path.parent, _read(file)))
            if _is_still_there(file, path):
                file.truncate(0)
                file.write(f"process {os.getpid()} on {platform.node()}".encode())
                return file
        except BaseException:
            file.close()
            raise
        file.close()                            # its holder ended in between and took the file away: once more


def _lock(file):
    """Whether the lock was free and is ours now."""
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            file.seek(_LOCKED_BYTE)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    except OSError as error:
        if error.errno in _HELD:
            return False
        if error.errno not in _NO_LOCKS:
            raise
        warnings.warn(f"run folder: {file.name!r} cannot be locked ({error.strerror}). See to it that no other process "
                      "trains in this folder.", stacklevel=6)
    return True


def _is_still_there(file, path):
    """Whether path still leads to the open file; Windows removes no file that is open."""
    if fcntl is None:
        return True
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False


def _give_back(file, path):
    with file:
        if fcntl is not None:
            _remove(path)                       # while it is ours: whoever waits to lock it sees that it is gone
        else:
            file.seek(_LOCKED_BYTE)
            msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
    if fcntl is None:
        _remove(path)


def _remove(path):
    with contextlib.suppress(OSError):          # on Windows another may have opened it; unlocked, it stops nobody
        path.unlink()


def _read(file):
    file.seek(0)
    return file.read(200).decode("utf-8", "replace")


def _refusal(folder, holder):
    return (f"train: {holder or 'another process'} is training in {str(folder)!r}, and two runs in one folder would "
            "overwrite each other's checkpoints. Wait until it ends or stop it, then --resume; or begin a new run with "
            "another --out.")
