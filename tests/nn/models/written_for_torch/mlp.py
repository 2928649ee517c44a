"""A perceptron in the style of older code: super() with arguments, weights set through .data, buffers, OrderedDict."""
from collections import OrderedDict

import torch
import torch.nn as nn
import torch.nn.functional as F


class Standardize(nn.Module):
    def __init__(self, mean, std):
        super(Standardize, self).__init__()
        self.register_buffer("mean", torch.tensor(mean))
        self.register_buffer("std", torch.tensor(std))

    def forward(self, x):
        return (x - self.mean) / self.std


class MLP(nn.Module):
    def __init__(self, sizes=(64, 32, 16), num_classes=10, dropout=0.0):
        super(MLP, self).__init__()
        self.standardize = Standardize(0.5, 0.25)
        self.hidden = nn.ModuleList([nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:])])
        self.norms = nn.ModuleList([nn.BatchNorm1d(b) for b in sizes[1:]])
        self.scale = nn.Parameter(torch.ones(1))
        self.dropout = dropout
        self.head = nn.Sequential(OrderedDict([
            ("fc", nn.Linear(sizes[-1], sizes[-1])),
            ("act", nn.Tanh()),
            ("out", nn.Linear(sizes[-1], num_classes, bias=False)),
        ]))
        self.apply(self.init_weights)

    @staticmethod
    def init_weights(m):
        if isinstance(m, nn.Linear):
            nn.init.xavier_uniform_(m.weight, gain=nn.init.calculate_gain("relu"))
            if m.bias is not None:
                m.bias.data.fill_(0.01)
        elif isinstance(m, nn.BatchNorm1d):
            m.weight.data.normal_(1.0, 0.02)
            m.bias.data.zero_()

    def forward(self, x):
        x = self.standardize(x.view(x.size(0), -1))
        for layer, norm in zip(self.hidden, self.norms):
            x = F.relu(norm(layer(x)))
            x = F.dropout(x, p=self.dropout, training=self.training)
        return self.scale * self.head(x)
