"""Every function, layer, optimizer, schedule and loader refuses wrong input: with our error, which says what is wrong
in numbers and ends with the cure.

The tables (the other modules of this folder) hold wrong calls as text, each with a part of its message."""
import re
import warnings

import numpy as np
import pytest

import tinygrad_cnn as tg
from tests.bad_input.functions import FUNCTIONS
from tests.bad_input.layers import LAYERS
from tests.bad_input.losses import LOSSES
from tests.bad_input.training import TRAINING
from tests.bad_input.windows import WINDOWS
from tinygrad_cnn.errors import TinygradError

nn, D = tg.nn, tg.utils.data
# The words a cure begins with, or stands behind.
CURES = re.compile(r"\b(add|append|ask|assign|bring|call|chain|choose|convert|crop|define|divide|exchange|give|keep|"
                   r"leave|load|make|move|optimize|pad|pass|put|register|reshape|set|shuffle|step|take|turn|use|"
                   r"wrap|write|"
                   r"go from|is a number from|must be|sizes must|not negative|sizes count)\b", re.IGNORECASE)
# Layers that refuse nothing, and names that stand for the layers of another test.
NO_REFUSALS = {"Module", "Identity", "ModuleList", "ModuleDict", "Sequential", "ParameterList", "ParameterDict",
               "DataParallel"}


def x(*shape):
    """Numbers from -1 to 1."""
    return tg.tensor(np.random.default_rng(0).uniform(-1, 1, shape).astype("float32"))


def c(classes, *shape):
    """Classes."""
    return tg.tensor(np.random.default_rng(0).integers(0, classes, shape))


def p():
    return [nn.Parameter(x(2, 3))]


def opt():
    return tg.optim.SGD(p(), lr=0.1)


class It(D.IterableDataset):
    """A stream."""

    def __iter__(self):
        return iter(range(3))


NAMES = {"tg": tg, "nn": nn, "F": nn.functional, "O": tg.optim, "S": tg.optim.lr_scheduler, "D": D, "x": x, "c": c,
         "p": p, "opt": opt, "It": It, "ds": D.TensorDataset(tg.arange(10.0).reshape(5, 2))}


def refusal(call):
    """The message of the error that a call raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")                 # shapes that will not broadcast are warned of first
        with pytest.raises(TinygradError) as caught:
            eval(call, dict(NAMES))
    return str(caught.value)


def check(name, call, part):
    message = refusal(call)
    assert part in message, message
    assert re.match(name, message), f"{message!r} does not begin with {name}"
    said, _, rest = message.partition(": ")
    assert CURES.search(rest.rpartition(". ")[2] if ". " in rest.rstrip(".") else rest), f"no cure in {message!r}"


def rows(table):
    return [pytest.param(group, call, part, id=call) for group, calls in table.items() for call, part in calls.items()]


@pytest.mark.parametrize("name, call, part", rows(FUNCTIONS | LOSSES | WINDOWS))
def test_a_function_refuses_wrong_input_by_its_own_name(name, call, part):
    own = {"upsample": "interpolate"}.get(name, name)
    check(f"{re.sub('unpool.d', 'unpool', own)}[0-9d]*: ", call, part)


@pytest.mark.parametrize("name, call, part", rows(LAYERS))
def test_a_layer_refuses_wrong_input(name, call, part):
    check(r"[\w. ]+: ", call, part)


@pytest.mark.parametrize("name, call, part", rows(TRAINING))
def test_optimizers_schedules_and_loaders_refuse_wrong_arguments(name, call, part):
    check(r"[\w. ]+: ", call, part)


def test_every_function_has_a_wrong_call_in_the_table():
    functions = {name for name in nn.functional.__all__ if "with_indices" not in name}
    assert not functions - set(FUNCTIONS | LOSSES | WINDOWS)


def called(table, prefix):
    """The names after a prefix in a table's calls."""
    return set(re.findall(rf"{prefix}\.(\w+)", " ".join(call for calls in table.values() for call in calls)))


def classes(module, base=object):
    return {name for name, value in vars(module).items() if isinstance(value, type) and issubclass(value, base)
            and not name.startswith("_") and value.__module__.startswith("tinygrad_cnn")}


def test_every_layer_has_a_wrong_call_in_the_table():
    layers = {name for name in classes(nn, nn.Module) if ".models." not in getattr(nn, name).__module__}
    assert not layers - called(LAYERS, "nn") - NO_REFUSALS


def test_every_optimizer_schedule_and_loader_has_a_wrong_call_in_the_table():
    assert not classes(tg.optim, tg.optim.Optimizer) - called(TRAINING, "O") - {"Optimizer"}
    schedules = classes(tg.optim.lr_scheduler, tg.optim.lr_scheduler.LRScheduler)
    assert not schedules - called(TRAINING, "S") - {"LRScheduler"}
    sets = {name for name in classes(D, D.Dataset) if getattr(D, name).__module__ == D.Dataset.__module__}
    assert not sets - called(TRAINING, "D") - {"Dataset", "IterableDataset"}
    assert not classes(D, D.Sampler) - called(TRAINING, "D") - {"Sampler"}
