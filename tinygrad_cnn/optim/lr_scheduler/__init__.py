"""Learning-rate schedules: the same numbers as PyTorch's at every step.

A schedule belongs to one optimizer and sets the learning rate of each of its parameter groups when it is made and at
every `step()`, which comes after the optimizer's. Most schedules multiply the present rate, so that several of them can
work on one optimizer.
"""
from .base import LambdaLR, LRScheduler, MultiplicativeLR
from .base import LRScheduler as _LRScheduler    # the name in old programs
from .combine import ChainedScheduler, SequentialLR
from .cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts
from .cycle import CyclicLR, OneCycleLR
from .decay import ConstantLR, ExponentialLR, LinearLR, MultiStepLR, PolynomialLR, StepLR
from .plateau import ReduceLROnPlateau

__all__ = ["ChainedScheduler", "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR",
           "ExponentialLR", "LRScheduler", "LambdaLR", "LinearLR", "MultiStepLR", "MultiplicativeLR", "OneCycleLR",
           "PolynomialLR", "ReduceLROnPlateau", "SequentialLR", "StepLR"]
