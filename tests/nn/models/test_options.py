"""What the networks can be told: options of torchvision's, initial weights, linear layers as convolutions."""
import importlib.util
import math
from functools import partial

import numpy as np
import pytest

import tinygrad_cnn as tg
from tests.nn.models.torch_text import run_text
from tinygrad_cnn import nn
from tinygrad_cnn.errors import ArgumentError, ArgumentTypeError, ShapeError
from tinygrad_cnn.nn import models
from tinygrad_cnn.nn.models.dense_as_conv import fully_convolutional, linear_as_conv
from tinygrad_cnn.nn.models.resnet import BasicBlock, Bottleneck, ResNet

if importlib.util.find_spec("torch"):
    import torch

    from tests.nn.models.agreement import assert_same_training_step, images


@pytest.mark.oracle
@pytest.mark.parametrize("options", [
    {"replace_stride_with_dilation": [False, True, True]}, {"replace_stride_with_dilation": [True, False, True]},
    {"groups": 4, "width_per_group": 8}, {"norm_layer": "groups of 4"},
], ids=["dilated", "dilated otherwise", "grouped", "group norm"])
def test_options_of_residual_networks_do_what_torchvisions_do(options):
    code = run_text("resnet", ours=False)

    def with_norm(library):
        return {**options, "norm_layer": partial(library.GroupNorm, 4)} if "norm_layer" in options else options

    ours = ResNet(Bottleneck, [1, 2, 1, 1], 10, **with_norm(nn))
    twin = code.ResNet(code.Bottleneck, [1, 2, 1, 1], 10, **with_norm(torch.nn))
    assert_same_training_step(ours, twin, images((2, 3, 32, 32)))


@pytest.mark.parametrize("block, last", [(BasicBlock, "bn2"), (Bottleneck, "bn3")], ids=["basic", "bottleneck"])
def test_blocks_can_begin_as_the_identity(block, last):
    model = ResNet(block, [2, 1, 1, 1], 10, zero_init_residual=True)
    blocks = [module for module in model.modules() if isinstance(module, block)]
    assert len(blocks) == 5
    assert all((getattr(module, last).weight == 0).all() and (module.bn1.weight == 1).all() for module in blocks)
    x = tg.rand(2, 64 * block.expansion, 8, 8)
    assert tg.equal(model.layer1[1].eval()(x), x)           # the ReLU after the sum changes nothing: x is positive


def test_three_bools_are_wanted_for_dilation():
    with pytest.raises(ArgumentError, match=r"replace_stride_with_dilation is \[True\]"):
        ResNet(BasicBlock, [1, 1, 1, 1], replace_stride_with_dilation=[True])


@pytest.mark.parametrize("name", ["resnet18", "resnet20", "plain20", "resnet20_v2"])
def test_convolutions_begin_with_hes_deviation_and_norms_with_ones_and_zeros(name):
    model = models.get_model(name)
    for path, module in model.named_modules():
        if isinstance(module, nn.Conv2d) and module.weight.numel() > 2000:
            fan = module.weight[0].numel() if name != "resnet18" else module.weight[:, 0].numel()
            spread = module.weight.detach().numpy().std() / math.sqrt(2 / fan)
            assert abs(spread - 1) < 5 / math.sqrt(2 * module.weight.numel()), path
            assert module.bias is None
        elif isinstance(module, nn.BatchNorm2d):
            assert (module.weight == 1).all() and (module.bias == 0).all(), path


@pytest.mark.oracle
def test_initial_weights_are_spread_as_torchvisions():
    code = run_text("resnet", ours=False)
    ours, theirs = ResNet(BasicBlock, [1, 1, 1, 1]), code.ResNet(code.BasicBlock, [1, 1, 1, 1])
    for (name, mine), other in zip(ours.named_parameters(), theirs.parameters()):
        mine, other = mine.detach().numpy(), other.detach().numpy()
        bound = 6 * (other.std() + 1e-12) / math.sqrt(other.size)
        assert abs(mine.std() - other.std()) <= bound and abs(mine.mean() - other.mean()) <= 1.5 * bound, name


def test_a_network_of_convolutions_alone_gives_lenets_logits_at_every_place():
    model = models.lenet().eval()
    conv = fully_convolutional(model.features, model.classifier, (16, 5, 5))
    photo = tg.rand(2, 3, 40, 36)
    with tg.no_grad():
        found = conv(photo)
        assert tuple(found.shape) == (2, 10, 3, 2)
        for row, column in np.ndindex(3, 2):                # two poolings by 2: a step is 4 pixels
            window = photo[:, :, 4 * row:4 * row + 32, 4 * column:4 * column + 32]
            assert tg.allclose(found[:, :, row, column], model(window), atol=1e-6)


@pytest.mark.slow
def test_alexnets_linear_layers_as_convolutions_give_its_logits_and_a_map_of_them():
    model = nn.utils.skip_init(models.AlexNet, num_classes=3).eval()
    for p in model.parameters():
        nn.init.uniform_(p, -0.02, 0.02)
    conv, photo = model.fully_convolutional(), tg.rand(1, 3, 224, 224)
    with tg.no_grad():
        assert tg.allclose(conv(photo)[:, :, 0, 0], model(photo), rtol=1e-4, atol=1e-6)
        assert tuple(conv(tg.rand(1, 3, 256, 288)).shape) == (1, 3, 2, 3)


def test_a_convolution_made_of_a_linear_layer_is_on_its_memory():
    linear = nn.Linear(12, 2)
    conv = linear_as_conv(linear, (3, 2, 2))
    with tg.no_grad():
        linear.weight.fill_(1)
    assert conv(tg.ones(1, 3, 2, 2)).flatten().tolist() == pytest.approx((12 + linear.bias).tolist())


def test_what_is_no_linear_layer_or_does_not_fit_is_refused():
    with pytest.raises(ShapeError, match="12 numbers but the layer takes 10"):
        linear_as_conv(nn.Linear(10, 2), (3, 2, 2))
    with pytest.raises(ArgumentTypeError, match="ReLU is not a Linear"):
        linear_as_conv(nn.ReLU())


def test_weights_can_be_given_as_a_state_dict():
    state = models.resnet20().state_dict()
    assert tg.equal(models.resnet20(weights=state).conv1.weight, state["conv1.weight"])
    with pytest.raises(ArgumentTypeError, match="nothing is downloaded here"):
        models.resnet20(weights="DEFAULT")
