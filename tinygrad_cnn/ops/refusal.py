"""What is no tensor where one is due: our error, in place of "'list' object has no attribute 'array'".

A function reads `input.array` and does not ask first what `input` is. Only where that has failed are the arguments
looked at: what is right pays one more call of Python (70 ns); a method of a tensor pays it only if it takes other
tensors, or a dim that may be spelled axis (spelling.py).
"""
from functools import wraps
from inspect import signature

from ..errors import DTypeError, TinygradError
from ..tensor import Tensor
from .spelling import SPELLINGS, respelled

# The parameters that take a tensor, or several (some of them also a number).
TENSORS = frozenset(("input", "tensor", "tensors", "other", "a", "b", "x", "index", "indices", "mask", "src", "source",
                     "values", "mat", "mat1", "mat2", "vec", "vec1", "vec2", "batch1", "batch2", "tensor1", "tensor2",
                     "weights", "sorted_sequence", "boundaries", "end", "condition", "self"))


def asking(function, start=0):
    """The function, which asks what it was given once it has failed, and takes axis for dim, keepdims for keepdim.

    It is the function itself if it takes neither tensors from `start` on nor these.
    Raises: DTypeError with the function's name, the argument and what it was, where that is no Tensor.
    """
    code = function.__code__
    count = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 4)         # 4: there are *tensors
    known = code.co_varnames[:count]
    if TENSORS.isdisjoint(known[start:]) and not {*SPELLINGS.values()} & {*known}:
        return function

    @wraps(function)
    def asked(*args, **options):
        if options and ("axis" in options or "keepdims" in options):
            options = respelled(function.__name__, known, options)
        try:
            return function(*args, **options)
        except (AttributeError, TypeError, ValueError) as error:
            if isinstance(error, TinygradError):
                raise
            raise _complaint(function, args, options) or error

    return asked


def _complaint(function, args, options):
    """Our error for the first argument that ought to be a Tensor and is not; None if there is none, or no such call."""
    found = signature(function)
    try:
        given = found.bind(*args, **options).arguments
    except TypeError:
        return None
    for place, (name, value) in enumerate(given.items()):
        if name not in TENSORS or value is found.parameters[name].default:
            continue
        if place and isinstance(value, (int, float)):
            continue
        several = name == "tensors" and isinstance(value, (tuple, list))
        wrong = [x for x in (value if several else (value,)) if not isinstance(x, Tensor)]
        if wrong:
            return DTypeError(f"{function.__name__}: {name} must be {'Tensors' if name == 'tensors' else 'a Tensor'}, "
                              f"got {type(wrong[0]).__name__}. Make one with tg.tensor(...).")
    return None
