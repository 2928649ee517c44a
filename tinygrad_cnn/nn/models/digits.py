"""The network that the train command fits to the built-in digits.

The images are 8x8, so one pooling is enough: three convolutions see 9x9 cells before it, a whole digit after it.
"""
from ..activation import ReLU
from ..container import Sequential
from ..conv import Conv2d
from ..dropout import Dropout
from ..linear import Flatten, Linear
from ..module import Module
from ..norm import BatchNorm2d
from ..pool import MaxPool2d

__all__ = ["DigitsCNN", "digits_cnn"]


class DigitsCNN(Module):
    """A small convolutional network: (N, 1, 8, 8) -> logits (N, 10).

    Args: num_classes. in_channels. dropout: the probability before the last layer.

    >>> import tinygrad_cnn as tg
    >>> DigitsCNN()(tg.zeros(2, 1, 8, 8)).shape
    tinygrad_cnn.Size([2, 10])
    """

    def __init__(self, num_classes=10, in_channels=1, dropout=0.3):
        super().__init__()
        self.features = Sequential(
            Conv2d(in_channels, 32, 3, padding=1, bias=False), BatchNorm2d(32), ReLU(inplace=True),     # (N, 32, 8, 8)
            Conv2d(32, 32, 3, padding=1, bias=False), BatchNorm2d(32), ReLU(inplace=True),
            MaxPool2d(2),                                                                               # (N, 32, 4, 4)
            Conv2d(32, 64, 3, padding=1, bias=False), BatchNorm2d(64), ReLU(inplace=True),              # (N, 64, 4, 4)
        )
        self.classifier = Sequential(
            Flatten(),                                                                                  # (N, 1024)
            Dropout(dropout),
            Linear(1024, num_classes),
        )

    def forward(self, x):
        return self.classifier(self.features(x))


def digits_cnn(num_classes=10, in_channels=1, dropout=0.3):
    """The network for the built-in digits, with new weights."""
    return DigitsCNN(num_classes, in_channels, dropout)
