"""The tape: what happened, as one list of events, and its JSON form.

An event is one step of the engine. EVENTS is the whole vocabulary: each kind, the fields it has, and what each field
is. Tensors are listed once and events name them by their number; so are values, for many events share one. The tape
holds no Tensor and no graph: it is data, and what `load_tape` reads from a file is the same tape again.

Where only the graph was left to read, what it no longer holds is null. The JSON form (version 1) is one object:

    {"format": "tinygrad_cnn.tape", "version": 1, "limit": elements kept whole, "source": "record" or "graph",
     "tensors": [{"kind", "name", "step", "part", "shape", "dtype", "value"}],
     "events": [{"kind", and the fields that EVENTS gives that kind}],
     "values": [{"shape", "dtype", "data" or "summary"}]}

A tensor's `kind` is parameter, leaf, constant, computed, or argument: a constant that nobody has a name for but the op
whose argument it is. Its `name` is the user's, the argument's, or null; its `step` is the number of the call that
computed it, its `part` which of several outputs it is, its `value` the number of its value, or null. In the text, `<`,
`>` and `&` are written as escapes, so that it can stand inside a page.
"""
import json
from dataclasses import dataclass
from types import SimpleNamespace

from ..errors import ArgumentError, DataError
from ..io.atomic import atomic_write
from .values import LIMIT, SPECIAL, Value, is_shape

FORMAT, VERSION = "tinygrad_cnn.tape", 1
TENSOR_KINDS = ("parameter", "leaf", "constant", "argument", "computed")
SOURCES = ("record", "graph")

# What a field is: text, flag, count, shape, tensor, value, event (the number of one), operands (a list of
# {"tensor": n}, {"number": x}, {"unknown": true} or null), attrs (an object of texts); with "?" also null, with "s" a
# list of them.
EVENTS = {
    # forward: a module is entered and left; an op is called
    "enter": {"module": "text", "type": "text"},
    "leave": {"module": "text"},
    "op": {"step": "count", "op": "text", "inputs": "operands", "names": "texts", "attrs": "attrs",
           "outputs": "tensors", "module": "text?", "line": "text?", "inside": "event?"},
    # backward: a pass starts; a node's turn comes, with the gradient of its output(s); its rule for one input gives a
    # gradient, which is summed over broadcast axes, cast back, and added to what has arrived there (arrival 1: first)
    "backward": {"name": "text", "starts": "tensors", "values": "value?s", "create_graph": "flag"},
    "visit": {"op": "text", "call": "event?", "outputs": "tensors", "values": "value?s"},
    "rule": {"input": "text", "tensor": "tensor", "value": "value?"},
    "sum_to": {"tensor": "tensor", "before": "shape", "after": "shape", "value": "value"},
    "cast": {"tensor": "tensor", "before": "text", "after": "text", "value": "value"},
    "add": {"tensor": "tensor", "arrival": "count", "value": "value?"},
    "hook": {"tensor": "tensor", "value": "value"},
    # a gradient goes into a .grad (before: what was there), a leaf's at the end of a pass, or is what was asked for
    "grad": {"tensor": "tensor", "before": "value?", "added": "value", "value": "value"},
    "found": {"tensor": "tensor", "value": "value"},
    "done": {},
    # what the reader must know: one of NOTES, and what it is about
    "note": {"note": "text", "about": "text"},
}


NOTES = ("graph", "freed", "stale", "hooks")


class Event(SimpleNamespace):
    """One step of the engine: `kind`, and the fields that EVENTS gives that kind."""


@dataclass
class TapeTensor:
    """A tensor as the tape knows it: no Tensor, only what is to be shown of it."""
    kind: str
    name: str | None
    step: int | None
    part: int | None
    shape: tuple
    dtype: str
    value: int | None


class Tape:
    """What happened while it was recorded: `tensors`, `events` and `values`, three lists; see this module's docstring.

    limit: arrays with more elements are summarised. source: "record", or "graph" if it was read off the graph alone.
    """

    def __init__(self, limit=LIMIT, source="record"):
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise ArgumentError(f"record: limit is {limit!r}. Give the number of elements to keep whole, 1 or more.")
        self.limit, self.source = limit, source
        self.tensors, self.events, self.values = [], [], []
        self._kept = {}                                 # what a value holds -> its number

    def add(self, kind, **fields):
        """Append an event; returns its number."""
        if fields.keys() != EVENTS[kind].keys():
            raise ArgumentError(f"tape: an event of kind {kind!r} has the fields {', '.join(EVENTS[kind])}, not "
                                f"{', '.join(fields)}.")
        self.events.append(Event(kind=kind, **fields))
        return len(self.events) - 1

    def keep(self, value):
        """The number of a value, which is appended unless an equal one is there."""
        number = self._kept.setdefault(value.key(), len(self.values))
        if number == len(self.values):
            self.values.append(value)
        return number

    def label(self, number):
        """What the tensor of that number is called where it is shown: its name, or v and the number of its step.

        A tensor with neither is a constant (c3) or a leaf (leaf3).
        """
        tensor = self.tensors[number]
        if tensor.name:
            return tensor.name
        if tensor.step is None:
            return f"c{number}" if tensor.kind == "constant" else f"leaf{number}"
        return f"v{tensor.step}" if tensor.part is None else f"v{tensor.step}.{tensor.part}"

    def to_json(self):
        """The tape as the text of a JSON object; see this module's docstring."""
        form = {"format": FORMAT, "version": VERSION, "limit": self.limit, "source": self.source,
                "tensors": [{**vars(t), "shape": list(t.shape)} for t in self.tensors],
                "events": [_event_form(event) for event in self.events],
                "values": [value.to_json() for value in self.values]}
        text = json.dumps(form, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return "".join(_ESCAPES.get(c, c) for c in text)

    def save(self, path):
        """Write the tape's JSON form to a file, whole or not at all."""
        text = self.to_json()
        with atomic_write(path) as part:
            part.write_text(text, encoding="utf-8", errors="backslashreplace")

    def __repr__(self):
        calls = sum(event.kind == "op" for event in self.events)
        visits = sum(event.kind == "visit" for event in self.events)
        return f"<tape: {calls} calls of ops, {visits} steps of backward, {len(self.tensors)} tensors>"


_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def _event_form(event):
    form = dict(vars(event))
    for name, kind in EVENTS[event.kind].items():
        if kind == "shape":
            form[name] = list(form[name])
    return form


def load_tape(path):
    """The tape that `tape.save(path)` wrote; everything in it is checked, nothing is executed.

    Raises: DataError, naming the event and the field, if the file is no tape, or one of a newer version.
    """
    try:
        with open(path, encoding="utf-8") as file:
            form = json.load(file)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise DataError(f"load_tape: {path} is not JSON ({error}). Write tapes with tape.save().") from None
    return tape_from_json(form)


def tape_from_json(form):
    """The tape of a JSON object, as `json.loads(tape.to_json())` gives it; checked like `load_tape`."""
    if not isinstance(form, dict) or form.get("format") != FORMAT:
        raise DataError(f"load_tape: this is not a tape: its format is not {FORMAT!r}. Write tapes with tape.save().")
    if form.get("version") != VERSION:
        raise DataError(f"load_tape: the tape has version {form.get('version')!r}; this program reads version "
                        f"{VERSION}. Use the program that wrote it, or a newer one.")
    lists = [form.get(name) for name in ("tensors", "events", "values")]
    if not all(isinstance(part, list) for part in lists) or form.get("source") not in SOURCES:
        raise DataError("load_tape: a tape has the lists tensors, events and values, and a source (record or graph). "
                        "Write tapes with tape.save().")
    limit = form.get("limit")
    if type(limit) is not int or limit < 1:
        raise DataError(f"load_tape: the limit is {limit!r}, not a number of elements. Write tapes with tape.save().")
    tape = Tape(limit, form["source"])
    tape.values = [Value.from_json(each, f"load_tape: values[{k}]") for k, each in enumerate(lists[2])]
    counts = {"tensor": len(lists[0]), "event": len(lists[1]), "value": len(lists[2])}
    tape.tensors = [_tensor(each, counts, f"load_tape: tensors[{k}]") for k, each in enumerate(lists[0])]
    tape.events = [_event(each, counts, f"load_tape: events[{k}]") for k, each in enumerate(lists[1])]
    _check_order(tape.events)
    return tape


def _check_order(events):
    """Refuse events that point at the wrong kind of event, or that come where none of their kind can be."""
    visiting = False
    for k, event in enumerate(events):
        where = f"load_tape: events[{k}]"
        for name, kind in (("call", "op"), ("inside", "visit")):
            other = getattr(event, name, None)
            if other is not None and (other >= k or events[other].kind != kind):
                raise DataError(f"{where}: {name} must be the number of an earlier event of kind {kind!r}.")
        if event.kind == "note" and event.note not in NOTES:
            raise DataError(f"{where}: there is no note {event.note!r}; the notes are {', '.join(NOTES)}.")
        visiting = event.kind == "visit" or visiting and event.kind not in ("backward", "done")
        if not visiting and (event.kind in ("rule", "sum_to", "add") or getattr(event, "inside", None) is not None):
            raise DataError(f"{where}: an event of this kind must follow the visit of a node.")


_TENSOR_FIELDS = {"kind": "text", "name": "text?", "step": "count?", "part": "count?", "shape": "shape",
                  "dtype": "text", "value": "value?"}


def _tensor(form, counts, where):
    _check_fields(form, _TENSOR_FIELDS, counts, where)
    if form["kind"] not in TENSOR_KINDS:
        raise DataError(f"{where}: the kind is {form['kind']!r}, not one of {', '.join(TENSOR_KINDS)}.")
    return TapeTensor(**{name: form[name] for name in _TENSOR_FIELDS if name != "shape"}, shape=tuple(form["shape"]))


def _event(form, counts, where):
    kind = form.get("kind") if isinstance(form, dict) else None
    if not isinstance(kind, str) or kind not in EVENTS:
        raise DataError(f"{where}: there is no kind of event {kind!r}; the kinds are {', '.join(EVENTS)}.")
    _check_fields({name: field for name, field in form.items() if name != "kind"}, EVENTS[kind], counts, where)
    for name, what in EVENTS[kind].items():
        if what == "shape":
            form = {**form, name: tuple(form[name])}
    return Event(**form)


def _check_fields(form, fields, counts, where):
    """Refuse an object whose fields are not those of the table."""
    if not isinstance(form, dict) or form.keys() != fields.keys():
        raise DataError(f"{where}: the fields must be {', '.join(fields) or 'none'}. Write tapes with tape.save().")
    for name, what in fields.items():
        if not _fits(form[name], what, counts):
            raise DataError(f"{where}: {name} is not a {what.rstrip('?')} of this tape. Write tapes with tape.save().")


def _fits(field, what, counts):
    if what.endswith("s") and what not in ("operands", "attrs"):
        return isinstance(field, list) and all(_fits(each, what[:-1], counts) for each in field)
    if what.endswith("?"):
        return field is None or _fits(field, what[:-1], counts)
    if what in counts:
        return type(field) is int and 0 <= field < counts[what]
    return _CHECKS[what](field, counts)


def _is_operand(form, counts):
    if form is None:
        return True
    if not isinstance(form, dict) or len(form) != 1:
        return False
    if "tensor" in form:
        return _fits(form["tensor"], "tensor", counts)
    if form.get("unknown") is True:
        return True
    number = form.get("number")
    return isinstance(number, (int, float)) or isinstance(number, str) and number in SPECIAL


_CHECKS = {
    "text": lambda field, counts: isinstance(field, str),
    "flag": lambda field, counts: isinstance(field, bool),
    "count": lambda field, counts: type(field) is int and field >= 0,
    "shape": lambda field, counts: is_shape(field),
    "operands": lambda field, counts: isinstance(field, list) and all(_is_operand(each, counts) for each in field),
    "attrs": lambda field, counts: isinstance(field, dict) and all(isinstance(each, str) for each in field.values()),
}
