"""Residual networks with normalisation before the convolutions."""
import torch
from torch import nn


class Preactivation(nn.Module):
    def __init__(self, kernel_sizes, inplanes, planes, outplanes, stride, downsample, activated):
        super().__init__()
        widths = [inplanes] + [planes] * (len(kernel_sizes) - 1) + [outplanes]
        place = kernel_sizes.index(3)           # the convolution that has the stride
        for i, k in enumerate(kernel_sizes):
            norm = None if (activated and i == 0) else nn.BatchNorm2d(widths[i])
            setattr(self, f"bn{i + 1}", norm)
            setattr(self, f"conv{i + 1}", nn.Conv2d(widths[i], widths[i + 1], k, stride if i == place else 1, k // 2,
                                                    bias=False))
        self.depth = len(kernel_sizes)
        self.downsample = downsample

    def forward(self, x):
        out = x if self.bn1 is None else torch.relu(self.bn1(x))
        shortcut = self.downsample(out) if self.downsample is not None else x
        out = self.conv1(out)
        for i in range(2, self.depth + 1):
            out = getattr(self, f"conv{i}")(torch.relu(getattr(self, f"bn{i}")(out)))
        return out + shortcut


class Net(nn.Module):
    def __init__(self, kernel_sizes, expansion, layers, num_classes):
        super().__init__()
        large = len(layers) == 4
        inplanes = planes = 64 if large else 16
        self.conv1 = nn.Conv2d(3, planes, 7, 2, 3, bias=False) if large else nn.Conv2d(3, planes, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.pool = nn.MaxPool2d(3, 2, 1) if large else nn.Identity()
        self.stages = []
        for s, blocks in enumerate(layers, 1):
            made = []
            for b in range(blocks):
                stride = 2 if s > 1 and b == 0 else 1
                down = None
                if inplanes != planes * expansion or stride != 1:
                    down = nn.Conv2d(inplanes, planes * expansion, 1, stride, bias=False)
                made.append(Preactivation(kernel_sizes, inplanes, planes, planes * expansion, stride, down,
                                          s == 1 and b == 0))
                inplanes = planes * expansion
            self.add_module(f"layer{s}", nn.Sequential(*made))
            self.stages.append(f"layer{s}")
            planes *= 2
        self.bn2 = nn.BatchNorm2d(inplanes)
        self.fc = nn.Linear(inplanes, num_classes)

    def forward(self, x):
        x = self.pool(torch.relu(self.bn1(self.conv1(x))))
        for name in self.stages:
            x = getattr(self, name)(x)
        x = torch.relu(self.bn2(x))
        return self.fc(x.mean(dim=(2, 3)))
