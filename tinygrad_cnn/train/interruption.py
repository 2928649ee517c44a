"""Ctrl-C that waits for the batch in hand.

An interrupt may fall in the middle of an optimizer step, with half the weights updated. The first Ctrl-C therefore
only raises a flag, which the training loop reads after each batch; the second one interrupts at once, as usual.
"""
import signal
import threading


class Interruption:
    """A context in which the first Ctrl-C sets `requested` instead of raising KeyboardInterrupt.

    It changes nothing outside the main thread, where Python lets nobody handle signals, nor where Ctrl-C is ignored.
    """

    def __init__(self):
        self.requested = False
        self._previous = None

    def __enter__(self):
        found = signal.getsignal(signal.SIGINT)             # a function, unless Ctrl-C is ignored, as by nohup
        if threading.current_thread() is threading.main_thread() and callable(found):
            self._previous = signal.signal(signal.SIGINT, self._first)
        return self

    def __exit__(self, *exception):
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)
            self._previous = None

    def _first(self, number, frame):
        self.requested = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
