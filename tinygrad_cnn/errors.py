"""The exceptions tinygrad_cnn raises, each also one of Python's own so that ordinary `except` clauses work.

    TinygradError
    +-- ShapeError         (ValueError)    sizes or ranks that do not fit
    +-- ArgumentError      (ValueError)    an argument outside what the function takes
    +-- DataError          (ValueError)    a file or a data set that is not what it should be
    +-- DTypeError         (TypeError)     element types that do not fit
    +-- ArgumentTypeError  (TypeError)     an object of a kind that cannot stand in its place
    +-- ModuleError        (AttributeError) a module used before its __init__ ran, or a part that it has not
    +-- TensorIndexError   (IndexError)    an index outside its axis, or of the wrong kind
    +-- DeviceError        (RuntimeError)  arrays on different devices, or a device that is not there
    +-- StateDictError     (RuntimeError)  a state dict that does not fit its module
    +-- MissingExtraError  (ImportError)   an optional package that is not installed
    +-- TrainingError      (RuntimeError)  a training run that cannot go on
    +-- GradError          (RuntimeError)  a derivative that cannot be had
        +-- GraphFreedError    the graph's saved values were freed by an earlier backward pass
        +-- StaleValueError    a value saved for the backward pass was overwritten
        +-- InPlaceError       an in-place write that autograd must refuse
        +-- AnomalyError       a backward rule produced NaN while anomaly detection was on

A message names the op, what is wrong with the numbers, and the cure.
"""


class TinygradError(Exception):
    """Base of every exception of this package."""


class ShapeError(TinygradError, ValueError):
    """Sizes or ranks that do not fit."""


class ArgumentError(TinygradError, ValueError):
    """An argument outside what the function takes."""


class DataError(TinygradError, ValueError):
    """A file or a data set that is not what it should be."""


class DTypeError(TinygradError, TypeError):
    """Element types that do not fit."""


class ArgumentTypeError(TinygradError, TypeError):
    """An object of a kind that cannot stand in its place."""


class ModuleError(TinygradError, AttributeError):
    """A module used before its __init__ ran, or a part (submodule, parameter, buffer) that it has not."""


class TensorIndexError(TinygradError, IndexError):
    """An index outside its axis, or of the wrong kind."""


class DeviceError(TinygradError, RuntimeError):
    """Arrays on different devices, or a device that is not there."""


class StateDictError(TinygradError, RuntimeError):
    """A state dict that does not fit its module."""


class MissingExtraError(TinygradError, ImportError):
    """An optional package that is not installed; the message says how to install it."""


class TrainingError(TinygradError, RuntimeError):
    """A training run that cannot go on: a loss that is no number, a disk that is full."""


class GradError(TinygradError, RuntimeError):
    """A derivative that cannot be had."""


class GraphFreedError(GradError):
    """The graph's saved values were freed by an earlier backward pass."""


class StaleValueError(GradError):
    """A value saved for the backward pass was overwritten before it was used."""


class InPlaceError(GradError):
    """An in-place write that autograd must refuse."""


class AnomalyError(GradError):
    """A backward rule produced NaN while anomaly detection was on."""
