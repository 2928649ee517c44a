"""AlexNet three times: as torchvision has it, as the book prints it, and as it won in 2012.

The one idea: five convolutions, each seeing farther than the one before, turn an image into 256 maps of 6x6; three
linear layers classify these. The forms differ in the widths of the convolutions and in what stands between them. Their
state-dict keys are torchvision's: features.0.weight, classifier.1.weight, ...
"""
from ...errors import ArgumentError
from .. import init
from ..activation import ReLU
from ..container import Sequential
from ..conv import Conv2d
from ..dropout import Dropout
from ..linear import Linear
from ..module import Module
from ..norm import LocalResponseNorm
from ..pool import AdaptiveAvgPool2d, MaxPool2d
from .dense_as_conv import fully_convolutional
from .weights import with_weights

__all__ = ["AlexNet", "alexnet"]


def _of_torchvision():
    """Krizhevsky 2014, one column: (N, 3, 224, 224) -> (N, 256, 6, 6)."""
    return Sequential(
        Conv2d(3, 64, kernel_size=11, stride=4, padding=2), ReLU(inplace=True),         # (N, 64, 55, 55)
        MaxPool2d(kernel_size=3, stride=2),                                             # (N, 64, 27, 27)
        Conv2d(64, 192, kernel_size=5, padding=2), ReLU(inplace=True),                  # (N, 192, 27, 27)
        MaxPool2d(kernel_size=3, stride=2),                                             # (N, 192, 13, 13)
        Conv2d(192, 384, kernel_size=3, padding=1), ReLU(inplace=True),                 # (N, 384, 13, 13)
        Conv2d(384, 256, kernel_size=3, padding=1), ReLU(inplace=True),                 # (N, 256, 13, 13)
        Conv2d(256, 256, kernel_size=3, padding=1), ReLU(inplace=True),                 # (N, 256, 13, 13)
        MaxPool2d(kernel_size=3, stride=2),                                             # (N, 256, 6, 6)
    )


def _of_the_book():
    """The book's Table 24.2: (N, 3, 227, 227) -> (N, 256, 6, 6)."""
    return Sequential(
        Conv2d(3, 96, kernel_size=11, stride=4), ReLU(inplace=True),                    # (N, 96, 55, 55)
        MaxPool2d(kernel_size=3, stride=2),                                             # (N, 96, 27, 27)
        Conv2d(96, 256, kernel_size=5, padding=2), ReLU(inplace=True),                  # (N, 256, 27, 27)
        MaxPool2d(kernel_size=3, stride=2),                                             # (N, 256, 13, 13)
        Conv2d(256, 384, kernel_size=3, padding=1), ReLU(inplace=True),                 # (N, 384, 13, 13)
        Conv2d(384, 384, kernel_size=3, padding=1), ReLU(inplace=True),                 # (N, 384, 13, 13)
        Conv2d(384, 256, kernel_size=3, padding=1), ReLU(inplace=True),                 # (N, 256, 13, 13)
        MaxPool2d(kernel_size=3, stride=2),                                             # (N, 256, 6, 6)
    )


def _of_2012():
    """The original: (N, 3, 227, 227) -> (N, 256, 6, 6). With groups=2 each half of the maps, which lay on a GPU of its
    own, is computed from its own half; only the third convolution sees both."""
    def response_norm():
        return LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)   # the paper's 1e-4, which it does not divide by 5
    return Sequential(
        Conv2d(3, 96, kernel_size=11, stride=4), ReLU(inplace=True), response_norm(),
        MaxPool2d(kernel_size=3, stride=2),                                             # windows overlap by one
        Conv2d(96, 256, kernel_size=5, padding=2, groups=2), ReLU(inplace=True), response_norm(),
        MaxPool2d(kernel_size=3, stride=2),
        Conv2d(256, 384, kernel_size=3, padding=1), ReLU(inplace=True),
        Conv2d(384, 384, kernel_size=3, padding=1, groups=2), ReLU(inplace=True),
        Conv2d(384, 256, kernel_size=3, padding=1, groups=2), ReLU(inplace=True),
        MaxPool2d(kernel_size=3, stride=2),
    )


_FEATURES = {"torchvision": _of_torchvision, "book": _of_the_book, "2012": _of_2012}


class AlexNet(Module):
    """AlexNet: (N, 3, 224, 224), or 227 for the other two forms -> logits (N, num_classes).

    Args: num_classes. dropout: the probability before the first two linear layers. variant: 'torchvision' (61,100,840
    parameters), 'book' (Table 24.2 in Li Hang, Machine Learning Methods: 62,378,344) or '2012' (two streams as
    groups=2, local response normalisation: 60,965,224).
    Raises: ArgumentError for another variant.
    Source: Krizhevsky, Sutskever and Hinton 2012; Krizhevsky 2014.

    >>> import tinygrad_cnn as tg
    >>> sum(p.numel() for p in tg.nn.utils.skip_init(AlexNet).parameters())
    61100840
    """

    def __init__(self, num_classes=1000, dropout=0.5, variant="torchvision"):
        super().__init__()
        if variant not in _FEATURES:
            raise ArgumentError(f"AlexNet: variant is {variant!r}. Use {', '.join(map(repr, _FEATURES))}.")
        self.features = _FEATURES[variant]()
        self.avgpool = AdaptiveAvgPool2d((6, 6))            # images of the usual size have 6x6 maps already
        self.classifier = Sequential(
            Dropout(p=dropout), Linear(256 * 6 * 6, 4096), ReLU(inplace=True),
            Dropout(p=dropout), Linear(4096, 4096), ReLU(inplace=True),
            Linear(4096, num_classes),
        )
        if variant == "2012":
            self._draw_as_in_2012()

    def _draw_as_in_2012(self):
        """Weights from N(0, 0.01^2); biases 1 in layers 2, 4, 5, 6 and 7, where ReLUs then have something to pass on
        from the start, and 0 in the others. Source: section 5 of the paper."""
        layers = [m for m in self.modules() if isinstance(m, (Conv2d, Linear))]
        for position, layer in enumerate(layers, 1):
            init.normal_(layer.weight, std=0.01)
            init.constant_(layer.bias, float(position in (2, 4, 5, 6, 7)))

    def forward(self, x):
        x = self.features(x)                                # (N, 256, 6, 6)
        x = self.avgpool(x).flatten(1)                      # (N, 9216)
        return self.classifier(x)

    def fully_convolutional(self):
        """The same network made of convolutions only, on the same weights: (N, 3, H, W) -> logits (N, K, OH, OW).

        An image of the usual size gives one place, OH = OW = 1, with the numbers of forward; a larger one gives a map
        of logits, as if the network had been slid over it in steps of 32 pixels.
        """
        return fully_convolutional(self.features, self.classifier, (256, 6, 6))


def alexnet(*, weights=None, progress=True, **kwargs):
    """AlexNet with new weights or those of a state dict.

    Args: weights: a state dict, or None. progress: nothing is downloaded, so it has no effect. Others: as AlexNet.
    """
    return with_weights(weights, AlexNet, **kwargs)
