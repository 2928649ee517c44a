"""What is no tensor where one is due: every public function says so with our error, the function's name and the cure.

The functions are walked over, so a new one is asked too.
"""
import inspect

import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.errors import TinygradError
from tinygrad_cnn.ops.refusal import TENSORS, asking

F = tg.nn.functional
WRONG = {"None": None, "a list": [1.0, 2.0], "text": "ab", "an object": object()}
FILLERS = {"dim": 0, "dim0": 0, "dim1": 1, "axis0": 0, "axis1": 1, "source": 0, "destination": 0, "dims": (0,),
           "size": (2,), "shape": (2,), "sizes": (1, 2), "stride": (1,), "kernel_size": 2, "output_size": 2,
           "k": 1, "chunks": 2, "pad": (1, 1), "num_groups": 1, "normalized_shape": (2,), "start": 0, "length": 1,
           "dimension": 0, "step": 1, "split_size_or_sections": 1, "indices_or_sections": 2, "value": 1.0, "repeats": 2,
           "shifts": 1, "p": 2, "num_samples": 1, "eps": 1e-5, "norm_type": 2, "exponent": 2, "tensors": [],
           "memory_format": tg.preserve_format}
# Data of other kinds is what these are for.
TAKES_DATA = {"is_inference", "is_nonzero", "result_type", "where"}
GIVEN = {"clamp": {"min": 0}, "clip": {"min": 0}, "scatter": {"value": 1.0}, "index_select": {"index": tg.tensor([0])},
         "bucketize": {"boundaries": tg.ones(2)}, "baddbmm": {"batch1": tg.ones(1, 2, 2), "batch2": tg.ones(1, 2, 2)}}


def filler(name):
    if name in ("index", "indices"):
        return tg.tensor([[0]])
    return tg.tensor([[True]]) if name in ("mask", "condition") else FILLERS.get(name, tg.ones(2, 2))


def functions(place):
    """(name, function) for every public function of a module that takes a tensor."""
    for name in sorted(getattr(place, "__all__", vars(place))):
        value = vars(place)[name]
        public = not name.startswith("_") and inspect.isfunction(value)
        if public and value.__module__.startswith(("tinygrad_cnn.ops", "tinygrad_cnn.nn")):
            first = next(iter(inspect.signature(value).parameters), None)
            if first in TENSORS and name not in TAKES_DATA:
                yield name, value


def call(function, wrong, at, signature=None):
    """Call with `wrong` as the parameter numbered `at`, plausible values for the others that are needed."""
    args, given = [], dict(GIVEN.get(getattr(function, "__name__", None), {}))
    for place, p in enumerate((signature or inspect.signature(function)).parameters.values()):
        if p.kind is p.VAR_POSITIONAL:
            args += [wrong] if place == at else []
        elif place == at or (p.default is p.empty and p.kind is not p.KEYWORD_ONLY and p.kind is not p.VAR_KEYWORD):
            args.append(wrong if place == at else given.pop(p.name) if p.name in given else filler(p.name))
        elif place < at:
            args.append(p.default)
    return function(*args, **given)


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", [name for name, _ in functions(tg)])
def test_a_function_of_tensors_refuses_anything_else_by_name(name, wrong):
    with pytest.raises(TinygradError, match="[Tt]ensor") as caught:
        call(getattr(tg, name), WRONG[wrong], 0)
    assert ":" in str(caught.value)


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", [name for name, _ in functions(F)])
def test_a_function_of_nn_functional_refuses_anything_else_by_name(name, wrong):
    with pytest.raises(TinygradError):
        call(getattr(F, name), WRONG[wrong], 0)


def methods():
    """(name, place) for every parameter of a method of Tensor that must be a tensor."""
    for name in sorted(dir(tg.Tensor)):
        value = inspect.getattr_static(tg.Tensor, name)
        if name.startswith("_") or not inspect.isfunction(value):
            continue
        for place, p in enumerate(inspect.signature(value).parameters.values()):
            if place and p.name in TENSORS and p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD:
                yield name, place


@pytest.mark.parametrize("wrong", ["None", "text", "an object"])
@pytest.mark.parametrize(("name", "place"), list(methods()))
def test_a_method_refuses_what_is_neither_a_tensor_nor_a_number(name, place, wrong):
    x = tg.tensor([[1, 2], [3, 4]]) if "bitwise" in name else tg.ones(2, 2)
    with pytest.raises(TinygradError):
        call(lambda input, *args: getattr(x, name)(*args), WRONG[wrong], place,
             inspect.signature(getattr(tg.Tensor, name)))


@pytest.mark.parametrize("symbol", ["+", "-", "*", "/", "//", "%", "**", "@", "&", "|", "<", "<="])
@pytest.mark.parametrize("wrong", ["None", "text", "an object"])
def test_an_operator_refuses_it_with_a_type_error(symbol, wrong):
    for expression in (f"x {symbol} wrong", f"wrong {symbol} x"):
        if expression == "wrong % x" and wrong == "text":
            continue                                    # Python formats the text
        with pytest.raises(TypeError):
            eval(expression, {"x": tg.ones(2), "wrong": WRONG[wrong]})


def test_a_numpy_array_beside_a_tensor_is_taken_for_one():
    assert tg.exp(np.zeros(2)).tolist() == [1.0, 1.0]
    assert type(tg.ones(2) + np.ones(2)) is type(np.ones(2) + tg.ones(2)) is tg.Tensor


def test_an_error_that_has_another_reason_is_not_hidden():
    def broken(input):
        raise AttributeError("nothing to do with the input")

    with pytest.raises(AttributeError, match="nothing to do"):
        asking(broken)(tg.ones(2))
    with pytest.raises(tg.errors.DTypeError, match="broken: input must be a Tensor, got int"):
        asking(broken)(1)


def test_the_namespace_has_public_names_only():
    modules = {name for name in dir(tg) if inspect.ismodule(getattr(tg, name)) and not name.startswith("__")}
    assert modules == {"accelerator", "autograd", "backends", "cuda", "data", "dtypes", "errors", "io", "nn", "optim",
                       "teach", "testing", "train", "utils"}
