"""The number of parameters of every network that is offered by name."""
import pytest

from tinygrad_cnn import nn
from tinygrad_cnn.nn.models import get_model_builder, input_shape, list_models

# LeNet and AlexNet: the book's tables 24.1 and 24.2; the others as torchvision documents them.
PARAMETERS = {
    "alexnet": 61_100_840, "alexnet_book": 62_378_344, "alexnet_2012": 60_965_224, "lenet": 62_958, "lenet5": 61_706,
    "digits_cnn": 38_442,
    "resnet18": 11_689_512, "resnet34": 21_797_672, "resnet50": 25_557_032, "resnet101": 44_549_160,
    "resnet152": 60_192_808, "resnext50_32x4d": 25_028_904, "resnext101_32x8d": 88_791_336,
    "wide_resnet50_2": 68_883_240, "wide_resnet101_2": 126_886_696,
}


def small(depth):
    """Parameters of the residual network of 6n + 2 layers for 32x32 images, with shortcuts that have none."""
    n, total, inplanes = (depth - 2) // 6, 3 * 16 * 9 + 2 * 16, 16
    for planes in (16, 32, 64):
        total += 9 * planes * (inplanes + (2 * n - 1) * planes) + 2 * n * 2 * planes
        inplanes = planes
    return total + 64 * 10 + 10


def large(basic, blocks, plain=False, second=False):
    """Parameters of a residual network for photographs, counted layer by layer."""
    expansion, inplanes, total = 1 if basic else 4, 64, 3 * 64 * 49 + 2 * 64
    for stage, (planes, count) in enumerate(zip((64, 128, 256, 512), blocks)):
        for k in range(count):
            out = planes * expansion
            widths = [inplanes, planes, planes] if basic else [inplanes, planes, planes, out]
            sizes = [3, 3] if basic else [1, 3, 1]
            total += sum(a * b * size * size for a, b, size in zip(widths, widths[1:], sizes))
            normed = widths[:-1] if second else widths[1:]
            total += sum(2 * width for width in normed) - (2 * inplanes if second and stage == k == 0 else 0)
            if inplanes != out and not plain or k == 0 and stage and not plain:
                total += inplanes * out + (0 if second else 2 * out)
            inplanes = out
    return total + (2 * inplanes if second else 0) + inplanes * 1000 + 1000


BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}


def expected(name):
    if name in PARAMETERS:
        return PARAMETERS[name]
    depth = int("".join(c for c in name.removesuffix("_v2") if c.isdigit()))
    if depth in BLOCKS:
        return large(depth < 50, BLOCKS[depth], name.startswith("plain"), name.endswith("_v2"))
    if name.endswith("_v2"):
        # shortcuts of 1x1 convolutions; each block is normalised before its convolutions, the last sum too
        n = (depth - 2) // 6
        norms = 2 * 16 + sum(2 * (2 * n - 1) * planes + 2 * before for before, planes in ((0, 16), (16, 32), (32, 64)))
        weights = 432 + sum(9 * planes * (before + (2 * n - 1) * planes)
                            for before, planes in ((16, 16), (16, 32), (32, 64))) + 16 * 32 + 32 * 64
        return weights + norms + 2 * 64 + 650
    return small(depth)


@pytest.mark.parametrize("name", list_models())
def test_every_network_has_the_parameters_it_should_have(name):
    model = nn.utils.skip_init(get_model_builder(name))
    found = sum(p.numel() for p in model.parameters())
    wanted = expected(name)
    assert found == wanted
    assert len(input_shape(name)) == 3


def test_the_formula_gives_torchvisions_numbers():
    for depth, blocks in BLOCKS.items():
        assert large(depth < 50, blocks) == PARAMETERS[f"resnet{depth}"]
    assert [small(depth) for depth in (20, 32, 44, 56, 110)] == [269_722, 464_154, 658_586, 853_018, 1_727_962]
