"""Two small networks for 32x32 images of digits: the textbook's and the original.

LeNet is the network of Table 24.1 in Li Hang, Machine Learning Methods, chapter 24; the table has colour images, pass
in_channels=1 for grey ones. LeNet5 follows LeCun et al. 1998 with every map of the second convolution seeing every map
of the first.
"""
from ..activation import ReLU, Tanh
from ..container import Sequential
from ..conv import Conv2d
from ..linear import Flatten, Linear
from ..module import Module
from ..pool import AvgPool2d, MaxPool2d

__all__ = ["LeNet", "LeNet5", "lenet", "lenet5"]


class LeNet(Module):
    """The network of the book's Table 24.1: (N, 3, 32, 32) -> logits (N, 10), 62,958 parameters.

    Args: num_classes. in_channels: 3 as in the table, 1 for grey images (62,558 parameters).

    >>> import tinygrad_cnn as tg
    >>> sum(p.numel() for p in LeNet().parameters())
    62958
    >>> LeNet()(tg.zeros(2, 3, 32, 32)).shape
    tinygrad_cnn.Size([2, 10])
    """

    def __init__(self, num_classes=10, in_channels=3):
        super().__init__()
        self.features = Sequential(
            Conv2d(in_channels, 8, 5), ReLU(), MaxPool2d(2),        # (N, 8, 28, 28) -> (N, 8, 14, 14)
            Conv2d(8, 16, 5), ReLU(), MaxPool2d(2),                 # (N, 16, 10, 10) -> (N, 16, 5, 5)
        )
        self.classifier = Sequential(
            Flatten(),                                              # (N, 400)
            Linear(400, 120), ReLU(),
            Linear(120, 84), ReLU(),
            Linear(84, num_classes),
        )

    def forward(self, x):
        return self.classifier(self.features(x))


class LeNet5(Module):
    """LeCun's network with tanh and mean pooling: (N, 1, 32, 32) -> logits (N, 10), 61,706 parameters.

    Args: num_classes. in_channels: 1 for grey images. Source: LeCun, Bottou, Bengio and Haffner 1998, figure 2.

    >>> sum(p.numel() for p in LeNet5().parameters())
    61706
    """

    def __init__(self, num_classes=10, in_channels=1):
        super().__init__()
        self.features = Sequential(
            Conv2d(in_channels, 6, 5), Tanh(), AvgPool2d(2),        # (N, 6, 28, 28) -> (N, 6, 14, 14)
            Conv2d(6, 16, 5), Tanh(), AvgPool2d(2),                 # (N, 16, 10, 10) -> (N, 16, 5, 5)
        )
        self.classifier = Sequential(
            Flatten(),                                              # (N, 400)
            Linear(400, 120), Tanh(),
            Linear(120, 84), Tanh(),
            Linear(84, num_classes),
        )

    def forward(self, x):
        return self.classifier(self.features(x))


def lenet(num_classes=10, in_channels=3):
    """The network of the book's Table 24.1, with new weights."""
    return LeNet(num_classes, in_channels)


def lenet5(num_classes=10, in_channels=1):
    """LeCun's network of 1998, with new weights."""
    return LeNet5(num_classes, in_channels)
