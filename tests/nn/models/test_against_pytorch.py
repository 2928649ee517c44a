"""The built-in networks against their twins on PyTorch, with the same weights in float64: logits and all gradients.

The twins are the programs in written_for_torch, run on PyTorch. Images are small where the network allows it.
"""
import importlib.util

import pytest

from tests.nn.models.torch_text import run_text
from tinygrad_cnn.nn import models

pytestmark = pytest.mark.oracle

if importlib.util.find_spec("torch"):
    import torch

    from tests.nn.models.agreement import assert_same_training_step, images

slow = pytest.mark.slow


def lenet_twin(channels, widths, activation, pool):
    """LeNet's two forms as PyTorch has them."""
    nn = torch.nn
    first, second = widths

    class Twin(nn.Module):
        def __init__(self):
            super().__init__()
            self.features = nn.Sequential(nn.Conv2d(channels, first, 5), activation(), pool(2),
                                          nn.Conv2d(first, second, 5), activation(), pool(2))
            self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(400, 120), activation(), nn.Linear(120, 84),
                                            activation(), nn.Linear(84, 10))

        def forward(self, x):
            return self.classifier(self.features(x))
    return Twin()


def test_the_books_lenet_agrees():
    for channels in (3, 1):
        twin = lenet_twin(channels, (8, 16), torch.nn.ReLU, torch.nn.MaxPool2d)
        assert_same_training_step(models.lenet(in_channels=channels), twin, images((4, channels, 32, 32)))


def test_the_original_lenet_agrees():
    twin = lenet_twin(1, (6, 16), torch.nn.Tanh, torch.nn.AvgPool2d)
    assert_same_training_step(models.lenet5(), twin, images((4, 1, 32, 32)))


@pytest.mark.parametrize("depth, option", [
    (20, "A"), (20, "B"), (20, None), pytest.param(32, "A", marks=slow), pytest.param(44, "A", marks=slow),
    pytest.param(56, "A", marks=slow), pytest.param(56, "B", marks=slow), pytest.param(110, "A", marks=slow)])
def test_residual_networks_for_small_images_agree(depth, option):
    twin = run_text("cifar_resnet", ours=False).CifarResNet(depth, option)
    model = models.get_model(f"resnet{depth}", shortcut=option)
    assert_same_training_step(model, twin, images((3, 3, 32, 32) if depth == 20 else (3, 3, 24, 24)))


@pytest.mark.parametrize("name, kernels, expansion, layers, size", [
    ("resnet20_v2", [3, 3], 1, [3, 3, 3], 32),
    pytest.param("resnet110_v2", [3, 3], 1, [18, 18, 18], 24, marks=slow),
    pytest.param("resnet18_v2", [3, 3], 1, [2, 2, 2, 2], 64, marks=slow),
    pytest.param("resnet50_v2", [1, 3, 1], 4, [3, 4, 6, 3], 64, marks=slow)])
def test_residual_networks_of_the_second_version_agree(name, kernels, expansion, layers, size):
    twin = run_text("preactivation", ours=False).Net(kernels, expansion, layers, 10)
    assert_same_training_step(models.get_model(name, num_classes=10), twin, images((3, 3, size, size)))


RESNETS = {
    "resnet18": ("BasicBlock", [2, 2, 2, 2], {}), "resnet34": ("BasicBlock", [3, 4, 6, 3], {}),
    "resnet50": ("Bottleneck", [3, 4, 6, 3], {}), "resnet101": ("Bottleneck", [3, 4, 23, 3], {}),
    "resnet152": ("Bottleneck", [3, 8, 36, 3], {}),
    "resnext50_32x4d": ("Bottleneck", [3, 4, 6, 3], {"groups": 32, "width_per_group": 4}),
    "resnext101_32x8d": ("Bottleneck", [3, 4, 23, 3], {"groups": 32, "width_per_group": 8}),
    "wide_resnet50_2": ("Bottleneck", [3, 4, 6, 3], {"width_per_group": 128}),
    "wide_resnet101_2": ("Bottleneck", [3, 4, 23, 3], {"width_per_group": 128}),
}


@pytest.mark.parametrize("name", [pytest.param(name, marks=slow) for name in RESNETS])
def test_residual_networks_for_photographs_agree(name):
    block, layers, options = RESNETS[name]
    code = run_text("resnet", ours=False)
    twin = code.ResNet(getattr(code, block), layers, num_classes=10, **options)
    assert_same_training_step(models.get_model(name, num_classes=10), twin, images((3, 3, 64, 64)))


@slow
@pytest.mark.parametrize("variant, features, size", [("torchvision", "one_column", 224), ("book", "printed", 227),
                                                     ("2012", "two_streams", 227)])
def test_alexnet_agrees_in_its_three_forms(variant, features, size):
    code = run_text("alexnet", ours=False)
    twin = code.AlexNet(getattr(code, features)(), num_classes=10)
    assert_same_training_step(models.alexnet(variant=variant, num_classes=10), twin, images((2, 3, size, size)))
