"""Parallel branches and a second classifier that works in training only; the output is a named tuple or a tensor."""
import warnings
from collections import namedtuple
from typing import Any, List, Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

GoogLeNetOutputs = namedtuple("GoogLeNetOutputs", ["logits", "aux_logits"])
GoogLeNetOutputs.__annotations__ = {"logits": Tensor, "aux_logits": Optional[Tensor]}


class BasicConv2d(nn.Module):
    def __init__(self, in_channels: int, out_channels: int, **kwargs: Any) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, bias=False, **kwargs)
        self.bn = nn.BatchNorm2d(out_channels, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        x = self.bn(x)
        return F.relu(x, inplace=True)


class Inception(nn.Module):
    def __init__(self, in_channels: int, widths: List[int]) -> None:
        super().__init__()
        self.branch1 = BasicConv2d(in_channels, widths[0], kernel_size=1)
        self.branch2 = nn.Sequential(
            BasicConv2d(in_channels, widths[1], kernel_size=1),
            BasicConv2d(widths[1], widths[1], kernel_size=(1, 7), padding=(0, 3)),
            BasicConv2d(widths[1], widths[1], kernel_size=(7, 1), padding=(3, 0)),
        )
        self.branch3 = nn.Sequential(
            nn.MaxPool2d(kernel_size=3, stride=1, padding=1, ceil_mode=True),
            BasicConv2d(in_channels, widths[2], kernel_size=1),
        )

    def _forward(self, x: Tensor) -> List[Tensor]:
        branch_pool = F.avg_pool2d(x, kernel_size=3, stride=1, padding=1)
        return [self.branch1(x), self.branch2(x), self.branch3(x), branch_pool]

    def forward(self, x: Tensor) -> Tensor:
        outputs = self._forward(x)
        return torch.cat(outputs, 1)


class InceptionAux(nn.Module):
    def __init__(self, in_channels: int, num_classes: int, dropout: float = 0.7) -> None:
        super().__init__()
        self.conv = BasicConv2d(in_channels, 8, kernel_size=1)
        self.fc1 = nn.Linear(8 * 4 * 4, 16)
        self.fc2 = nn.Linear(16, num_classes)
        self.dropout = nn.Dropout(p=dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = F.adaptive_avg_pool2d(x, (4, 4))
        x = self.conv(x)
        x = torch.flatten(x, 1)
        x = F.relu(self.fc1(x), inplace=True)
        x = self.dropout(x)
        return self.fc2(x)


class GoogLeNet(nn.Module):
    __constants__ = ["aux_logits"]

    def __init__(self, num_classes: int = 10, aux_logits: bool = True, init_weights: Optional[bool] = True) -> None:
        super().__init__()
        if init_weights is None:
            warnings.warn("The default weight initialization will change", FutureWarning)
        self.aux_logits = aux_logits
        self.conv1 = BasicConv2d(3, 8, kernel_size=7, stride=2, padding=3)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.inception3a = Inception(8, [4, 4, 4])
        self.aux = InceptionAux(20, num_classes, dropout=0.0) if aux_logits else None
        self.inception3b = Inception(20, [8, 8, 8])
        self.fc = nn.Linear(44, num_classes)
        for m in self.modules():
            if isinstance(m, (nn.Conv2d, nn.Linear)):
                torch.nn.init.trunc_normal_(m.weight, mean=0.0, std=0.1, a=-2, b=2)

    def _transform_input(self, x: Tensor) -> Tensor:
        x_ch0 = torch.unsqueeze(x[:, 0], 1) * (0.229 / 0.5) + (0.485 - 0.5) / 0.5
        x_ch1 = torch.unsqueeze(x[:, 1], 1) * (0.224 / 0.5) + (0.456 - 0.5) / 0.5
        x_ch2 = torch.unsqueeze(x[:, 2], 1) * (0.225 / 0.5) + (0.406 - 0.5) / 0.5
        return torch.cat((x_ch0, x_ch1, x_ch2), 1)

    def _forward(self, x: Tensor) -> Tuple[Tensor, Optional[Tensor]]:
        x = self.conv1(self._transform_input(x))
        x = self.inception3a(self.maxpool1(x))
        aux: Optional[Tensor] = None
        if self.aux is not None:
            if self.training:
                aux = self.aux(x)
        x = self.inception3b(x)
        x = F.adaptive_avg_pool2d(x, (1, 1))
        return self.fc(torch.flatten(x, 1)), aux

    def forward(self, x: Tensor):
        x, aux = self._forward(x)
        if self.training and self.aux_logits:
            return GoogLeNetOutputs(x, aux)
        return x
