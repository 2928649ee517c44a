"""Whole networks, each a page that reads from input to output."""
from .digits import DigitsCNN, digits_cnn
from .lenet import LeNet, LeNet5, lenet, lenet5

__all__ = ["DigitsCNN", "LeNet", "LeNet5", "digits_cnn", "lenet", "lenet5"]
