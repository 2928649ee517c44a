"""Gradient checkpointing: drop what a part of the model saves, and compute that part again when it is needed.

Memory is traded for time. The graph of the part stays as it is, so parameters inside need no mention and any order of
derivative works; only the saved values are replaced by their numbers (saved_tensors_hooks). The first one asked for in
the backward pass runs the part again, from the same random state, and collects them all.
"""
from ..device import Device
from ..errors import ArgumentError, GradError, StaleValueError
from ..tensor import Tensor
from .modes import enable_grad, saved_tensors_hooks

__all__ = ["checkpoint", "checkpoint_sequential"]


def _random_states():
    return [(device, device.generator.get_state()) for device in list(Device._opened.values())]


def _restore(states):
    for device, state in states:
        device.generator.set_state(state)


class _Part:
    """One run of a function whose saved values are numbered instead of kept."""

    def __init__(self, function, args, kwargs, preserve):
        self.function, self.args, self.kwargs = function, args, kwargs
        self.states = _random_states() if preserve else ()
        self.versions = [(k, a.writes, a.writes[0]) for k, a in enumerate(args) if isinstance(a, Tensor)]
        self.kept = []                                  # (shape, dtype) of each saved value
        self.values = {}

    def pack(self, value):
        self.kept.append((value.array.shape, value.array.dtype))
        return len(self.kept) - 1

    def unpack(self, number):
        if number not in self.values:
            self.values = self.compute_again()
        return self.values.pop(number)

    def compute_again(self):
        for k, writes, version in self.versions:
            if writes[0] != version:
                raise StaleValueError(f"checkpoint: argument {k} was at version {version} when the function ran, but "
                                      f"{writes[1]} has written into it since (version {writes[0]}), so running it "
                                      "again would give other values. Pass a clone().")
        values = []

        def collect(value):
            values.append(value)
            return value

        now = _random_states() if self.states else ()
        _restore(self.states)
        try:
            with enable_grad(), saved_tensors_hooks(collect, lambda value: value):
                self.function(*self.args, **self.kwargs)
        finally:
            _restore(now)
        if [(v.array.shape, v.array.dtype) for v in values] != self.kept:
            raise GradError(f"checkpoint: run again, the function saved {len(values)} values instead of "
                            f"{len(self.kept)}, or of other shapes. It must do the same each time: no state "
                            "may change in between.")
        return dict(enumerate(values))


def checkpoint(function, *args, use_reentrant=False, preserve_rng_state=True, **kwargs):
    """function(*args, **kwargs), whose saved values are computed again in the backward pass instead of being kept.

    Args: preserve_rng_state: run it the second time from the random state of the first. use_reentrant: PyTorch's older
        way is not offered; only False is taken.
    Raises: ArgumentError for use_reentrant=True; StaleValueError if an argument is written in place before the backward
        pass; GradError if the second run does something else than the first.
    Source: Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost".
    """
    if use_reentrant:
        raise ArgumentError("checkpoint: use_reentrant=True is not offered; the other way has none of its limits. "
                            "Leave it out.")
    part = _Part(function, args, kwargs, preserve_rng_state)
    with saved_tensors_hooks(part.pack, part.unpack):
        return function(*args, **kwargs)


def checkpoint_sequential(functions, segments, input, use_reentrant=False, **options):
    """Run a Sequential (or a list of modules) in `segments` checkpointed parts; the last part is not checkpointed.

    Raises: ArgumentError if there are fewer functions than segments.
    """
    functions = list(functions)
    if not 1 <= segments <= len(functions):
        raise ArgumentError(f"checkpoint_sequential: {len(functions)} functions cannot be cut into {segments} "
                            f"segments. Give a number from 1 to {len(functions)}.")
    size = len(functions) // segments

    def chain(part):
        def run(x):
            for function in part:
                x = function(x)
            return x
        return run

    for k in range(segments - 1):
        input = checkpoint(chain(functions[k * size:(k + 1) * size]), input, use_reentrant=use_reentrant, **options)
    return chain(functions[(segments - 1) * size:])(input)
