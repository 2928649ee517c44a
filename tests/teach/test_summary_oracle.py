"""summary against PyTorch's own counter of operations, on models written for PyTorch."""
import pytest

from tests.nn.models.test_written_for_torch import MODELS
from tests.nn.models.torch_text import run_text
from tinygrad_cnn import teach

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize("name", [name for name in MODELS if name != "unet_bilinear"])
def test_multiply_adds_are_those_of_pytorchs_flop_counter(name):
    """(PyTorch does not count bilinear interpolation, which is a matrix product here.)"""
    import torch
    from torch.utils.flop_counter import FlopCounterMode
    text, build, shape = MODELS[name]
    found = teach.summary(build(run_text(text, ours=True)), shape)
    theirs = build(run_text(text, ours=False)).eval()
    with FlopCounterMode(display=False) as counter:
        theirs(torch.zeros(shape))
    assert found.multiply_adds == sum(row.multiply_adds for row in found.rows) == counter.get_total_flops() / 2
    assert found.parameters == sum(p.numel() for p in theirs.parameters())
    listed = sum(row.parameters for row in found.rows)
    assert listed + sum(dict(theirs.named_parameters())[name].numel() for name in found.unlisted) == found.parameters


@pytest.mark.parametrize("name", ["cifar_resnet_b", "densenet", "densenet_memory_efficient", "preactivation", "vgg"])
def test_receptive_fields_of_these_models_agree_in_all_three_ways(name):
    text, build, shape = MODELS[name]
    assert teach.receptive_field(build(run_text(text, ours=True)), shape).agree
