"""Writing a file so that its name never stands for half of it.

The bytes go to a new file in the same folder, are flushed to the disk, and take the name in one step. Whoever reads
the name, at any moment and after any crash, finds the old content or the new one.
"""
import contextlib
import os
import pathlib
import secrets


@contextlib.contextmanager
def atomic_write(path):
    """A context that gives the path of a temporary file to write; on leaving it, that file becomes `path`.

    If the body raises, the temporary file is removed and `path` is left as it was.

    Raises: OSError where the folder is missing or cannot be written.

    >>> import tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> with atomic_write(folder / "note.txt") as part:
    ...     _ = part.write_text("whole", encoding="utf-8")
    >>> (folder / "note.txt").read_text(encoding="utf-8"), len(list(folder.iterdir()))
    ('whole', 1)
    """
    path = pathlib.Path(path)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    part.touch(exist_ok=False)              # an ordinary file with the user's own permissions, unlike mkstemp's
    permissions = part.stat().st_mode
    try:
        yield part
        os.chmod(part, permissions)         # a writer that puts its own file there may have made it private
        with open(part, "r+b") as file:     # opened for writing: Windows flushes no other kind
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder):
    """Bring the new name itself to the disk, where the system can (Windows has no such call)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:
        pass                                # some network file systems refuse; the content is safe already
    finally:
        os.close(descriptor)
