"""Residual networks of the second version, with normalisation and ReLU before each convolution ("pre-activation").

The one idea: a block computes x + f(x) and nothing after it, so from any block to any later one x is carried by sums
alone, and so is the gradient: x_L = x_l + sum of f_i(x_i), with no ReLU on the road. The block's ReLU and normalisation
come first, inside f; where the shape changes, x is taken after them. The stem is normalised before the first block,
which then needs none of its own, and the last sum is normalised before the mean over the map.
Source: He, Zhang, Ren and Sun 2016b, "Identity Mappings in Deep Residual Networks".
"""
from ...errors import ArgumentError
from ..activation import ReLU
from ..container import Sequential
from ..conv import Conv2d
from ..linear import Linear
from ..module import Module
from ..norm import BatchNorm2d
from ..pool import AdaptiveAvgPool2d, MaxPool2d
from .resnet import conv1x1, conv3x3
from .resnet_cifar import ZeroPadShortcut, blocks_for, draw_weights
from .weights import with_weights

__all__ = ["PreActBlock", "PreActBottleneck", "PreActResNet", "resnet101_v2", "resnet110_v2", "resnet152_v2",
           "resnet18_v2", "resnet20_v2", "resnet32_v2", "resnet34_v2", "resnet44_v2", "resnet50_v2", "resnet56_v2"]


class PreActBlock(Module):
    """x + f(x), f twice normalisation, ReLU and a 3x3 convolution: (N, inplanes, H, W) -> (N, planes, H / s, W / s).

    Args: downsample: gives x the shape of f(x), or None where it has it. activated: whether x comes normalised and
    rectified, as from the stem; the block then does neither to it.
    """
    expansion = 1

    def __init__(self, inplanes, planes, stride=1, downsample=None, activated=False):
        super().__init__()
        self.bn1 = None if activated else BatchNorm2d(inplanes)
        self.conv1 = conv3x3(inplanes, planes, stride)
        self.bn2 = BatchNorm2d(planes)
        self.conv2 = conv3x3(planes, planes)
        self.relu = ReLU(inplace=True)
        self.downsample = downsample

    def forward(self, x):
        ready = x if self.bn1 is None else self.relu(self.bn1(x))
        identity = x if self.downsample is None else self.downsample(ready)
        out = self.conv1(ready)
        out = self.conv2(self.relu(self.bn2(out)))
        out += identity
        return out


class PreActBottleneck(Module):
    """x + f(x), f a 1x1, a 3x3 and a 1x1 convolution, each after normalisation and ReLU:
    (N, inplanes, H, W) -> (N, 4 planes, H / stride, W / stride). Args: as PreActBlock.
    """
    expansion = 4

    def __init__(self, inplanes, planes, stride=1, downsample=None, activated=False):
        super().__init__()
        self.bn1 = None if activated else BatchNorm2d(inplanes)
        self.conv1 = conv1x1(inplanes, planes)
        self.bn2 = BatchNorm2d(planes)
        self.conv2 = conv3x3(planes, planes, stride)
        self.bn3 = BatchNorm2d(planes)
        self.conv3 = conv1x1(planes, planes * self.expansion)
        self.relu = ReLU(inplace=True)
        self.downsample = downsample

    def forward(self, x):
        ready = x if self.bn1 is None else self.relu(self.bn1(x))
        identity = x if self.downsample is None else self.downsample(ready)
        out = self.conv1(ready)
        out = self.conv2(self.relu(self.bn2(out)))
        out = self.conv3(self.relu(self.bn3(out)))
        out += identity
        return out


class PreActResNet(Module):
    """A pre-activation residual network: (N, in_channels, H, W) -> logits (N, num_classes).

    Args: block: PreActBlock or PreActBottleneck. layers: the numbers of blocks; four stages begin with a 7x7
    convolution, a pooling and 64 maps (photographs), three with a 3x3 convolution and 16 maps (32x32 images).
    num_classes. in_channels. shortcut: 'B' (1x1 convolution) or 'A' (zeros) where the shape changes.
    Raises: ArgumentError for another number of stages or another shortcut.

    >>> import tinygrad_cnn as tg
    >>> PreActResNet(PreActBlock, [1, 1, 1], num_classes=10)(tg.zeros(2, 3, 32, 32)).shape
    tinygrad_cnn.Size([2, 10])
    """

    def __init__(self, block, layers, num_classes=1000, in_channels=3, shortcut="B"):
        super().__init__()
        if len(layers) not in (3, 4) or shortcut not in ("A", "B"):
            raise ArgumentError(f"PreActResNet: layers is {layers!r} and shortcut {shortcut!r}. Give three or four "
                                "numbers of blocks, and 'A' or 'B'.")
        large = len(layers) == 4
        inplanes = planes = 64 if large else 16
        self.conv1 = (Conv2d(in_channels, 64, kernel_size=7, stride=2, padding=3, bias=False) if large
                      else conv3x3(in_channels, 16))
        self.bn1 = BatchNorm2d(inplanes)
        self.relu = ReLU(inplace=True)
        self.maxpool = MaxPool2d(kernel_size=3, stride=2, padding=1) if large else None
        for stage, blocks in enumerate(layers, 1):
            self.add_module(f"layer{stage}", _stage(block, inplanes, planes, blocks, stage == 1, shortcut))
            inplanes, planes = planes * block.expansion, 2 * planes
        self.bn2 = BatchNorm2d(inplanes)
        self.avgpool = AdaptiveAvgPool2d((1, 1))
        self.fc = Linear(inplanes, num_classes)
        draw_weights(self)

    def forward(self, x):
        x = self.relu(self.bn1(self.conv1(x)))
        if self.maxpool is not None:
            x = self.maxpool(x)
        x = self.layer2(self.layer1(x))
        x = self.layer3(x)
        if "layer4" in self._modules:
            x = self.layer4(x)
        x = self.relu(self.bn2(x))
        x = self.avgpool(x).flatten(1)
        return self.fc(x)


def _stage(block, inplanes, planes, blocks, first_stage, shortcut):
    """The blocks of one stage; the first halves the maps, except in the first stage."""
    outplanes, stride = planes * block.expansion, 1 if first_stage else 2
    downsample = None
    if stride != 1 or inplanes != outplanes:
        downsample = (ZeroPadShortcut if shortcut == "A" else conv1x1)(inplanes, outplanes, stride)
    first = block(inplanes, planes, stride, downsample, activated=first_stage)
    return Sequential(first, *(block(outplanes, planes) for _ in range(1, blocks)))


# The variants. weights: a state dict, or None for new ones; the others are PreActResNet's.

def resnet18_v2(*, weights=None, **kwargs):
    """ResNet-18 of the second version."""
    return with_weights(weights, PreActResNet, PreActBlock, [2, 2, 2, 2], **kwargs)


def resnet34_v2(*, weights=None, **kwargs):
    """ResNet-34 of the second version."""
    return with_weights(weights, PreActResNet, PreActBlock, [3, 4, 6, 3], **kwargs)


def resnet50_v2(*, weights=None, **kwargs):
    """ResNet-50 of the second version."""
    return with_weights(weights, PreActResNet, PreActBottleneck, [3, 4, 6, 3], **kwargs)


def resnet101_v2(*, weights=None, **kwargs):
    """ResNet-101 of the second version."""
    return with_weights(weights, PreActResNet, PreActBottleneck, [3, 4, 23, 3], **kwargs)


def resnet152_v2(*, weights=None, **kwargs):
    """ResNet-152 of the second version."""
    return with_weights(weights, PreActResNet, PreActBottleneck, [3, 8, 36, 3], **kwargs)


def _small(depth, weights, kwargs):
    return with_weights(weights, PreActResNet, PreActBlock, [blocks_for(depth)] * 3, **{"num_classes": 10, **kwargs})


def resnet20_v2(*, weights=None, **kwargs):
    """ResNet-20 of the second version, for 32x32 images."""
    return _small(20, weights, kwargs)


def resnet32_v2(*, weights=None, **kwargs):
    """ResNet-32 of the second version, for 32x32 images."""
    return _small(32, weights, kwargs)


def resnet44_v2(*, weights=None, **kwargs):
    """ResNet-44 of the second version, for 32x32 images."""
    return _small(44, weights, kwargs)


def resnet56_v2(*, weights=None, **kwargs):
    """ResNet-56 of the second version, for 32x32 images."""
    return _small(56, weights, kwargs)


def resnet110_v2(*, weights=None, **kwargs):
    """ResNet-110 of the second version, for 32x32 images."""
    return _small(110, weights, kwargs)
