"""Every layer and loss on the strict device, and on the GPU where there is one: the CPU's values and gradients, and no
wait."""
import numpy as np
import pytest

import tinygrad_cnn as tg
from tests.strict import counting, strict_device

nn = tg.nn
every_device = pytest.mark.parametrize("name", ["strict", pytest.param("cuda", marks=pytest.mark.gpu)])
SHAPES = {1: (2, 4, 9), 2: (2, 4, 6, 7), 3: (2, 4, 5, 4, 6)}

ACTIVATIONS = [nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(0.1), nn.PReLU(4), nn.ELU(), nn.SELU(), nn.CELU(), nn.GELU(),
               nn.GELU(approximate="tanh"), nn.SiLU(), nn.Mish(), nn.Sigmoid(), nn.Tanh(), nn.Softplus(), nn.Softsign(),
               nn.Hardtanh(), nn.Hardsigmoid(), nn.Hardswish(), nn.LogSigmoid(), nn.Softmax(1), nn.LogSoftmax(1),
               nn.Tanhshrink(), nn.Softshrink(), nn.Hardshrink(), nn.Threshold(0.1, 2.0), nn.Identity()]


def layers(rank):
    """Layers for inputs of `rank` spatial axes; those that draw random numbers are left to other tests."""
    def of(name):
        return getattr(nn, name.format(rank))
    return [of("Conv{}d")(4, 6, 3, stride=2, padding=1), of("Conv{}d")(4, 4, 3, groups=4, padding="same"),
            of("Conv{}d")(4, 6, 2, padding=1, padding_mode="reflect"),
            of("Conv{}d")(4, 6, 2, dilation=2),
            of("ConvTranspose{}d")(4, 6, 3, stride=2, padding=1, output_padding=1), of("MaxPool{}d")(3, 2, 1),
            of("MaxPool{}d")(2, ceil_mode=True), of("AvgPool{}d")(3, 2, 1, count_include_pad=False),
            of("LPPool{}d")(2, 2),
            of("AdaptiveAvgPool{}d")(3), of("AdaptiveMaxPool{}d")(2), of("BatchNorm{}d")(4),
            of("InstanceNorm{}d")(4, affine=True), nn.GroupNorm(2, 4), nn.LocalResponseNorm(3), nn.Flatten(),
            nn.LayerNorm(SHAPES[rank][-1])]


LOSSES = [nn.CrossEntropyLoss(), nn.CrossEntropyLoss(label_smoothing=0.1, ignore_index=1), nn.NLLLoss(), nn.MSELoss(),
          nn.L1Loss(), nn.SmoothL1Loss(), nn.HuberLoss(), nn.BCELoss(), nn.BCEWithLogitsLoss(),
          nn.KLDivLoss(reduction="batchmean")]
INTO_CLASSES = (nn.CrossEntropyLoss, nn.NLLLoss)


def values(shape, low=-2.0, high=2.0):
    return np.random.default_rng(3).uniform(low, high, shape)


def forward_and_backward(module, device, *arrays):
    """The output, and the gradients of the first input and of the parameters, as Tensors of the device."""
    x, *others = (tg.tensor(a, device=device) for a in arrays)
    x.requires_grad_()
    y = module(x, *others)
    y.backward(tg.tensor(values(tuple(y.shape)), device=device))
    found = [y, x.grad, *(p.grad for p in module.parameters())]
    module.zero_grad()
    return found


def hold_to_the_cpu(module, name, *arrays):
    device = strict_device() if name == "strict" else tg.device(name)
    expected = [t.detach().numpy() for t in forward_and_backward(module.double(), "cpu", *arrays)]
    module.to(device)
    with counting() as count:
        found = forward_and_backward(module, device, *arrays)
    assert count.synchronisations == 0, count.where
    for a, b in zip(found, expected):
        np.testing.assert_allclose(a.detach().cpu().numpy(), b, rtol=1e-9, atol=1e-11)
    module.to("cpu")


@every_device
@pytest.mark.parametrize("layer", ACTIVATIONS, ids=repr)
def test_an_activation_gives_the_cpus_numbers_without_a_wait(layer, name):
    hold_to_the_cpu(layer, name, values(SHAPES[2]))


@every_device
@pytest.mark.parametrize("rank, place", [(rank, place) for rank in SHAPES for place in range(len(layers(rank)))])
def test_a_layer_gives_the_cpus_numbers_without_a_wait(rank, place, name):
    tg.manual_seed(0)
    hold_to_the_cpu(layers(rank)[place], name, values(SHAPES[rank]))


@every_device
@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_a_loss_gives_the_cpus_numbers_without_a_wait(loss, name):
    if isinstance(loss, INTO_CLASSES):
        hold_to_the_cpu(loss, name, values((6, 4)), np.array([0, 1, 2, 3, 1, 0]))
    else:
        hold_to_the_cpu(loss, name, values((6, 4), 0.1, 0.9), values((6, 4), 0.2, 0.8))


@every_device
def test_clipping_gradients_by_their_norm_does_not_wait(name):
    device = strict_device() if name == "strict" else tg.device(name)
    model = nn.Linear(4, 3).to(device)
    model(tg.ones(2, 4, device=device)).sum().backward()
    with counting() as count:
        nn.utils.clip_grad_norm_(model.parameters(), 0.5)
    assert count.synchronisations == 0, count.where
    assert float(sum((p.grad ** 2).sum() for p in model.parameters())) == pytest.approx(0.25, rel=1e-3)


def test_writing_one_number_under_a_mask_does_not_wait():
    x = tg.tensor(values((3, 4)), device=strict_device())
    mask = x > 0
    with counting() as count:
        x[mask] = 0.0
        y = tg.where(mask, x, 1.0).masked_fill(mask, 2.0)
    assert count.synchronisations == 0, count.where
    np.testing.assert_array_equal(y.cpu().numpy(), np.where(values((3, 4)) > 0, 2, 1))
