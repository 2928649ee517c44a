"""A kernel that several devices have by hand takes the same arguments on each."""
import importlib
import inspect

import pytest

from tinygrad_cnn.kernels.cuda.elementwise import PLAIN

ROOMS = ("generic", "cpu", "cuda")


def kernels(room):
    """Name -> function of every kernel a room offers."""
    module = importlib.import_module(f"tinygrad_cnn.kernels.{room}")
    return {name: value for name, value in vars(module).items()
            if inspect.isfunction(value) and not name.startswith("_")}


BY_ROOM = {room: kernels(room) for room in ROOMS}
BY_ROOM["cuda"] = {name: function for name, function in BY_ROOM["cuda"].items() if name not in PLAIN}
SEVERAL = sorted(name for name in set().union(*BY_ROOM.values())
                 if sum(name in found for found in BY_ROOM.values()) > 1)


def demanded(function):
    """What an op must hand over: (name, kind) of the parameters without a default. Others are the room's own choices,
    and a kernel made for any number of arrays demands the device alone."""
    found = inspect.signature(function).parameters.values()
    return [(p.name, p.kind) for p in found if p.default is p.empty and p.kind is not p.VAR_POSITIONAL]


@pytest.mark.parametrize("name", SEVERAL)
def test_a_kernel_takes_the_same_arguments_on_every_device(name):
    signatures = {room: demanded(found[name]) for room, found in BY_ROOM.items() if name in found}
    assert len({tuple(signature) for signature in signatures.values()}) == 1, signatures


@pytest.mark.parametrize("room", ROOMS)
def test_every_kernel_takes_the_device_first(room):
    wrong = [name for name, function in BY_ROOM[room].items()
             if next(iter(inspect.signature(function).parameters)) != "device"]
    assert not wrong
