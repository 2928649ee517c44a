"""One record an op: how to draw valid inputs, what the value must be, and what must be refused.

tests/test_records.py holds every record to the promises of the house. An op without a record fails the suite.
"""
from importlib import import_module
from pathlib import Path

from hypothesis import strategies as st

from tinygrad_cnn.testing.strategies import arrays, broadcastable_shapes, shapes

RECORDS = {}


class Record:
    """What is known of one public function and the ops behind it.

    name, ops (names of the Ops it covers), function (called with Tensors), cases (strategy of (arrays, kwargs)),
    reference (independent NumPy float64), constant (positions of float inputs that are not differentiated), wrong
    ((call, error class, regex), ...), second (whether second derivatives are checked), float32 (tolerance).
    """

    def __init__(self, name, *, ops, function, cases, reference, constant=(), wrong=(), second=True, float32=1e-4,
                 strict=True):
        self.name, self.ops, self.function = name, tuple(ops.split()), function
        self.cases, self.reference, self.constant = cases, reference, frozenset(constant)
        self.wrong, self.second, self.float32, self.strict = tuple(wrong), second, float32, strict

    def __repr__(self):
        return f"Record({self.name})"


def register(record):
    """Add a record; its name must be new."""
    assert record.name not in RECORDS, f"two records are called {record.name}"
    RECORDS[record.name] = record
    return record


@st.composite
def broadcast_pairs(draw, n=2, **values):
    """Cases of `n` arrays whose shapes broadcast together, with no kwargs."""
    return tuple(draw(arrays(shape, **values)) for shape in draw(broadcastable_shapes(n))), {}


@st.composite
def single(draw, shape=shapes(), **values):
    """Cases of one array, with no kwargs."""
    return (draw(arrays(shape, **values)),), {}


def fixed(*shapes, values=None, **options):
    """Cases of one array for each of the given shapes, with kwargs drawn from options (strategies, or plain values)."""
    drawn = {name: o if isinstance(o, st.SearchStrategy) else st.just(o) for name, o in options.items()}
    return st.tuples(st.tuples(*[arrays(shape, **(values or {})) for shape in shapes]), st.fixed_dictionaries(drawn))


for _path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
    import_module(f"{__name__}.{_path.stem}")
