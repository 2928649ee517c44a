"""`python -m tinygrad_cnn lesson` at a terminal: predictions, Ctrl-D, Ctrl-C, bytes that are no text."""
import os
import select
import subprocess
import sys

import pytest

COMMAND = [sys.executable, "-m", "tinygrad_cnn", "lesson"]
pty = pytest.importorskip("pty", reason="a terminal can be played by pty, which Windows has not")


class Terminal:
    """A learner at a terminal: the process, and what it has shown so far."""

    def __init__(self, *arguments):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen([*COMMAND, *arguments], stdin=slave, stdout=slave, stderr=slave,
                                        start_new_session=True, env={**os.environ, "PYTHONUTF8": "1", "TERM": "dumb"},
                                        preexec_fn=_make_terminal_ours)
        os.close(slave)
        self.shown = ""

    def wait_for(self, text, times=1):
        while self.shown.count(text) < times:
            assert self._read(), self.shown

    def type(self, keys):
        os.write(self.master, keys)

    def press_until_it_ends(self, key, presses=30):
        """A signal that comes just before Python waits for a key is noticed at the next key only."""
        for _ in range(presses):
            self.type(key)
            try:
                self.process.wait(1)
            except subprocess.TimeoutExpired:
                continue
            break

    def end(self):
        """The exit code, once everything it shows is read."""
        while self._read():
            pass
        return self.process.wait(60)

    def close(self):
        os.close(self.master)
        self.process.kill()
        self.process.wait()

    def _read(self):
        """What has been shown since, or nothing once the process has ended."""
        assert select.select([self.master], [], [], 30)[0], f"nothing for 30 seconds after {self.shown!r}"
        try:
            piece = os.read(self.master, 4096).decode("utf-8", "replace")
        except OSError:                                     # Linux's word for: the other side is closed
            return ""
        self.shown += piece
        return piece


def _make_terminal_ours():
    import fcntl
    import termios
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def terminal():
    """terminal(*arguments) -> a Terminal, gone after the test."""
    opened = []

    def open_one(*arguments):
        opened.append(Terminal(*arguments))
        opened[0].wait_for("Your prediction:")
        return opened[0]

    yield open_one
    for each in opened:
        each.close()


def test_at_a_terminal_the_learner_predicts_and_is_told(terminal):
    lesson = terminal("24.2", "--lang", "en")
    lesson.type(b"2 2\n")
    lesson.wait_for("Your prediction:", 2)
    lesson.type(b"11 17 6 22\n")
    lesson.wait_for("number 2 is not 17")
    lesson.wait_for("Your prediction:", 3)
    lesson.type(b"11 18 6 22\n")
    assert lesson.end() == 0
    assert "Right at the first try: 1/2." in lesson.shown


def test_ctrl_d_ends_the_lesson_with_code_0(terminal):
    lesson = terminal("24.2", "24.3", "--lang", "en")
    lesson.type(b"\x04")
    assert lesson.end() == 0
    assert "The lesson ends here." in lesson.shown
    assert "== 24.3" not in lesson.shown
    assert "Traceback" not in lesson.shown


def test_ctrl_c_ends_the_lesson_with_code_130(terminal):
    lesson = terminal("24.2", "--lang", "en")
    lesson.press_until_it_ends(b"\x03")
    assert lesson.end() == 130
    assert "Traceback" not in lesson.shown


def test_bytes_that_are_no_text_are_nonsense_like_any_other(terminal):
    lesson = terminal("24.2", "--lang", "en")
    lesson.type(b"\xff\xfe\n")
    lesson.wait_for("Type 2 numbers, for example: 1 2")
    lesson.press_until_it_ends(b"\x03")
    assert lesson.end() == 130
