"""Ctrl-C, and the system's request to end (SIGTERM), that wait for the batch in hand.

An interrupt may fall in the middle of an optimizer step, with half the weights updated. The first signal therefore only
raises a flag, which the training loop reads after each step; the second one acts at once, as usual.
"""
import signal
import threading

_NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}


class Interruption:
    """A context in which the first Ctrl-C or SIGTERM sets `requested` instead of ending the program.

    Attributes: `requested`; `signal`, the number of the signal that did it; `name`, what it is called.
    It changes nothing outside the main thread, where Python lets nobody handle signals, nor where Ctrl-C is ignored.
    """

    def __init__(self):
        self.signal = None
        self._previous = {}

    @property
    def requested(self):
        return self.signal is not None

    @property
    def name(self):
        return _NAMES.get(self.signal)

    def __enter__(self):
        if threading.current_thread() is not threading.main_thread():
            return self
        for number in _NAMES:
            found = signal.getsignal(number)
            if found is not signal.SIG_IGN and found is not None:      # ignored, as by nohup; None: not Python's
                self._previous[number] = signal.signal(number, self._first)
        return self

    def __exit__(self, *exception):
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous = {}

    def _first(self, number, frame):
        self.signal = number
        for number, handler in self._previous.items():
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else handler)
