"""unrolled_paths and lesion: sums over paths, and networks that lose a block."""
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn import nn
from tinygrad_cnn.errors import ArgumentError, ArgumentTypeError
from tinygrad_cnn.teach.lesion import lesion
from tinygrad_cnn.teach.residual_blocks import residual_blocks
from tinygrad_cnn.teach.unrolled_paths import unrolled_paths

from ..real_data import cifar10, real_file


class Residual(nn.Module):
    """s(x) + f(x) with a linear f, followed by a ReLU if asked for."""

    def __init__(self, f, shortcut=None, rectified=False):
        super().__init__()
        self.f, self.downsample, self.rectified = f, shortcut, rectified

    def forward(self, x):
        y = self.f(x) + (x if self.downsample is None else self.downsample(x))
        return y.relu() if self.rectified else y


def whole_numbers(layer):
    """The layer with small whole numbers for weights, with which float64 is exact."""
    with tg.no_grad():
        for p in layer.parameters():
            p.copy_((p * 6).round())
    return layer.double()


def linear_stack(n, channels=2):
    return nn.Sequential(*[Residual(whole_numbers(nn.Conv2d(channels, channels, 3, padding=1, bias=False)))
                           for _ in range(n)])


@pytest.mark.parametrize("n", [1, 3, 6])
def test_the_sum_over_paths_is_the_output_of_linear_blocks_to_the_last_bit(n):
    model, x = linear_stack(n), (4 * tg.randn(2, 2, 5, 5, dtype=tg.float64)).round()
    paths = unrolled_paths(model, x)
    assert tg.equal(paths.output, model(x))
    assert tg.equal(sum(paths.outputs), paths.output) and paths.gap == 0


def test_projections_on_the_shortcut_are_paths_as_well():
    f, s = whole_numbers(nn.Conv2d(2, 4, 3, 2, 1, bias=False)), whole_numbers(nn.Conv2d(2, 4, 1, 2, bias=False))
    model = nn.Sequential(Residual(f, s), *linear_stack(2, 4))
    x = (4 * tg.randn(1, 2, 6, 6, dtype=tg.float64)).round()
    paths = unrolled_paths(model, x)
    assert tg.equal(sum(paths.outputs), model(x))
    assert tg.equal(paths.outputs[0], s(x))                         # the path that takes no block


def test_the_sum_over_paths_is_not_the_output_where_blocks_are_not_linear():
    model = nn.Sequential(*[Residual(nn.Conv2d(1, 1, 3, padding=1), rectified=True) for _ in range(3)])
    assert unrolled_paths(model, tg.randn(1, 1, 5, 5)).gap > 0.01


@pytest.mark.parametrize("make", [nn.models.resnet20, nn.models.resnet20_v2], ids=["post-activation", "pre-activation"])
def test_the_gradient_is_the_sum_over_paths_whatever_the_blocks_are(make):
    model = make().double()
    x = tg.randn(2, 3, 16, 16, dtype=tg.float64)
    paths = unrolled_paths(model, x, limit=0)
    first = {}
    model.eval()
    handle = model.get_submodule(paths.paths[0]).register_forward_pre_hook(
        lambda module, args: first.update(x=args[0]))
    x.requires_grad_()
    loss = model(x).amax(1).sum()
    handle.remove()
    (whole,) = tg.autograd.grad(loss, first["x"])
    assert len(paths.gradients) == 10 and paths.outputs is None
    assert tg.allclose(paths.gradient, whole, rtol=0, atol=1e-10 * whole.abs().max().item())


def test_the_parts_of_the_gradient_are_those_of_single_paths():
    """Against every path on its own, for scalar blocks x + w x: a path's gradient is the product of its weights."""
    weights = [2.0, 3.0, 5.0]
    model = nn.Sequential(*[Residual(nn.Linear(1, 1, bias=False).double()) for _ in weights])
    for block, w in zip(model, weights):
        nn.init.constant_(block.f.weight, w)
    paths = unrolled_paths(model, tg.ones(1, 1, dtype=tg.float64))
    assert [g.item() for g in paths.gradients] == [1, 2 + 3 + 5, 6 + 10 + 15, 30]
    assert paths.gradient.item() == 3 * 4 * 6
    assert [y.item() for y in paths.outputs] == [1, 10, 31, 30]


def test_path_lengths_are_binomial_and_need_no_input():
    paths = unrolled_paths(nn.models.resnet20())
    assert paths.counts == [1, 9, 36, 84, 126, 126, 84, 36, 9, 1] and paths.total == 512
    assert paths.gap is None and paths.gradients is None
    assert unrolled_paths(nn.models.resnet56()).total == 2 ** 27


def test_the_printed_histogram():
    assert str(unrolled_paths(linear_stack(3), lang="en")) == """\
3 residual blocks unrolled into 8 paths, by length (how many blocks a path takes)

length  paths
------  -----  ------------------------
0       1      ########
1       3      ########################
2       3      ########################
3       1      ########"""


@pytest.mark.parametrize("make, blocks, identities", [
    (nn.models.resnet18, 8, 5), (nn.models.resnet50, 16, 12), (nn.models.resnet20, 9, 7),
    (nn.models.resnet20_v2, 9, 7)])
def test_the_blocks_of_our_networks_are_found(make, blocks, identities):
    found = residual_blocks("test", nn.utils.skip_init(make))
    assert (len(found), sum(block.is_identity for block in found)) == (blocks, identities)


@pytest.mark.parametrize("make", [nn.models.resnet20, nn.models.resnet20_v2, nn.models.resnet18])
def test_each_block_is_its_shortcut_plus_its_branch(make):
    """With its last convolution switched off, a block is its shortcut (rectified where a ReLU follows the sum)."""
    model = make().eval()
    for block in residual_blocks("test", model)[:4]:
        x = tg.rand(1, block.module.conv1.in_channels, 8, 8)
        nn.init.zeros_(block.module.conv2.weight)
        y, s = block.module(x), block.shortcut(x)
        assert tg.allclose(y, s if make is nn.models.resnet20_v2 else s.relu(), atol=1e-6)


def test_networks_without_residual_blocks_are_refused_with_the_way_to_name_them():
    with pytest.raises(ArgumentError, match=r"unrolled_paths: CifarResNet has no module.*blocks=\{'layers.0': None"):
        unrolled_paths(nn.models.plain20())
    with pytest.raises(ArgumentTypeError, match="lesion: list is not a Module"):
        lesion([], (tg.zeros(1), tg.zeros(1)))


def test_blocks_may_be_named():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.f = nn.Linear(2, 2)

        def forward(self, x):
            return x + self.f(x)

    model = nn.Sequential(nn.Linear(2, 2), Own(), Own())
    paths = unrolled_paths(model, (1, 2), blocks={"1": None, "2": lambda x: x})
    assert paths.paths == ["1", "2"] and paths.total == 4


def test_layers_between_blocks_are_refused():
    model = nn.Sequential(Residual(nn.Linear(2, 2)), nn.Linear(2, 2), Residual(nn.Linear(2, 2)))
    with pytest.raises(ArgumentError, match="between the blocks '0' and '2' stand other layers"):
        unrolled_paths(model, (1, 2))


def classifier():
    """Images of two pixels; block 0 turns the right answer around unless block 1, too, is there to turn it back."""
    flip = lambda: Residual(nn.Linear(2, 2, bias=False))
    model = nn.Sequential(flip(), flip(), Residual(nn.Linear(2, 2, bias=False)))
    for block in model[:2]:
        block.f.weight = nn.Parameter(tg.tensor([[-1., 1], [1, -1]]))       # x + f(x) exchanges the two
    model[2].f.weight = nn.Parameter(tg.zeros(2, 2))
    return model


def test_a_lesion_shows_which_blocks_matter():
    X, y = tg.tensor([[3., 1], [1, 2], [0, 5], [4, 0]]), tg.tensor([0, 1, 1, 0])
    study = lesion(classifier(), (X, y), lang="en")
    assert study.intact == 1
    assert study.rows == [("0", 0.0, True), ("1", 0.0, True), ("2", 1.0, True)]
    assert str(study).splitlines()[4:6] == [
        "nothing  100.0%              ########################################",
        "0        0.0%      identity"]


def test_a_block_with_a_relu_leaves_its_shortcut_with_the_relu():
    model = nn.Sequential(nn.Linear(2, 2, bias=False), Residual(nn.Linear(2, 2, bias=False), rectified=True))
    model[0].weight = nn.Parameter(tg.tensor([[1., 0], [0, 1]]))
    X, y = tg.tensor([[-2., -1]]), tg.tensor([0])                   # relu gives (0, 0), whose first largest is 0
    assert lesion(model, (X, y)).rows[0][1] == 1


def test_a_lesion_equals_a_model_with_the_block_cut_out():
    model = nn.models.resnet20().eval()
    X = tg.randn(6, 3, 16, 16)
    y = model(X).argmax(1)
    study = lesion(model, [(X[:4], y[:4]), (X[4:], y[4:])])
    assert study.intact == 1 and study.count == 6
    for path, accuracy, identity in study.rows:
        if identity:
            stage, number = path.split(".")
            blocks = getattr(model, stage)
            kept = nn.Sequential(*[b for k, b in enumerate(blocks) if k != int(number)])
            setattr(model, stage, kept)
            assert (model(X).argmax(1) == y).float().mean().item() == pytest.approx(accuracy)
            setattr(model, stage, blocks)


def test_both_leave_the_model_as_it_was():
    model = nn.models.resnet20()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    lesion(model, (tg.rand(2, 3, 16, 16), tg.tensor([0, 1])))
    unrolled_paths(model, tg.rand(1, 3, 16, 16), limit=0)
    assert all("forward" not in module.__dict__ and not module._hooks for module in model.modules())
    assert all(module.training for module in model.modules())
    assert all(p.requires_grad and p.grad is None for p in model.parameters())
    assert all(tg.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize("times", [0, 2])
def test_a_block_that_is_not_called_once_is_refused(times):
    class Repeated(nn.Module):
        def __init__(self):
            super().__init__()
            self.block = Residual(nn.Linear(2, 2))

        def forward(self, x):
            for _ in range(times):
                x = self.block(x)
            return x

    with pytest.raises(ArgumentError, match=f"lesion: the block 'block' is called {times} times.*blocks="):
        lesion(Repeated(), (tg.ones(1, 2), tg.tensor([0])))
    with pytest.raises(ArgumentError, match=f"unrolled_paths: 1 blocks were found but {times} calls seen.*blocks="):
        unrolled_paths(Repeated(), (1, 2))


@pytest.mark.parametrize("data, message", [
    (3, "data is int"), ([], "no images")], ids=["a number", "nothing"])
def test_data_that_is_none_is_refused(data, message):
    with pytest.raises(ArgumentTypeError, match=f"lesion: .*{message}"):
        lesion(classifier(), data)


def test_the_picture_of_a_lesion_is_a_png(tmp_path):
    pytest.importorskip("matplotlib", reason="draws with matplotlib: pip install matplotlib")
    study = lesion(classifier(), (tg.tensor([[3., 1], [1, 2]]), tg.tensor([0, 1])))
    study.draw(tmp_path / "lesion.png")
    assert (tmp_path / "lesion.png").read_bytes().startswith(b"\x89PNG")


def test_the_picture_of_the_paths_is_a_png(tmp_path):
    pytest.importorskip("matplotlib", reason="draws with matplotlib: pip install matplotlib")
    unrolled_paths(classifier(), (1, 2)).draw(tmp_path / "paths.png")
    assert (tmp_path / "paths.png").read_bytes().startswith(b"\x89PNG")


def of_cifar10(count):
    """ResNet-20 with its published weights, and the first `count` test images."""
    weights = tg.load(real_file("resnet20-12fca82f.th"))["state_dict"]
    model = nn.models.resnet20(weights={name.removeprefix("module."): value for name, value in weights.items()})
    images = cifar10(train=False)
    mean, deviation = tg.tensor([0.485, 0.456, 0.406]), tg.tensor([0.229, 0.224, 0.225])   # as they were trained with
    X = (images.data[:count] / 255 - mean[:, None, None]) / deviation[:, None, None]
    return model, X, images.targets[:count]


def test_the_published_resnet_20_survives_the_loss_of_any_block_with_an_identity_shortcut():
    model, X, y = of_cifar10(100)
    study = lesion(model, (X, y))
    assert study.intact > 0.85
    assert all(accuracy > 0.4 for _, accuracy, identity in study.rows if identity)
    assert all(accuracy < study.intact for _, accuracy, _ in study.rows)


@pytest.mark.slow
def test_the_published_resnet_20_on_a_thousand_images():
    model, X, y = of_cifar10(1000)
    study = lesion(model, (X, y))
    assert study.intact == 0.915                                    # as PyTorch has it
    assert min(study.rows, key=lambda row: row[1])[0] in ("layer2.0", "layer3.0")
    assert all(accuracy > 0.55 for _, accuracy, identity in study.rows if identity)


def test_a_picture_without_matplotlib_says_what_to_install(monkeypatch, tmp_path):
    import sys
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    study = lesion(classifier(), (tg.tensor([[3., 1], [1, 2]]), tg.tensor([0, 1])))
    with pytest.raises(tg.errors.MissingExtraError, match=r"lesion: .*pip install 'tinygrad_cnn\[train\]'"):
        study.draw(tmp_path / "lesion.png")
    assert not list(tmp_path.iterdir())
