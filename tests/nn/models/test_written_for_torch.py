"""Code written for PyTorch runs with its imports changed and nothing else, and computes what it computes on PyTorch."""
import importlib.util

import numpy as np
import pytest

from tests.nn.models.torch_text import FOLDER, run_text, with_imports_changed

pytestmark = pytest.mark.oracle

if importlib.util.find_spec("torch"):
    from tests.nn.models.agreement import assert_same_training_step, images

MODELS = {
    "mlp": ("mlp", lambda code: code.MLP(), (6, 1, 8, 8)),
    "lenet": ("lenet_functional", lambda code: code.Net(), (3, 1, 32, 32)),
    "vgg": ("vgg", lambda code: code._vgg("A", False, dropout=0.0), (2, 3, 32, 32)),
    "vgg_bn": ("vgg", lambda code: code._vgg("B", True), (3, 3, 24, 20)),
    "resnet_basic": ("resnet", lambda code: code.ResNet(code.BasicBlock, [1, 1, 1, 1], 10), (3, 3, 64, 64)),
    "resnet_dilated": ("resnet", lambda code: code.ResNet(
        code.Bottleneck, [1, 2, 1, 1], 10, groups=2, width_per_group=8,
        replace_stride_with_dilation=[False, True, True]), (2, 3, 48, 48)),
    "cifar_resnet_a": ("cifar_resnet", lambda code: code.CifarResNet(8), (3, 3, 16, 16)),
    "cifar_resnet_b": ("cifar_resnet", lambda code: code.CifarResNet(8, "B"), (3, 3, 16, 16)),
    "preactivation": ("preactivation", lambda code: code.Net([1, 3, 1], 2, [1, 2, 1], 10), (3, 3, 16, 16)),
    "densenet": ("densenet", lambda code: code.DenseNet(), (3, 3, 32, 32)),
    "densenet_memory_efficient": ("densenet", lambda code: code.DenseNet(memory_efficient=True), (3, 3, 32, 32)),
    "unet": ("unet", lambda code: code.UNet(), (2, 3, 18, 22)),
    "unet_bilinear": ("unet", lambda code: code.UNet(bilinear=True), (2, 3, 17, 16)),
    "mobile": ("mobile", lambda code: code.MobileNet(), (3, 3, 32, 32)),
    "inception": ("inception", lambda code: code.GoogLeNet(), (3, 3, 34, 34)),
    "vit": ("vit", lambda code: code.ViT(), (2, 3, 16, 16)),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_of_the_text_computes_and_differentiates_as_on_pytorch(name):
    text, build, shape = MODELS[name]
    assert_same_training_step(build(run_text(text, ours=True)), build(run_text(text, ours=False)), images(shape))


def weights_of(model):
    """The same weights for both libraries, as NumPy arrays that each makes its own."""
    return {key: value.numpy().copy() for key, value in model.double().state_dict().items()}


def in_torch(weights):
    import torch
    return {key: torch.tensor(value) for key, value in weights.items()}


def test_the_text_of_a_first_tutorial_trains_to_the_same_losses():
    ours, theirs = run_text("lenet_functional", ours=True), run_text("lenet_functional", ours=False)
    weights = weights_of(theirs.Net())
    x, labels = images((18, 1, 32, 32)), np.arange(18) % 10
    losses, rate = ours.run(x, labels, weights)
    their_losses, their_rate = theirs.run(x, labels, in_torch(weights))
    np.testing.assert_allclose(losses, their_losses, rtol=1e-8)
    assert rate == pytest.approx(their_rate)


def test_the_text_of_two_networks_against_each_other_trains_to_the_same_losses():
    ours, theirs = run_text("gan", ours=True), run_text("gan", ours=False)
    weights = [weights_of(theirs.Generator()), weights_of(theirs.Discriminator())]
    x, noise = images((5, 1, 16, 16)), images((3, 5, 6, 1, 1), seed=1)
    np.testing.assert_allclose(ours.run(x, noise, weights), theirs.run(x, noise, [in_torch(w) for w in weights]),
                               rtol=1e-7)


def test_the_text_of_a_larger_training_program_ends_with_the_same_weights(tmp_path):
    ours, theirs = run_text("imagenet_training", ours=True), run_text("imagenet_training", ours=False)
    weights = weights_of(theirs.net())
    x, labels = images((28, 1, 8, 8)), np.arange(28) % 6
    seen, state = ours.run(x, labels, weights, tmp_path)
    their_seen, their_state = theirs.run(x, labels, in_torch(weights), tmp_path)
    np.testing.assert_allclose(seen, their_seen, rtol=1e-6)
    for key in their_state:
        np.testing.assert_allclose(state[key], their_state[key], rtol=1e-6, atol=1e-9, err_msg=key)


def test_the_loss_of_the_u_net_text_agrees():
    import torch

    import tinygrad_cnn as tg
    ours, theirs = run_text("unet", ours=True), run_text("unet", ours=False)
    logits, mask = images((2, 1, 6, 7)), images((2, 6, 7), seed=1) > 0
    a, b = tg.tensor(logits).requires_grad_(), torch.tensor(logits, requires_grad=True)
    loss, their_loss = ours.criterion(a, tg.tensor(mask)), theirs.criterion(b, torch.tensor(mask))
    loss.backward()
    their_loss.backward()
    assert loss.item() == pytest.approx(their_loss.item(), rel=1e-10)
    np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-8, atol=1e-10)


def test_only_lines_of_imports_are_changed():
    for path in FOLDER.glob("[!c]*.py"):
        text = path.read_text(encoding="utf-8")
        changed = [(old, new) for old, new in zip(text.splitlines(), with_imports_changed(text).splitlines())
                   if old != new]
        assert changed
        assert all(old.startswith(("import torch", "from torch")) for old, _ in changed)
