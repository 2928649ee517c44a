"""The six networks whose steps are timed: one text each, run on PyTorch and, with other imports, on this package."""
from typing import NamedTuple

import numpy as np

import tinygrad_cnn as tg
from tests.nn.models.torch_text import run_text


class Net(NamedTuple):
    """make(ours) -> the model; batch: the shape of its input; classes: how many numbers it gives an image."""
    make: object
    batch: tuple
    classes: int = 1000


def _resnet(name):
    return lambda ours: run_text("resnet", ours).resnet(name)


NETS = {
    "ResNet-18, 224, batch 8": Net(_resnet("resnet18"), (8, 3, 224, 224)),
    "AlexNet, 224, batch 32": Net(lambda ours: _alexnet(ours), (32, 3, 224, 224)),
    "ResNet-50, 224, batch 4": Net(_resnet("resnet50"), (4, 3, 224, 224)),
    "ResNet-20, 32, batch 128": Net(lambda ours: run_text("cifar_resnet", ours).CifarResNet(20), (128, 3, 32, 32), 10),
    "LeNet, 28, batch 64": Net(lambda ours: run_text("small_nets", ours).LeNet(), (64, 1, 28, 28), 10),
    "3-D CNN, 32^3, batch 8": Net(lambda ours: run_text("small_nets", ours).Volumes(), (8, 1, 32, 32, 32), 10),
}


def _alexnet(ours):
    text = run_text("alexnet", ours)
    return text.AlexNet(text.one_column())


def library(ours):
    """This package, or PyTorch."""
    if ours:
        return tg
    import torch
    return torch


def images_and_labels(net, ours, seed=0):
    """A batch of noise and its labels, as tensors of one of the two."""
    rng = np.random.default_rng(seed)
    m = library(ours)
    return (m.from_numpy(rng.standard_normal(net.batch, np.float32)),
            m.from_numpy(rng.integers(0, net.classes, net.batch[0])))


def training_step(net, ours, memory_format=None):
    """A function of no arguments: forward, cross-entropy, backward and a step of SGD with momentum."""
    m = library(ours)
    m.manual_seed(0)
    model = net.make(ours)
    x, labels = images_and_labels(net, ours)
    if memory_format is not None:
        model, x = model.to(memory_format=memory_format), x.to(memory_format=memory_format)
    optimizer = m.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)

    def step():
        optimizer.zero_grad()
        m.nn.functional.cross_entropy(model(x), labels).backward()
        optimizer.step()
    return step


def inference(net, ours, memory_format=None):
    """A function of no arguments: a forward pass in evaluation mode, nothing recorded."""
    m = library(ours)
    m.manual_seed(0)
    model = net.make(ours).eval()
    x, _ = images_and_labels(net, ours)
    if memory_format is not None:
        model, x = model.to(memory_format=memory_format), x.to(memory_format=memory_format)

    def run():
        with m.no_grad():
            model(x)
    return run


def channels_last(net):
    """PyTorch's memory format of that name for the net's number of axes."""
    import torch
    return torch.channels_last if len(net.batch) == 4 else torch.channels_last_3d
