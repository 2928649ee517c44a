"""A pickle is a program for a small stack machine. Here is that machine, with nothing dangerous within its reach.

The program pushes numbers, strings and containers, keeps some in a memo, and calls what it names. Python's own machine
imports whatever is named; this one asks `names` (pickle_names.py), which knows a short list and refuses the rest by
name. It also counts its steps, so a small file can cost neither minutes nor gigabytes.

Source: the opcodes are described in Python's Lib/pickletools.py; protocols 0 to 5 are read.
"""
import re
import struct
from collections import Counter, OrderedDict

from ..errors import DataError
from .pickle_names import Maker, fill, hashable

STEPS = 2_000_000                           # about 1 s and at most 300 MB; a state dict of 10,000 tensors takes 700,000
CALL_STEPS, CONTAINER_STEPS = 10, 4         # what one call (it may make an array) and one container count for
_MARK = object()
_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"\\": b"\\", b"'": b"'", b'"': b'"'}
_DICTS, _LISTS, _SETS = (dict, OrderedDict, Counter), (list,), (set,)


class PickleMachine:
    """Runs the pickle that starts at byte `position` of `data` (bytes or a mapped file).

    Args: names: with `find(module, name)`, `set_state(object, state)` and `persistent(id)`; each raises DataError for
    what it does not know.
    Attributes: `position`, after `run()` the first byte behind the pickle.
    """

    def __init__(self, data, names, position=0):
        self.data, self.names, self.position = data, names, position
        self.stack, self.memo, self.steps = [], {}, 0

    def run(self):
        """What the pickle builds.

        Raises: DataError if it is damaged, takes too many steps or names something that is not on the list.
        """
        data, size = self.data, len(self.data)
        try:
            while True:
                if self.position >= size:
                    raise ValueError("it ends too early")
                code = data[self.position]
                self.position += 1
                self.steps += 1
                if self.steps > STEPS:
                    raise DataError(f"the pickle in it takes more than {STEPS} steps, far more than weights need")
                if code == _STOP:
                    value, = self.stack
                    return value
                action = _ACTIONS.get(code)
                if action is None:
                    raise ValueError(f"there is no opcode {code:#x}")
                action(self)
        except DataError:
            raise
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, struct.error) as error:
            raise DataError(f"the pickle in it is damaged at byte {self.position} ({error})") from None

    def take(self, count):
        """The next `count` bytes."""
        end = self.position + count
        if count < 0 or end > len(self.data):
            raise ValueError(f"{count} bytes are promised, {len(self.data) - self.position} are left")
        found = bytes(self.data[self.position:end])
        self.position = end
        return found

    def number(self, form):
        """The next number, in a form of the module struct."""
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def line(self):
        """The bytes up to the next line end, of 1,000 at most."""
        end = self.data.find(b"\n", self.position, self.position + 1001)
        if end < 0:
            raise ValueError("a line without end")
        found = bytes(self.data[self.position:end])
        self.position = end + 1
        return found

    def push(self, value):
        self.stack.append(value)

    def pop(self):
        value = self.stack.pop()
        if value is _MARK:
            raise ValueError("a mark where a value should be")
        return value

    def top(self, kinds):
        """The value on top, which must be of one of these types exactly."""
        if type(self.stack[-1]) not in kinds:
            raise TypeError(f"{type(self.stack[-1]).__name__} where {kinds[0].__name__} should be")
        return self.stack[-1]

    def pop_to_mark(self):
        """The values above the last mark, which goes too."""
        for place in range(len(self.stack) - 1, -1, -1):
            if self.stack[place] is _MARK:
                values = self.stack[place + 1:]
                del self.stack[place:]
                return values
        raise ValueError("a mark is missing")

    def push_container(self, value):
        self.steps += CONTAINER_STEPS
        self.stack.append(value)

    def call(self, maker, arguments):
        self.steps += CALL_STEPS
        if not isinstance(maker, Maker):
            raise TypeError(f"{type(maker).__name__} is called")
        if type(arguments) is not tuple:
            raise TypeError("arguments are not a tuple")
        self.push(maker.make(*arguments))

    def find(self, module, name):
        if type(module) is not str or type(name) is not str:
            raise TypeError("a name that is no string")
        self.push(self.names.find(module, name))


def _put(machine, index):
    machine.memo[index] = machine.pop()
    machine.push(machine.memo[index])


def _whole(text):
    if not re.fullmatch(rb"[+-]?\d{1,600}", text):
        raise ValueError(f"{text[:20]!r} is not a whole number")
    return int(text)


def _old_int(machine):
    text = machine.line()
    return {b"00": False, b"01": True}[text] if text in (b"00", b"01") else _whole(text)


def _old_string(machine):
    """A quoted string as Python 2's repr writes it."""
    text = machine.line()
    if len(text) < 2 or text[0] != text[-1] or text[:1] not in (b"'", b'"'):
        raise ValueError("a string without quotes")

    def unescape(match):
        found = match[1]
        return bytes([int(found[1:], 16)]) if found[:1] == b"x" else _ESCAPED[found]
    return _ESCAPE.sub(unescape, text[1:-1]).decode("latin-1")


def _inner(machine, kinds, method):
    values = machine.pop_to_mark()
    method(machine.top(kinds), values)


def _one_item(machine):
    value, key = machine.pop(), machine.pop()
    fill(machine.top(_DICTS), [key, value])


def _one_value(machine):
    value = machine.pop()
    machine.top(_LISTS).append(value)


def _call(machine):
    arguments, maker = machine.pop(), machine.pop()
    machine.call(maker, arguments)


def _old_instance(machine):
    arguments = tuple(machine.pop_to_mark())
    machine.find(machine.line().decode(), machine.line().decode())
    machine.call(machine.pop(), arguments)


def _old_object(machine):
    maker, *arguments = machine.pop_to_mark()
    machine.call(maker, tuple(arguments))


def _build(machine):
    state = machine.pop()
    machine.names.set_state(machine.stack[-1], state)


def _stack_global(machine):
    name, module = machine.pop(), machine.pop()
    machine.find(module, name)


def _persistent(machine):
    machine.steps += CALL_STEPS
    machine.push(machine.names.persistent(machine.pop()))


def _pop(machine):
    machine.stack.pop()


def _protocol(machine):
    version = machine.number("<B")
    if version > 5:
        raise ValueError(f"protocol {version}")


def _tuple_of(count):
    return lambda m: m.push(tuple(reversed([m.pop() for _ in range(count)])))


def _text(form, encoding, errors="strict"):
    return lambda m: m.push(m.take(m.number(form)).decode(encoding, errors))


def _raw(form, kind=bytes):
    return lambda m: m.push(kind(m.take(m.number(form))))


def _long(form):
    def action(machine):
        count = machine.number(form)
        if count > 255:
            raise ValueError(f"an integer of {count} bytes")
        machine.push(int.from_bytes(machine.take(count), "little", signed=True))
    return action


_STOP = ord(".")
_LATIN = "latin-1"                          # Python 2's strings were bytes: this keeps each of them
_TABLE = {
    "\x80": _protocol, "\x95": lambda m: m.number("<Q"),
    "(": lambda m: m.push(_MARK), "0": _pop, "1": lambda m: m.pop_to_mark(), "2": lambda m: m.push(m.stack[-1]),
    "N": lambda m: m.push(None), "\x88": lambda m: m.push(True), "\x89": lambda m: m.push(False),
    "I": lambda m: m.push(_old_int(m)), "L": lambda m: m.push(_whole(m.line().rstrip(b"L"))),
    "J": lambda m: m.push(m.number("<i")), "K": lambda m: m.push(m.number("<B")), "M": lambda m: m.push(m.number("<H")),
    "\x8a": _long("<B"), "\x8b": _long("<i"),
    "F": lambda m: m.push(float(m.line())), "G": lambda m: m.push(m.number(">d")),
    "S": lambda m: m.push(_old_string(m)), "T": _text("<i", _LATIN), "U": _text("<B", _LATIN),
    "V": lambda m: m.push(m.line().decode("raw_unicode_escape")), "X": _text("<I", "utf-8", "surrogatepass"),
    "\x8c": _text("<B", "utf-8", "surrogatepass"), "\x8d": _text("<Q", "utf-8", "surrogatepass"),
    "B": _raw("<I"), "C": _raw("<B"), "\x8e": _raw("<Q"), "\x96": _raw("<Q", bytearray),
    "]": lambda m: m.push_container([]), "l": lambda m: m.push_container(m.pop_to_mark()),
    "a": _one_value, "e": lambda m: _inner(m, _LISTS, list.extend),
    ")": lambda m: m.push(()), "t": lambda m: m.push(tuple(m.pop_to_mark())),
    "\x85": _tuple_of(1), "\x86": _tuple_of(2), "\x87": _tuple_of(3),
    "}": lambda m: m.push_container({}), "d": lambda m: m.push_container(fill({}, m.pop_to_mark())),
    "s": _one_item, "u": lambda m: _inner(m, _DICTS, fill),
    "\x8f": lambda m: m.push_container(set()),
    "\x91": lambda m: m.push_container(frozenset(map(hashable, m.pop_to_mark()))),
    "\x90": lambda m: _inner(m, _SETS, lambda members, new: members.update(map(hashable, new))),
    "c": lambda m: m.find(m.line().decode(), m.line().decode()), "\x93": _stack_global,
    "R": _call, "\x81": _call, "i": _old_instance, "o": _old_object, "b": _build, "Q": _persistent,
    "p": lambda m: _put(m, _whole(m.line())), "q": lambda m: _put(m, m.number("<B")),
    "r": lambda m: _put(m, m.number("<I")), "\x94": lambda m: _put(m, len(m.memo)),
    "g": lambda m: m.push(m.memo[_whole(m.line())]), "h": lambda m: m.push(m.memo[m.number("<B")]),
    "j": lambda m: m.push(m.memo[m.number("<I")]),
}
_ACTIONS = {ord(code): action for code, action in _TABLE.items()}
