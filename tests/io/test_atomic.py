"""A file that is written whole or not at all."""
import os
import stat
import sys

import pytest

from tinygrad_cnn.io import atomic_write


def test_the_file_gets_what_was_written_and_nothing_else_is_left(tmp_path):
    with atomic_write(tmp_path / "note.txt") as part:
        part.write_bytes(b"new")
    assert (tmp_path / "note.txt").read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["note.txt"]


def test_the_temporary_file_lies_in_the_same_folder(tmp_path):
    with atomic_write(tmp_path / "note.txt") as part:
        assert part.parent == tmp_path


def test_an_error_leaves_the_old_file_and_no_other(tmp_path):
    (tmp_path / "note.txt").write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), atomic_write(tmp_path / "note.txt") as part:
        part.write_bytes(b"half")
        raise ZeroDivisionError
    assert (tmp_path / "note.txt").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["note.txt"]


def test_ctrl_c_leaves_the_old_file_and_no_other(tmp_path):
    (tmp_path / "note.txt").write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), atomic_write(tmp_path / "note.txt") as part:
        part.write_bytes(b"half")
        raise KeyboardInterrupt
    assert (tmp_path / "note.txt").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["note.txt"]


def test_until_the_end_a_reader_sees_the_old_file(tmp_path):
    (tmp_path / "note.txt").write_bytes(b"old")
    with atomic_write(tmp_path / "note.txt") as part:
        part.write_bytes(b"new")
        assert (tmp_path / "note.txt").read_bytes() == b"old"


def test_a_missing_folder_raises_before_the_body_runs(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_write(tmp_path / "nowhere" / "note.txt"):
        pytest.fail("the body ran")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits of this kind")
def test_the_file_has_the_permissions_of_an_ordinary_new_file(tmp_path):
    (tmp_path / "plain").touch()
    with atomic_write(tmp_path / "note.txt"):
        pass
    assert stat.S_IMODE((tmp_path / "note.txt").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)
