"""Residual networks for images of 32x32, and the same networks without shortcuts.

The one idea is that of resnet.py on a smaller scale: three stages of n blocks, 16, 32 and 64 maps of 32x32, 16x16 and
8x8, make a network of 6n + 2 layers. Where the shape changes, option A drops every other pixel and adds maps of zeros,
which takes no parameters, and option B uses a 1x1 convolution. The state-dict keys are those of the published weights
of akamaster's pytorch_resnet_cifar10: layer1.0.conv1.weight, ..., layer2.0.shortcut.0.weight (option B), linear.weight.
"""
from ...errors import ArgumentError
from .. import functional as F
from .. import init
from ..activation import ReLU
from ..container import Sequential
from ..conv import Conv2d
from ..linear import Linear
from ..module import Module
from ..norm import BatchNorm2d
from ..pool import AdaptiveAvgPool2d
from .resnet import conv1x1, conv3x3
from .weights import with_weights

__all__ = ["CifarBlock", "CifarResNet", "ZeroPadShortcut", "plain110", "plain20", "plain32", "plain44", "plain56",
           "resnet110", "resnet20", "resnet32", "resnet44", "resnet56"]


class ZeroPadShortcut(Module):
    """Option A: every stride-th pixel, and maps of zeros before and after.

    (N, inplanes, H, W) -> (N, planes, H / stride, W / stride).
    """
    _shown = ("inplanes", "planes", "stride")

    def __init__(self, inplanes, planes, stride):
        super().__init__()
        self.inplanes, self.planes, self.stride = inplanes, planes, stride

    def forward(self, x):
        before = (self.planes - self.inplanes) // 2
        after = self.planes - self.inplanes - before
        return F.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, before, after))


def shortcut_for(option, inplanes, planes, stride):
    """The module on the way of x to the sum: it gives x the shape of f(x).

    Raises: ArgumentError unless the option is 'A' or 'B'.
    """
    if option not in ("A", "B"):
        raise ArgumentError(f"CifarResNet: shortcut is {option!r}. Use 'A' (zeros), 'B' (1x1 convolution) or None (no "
                            "shortcuts).")
    if stride == 1 and inplanes == planes:
        return Sequential()                                 # the identity
    if option == "A":
        return ZeroPadShortcut(inplanes, planes, stride)
    return Sequential(conv1x1(inplanes, planes, stride), BatchNorm2d(planes))


class CifarBlock(Module):
    """relu(x + f(x)), f two 3x3 convolutions: (N, inplanes, H, W) -> (N, planes, H / stride, W / stride).

    Args: shortcut: 'A', 'B', or None for relu(f(x)).
    """

    def __init__(self, inplanes, planes, stride=1, shortcut="A"):
        super().__init__()
        self.conv1 = conv3x3(inplanes, planes, stride)
        self.bn1 = BatchNorm2d(planes)
        self.relu = ReLU(inplace=True)
        self.conv2 = conv3x3(planes, planes)
        self.bn2 = BatchNorm2d(planes)
        self.shortcut = None if shortcut is None else shortcut_for(shortcut, inplanes, planes, stride)

    def forward(self, x):
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.shortcut is not None:
            out += self.shortcut(x)
        return self.relu(out)


class CifarResNet(Module):
    """A residual network of three stages: (N, in_channels, 32, 32) -> logits (N, num_classes).

    Args: depth: 6n + 2, as 20 or 56; n blocks a stage. num_classes. in_channels. shortcut: 'A', 'B', or None for a
    plain network. zero_init_residual: start every block as the identity.
    Raises: ArgumentError for another depth or shortcut. Source: He, Zhang, Ren and Sun 2016, section 4.2.

    >>> sum(p.numel() for p in CifarResNet(20).parameters())
    269722
    """

    def __init__(self, depth, num_classes=10, in_channels=3, shortcut="A", zero_init_residual=False):
        super().__init__()
        blocks = blocks_for(depth)
        self.conv1 = conv3x3(in_channels, 16)
        self.bn1 = BatchNorm2d(16)
        self.relu = ReLU(inplace=True)
        self.layer1 = _stage(16, 16, blocks, 1, shortcut)
        self.layer2 = _stage(16, 32, blocks, 2, shortcut)
        self.layer3 = _stage(32, 64, blocks, 2, shortcut)
        self.avgpool = AdaptiveAvgPool2d((1, 1))
        self.linear = Linear(64, num_classes)
        draw_weights(self)
        if zero_init_residual:
            for module in self.modules():
                if isinstance(module, CifarBlock) and module.shortcut is not None:
                    init.zeros_(module.bn2.weight)

    def forward(self, x):
        x = self.relu(self.bn1(self.conv1(x)))              # (N, 16, 32, 32)
        x = self.layer1(x)                                  # (N, 16, 32, 32)
        x = self.layer2(x)                                  # (N, 32, 16, 16)
        x = self.layer3(x)                                  # (N, 64, 8, 8)
        x = self.avgpool(x).flatten(1)                      # (N, 64)
        return self.linear(x)


def blocks_for(depth):
    """n for a depth of 6n + 2."""
    blocks, rest = divmod(depth - 2, 6)
    if rest or blocks < 1:
        raise ArgumentError(f"CifarResNet: depth is {depth}. Use 6 n + 2, such as 20, 32, 44, 56 or 110.")
    return blocks


def draw_weights(model):
    """He's normal distribution for convolutions and the last layer. Source: He et al. 2015."""
    for module in model.modules():
        if isinstance(module, (Conv2d, Linear)):
            init.kaiming_normal_(module.weight, nonlinearity="relu")


def _stage(inplanes, planes, blocks, stride, shortcut):
    return Sequential(CifarBlock(inplanes, planes, stride, shortcut),
                      *(CifarBlock(planes, planes, 1, shortcut) for _ in range(1, blocks)))


# The variants. weights: a state dict, or None for new ones; the others are CifarResNet's.

def resnet20(*, weights=None, **kwargs):
    """ResNet-20 for 32x32 images: 269,722 parameters (272,474 with shortcut='B')."""
    return with_weights(weights, CifarResNet, 20, **kwargs)


def resnet32(*, weights=None, **kwargs):
    """ResNet-32 for 32x32 images: 464,154 parameters."""
    return with_weights(weights, CifarResNet, 32, **kwargs)


def resnet44(*, weights=None, **kwargs):
    """ResNet-44 for 32x32 images: 658,586 parameters."""
    return with_weights(weights, CifarResNet, 44, **kwargs)


def resnet56(*, weights=None, **kwargs):
    """ResNet-56 for 32x32 images: 853,018 parameters."""
    return with_weights(weights, CifarResNet, 56, **kwargs)


def resnet110(*, weights=None, **kwargs):
    """ResNet-110 for 32x32 images: 1,727,962 parameters."""
    return with_weights(weights, CifarResNet, 110, **kwargs)


def plain20(*, weights=None, **kwargs):
    """ResNet-20 without shortcuts."""
    return with_weights(weights, CifarResNet, 20, **{"shortcut": None, **kwargs})


def plain32(*, weights=None, **kwargs):
    """ResNet-32 without shortcuts."""
    return with_weights(weights, CifarResNet, 32, **{"shortcut": None, **kwargs})


def plain44(*, weights=None, **kwargs):
    """ResNet-44 without shortcuts."""
    return with_weights(weights, CifarResNet, 44, **{"shortcut": None, **kwargs})


def plain56(*, weights=None, **kwargs):
    """ResNet-56 without shortcuts."""
    return with_weights(weights, CifarResNet, 56, **{"shortcut": None, **kwargs})


def plain110(*, weights=None, **kwargs):
    """ResNet-110 without shortcuts."""
    return with_weights(weights, CifarResNet, 110, **{"shortcut": None, **kwargs})
