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


# Layers that stand in no list above: their input's shapes, and the layer.
OTHERS = [(((2, 3), (2, 4)), nn.Bilinear(3, 4, 2)), (((2, 4, 3, 3),), nn.ChannelShuffle(2)),
          (((2, 3), (2, 3)), nn.CosineSimilarity()), (((2, 3), (2, 3)), nn.PairwiseDistance()),
          (((1, 8, 6),), nn.Fold((3, 4), 2)), (((1, 2, 3, 4),), nn.Unfold(2)), (((2, 4),), nn.GLU()),
          (((2, 4, 3),), nn.RMSNorm(3)), (((2, 3),), nn.Linear(3, 4)), (((2, 8, 3, 3),), nn.PixelShuffle(2)),
          (((2, 2, 4, 4),), nn.PixelUnshuffle(2)), (((2, 4, 3, 3),), nn.Softmax2d()), (((2, 4),), nn.Softmin(1)),
          (((2, 6),), nn.Unflatten(1, (2, 3))), (((2, 3, 4),), nn.Upsample(scale_factor=2, mode="linear")),
          (((2, 3, 4, 4),), nn.UpsamplingBilinear2d(scale_factor=2)), (((2, 3),), nn.DataParallel(nn.Linear(3, 2))),
          (((2, 3, 4, 4),), nn.UpsamplingNearest2d(scale_factor=2)), (((2, 3, 4),), nn.RReLU().eval()),
          *[(((2, 3, 5, 4, 6)[:rank + 2],), getattr(nn, f"{kind}Pad{rank}d")(1, *more))
            for rank in (1, 2, 3) for kind, *more in (["Circular"], ["Constant", 2.0], ["Reflection"], ["Replication"],
                                                      ["Zero"])]]
# Losses of other arguments: their shapes, and the loss.
MORE_LOSSES = [(((3, 4), (3, 4), (3,)), nn.CosineEmbeddingLoss()), (((3, 4),) * 3, nn.GaussianNLLLoss()),
               (((3, 4),) * 2, nn.HingeEmbeddingLoss()), (((3,),) * 3, nn.MarginRankingLoss(0.1)),
               (((3, 4),) * 2, nn.MultiLabelSoftMarginLoss()), (((3, 4),) * 2, nn.PoissonNLLLoss()),
               (((3, 4),) * 2, nn.SoftMarginLoss()), (((3, 4),) * 3, nn.TripletMarginLoss(swap=True))]
RANDOM = [nn.Dropout(), nn.Dropout1d(), nn.Dropout2d(), nn.Dropout3d(), nn.AlphaDropout(), nn.FeatureAlphaDropout(),
          nn.RReLU()]
# Layers with tests of their own below, or without arithmetic.
APART = {"Module", "Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict", "Embedding",
         "MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"}


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
@pytest.mark.parametrize("shapes, layer", OTHERS + MORE_LOSSES, ids=lambda value: type(value).__name__)
def test_any_other_layer_gives_the_cpus_numbers_without_a_wait(shapes, layer, name):
    hold_to_the_cpu(layer, name, *(values(shape, 0.1, 0.9) for shape in shapes))


@every_device
@pytest.mark.parametrize("layer", RANDOM, ids=repr)
def test_a_random_layer_does_not_wait(layer, name):
    device = strict_device() if name == "strict" else tg.device(name)
    shape = (2, 3, 4, 4, 4)[:{"Dropout1d": 3, "Dropout2d": 4}.get(type(layer).__name__, 5)]
    with counting() as count:
        y, dx = forward_and_backward(layer.to(device), device, values(shape))
    assert count.synchronisations == 0, count.where
    assert y.shape == dx.shape == shape


@every_device
def test_an_embedding_gives_the_cpus_numbers_without_a_wait(name):
    device = strict_device() if name == "strict" else tg.device(name)
    layer, rows = nn.Embedding(5, 3, padding_idx=1).double(), tg.tensor([[0, 1], [4, 4]])
    layer(rows).square().sum().backward()
    other = nn.Embedding(5, 3, padding_idx=1).double().to(device)
    other.load_state_dict(layer.state_dict())
    rows = rows.to(device)
    with counting() as count:
        other(rows).square().sum().backward()
    assert count.synchronisations == 0, count.where
    np.testing.assert_allclose(other.weight.grad.cpu().numpy(), layer.weight.grad.numpy(), rtol=1e-12)


@every_device
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_unpooling_gives_the_cpus_numbers_without_a_wait(rank, name):
    device = strict_device() if name == "strict" else tg.device(name)
    pool = getattr(nn, f"MaxPool{rank}d")(2, return_indices=True)
    unpool, found = getattr(nn, f"MaxUnpool{rank}d")(2), []
    for place in ("cpu", device):
        x = tg.tensor(values((2, 3, 4, 6, 4)[:rank + 2]), device=place, requires_grad=True)
        with counting() as count:
            y = unpool(*pool(x))
            (y * y).sum().backward()
        assert count.synchronisations == 0, count.where
        found.append((y.detach().cpu().numpy(), x.grad.cpu().numpy()))
    np.testing.assert_array_equal(found[1][0], found[0][0])
    np.testing.assert_array_equal(found[1][1], found[0][1])


def test_no_layer_and_no_loss_is_missing_here():
    run = [*ACTIVATIONS, *LOSSES, *RANDOM, *(layer for _, layer in OTHERS + MORE_LOSSES)]
    run += [layer for rank in SHAPES for layer in layers(rank)]
    offered = {name for name, value in vars(nn).items() if isinstance(value, type) and issubclass(value, nn.Module)
               and ".models." not in value.__module__}
    assert not offered - {type(layer).__name__ for layer in run} - APART


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
