"""The models by name: what the command line offers, with torchvision's list_models and get_model.

Each entry is a function that makes the model and the shape (C, H, W) of one image it was designed for.
"""
from fnmatch import fnmatchcase
from functools import partial
from typing import NamedTuple

from ...errors import ArgumentError
from . import resnet, resnet_cifar, resnet_v2
from .alexnet import alexnet
from .digits import digits_cnn
from .lenet import lenet, lenet5

__all__ = ["get_model", "get_model_builder", "input_shape", "list_models"]


class Entry(NamedTuple):
    """A function that makes a model, and the shape (C, H, W) of one image for it."""

    make: object
    input_shape: tuple


def _entries():
    yield "digits_cnn", Entry(digits_cnn, (1, 8, 8))
    yield "lenet", Entry(lenet, (3, 32, 32))
    yield "lenet5", Entry(lenet5, (1, 32, 32))
    yield "alexnet", Entry(alexnet, (3, 224, 224))
    for variant in ("book", "2012"):
        yield f"alexnet_{variant}", Entry(partial(alexnet, variant=variant), (3, 227, 227))
    for name in resnet.__all__:
        if name[0].islower():
            yield name, Entry(getattr(resnet, name), (3, 224, 224))
    for name in resnet_cifar.__all__:
        if name[0].islower():
            yield name, Entry(getattr(resnet_cifar, name), (3, 32, 32))
    for name in resnet_v2.__all__:
        if name[0].islower():
            small = name.removesuffix("_v2") in resnet_cifar.__all__
            yield name, Entry(getattr(resnet_v2, name), (3, 32, 32) if small else (3, 224, 224))


_MODELS = dict(_entries())


def list_models(include=None, exclude=None):
    """The names of the models, sorted.

    Args: include, exclude: shell patterns that a name must, or must not, match.

    >>> list_models("lenet*")
    ['lenet', 'lenet5']
    """
    return sorted(name for name in _MODELS
                  if (include is None or fnmatchcase(name, include))
                  and (exclude is None or not fnmatchcase(name, exclude)))


def _entry(name):
    if name not in _MODELS:
        raise ArgumentError(f"get_model: there is no model {name!r}. Use one of {', '.join(list_models())}.")
    return _MODELS[name]


def get_model_builder(name):
    """The function that makes the model of that name.

    Raises: ArgumentError if there is none, listing those there are.
    """
    return _entry(name).make


def get_model(name, **config):
    """The model of that name, new; `config` goes to the function that makes it.

    Raises: ArgumentError if there is none, listing those there are.

    >>> type(get_model("resnet20", num_classes=100)).__name__
    'CifarResNet'
    """
    return _entry(name).make(**config)


def input_shape(name):
    """The shape (C, H, W) of one image that the model of that name was designed for.

    Raises: ArgumentError if there is no such model.
    """
    return _entry(name).input_shape
