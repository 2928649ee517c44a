"""Residual networks for photographs: ResNet, ResNeXt and Wide ResNet, with torchvision's names and state-dict keys.

The one idea: a block computes x + f(x). Doing nothing is then easy to learn (f = 0), and the gradient reaches every
block undiminished through the sum. Four stages of blocks halve the maps and double their number:
(N, 3, 224, 224) -> 64 maps of 112x112 -> 56x56, 28x28, 14x14, 7x7 -> logits (N, num_classes). Where a block changes the
shape, x goes through a 1x1 convolution (`downsample`) on its way to the sum.
"""
from ...errors import ArgumentError
from .. import init
from ..activation import ReLU
from ..container import Sequential
from ..conv import Conv2d
from ..linear import Linear
from ..module import Module
from ..norm import BatchNorm2d, GroupNorm
from ..pool import AdaptiveAvgPool2d, MaxPool2d
from .weights import with_weights

__all__ = ["BasicBlock", "Bottleneck", "PlainBlock", "ResNet", "plain18", "plain34", "resnet101", "resnet152",
           "resnet18", "resnet34", "resnet50", "resnext101_32x8d", "resnext50_32x4d", "wide_resnet101_2",
           "wide_resnet50_2"]


def conv3x3(in_planes, out_planes, stride=1, groups=1, dilation=1):
    """A 3x3 convolution that keeps the size at stride 1."""
    return Conv2d(in_planes, out_planes, kernel_size=3, stride=stride, padding=dilation, groups=groups, bias=False,
                  dilation=dilation)


def conv1x1(in_planes, out_planes, stride=1):
    """A 1x1 convolution: it mixes the maps at each place."""
    return Conv2d(in_planes, out_planes, kernel_size=1, stride=stride, bias=False)


class BasicBlock(Module):
    """relu(x + f(x)), f two 3x3 convolutions: (N, inplanes, H, W) -> (N, planes, H / stride, W / stride).

    Args: downsample: the module that gives x the shape of f(x), or None where it has it. norm_layer: makes the
    normalisation for a number of channels. groups, base_width, dilation: this block has them at 1, 64 and 1 only.
    Raises: ArgumentError for others.
    """
    expansion = 1                           # channels out = expansion * planes
    residual = True                         # x is added to f(x)

    def __init__(self, inplanes, planes, stride=1, downsample=None, groups=1, base_width=64, dilation=1,
                 norm_layer=None):
        super().__init__()
        if (groups, base_width, dilation) != (1, 64, 1):
            raise ArgumentError(f"{type(self).__name__}: groups={groups}, base_width={base_width}, "
                                f"dilation={dilation}, but this block has only groups=1, base_width=64, dilation=1. "
                                "Use Bottleneck.")
        norm_layer = norm_layer or BatchNorm2d
        self.conv1 = conv3x3(inplanes, planes, stride)
        self.bn1 = norm_layer(planes)
        self.relu = ReLU(inplace=True)
        self.conv2 = conv3x3(planes, planes)
        self.bn2 = norm_layer(planes)
        self.downsample = downsample
        self.stride = stride

    @property
    def last_norm(self):
        """The normalisation whose weight scales f."""
        return self.bn2

    def forward(self, x):
        identity = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += identity
        return self.relu(out)


class PlainBlock(BasicBlock):
    """relu(f(x)): a BasicBlock without its shortcut, for the comparison."""
    residual = False

    def forward(self, x):
        out = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(out)))


class Bottleneck(Module):
    """relu(x + f(x)), f a 1x1, a 3x3 and a 1x1 convolution, the middle one on fewer maps:
    (N, inplanes, H, W) -> (N, 4 planes, H / stride, W / stride).

    The stride is the 3x3 convolution's, as torchvision has it (in He et al. 2016 it is the first 1x1 convolution's).
    Args: as BasicBlock. groups, base_width: the 3x3 convolution has planes * base_width / 64 * groups maps.
    """
    expansion = 4
    residual = True

    def __init__(self, inplanes, planes, stride=1, downsample=None, groups=1, base_width=64, dilation=1,
                 norm_layer=None):
        super().__init__()
        norm_layer = norm_layer or BatchNorm2d
        width = int(planes * (base_width / 64.0)) * groups
        self.conv1 = conv1x1(inplanes, width)
        self.bn1 = norm_layer(width)
        self.conv2 = conv3x3(width, width, stride, groups, dilation)
        self.bn2 = norm_layer(width)
        self.conv3 = conv1x1(width, planes * self.expansion)
        self.bn3 = norm_layer(planes * self.expansion)
        self.relu = ReLU(inplace=True)
        self.downsample = downsample
        self.stride = stride

    @property
    def last_norm(self):
        """The normalisation whose weight scales f."""
        return self.bn3

    def forward(self, x):
        identity = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        out += identity
        return self.relu(out)


class ResNet(Module):
    """A residual network of four stages: (N, 3, H, W) -> logits (N, num_classes).

    Args: block: BasicBlock, Bottleneck or a class with their arguments. layers: the numbers of blocks in the stages.
    num_classes. zero_init_residual: start every block as the identity, the last normalisation's weight being 0.
    groups, width_per_group: of a Bottleneck's 3x3 convolution. replace_stride_with_dilation: three bools, whether
    stages 2, 3 and 4 keep the size of the maps and widen their kernels instead. norm_layer: BatchNorm2d if None.
    Raises: ArgumentError if replace_stride_with_dilation has not three entries.
    Source: He, Zhang, Ren and Sun 2016; Xie et al. 2017 (groups); Zagoruyko and Komodakis 2016 (width).

    >>> import tinygrad_cnn as tg
    >>> ResNet(BasicBlock, [1, 1, 1, 1], num_classes=5)(tg.zeros(2, 3, 64, 64)).shape
    tinygrad_cnn.Size([2, 5])
    """

    def __init__(self, block, layers, num_classes=1000, zero_init_residual=False, groups=1, width_per_group=64,
                 replace_stride_with_dilation=None, norm_layer=None):
        super().__init__()
        dilate = (False, False, False) if replace_stride_with_dilation is None else replace_stride_with_dilation
        if len(dilate) != 3:
            raise ArgumentError(f"ResNet: replace_stride_with_dilation is {dilate!r}. Give three bools, for stages 2, "
                                "3 and 4, or None.")
        norm_layer = norm_layer or BatchNorm2d
        self.groups, self.base_width = groups, width_per_group
        self.conv1 = Conv2d(3, 64, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = norm_layer(64)
        self.relu = ReLU(inplace=True)
        self.maxpool = MaxPool2d(kernel_size=3, stride=2, padding=1)
        options = {"groups": groups, "base_width": width_per_group, "norm_layer": norm_layer}
        inplanes, dilation = 64, 1
        for stage, (planes, blocks, wider) in enumerate(zip((64, 128, 256, 512), layers, (False, *dilate)), 1):
            stride, before = (1 if stage == 1 else 2), dilation
            if wider:
                stride, dilation = 1, dilation * stride
            self.add_module(f"layer{stage}", _stage(block, inplanes, planes, blocks, stride, (before, dilation),
                                                    **options))
            inplanes = planes * block.expansion
        self.avgpool = AdaptiveAvgPool2d((1, 1))
        self.fc = Linear(inplanes, num_classes)
        self._draw_weights(zero_init_residual)

    def _draw_weights(self, zero_init_residual):
        """He's normal distribution for convolutions, ones and zeros for normalisations; Linear's own for the last."""
        for module in self.modules():
            if isinstance(module, Conv2d):
                init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, (BatchNorm2d, GroupNorm)):
                init.constant_(module.weight, 1)
                init.constant_(module.bias, 0)
        if zero_init_residual:
            for module in self.modules():
                if isinstance(module, (BasicBlock, Bottleneck)) and module.residual:
                    init.constant_(module.last_norm.weight, 0)

    def forward(self, x):
        x = self.relu(self.bn1(self.conv1(x)))              # (N, 64, 112, 112) for images of 224x224
        x = self.maxpool(x)                                 # (N, 64, 56, 56)
        x = self.layer1(x)                                  # (N, 64 e, 56, 56), e the block's expansion
        x = self.layer2(x)                                  # (N, 128 e, 28, 28)
        x = self.layer3(x)                                  # (N, 256 e, 14, 14)
        x = self.layer4(x)                                  # (N, 512 e, 7, 7)
        x = self.avgpool(x).flatten(1)                      # (N, 512 e)
        return self.fc(x)


def _stage(block, inplanes, planes, blocks, stride, dilations, *, norm_layer, **options):
    """The blocks of one stage; the first has the stride, and the dilation of the stage before (dilations[0])."""
    outplanes = planes * block.expansion
    downsample = None
    if (stride != 1 or inplanes != outplanes) and getattr(block, "residual", True):
        downsample = Sequential(conv1x1(inplanes, outplanes, stride), norm_layer(outplanes))
    first = block(inplanes, planes, stride, downsample, dilation=dilations[0], norm_layer=norm_layer, **options)
    others = [block(outplanes, planes, dilation=dilations[1], norm_layer=norm_layer, **options)
              for _ in range(1, blocks)]
    return Sequential(first, *others)


# The variants. weights: a state dict, or None for new ones; progress: nothing is downloaded, so it has no effect; the
# others are ResNet's.

def resnet18(*, weights=None, progress=True, **kwargs):
    """ResNet-18: 11,689,512 parameters, 1.81 billion multiply-adds."""
    return with_weights(weights, ResNet, BasicBlock, [2, 2, 2, 2], **kwargs)


def resnet34(*, weights=None, progress=True, **kwargs):
    """ResNet-34: 21,797,672 parameters."""
    return with_weights(weights, ResNet, BasicBlock, [3, 4, 6, 3], **kwargs)


def resnet50(*, weights=None, progress=True, **kwargs):
    """ResNet-50: 25,557,032 parameters."""
    return with_weights(weights, ResNet, Bottleneck, [3, 4, 6, 3], **kwargs)


def resnet101(*, weights=None, progress=True, **kwargs):
    """ResNet-101: 44,549,160 parameters."""
    return with_weights(weights, ResNet, Bottleneck, [3, 4, 23, 3], **kwargs)


def resnet152(*, weights=None, progress=True, **kwargs):
    """ResNet-152: 60,192,808 parameters."""
    return with_weights(weights, ResNet, Bottleneck, [3, 8, 36, 3], **kwargs)


def resnext50_32x4d(*, weights=None, progress=True, **kwargs):
    """ResNeXt-50, 32 groups of width 4: 25,028,904 parameters."""
    return with_weights(weights, ResNet, Bottleneck, [3, 4, 6, 3], **{"groups": 32, "width_per_group": 4, **kwargs})


def resnext101_32x8d(*, weights=None, progress=True, **kwargs):
    """ResNeXt-101, 32 groups of width 8: 88,791,336 parameters."""
    return with_weights(weights, ResNet, Bottleneck, [3, 4, 23, 3], **{"groups": 32, "width_per_group": 8, **kwargs})


def wide_resnet50_2(*, weights=None, progress=True, **kwargs):
    """Wide ResNet-50-2, twice the maps in each bottleneck: 68,883,240 parameters."""
    return with_weights(weights, ResNet, Bottleneck, [3, 4, 6, 3], **{"width_per_group": 128, **kwargs})


def wide_resnet101_2(*, weights=None, progress=True, **kwargs):
    """Wide ResNet-101-2, twice the maps in each bottleneck: 126,886,696 parameters."""
    return with_weights(weights, ResNet, Bottleneck, [3, 4, 23, 3], **{"width_per_group": 128, **kwargs})


def plain18(*, weights=None, progress=True, **kwargs):
    """ResNet-18 without shortcuts: 11,515,688 parameters."""
    return with_weights(weights, ResNet, PlainBlock, [2, 2, 2, 2], **kwargs)


def plain34(*, weights=None, progress=True, **kwargs):
    """ResNet-34 without shortcuts."""
    return with_weights(weights, ResNet, PlainBlock, [3, 4, 6, 3], **kwargs)
