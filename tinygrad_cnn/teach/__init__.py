"""What the engine does, shown: backpropagation step by step, the graph, and what a network's layers see and cost.

Everything here is a client of the engine. `record` is the one door to it: a `with` block in which every op call, every
step of the backward pass and every addition into a gradient becomes an event on a tape. Loaded when first used.
"""
from .explain import explain
from .recorder import record
from .tape import Tape, load_tape, tape_from_json
from .tree import tree
